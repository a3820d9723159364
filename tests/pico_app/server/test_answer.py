"""Answers: computed once for all that goes into them, kept, asked for again where they failed."""

import threading
from dataclasses import dataclass, replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.answers.studies import workspace
from pico_app.server.answer import answer, part_of_key
from pico_app.workspace import Dataset
from pico_core.demo import DEMOS


def test_every_argument_is_part_of_the_key_by_whatever_name_it_is_given():
    calls = []

    @answer(entries=8)
    def area(width: int, height: int = 2) -> int:
        calls.append((width, height))
        return width * height

    assert [area(3), area(3, 2), area(height=2, width=3), area(3, height=4)] == [6, 6, 6, 12]
    assert calls == [(3, 2), (3, 4)]


def test_a_study_is_named_by_data_and_settings_and_a_copy_of_a_demo_is_another_dataset(planted, study):
    space = workspace(Dataset(planted.pairs, None), study, strength=1.0)
    stronger = workspace(Dataset(planted.pairs, None), study, strength=2.0)
    known = workspace(Dataset(planted.pairs, planted.semantic_share), study, strength=1.0)
    demo = replace(space, dataset=Dataset(planted.pairs, None, demo=DEMOS[0]))
    keys = [part_of_key("space", one) for one in (space, stronger, known, demo)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("value", [torch.ones(2), [1], object()])
def test_what_names_nothing_is_no_argument(value):
    @answer()
    def first(values: object) -> object:
        return values

    with pytest.raises(TypeError, match=r"values: a .* names nothing; give it a key"):
        first(value)


def test_what_has_a_key_goes_by_it():
    @dataclass(frozen=True, eq=False)
    class Side:
        key: str

    calls = []

    @answer()
    def ranks(side: Side) -> str:
        calls.append(side)
        return side.key

    assert [ranks(Side("left")), ranks(Side("left")), ranks(Side("right"))] == ["left", "left", "right"]
    assert len(calls) == 2


def test_a_queued_question_is_answered_once_and_kept():
    calls, gate = [], threading.Event()

    @answer(queue="answers", title=lambda number: f"Doubling {number}")
    def doubled(job, number):
        calls.append(number)
        assert gate.wait(20)
        job.share(0.5)
        return 2 * number

    assert doubled.find(4) is None
    first = doubled(4)
    assert first.value is None
    assert first.job.title == "Doubling 4"
    assert doubled(4).job is first.job
    gate.set()
    assert first.job.ended.wait(20)
    assert (first.value, doubled(4).value, doubled.find(4).value, calls) == (8, 8, 8, [4])


def test_what_failed_is_asked_for_again_when_it_is_forgotten():
    calls = []

    @answer(queue="answers", title="Trying")
    def tried(job):
        calls.append(job)
        return 1 / (len(calls) - 1)

    first = tried()
    assert first.job.ended.wait(20)
    assert (first.value, tried().job is first.job) == (None, True)
    first.job.forget()
    second = tried()
    assert second.job.ended.wait(20)
    assert second.value == 1


def failing() -> None:
    from pico_app.server.answer import answer
    from pico_app.waiting import waiting
    from pico_core.common.errors import DataError

    @answer(queue="answers", title="Weighing *air*")
    def weight(job):
        raise DataError("the third array is empty; bring a full one")

    weighed = weight()
    weighed.job.ended.wait(20)
    waiting(weighed, key="here")


def test_a_failure_says_why_and_can_be_tried_again():
    app = AppTest.from_function(failing, default_timeout=30).run()
    assert not app.exception
    assert app.error[0].value == r"Weighing \*air\* could not be done. the third array is empty; bring a full one"
    assert app.button[0].label == "Try again"
    assert not app.button[0].click().run().exception
