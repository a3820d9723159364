"""The words of the lessons: complete, and filled with the numbers of their own study."""

from dataclasses import replace

import pytest

from pico_app.words import read_words
from pico_app.words.lessons import takeaway_sentence
from pico_core.demo.lessons import LESSONS, teach


def test_every_lesson_has_words_of_its_own_and_no_other_has_any():
    words = read_words("lessons")
    assert list(words) == [lesson.name for lesson in LESSONS]
    for part in ("title", "about", "holds", "fails", "takeaway"):
        assert len({lesson[part] for lesson in words.values()}) == len(LESSONS)
    assert set(words["coupled"]["worth"]) == {"helps", "hurts", "none"}


@pytest.fixture(scope="module")
def clear():
    return teach(LESSONS[0])


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_a_takeaway_states_its_estimates_with_intervals_and_a_lesson_that_failed_says_so(clear, lesson):
    taught = clear if lesson.name == "clear" else teach(lesson, beside=clear)
    sentence = takeaway_sentence(taught)
    assert sentence.startswith(read_words("lessons")[lesson.name]["holds"])
    assert sentence.count("[") >= len(taught.takeaway.numbers)
    failed = replace(taught, takeaway=replace(taught.takeaway, holds=False))
    assert takeaway_sentence(failed).startswith(read_words("lessons")[lesson.name]["fails"])
