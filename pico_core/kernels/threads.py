"""Blocks shared out among the processors: each is worked on by one thread, with libraries that use one thread each.

A dozen small steps follow every product of a block. Shared out step by step, as torch does it, threads wait for each
other at each of them, most of all beside other programs; block by block they wait once, at the end.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

Part = TypeVar("Part")


def parallel_for(parts: Iterable[Part], worker: Callable[[], Callable[[Part], None]]) -> None:
    """Do all parts, on as many threads as torch may use (`torch.get_num_threads`), in the order in which they come.

    Args:
        parts: Taken one by one, so that no more of them exist at a time than there are threads.
        worker: Called once per thread; what it returns is called with one part after the other and may keep memory of
            its own between them. Parts must not depend on each other, nor write where another one does.

    Raises:
        Exception: the first that a part raised, once the others have ended the part they are at.

    >>> squares = torch.zeros(3)
    >>> def worker():
    ...     return lambda part: squares[part].fill_(part**2)
    >>> parallel_for(range(3), worker)
    >>> squares
    tensor([0., 1., 4.])
    """
    threads = torch.get_num_threads()
    if threads == 1:
        do = worker()
        for part in parts:
            do(part)
        return
    waiting, lock, inference = iter(parts), threading.Lock(), torch.is_inference_mode_enabled()
    ended = threading.Event()

    def work() -> None:
        # What a thread may do with gradients is its own setting: nothing here has one.
        try:
            with torch.inference_mode(inference), torch.no_grad():
                do = worker()
                while not ended.is_set():
                    with lock:
                        part = next(waiting)
                    do(part)
        except StopIteration:
            return
        finally:  # where one part failed, the others are not begun
            ended.set()

    pool = _pool(threads, os.getpid())
    tasks = [pool.submit(work) for _ in range(threads)]
    try:
        for task in tasks:
            task.result()
    finally:  # also where the caller is interrupted: nobody may write into its tensors once it is gone
        ended.set()
        for task in tasks:
            task.cancel() or task.exception()


@cache
def _pool(threads: int, _process: int) -> ThreadPoolExecutor:
    """Threads that stay: a forked process has none of its parent's, and makes its own."""
    ready = threading.Barrier(threads + 1)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="blocks", initializer=_one_thread_each)
    for _ in range(threads):
        pool.submit(ready.wait)
    ready.wait()
    torch.set_num_threads(threads)  # the setting of one thread is also what a new thread begins with
    return pool


def _one_thread_each() -> None:
    torch.get_num_threads()  # a thread reads the common setting when it is first asked; its own must come after
    torch.set_num_threads(1)
