"""How long a reader of the app waits, what one change sends, and whether a long visit keeps its memory.

Run it on an idle machine: `PICO_BROWSER=1 python -m tests.bench "app speed"`. It opens the Flickr8k test images of the
real data, and where those are not there the built-in demo, and says so.
Times are taken inside the browser, from the reader's event to the change in the page (`tests.bench.stopwatch`).
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.stopwatch import FIGURE, LISTS, PAGE, milliseconds
from tests.bench.suite import Row, benchmark, real_data, skipped
from tests.e2e.conftest import CHROMIUM_ARGUMENTS, ROOT, wait_until_healthy
from tests.e2e.visit import FIRST_FIGURE, Visit
from tests.ports import free_port

REPEATS = 9
VISITS = 4  # the first of them to a server that has loaded nothing
EARLY, LATE = 20, 200  # interactions after which memory is read
LIMITS = {"slider": 150.0, "page": 500.0, "column": 300.0, "paint": 5.0, "memory": 1.10}
TITLES = {
    "Overview": "Does weighting columns by their semantic probability help here?",
    "Columns": "Which columns carry style, and how sure are we?",
    "Prototypes": "What kinds of style were found, and did feedback matter?",
    "Subspaces": "Do the two spaces separate content from style?",
    "Retrieval": "What changes for a query, and why?",
}


def _below(what: str, value: float, unit: str, mark: float | None = None, note: str = "") -> Row:
    return Row(what, value, unit, mark, at_most=True, note=note)


@benchmark("app speed")
def app_speed() -> Iterator[Row]:
    """All of them, in a browser."""
    if os.environ.get("PICO_BROWSER") != "1":
        yield skipped("Waits of the app in a browser", "PICO_BROWSER=1 asks for it")
        return
    if default_dataset() is None:
        yield skipped("The same on real data", "none is here: what follows is of the built-in demo")
    yield from rows()


def rows(path: str | None = None, *, repeats: int = REPEATS, late: int = LATE) -> list[Row]:
    """Measure everything.

    Args:
        path: Of the dataset to open; None for what `default_dataset` finds.
        repeats: Changes of every kind.
        late: Interactions after which memory is read the second time.
    """
    from playwright.sync_api import sync_playwright

    chosen = default_dataset() if path is None else path
    with running_app() as (address, process), sync_playwright() as playwright:
        browser = launched(playwright)
        found = _paint(browser, address)
        with Visit(browser, address, width=1280) as visit:
            sent = _Sent(visit.page)
            _open(visit, chosen)
            found += _pages(visit, sent, repeats=repeats)
            found += _slider(visit, sent, repeats=repeats)
            found += _columns(visit, sent, repeats=repeats)
            found += _memory(visit, process.pid, late=late)
            visit.assert_sound()
        browser.close()
    return found


def default_dataset() -> str | None:
    """The Flickr8k test images; None where they are not there."""
    folder = real_data()
    file = None if folder is None else folder / "flickr8k_test1k" / "pairs.npz"
    return str(file) if file is not None and file.is_file() else None


class _Sent:
    """Bytes that the server has sent over the socket of a visit."""

    def __init__(self, page: Any) -> None:
        self.bytes = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, frame: Any) -> None:
        self.bytes += len(frame)


def launched(playwright: Any) -> Any:
    """Debian's Chromium, as the browser tests start it."""
    executable = shutil.which("chromium") or "/usr/bin/chromium"
    return playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)


@contextmanager
def running_app() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The app on a free port of its own: its address and its process."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", os.environ.get("PICO_MAIN", "app/main.py")]
    command += ["--server.headless=true", f"--server.port={port}", "--server.fileWatcherType=none"]
    everywhere = os.environ | {"PICO_FOLDERS": ROOT.anchor}  # whatever dataset is to be opened
    process = subprocess.Popen(command, cwd=ROOT, env=everywhere, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, process)
        yield address, process
    finally:
        process.kill()  # a server with open visits may take its time to end, and nothing is kept
        process.wait()


def _paint(browser: Any, address: str) -> list[Row]:
    """Seconds to the first figure: of the first visit to the server, and of later ones in fresh browsers."""
    took = []
    for _ in range(VISITS):
        with Visit(browser, address, own_context=True) as visit:
            began = time.monotonic()
            visit.page.goto(address)
            visit.page.locator(FIRST_FIGURE).first.wait_for(timeout=120_000)
            took.append(time.monotonic() - began)
    later = f"later visits {min(took[1:]):.2f} to {max(took[1:]):.2f}"
    return [
        _below("first figure of the demo, server just started", took[0], "s", LIMITS["paint"]),
        _below("first figure of the demo, server warm", statistics.median(took[1:]), "s", LIMITS["paint"], later),
    ]


def _open(visit: Visit, path: str | None) -> None:
    """Open the dataset as a reader does, and compute it where nobody has."""
    visit.open("", patience=120)
    if path is None:
        return
    visit.click(visit.sidebar.get_by_test_id("stRadioGroup").get_by_text("My own"))
    field = visit.sidebar.get_by_role("textbox", name="Path on this machine")
    field.fill(path)
    field.press("Enter")
    visit.settle(patience=120)
    compute = visit.main.get_by_role("button", name="Compute now")
    if compute.count():
        compute.click()
        visit.sidebar.get_by_text("Fresh").wait_for(timeout=600_000)
    visit.settle(patience=120)


