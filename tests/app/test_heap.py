"""Libraries are taken out of the garbage collector's rounds, once."""

import gc

import pytest

from app import heap


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
