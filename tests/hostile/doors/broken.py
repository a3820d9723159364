"""Doors that break the rules, one each: the harness has to see it."""

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pico_core.common.errors import DataError
from tests.hostile.harness import Canary, Door

VALID = b"valid"


def _refuse(message: str) -> None:
    raise DataError(message)


def _wait(path: Path) -> None:
    while not (path.parent / "waited").exists():
        (path.parent / "waited").touch()
        while True:
            pass


def doors() -> tuple[Door, ...]:
    """All of them; each is harmless to the valid file."""
    rules: dict[str, Callable[[Path], object]] = {
        "crash": lambda path: 1 // 0,
        "hang": _wait,
        "memory": lambda path: len(bytearray(1_100_000_000)),
        "write": lambda path: (path.parents[2] / "outside" / "secret").read_bytes(),
        "pickle": lambda path: pickle.loads(pickle.dumps(Canary())),  # the canary is ours
        "program": lambda path: subprocess.run([sys.executable, "-c", ""], check=False),
        "nameless": lambda path: _refuse("something is wrong with it; mend it"),
        "wordy": lambda path: _refuse("x.txt: One thing. Another one. A third. And a fourth."),
        "short": lambda path: _refuse("x.txt!"),
        "python": lambda path: _refuse("x.txt: it failed (RecursionError: maximum depth)"),
    }

    def guarded(rule: Callable[[Path], object]) -> Callable[[Path], object]:
        return lambda path: None if path.read_bytes() == VALID else rule(path)

    return tuple(Door(name, {"x.txt": VALID}, guarded(rule)) for name, rule in rules.items())
