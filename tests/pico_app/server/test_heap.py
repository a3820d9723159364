"""Libraries are taken out of the garbage collector's rounds, once."""

import gc
import subprocess
import sys
import weakref

import pytest

from pico_app.server import heap


@pytest.fixture
def thawed():
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_a_reason_freezes_once(thawed):
    assert heap.freeze_once("a test")
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    assert not heap.freeze_once("a test")
    assert gc.get_freeze_count() <= frozen


def test_what_comes_later_is_still_collected(thawed):
    heap.freeze_once("another test")
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() >= 1


def test_circles_that_were_frozen_are_found_and_the_rest_stays_frozen(thawed):
    class Visit:
        """Stands for a visit that was there when libraries were frozen."""

    visit = Visit()
    visit.itself = visit
    over = weakref.ref(visit)
    heap.freeze_once("a third test")
    del visit
    gc.collect()
    assert over() is not None
    heap.thaw()
    assert over() is None
    assert gc.get_freeze_count() > 10_000


def test_a_system_that_cannot_give_memory_back_is_left_alone(monkeypatch, thawed):
    monkeypatch.setattr(heap, "_trim", None)
    heap.thaw()


def test_threads_that_come_and_go_take_from_two_pools():
    script = (
        "import ctypes, threading, tempfile, sys; from pico_app.server import heap; print(heap.few_pools());"
        "threads = [threading.Thread(target=lambda: barrier.wait()) for _ in range(12)];"
        "barrier = threading.Barrier(13);"
        "[thread.start() for thread in threads]; barrier.wait(); [thread.join() for thread in threads];"
        "libc = ctypes.CDLL(None); sink = tempfile.NamedTemporaryFile();"
        "libc.fopen.restype = ctypes.c_void_p; file = libc.fopen(sink.name.encode(), b'w');"
        "libc.malloc_info(0, ctypes.c_void_p(file)); libc.fclose(ctypes.c_void_p(file));"
        "print(open(sink.name).read().count('<heap nr='))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    if told[0] == "False":
        pytest.skip("another C library than GNU's")
    assert int(told[1]) <= 2
