"""Doors under attack: thousands of hostile inputs in a process of its own, each judged by the same few rules.

An input must be taken, or refused by a `PicoError` of one to three sentences that names its file; within 5 seconds,
with less than 1 GB of memory over the start, without touching a file outside its folder, without running a pickle,
another program or a connection. The process is a fresh one: shapes are not checked at run time there, as nobody's are
who uses the program, and what ends the process itself is seen from outside.

    python -m tests.hostile.harness arrays 10000
"""

import faulthandler
import importlib
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from zlib import crc32

import numpy as np

from tests.hostile.mutation import STRUCTURE, mutated
from tests.places import ROOT

N_INPUTS, N_LONG = 300, 10_000
SECONDS = 5  # of the processor, for one input
HARD_SECONDS = 300  # of the clock, for 50 inputs: then the whole process ends
MEGABYTES = 1000  # over the start
MAX_LETTERS = 1000  # of a refusal
# The end of a sentence, as people write it; file names and numbers hold points without a space behind.
SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z]|$)")
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "shutil.rmtree"}
NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.bind"}


@dataclass(frozen=True, eq=False)
class Door:
    """Something of the program that takes what other people made.

    Attributes:
        name: Of the door.
        files: Valid files by their place in a folder; one of them is made hostile at a time.
        attacked: Which of them; empty means all.
        enter: Opens the hostile file at its path, and uses what it got; its valid neighbours lie beside it.
        named: Whether a refusal has to name the file.
        known: Inputs that broke a rule once, by the file that they take the place of; tried before all others.
    """

    name: str
    files: Mapping[str, bytes]
    enter: Callable[[Path], object]
    attacked: tuple[str, ...] = ()
    named: bool = True
    known: tuple[tuple[str, bytes], ...] = ()


class TooSlow(BaseException):
    """No `except Exception` takes it for a damaged file."""


class Canary:
    """Tells that it was unpickled."""

    sang = False

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _sing, ()


def _sing() -> None:
    Canary.sang = True


class Watch:
    """What the process does beyond reading: an audit hook cannot be taken off, so there is one per process."""

    def __init__(self, place: Path) -> None:
        self.inside, self.outside = str(place / "inside"), str(place / "outside")
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self._hook)

    def _hook(self, event: str, given: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event in NEVER:
            self.seen.append(f"{event} {given!r:.200}")
        elif event == "open":
            flags = given[2] if isinstance(given[2], int) else 0
            self._judge(event, given[:1], writes=bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)))
        elif event in WRITES:
            self._judge(event, given, writes=True)

    def _judge(self, event: str, given: tuple[Any, ...], *, writes: bool) -> None:
        folder = given[-1] if event in ("os.remove", "os.rmdir", "os.mkdir") and isinstance(given[-1], int) else -1
        base = os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else "."
        for one in given[:2]:
            if isinstance(one, str | bytes | Path):
                path = os.path.abspath(os.path.join(base, os.fsdecode(one)))
                strange = writes and path != "/dev/null" and not path.startswith(self.inside)
                if strange or path.startswith(self.outside):
                    self.seen.append(f"{event} {path}")


def complaint_about(message: str, names: Collection[str]) -> str | None:
    """What is wrong with a refusal; None if nothing is.

    Args:
        message: Of the refusal.
        names: One of these has to be in it: where files have to agree, either may be the wrong one.

    >>> complaint_about("x.npz: it holds no array; save named arrays", ["x.npz"])
    """
    if names and not any(name in message for name in names):
        return f"names none of {', '.join(names)}"
    if not 15 <= len(message) <= MAX_LETTERS:
        return f"has {len(message)} letters"
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in message):
        return "holds line breaks or control characters"
    if len(SENTENCE_END.findall(message.rstrip(".!?") + ".")) > 3:
        return "has more than three sentences"
    if "Traceback" in message or "MemoryError" in message or "Recursion" in message:
        return "repeats the words of Python"
    return None


