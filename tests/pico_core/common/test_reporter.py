"""What long work says of itself."""

import pytest

from pico_core.common.reporter import SILENT, Cancelled, Notes, NoteWarning, Reporter


class Recorder(Reporter):
    def __init__(self):
        self.shares, self.steps, self.notes = [], [], []

    def share(self, done):
        self.shares.append(done)

    def step(self, done, total, *, name="", record=None):
        self.steps.append((done, total, name, record))

    def note(self, sentence):
        self.notes.append(sentence)

    def check(self):
        raise Cancelled


def test_a_part_of_a_part_scales_its_share_and_keeps_its_steps_to_itself():
    recorder = Recorder()
    quarter = recorder.part(0.5, 1.0).part(0.0, 0.5)
    for done in (0.0, 0.5, 1.0, 1.5):
        quarter.share(done)
    quarter.step(1, 2, name="inner")
    recorder.part(0.0, 0.5, steps=True).step(1, 2, name="ours", record=7)
    quarter.note("Little memory.")
    assert recorder.shares == [0.5, 0.625, 0.75, 0.75]
    assert recorder.steps == [(1, 2, "ours", 7)]
    assert recorder.notes == ["Little memory."]


def test_whoever_cancels_the_whole_ends_every_part_of_it():
    with pytest.raises(Cancelled, match="as asked"):
        Notes(Recorder().part(0.0, 0.5)).check()


def test_notes_are_kept_and_passed_on_once_each():
    recorder = Recorder()
    notes = Notes(recorder)
    for sentence in ("a", "b", "a"):
        notes.note(sentence)
    assert notes.sentences == ("a", "b")
    assert recorder.notes == ["a", "b"]


def test_a_note_that_nobody_takes_becomes_a_warning():
    SILENT.share(0.5)
    SILENT.step(1, 2)
    SILENT.check()
    with pytest.warns(NoteWarning, match="Little memory"):
        SILENT.part(0.0, 0.5).note("Little memory.")