def _pages(visit: Visit, sent: _Sent, *, repeats: int) -> list[Row]:
    """Milliseconds from a click in the sidebar to the other page's question and its first figure."""
    first: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in TITLES}
    kilobytes: dict[str, list[float]] = {name: [] for name in TITLES}
    for turn in range(repeats + 1):
        for name in [*list(TITLES)[1:], next(iter(TITLES))]:
            before = sent.bytes
            link = visit.sidebar.get_by_role("link", name=re.compile(rf"{name}$"))
            one = milliseconds(visit.page, link.click, event="click", look=PAGE, argument=TITLES[name])
            visit.settle(patience=120)
            if turn:
                took[name].append(one)
                kilobytes[name].append((sent.bytes - before) / 1000)
            else:
                first.append(one)
    every = [one for times in took.values() for one in times]
    return [
        _below(
            "page change, all pages, seen before",
            statistics.median(every),
            "ms",
            LIMITS["page"],
            f"worst {max(every):.0f} of {len(every)}; first visits {min(first):.0f} to {max(first):.0f}",
        ),
        *(
            _below(
                f"page change to {name}",
                statistics.median(times),
                "ms",
                LIMITS["page"],
                f"worst {max(times):.0f} of {len(times)}; {statistics.median(kilobytes[name]):.0f} kB",
            )
            for name, times in took.items()
        ),
    ]


def _slider(visit: Visit, sent: _Sent, *, repeats: int) -> list[Row]:
    """Milliseconds from an arrow key on the strength slider to other lists."""
    _go(visit, "Retrieval")
    slider = visit.sidebar.get_by_role("slider").first
    slider.focus()
    steps = ["ArrowLeft"] * (repeats + 1)
    return [
        _row(
            "strength slider to new lists",
            _repeat(visit, sent, [(lambda key=key: slider.press(key)) for key in steps], event="keydown", look=LISTS),
            LIMITS["slider"],
        )
    ]


def _columns(visit: Visit, sent: _Sent, *, repeats: int) -> list[Row]:
    """Milliseconds from the button to the values of the next column, drawn."""
    _go(visit, "Columns")
    following = visit.button("Next")
    found = []
    for what, key in (("its histogram", "columns-values"), ("all columns, it marked", "columns-probability-Sorted")):
        taken = _repeat(visit, sent, [following.click] * (repeats + 1), event="click", look=FIGURE, argument=key)
        found.append(_row(f"column change to {what}", taken, LIMITS["column"]))
    return found


def _repeat(
    visit: Visit, sent: _Sent, acts: list[Callable[[], None]], *, event: str, look: str, argument: str = ""
) -> list[tuple[float, float]]:
    """Milliseconds and kilobytes of every act but the first."""
    taken = []
    for act in acts:
        before = sent.bytes
        one = milliseconds(visit.page, act, event=event, look=look, argument=argument)
        visit.settle()
        taken.append((one, (sent.bytes - before) / 1000))
    return taken[1:]


def _row(name: str, taken: list[tuple[float, float]], limit: float) -> Row:
    times, kilobytes = zip(*taken, strict=True)
    note = f"worst {max(times):.0f} of {len(times)}; {statistics.median(kilobytes):.0f} kB"
    return _below(name, statistics.median(times), "ms", limit, note)


def _memory(visit: Visit, pid: int, *, late: int) -> list[Row]:
    """Memory of the server after 20 and after 200 interactions: pages, strengths, columns, queries in turn."""
    early = held = (0.0, 0.0)
    for number in range(1, late + 1):
        _interact(visit, number)
        if number == EARLY:
            early = _megabytes(pid)
    held = _megabytes(pid)
    return [
        _below(f"memory after {EARLY} interactions, resident", early[0], "MB", note=f"anonymous {early[1]:.0f}"),
        _below(f"memory after {late} interactions, resident", held[0], "MB", note=f"anonymous {held[1]:.0f}"),
        _below(f"anonymous memory, after {late} over after {EARLY}", held[1] / early[1], "", LIMITS["memory"]),
    ]


def _interact(visit: Visit, number: int) -> None:
    """One of them. Every page is opened within the first 20: what a page loads and keeps once is no growth."""
    names = list(TITLES)
    if number % 4 == 1:
        _go(visit, names[number // 4 % len(names)])
        return
    if visit.title == TITLES["Columns"]:
        visit.button("Next").click()
    elif visit.title == TITLES["Retrieval"] and number % 2:
        visit.button("Random").click()
    else:
        visit.sidebar.get_by_role("slider").first.press("ArrowLeft" if number // 25 % 2 else "ArrowRight")
    visit.settle(patience=120)


def _go(visit: Visit, name: str) -> None:
    visit.sidebar.get_by_role("link", name=re.compile(rf"{name}$")).click()
    visit.settle(patience=120)


def _megabytes(pid: int) -> tuple[float, float]:
    """Resident and anonymous memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024 for name in ("VmRSS", "RssAnon"))  # type: ignore[return-value, index]
