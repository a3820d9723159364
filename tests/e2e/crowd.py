"""Many visitors at once: most without a browser, some in Chromium, some who compute; then all of them leave.

Every visitor without a browser has words of its own: it asks with them, and some bring data whose captions and names
are full of them. Nobody else may see them.
"""

import io
import itertools
import random
import re
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.e2e.guest import Guest
from tests.e2e.visit import Visit

MARK = re.compile(r"visitor(\d{3})")
PAGES = ("", "columns", "prototypes", "subspaces", "retrieval", "data")
DEMOS = ("shortcut", "clean", "planted")


@dataclass
class Crowd:
    """What many visits gave.

    Attributes:
        problems: Errors, and words of one visit that another one saw.
        sliders: Seconds from moving the strength to the end of the script, of every visitor without a browser.
        pages: The same of opening a page.
        places: How many came first, as those who computed were told.
        own: How often somebody saw data of its own.
        memory: Resident megabytes of the server: before, at most, and after all had left.
        left: Folders with uploads of visits that are over.
    """

    problems: list[str] = field(default_factory=list)
    sliders: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    own: int = 0
    memory: dict[str, float] = field(default_factory=dict)
    left: int = 0


def gather(
    address, pid, *, guests, seconds, chromium=None, browsers=0, computing=2, calm=1.5, patience=0.0, seed=0, warm=True
):
    """Let them all in, wait until they have left, and for `patience` seconds until the server has tidied up.

    Every visitor does something each `calm` seconds on average. What a server loads once, such as a compiler or an
    encoder, is no part of its visitors: where `warm`, one has done everything that they do before they come.
    """
    crowd, stop = Crowd(), threading.Event()
    if warm:
        _do_everything_once(address)
    crowd.memory = {"before": resident(pid)}
    watch = threading.Thread(target=_watch, args=(crowd, pid, stop))
    watch.start()
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=_guest, args=(crowd, address, number, until, number < computing, number % 3 == 2, calm, seed)
        )
        for number in range(guests)
    ]
    for thread in threads:
        thread.start()
    if browsers:
        _in_browsers(crowd, chromium, address, browsers, until, calm, seed)
    for thread in threads:
        thread.join()
    _wait_until_down(crowd, pid, patience)
    crowd.left = uploads_of(pid)
    stop.set()
    watch.join()
    return crowd


def _do_everything_once(address):
    """Typed words, every page of every demo, and data of one's own with a study and a map."""
    for demo in DEMOS:
        with Guest(address, patience=120) as first:
            for page in PAGES:
                first.open(page, f"dataset={demo}&words=a+red+circle")
    with Guest(address, patience=120) as first:
        _bring(first, "the first", 0)
        first.open("subspaces")
        first.set("Compute", trigger_value=True)
        until = time.monotonic() + 120
        while "plotly_chart" not in first.said and time.monotonic() < until:
            time.sleep(2.0)
            first.open("subspaces")
        time.sleep(10.0)  # the map itself


def _guest(crowd, address, number, until, computes, brings, calm, seed):
    """One visitor without a browser, with words of its own, who may compute and may bring data."""
    chance, mine = random.Random(1000 * seed + number), f"visitor{number:03d}"
    try:
        with Guest(address, patience=120) as guest:
            address_of_mine = "" if brings else f"dataset={DEMOS[number % 2]}&words=a+red+circle+{mine}"
            if brings:
                _bring(guest, mine, number)
                crowd.own += mine in guest.said
            guest.open("retrieval", address_of_mine)
            if computes or brings:
                _compute(crowd, guest, number)
            for turn in itertools.count():
                if turn > 1 and time.monotonic() > until:
                    break
                time.sleep(chance.expovariate(1 / calm))
                if turn == 0 or (turn > 1 and chance.random() < 0.6):  # each at least once, however slow the machine
                    if guest.page != "retrieval":
                        guest.open("retrieval", address_of_mine)
                    crowd.sliders.append(guest.set("Strength", numbers=[round(chance.uniform(0, 2), 2)]))
                else:
                    crowd.pages.append(guest.open(chance.choice(PAGES), address_of_mine))
                shows = guest.page == "data" if brings else guest.page == "retrieval"
                if shows and mine not in guest.said:
                    crowd.problems.append(f"{mine} does not see its own {'data' if brings else 'words'}")
                crowd.own += brings and mine in guest.said
                strangers = {found for found in MARK.findall(guest.said) if int(found) != number}
                if strangers:
                    crowd.problems.append(f"{mine} sees the words of {sorted(strangers)}")
            if computes and guest.knows("Cancel"):
                guest.set("Cancel", trigger_value=True)
    except Exception as error:
        crowd.problems.append(f"{mine}: {type(error).__name__}: {error}")


def _bring(guest, mine, number):
    """Open sixty pairs that nobody else has."""
    chance = np.random.default_rng(number)
    image = chance.normal(size=(60, 16)).astype(np.float32)
    names = np.array([f"{mine} {index}" for index in range(60)])
    file = io.BytesIO()
    text = image + chance.normal(size=image.shape).astype(np.float32)
    np.savez(file, image_emb=image, text_emb=text, ids=names, captions=np.char.add("a caption of ", names))
    guest.open("data")
    guest.upload("Embeddings", "pairs.npz", file.getvalue())  # a name that tells nothing
    guest.set("Open this dataset", trigger_value=True)


def _compute(crowd, guest, number):
    """Settings that nobody has computed, and the button; how many come first is told while it waits."""
    guest.set("Seed", int_value=100 + number)
    guest.set("Compute", trigger_value=True)
    crowd.places += re.findall(r"waits, \d+ computations? comes? first", guest.said)


def _in_browsers(crowd, chromium, address, browsers, until, calm, seed):
    """Visitors in Chromium, in turn, because a browser is driven by one thread."""
    chance = random.Random(seed)
    visits = [Visit(chromium, address, own_context=True) for _ in range(browsers)]
    try:
        for number, visit in enumerate(visits):
            visit.open(f"retrieval?dataset={DEMOS[number % 2]}", patience=120)
        while time.monotonic() < until:
            time.sleep(chance.expovariate(browsers / calm))
            visit = chance.choice(visits)
            visit.open(chance.choice(PAGES), patience=120)
            visit.assert_sound()
            strangers = MARK.findall(visit.main.inner_text())
            if strangers:
                crowd.problems.append(f"a browser sees the words of {sorted(set(strangers))}")
    except Exception as error:
        crowd.problems.append(f"in a browser: {type(error).__name__}: {error}")
    finally:
        for visit in visits:
            visit.context.close()


def resident(pid):
    """Resident memory of a process, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"process {pid} has no memory: it has ended")


def uploads_of(pid):
    """How many visits have a folder of uploads on a server."""
    folders = Path(tempfile.gettempdir()).glob("pico-lens-uploads-*")
    own = [one for one in folders if (one / ".lock").read_text(encoding="utf-8").split("\n")[0] == str(pid)]
    return sum(entry.is_dir() for folder in own for entry in folder.iterdir())


def _watch(crowd, pid, stop):
    while not stop.wait(0.5):
        crowd.memory["most"] = max(crowd.memory.get("most", 0.0), resident(pid))


def _wait_until_down(crowd, pid, patience):
    """Visits that may come back are kept for two minutes by the server."""
    until = time.monotonic() + patience
    crowd.memory["after"] = resident(pid)
    while time.monotonic() < until:
        time.sleep(1.0)
        crowd.memory["after"] = min(crowd.memory["after"], resident(pid))
