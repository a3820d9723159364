"""Work in a child process that is killed with SIGKILL: before one of its steps on the disk, or after some time.

The children are forks of one server that has loaded the engine, so each takes hundredths of a second.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

STEPS = ("fsync", "replace", "rename", "mkdir")  # before each of these a child can be killed
PRELOADED = ["torch", "polars", "open_clip", "tests.faults.killed", "tests.faults.work"]
FOREVER = 60.0


def _context():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def killed_before(step: int, work: Callable[..., None], *arguments: Any) -> bool:
    """Do work in a child that is killed before its nth step on the disk; False where it ended before that."""
    return _ended(_run(work, arguments, step=step))


def killed_after(seconds: float, work: Callable[..., None], *arguments: Any) -> bool:
    """The same, killed so many seconds after the work began, whatever it does then."""
    return _ended(_run(work, arguments, seconds=seconds))


def steps_of(work: Callable[..., None], *arguments: Any) -> int:
    """How many steps on the disk it takes, done in this process to its end."""
    seen: list[int] = []
    with ExitStack() as patched:
        for name in STEPS:
            patched.enter_context(patch.object(os, name, _telling(getattr(os, name), lambda: seen.append(1))))
        work(*arguments)
    return len(seen)


def begun(work: Callable[..., None], *arguments: Any):
    """A child that works on; it has begun."""
    return _started(work, arguments, None, None)


def _run(work, arguments, *, step=None, seconds=None):
    process = _started(work, arguments, step, seconds)
    process.join(FOREVER)
    return process


def _started(*arguments):
    """A child begins with the main module of its parent; Streamlit's tests leave a page of the app in its place."""
    main, sys.modules["__main__"] = sys.modules["__main__"], types.ModuleType("__main__")
    try:
        process = _context().Process(target=_child, args=arguments)
        process.start()
    finally:
        sys.modules["__main__"] = main
    return process


def _ended(process) -> bool:
    assert process.exitcode in (0, -signal.SIGKILL), f"the child ended with {process.exitcode}"
    return process.exitcode != 0


def _child(work, arguments, step, seconds) -> None:
    if step is not None:
        _die_before(step)
    if seconds is not None:
        threading.Thread(target=lambda: (time.sleep(seconds), _die()), daemon=True).start()
    try:
        work(*arguments)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _die_before(step: int) -> None:
    left = [step]

    def count():
        left[0] -= 1
        if left[0] <= 0:
            _die()

    for name in STEPS:
        setattr(os, name, _telling(getattr(os, name), count))


def _telling(real, tell):
    def call(*arguments, **settings):
        tell()
        return real(*arguments, **settings)

    return call


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def traces(folder: Path) -> list[str]:
    """What lies in a folder and below beside the results: drafts, locks, halves."""
    return sorted(entry.name for entry in folder.rglob(".*"))
