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


def test_free_memory_is_given_back_but_not_at_every_run(monkeypatch):
    asked = []
    monkeypatch.setattr(heap, "_trim", asked.append)
    monkeypatch.setattr(heap, "_given_back_at", [-heap.SELDOM])
    assert [heap.give_back(now) for now in (0.0, 1.0, heap.SELDOM - 0.1, heap.SELDOM, 2 * heap.SELDOM)] == [
        True,
        False,
        False,
        True,
        True,
    ]
    assert asked == [0, 0, 0]


def test_a_system_that_cannot_give_memory_back_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap, "_trim", None)
    assert not heap.give_back(1e9)