def _slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def _highest() -> int:
    """Most resident megabytes so far; what the system tells of a process's resources begins with its parent's."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    return int(told.partition("VmHWM:")[2].split()[0]) // 1024


def attack(door: Door, n_inputs: int, place: Path, watch: Watch, *, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """How often a door took or refused hostile inputs, and every broken rule once, with an input that breaks it."""
    from pico_core.common.errors import PicoError

    inside = place / "inside" / door.name
    for name, content in door.files.items():
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).write_bytes(content)
    attacked = door.attacked or tuple(door.files)
    others = (*door.files.values(), pickle.dumps({"image_emb": Canary()}))
    for name in attacked:
        door.enter(inside / name)  # the valid files are let in, or nothing else means anything
    draw = np.random.default_rng([seed, crc32(door.name.encode())])
    names = [Path(name).name for name in attacked] if door.named else []
    counts: Counter[str] = Counter()
    broken: dict[str, str] = {}
    start = _highest()
    for turn in range(-len(door.known), n_inputs):
        if turn < 0:
            name, content = door.known[turn]
        else:
            name = attacked[turn % len(attacked)]
            change = STRUCTURE.get(Path(name).suffix)
            valid = door.files[name]
            content = change(valid, draw) if change and draw.random() < 0.5 else mutated(valid, draw, others)
        (inside / name).write_bytes(content)
        (place / "last.txt").write_text(f"{door.name} {name}")
        (place / "last").write_bytes(content)
        watch.on, problem, began = True, None, time.process_time()
        if turn % 50 == 0 or turn == -len(door.known):
            faulthandler.dump_traceback_later(HARD_SECONDS, exit=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            door.enter(inside / name)
            counts["taken"] += 1
        except PicoError as error:
            counts["refused"] += 1
            wrong = complaint_about(str(error), names)
            if wrong is not None:
                problem = f"a refusal {wrong}", str(error)[:600]
        except TooSlow:
            problem = f"took more than {SECONDS} s", "".join(traceback.format_exc().splitlines(keepends=True)[-12:])
        except BaseException as error:  # panics of Rust are no Exception
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if str(ROOT) in frame.filename]
            own = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
            problem = f"{type(error).__name__} at {own}", f"{str(error)[:300]}\n{traceback.format_exc()[-1500:]}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        watch.on = False
        if _highest() - start > MEGABYTES:
            problem = f"took {_highest() - start} MB", ""
            start = _highest()
        if Canary.sang:
            problem, Canary.sang = ("a pickle was run", ""), False
        if watch.seen:
            problem = f"touched {watch.seen[0]}", str(watch.seen)[:500]
            watch.seen.clear()
        counts["slowest ms"] = max(counts["slowest ms"], int(1000 * (time.process_time() - began)))
        if problem is not None:
            counts["broken"] += 1
            if problem[0] not in broken:
                kept = place / f"broken-{door.name}-{len(broken)}-{Path(name).name}"
                kept.write_bytes(content)
                broken[problem[0]] = f"{door.name}, input {turn}: {problem[0]} ({kept})\n    {problem[1]}"
        (inside / name).write_bytes(door.files[name])
    faulthandler.cancel_dump_traceback_later()
    counts["MB"] = _highest() - start
    return counts, list(broken.values())


def fuzz(family: str, n_inputs: int) -> str:
    """Attack all doors of a family in a fresh process; empty if every rule held, else what was broken."""
    place = Path(tempfile.mkdtemp(prefix="pico-hostile-"))
    known = {
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "app"))),
        "TMPDIR": str(place),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    known |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
    command = [sys.executable, "-m", "tests.hostile.harness", family, str(n_inputs), str(place)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | known, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        shutil.rmtree(place, ignore_errors=True)
        return ""
    last = (place / "last.txt").read_text() if (place / "last.txt").exists() else "nothing"
    return f"ended with {done.returncode}, last at {last} ({place}/last)\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def main(family: str, n_inputs: int, place: Path, only: str = "") -> int:
    """The process of `fuzz`."""
    import logging
    import warnings

    warnings.simplefilter("ignore")  # libraries warn of damaged files; nobody is hurt by it
    for name in ("streamlit", "PIL"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    faulthandler.enable()
    signal.signal(signal.SIGPROF, _slow)
    for name in ("inside", "outside"):
        (place / name).mkdir(parents=True, exist_ok=True)
    for ending in ("", ".png", ".csv", ".parquet"):
        (place / "outside" / f"secret{ending}").write_bytes(b"secret")
    tempfile.tempdir = str(place / "inside")
    doors: tuple[Door, ...] = importlib.import_module(f"tests.hostile.doors.{family}").doors()
    watch, problems = Watch(place), []
    for door in doors:
        if only in door.name:
            began = time.process_time()
            counts, broken = attack(door, n_inputs, place, watch)
            problems += broken
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            print(f"{door.name}: {told}, {time.process_time() - began:.1f} s", flush=True)  # noqa: T201
    after = {path.name: path.read_bytes() for path in (place / "outside").iterdir()}
    if set(after.values()) != {b"secret"} or len(after) != 4:
        problems.append(f"the folder outside was changed: {sorted(after)}")
    print("\n".join(problems))  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    _family, _count, *_more = sys.argv[1:]
    # One module, one Canary: what runs as __main__ is another one than what doors and pickles import.
    from tests.hostile import harness

    _place = Path(_more[0]) if _more else Path(tempfile.mkdtemp(prefix="pico-hostile-"))
    sys.exit(harness.main(_family, int(_count), _place.resolve(), *_more[1:]))
