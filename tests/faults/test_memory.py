"""Memory that does not suffice for a block: it is halved, the result stays, somebody is told; one item is refused."""

from dataclasses import fields
from datetime import datetime

import numpy as np
import pytest
import torch

from pico_app.documents.run_report import Made, run_report_html
from pico_app.server.queue import Job
from pico_core.common.errors import DataError
from pico_core.common.reporter import NoteWarning
from pico_core.encoders import load_small
from pico_core.formats.native import save_pairs
from pico_core.retrieval import ranker, scoring
from pico_core.retrieval.best_candidates import top_candidates
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.rank_files import count_ranks
from pico_core.retrieval.scoring import retrieval_index, score_pairs
from pico_core.storage.retry_in_halves import out_of_memory, retry_in_halves
from pico_core.studies.runs import load_run, save_run
from tests.photos import write_encoder, write_photos
from tests.reporters import Calls

SAID = "[enforce fail at alloc_cpu.cpp:118] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
REAL = scoring.late_interaction
DEAF = Calls(note=lambda _sentence: None)


@pytest.fixture
def scarce(monkeypatch):
    """Memory for so many pairs of items at a time, and the sizes that were tried."""

    def allow(most):
        tried = []

        def late_interaction(images, texts, **settings):
            tried.append((len(images), len(texts)))
            if len(images) * len(texts) > most:
                raise RuntimeError(SAID)
            return REAL(images, texts, **settings)

        monkeypatch.setattr(scoring, "late_interaction", late_interaction)
        return tried

    return allow


def test_what_says_that_memory_ended():
    with pytest.raises(RuntimeError) as torch_said:
        torch.empty(2**55, dtype=torch.uint8)
    with pytest.raises(MemoryError) as numpy_said:
        np.empty(2**55, dtype=np.uint8)
    assert out_of_memory(torch_said.value)
    assert out_of_memory(numpy_said.value)
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not out_of_memory(ValueError("not enough memory"))


def test_scores_are_the_same_to_the_bit(planted, scarce):
    pairs, told = planted.pairs.select(torch.arange(12)), []
    whole = score_pairs(pairs)
    for most in (150, 30, 7, 1):  # half of the texts, some texts, one text with some images, one pair
        tried = scarce(most)
        assert torch.equal(score_pairs(pairs, reporter=Calls(note=told.append)), whole)
        assert tried[0] == (pairs.n_images, pairs.n_texts)
        assert max(n * m for n, m in tried if n * m <= most) <= most
    assert told[0] == f"Not enough memory for {pairs.n_texts} texts at a time: going on with {pairs.n_texts // 2}."
    assert any("images with one text" in sentence for sentence in told)


def test_feedback_from_a_packed_split_is_the_same_to_the_bit(planted, monkeypatch):
    pairs, told = planted.pairs.select(torch.arange(12)), []
    weights = torch.rand(pairs.n_columns, generator=torch.Generator().manual_seed(0))
    whole = retrieval_index(pairs).scores(weights), retrieval_feedback(pairs)(weights)
    real, allowed = scoring.score_packed, []

    def score_packed(images, texts, **settings):
        if images.n_items * texts.n_items > allowed[-1]:
            raise RuntimeError(SAID)
        return real(images, texts, **settings)

    monkeypatch.setattr(scoring, "score_packed", score_packed)
    for most in (150, 7, 1):
        allowed.append(most)
        reporter = Calls(note=told.append)
        found = (
            retrieval_index(pairs).scores(weights, reporter=reporter),
            retrieval_feedback(pairs, reporter=reporter)(weights),
        )
        assert all(torch.equal(a, b) for a, b in zip(whole, found, strict=True))
    assert told[0] == f"Not enough memory for {pairs.n_texts} texts at a time: going on with {pairs.n_texts // 2}."
    allowed.append(0)
    with pytest.raises(DataError, match="one of the images with one text alone"):
        retrieval_index(pairs).scores(weights, reporter=DEAF)


def test_a_run_keeps_what_was_told(pico, planted, study, tmp_path, scarce, monkeypatch):
    monkeypatch.setattr(ranker, "PACKED_BYTES", -1)
    save_pairs(planted.pairs, tmp_path / "data")
    scarce(100)
    done = pico("construct", tmp_path / "data", "--out", tmp_path / "run", "--json", "--set", "n_iterations=2")
    again = load_run(tmp_path / "run")
    assert again.notes == tuple(done.json["notes"])
    assert any("Not enough memory for" in note for note in again.notes)
    assert len(set(again.notes)) == len(again.notes)
    said = [line.removeprefix("Note: ") for line in done.err.splitlines() if line.startswith("Note: ")]
    assert said == list(again.notes)
    page = run_report_html(again, pairs=None, written=Made(datetime(2026, 1, 1)))
    assert all(note in page for note in again.notes)
    save_run(study, tmp_path / "calm")
    assert load_run(tmp_path / "calm").notes == ()
    assert "notes" not in (tmp_path / "calm" / "run.json").read_text()


def test_ranks_and_lists_are_the_same(planted, scarce):
    pairs = planted.pairs.select(torch.arange(12))
    ranks = count_ranks(pairs, rank_plan(pairs))
    best = top_candidates(pairs, kind="text", k=5)
    scarce(60)
    again = count_ranks(pairs, rank_plan(pairs), reporter=DEAF)
    assert all(torch.equal(a, b) for a, b in zip(again, ranks, strict=True))
    with pytest.warns(NoteWarning):
        again = top_candidates(pairs, kind="text", k=5)
    for one in fields(best):
        a, b = getattr(best, one.name), getattr(again, one.name)
        assert a == b if isinstance(a, str) else torch.equal(a, b)


def test_one_pair_that_does_not_fit_is_refused_in_a_sentence(planted, scarce):
    scarce(0)
    said = "not enough memory for one of the images with one text alone"
    with pytest.raises(DataError, match=said):
        score_pairs(planted.pairs.select(torch.arange(12)), reporter=DEAF)


def test_other_errors_pass(planted):
    def work(_part):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        list(retry_in_halves(work, 4, what="texts"))


def test_where_nobody_listens_it_is_a_warning(planted, scarce):
    scarce(1000)
    with pytest.warns(NoteWarning, match=r"going on with \d+"):
        score_pairs(planted.pairs)


def test_an_encoder_takes_fewer_at_a_time(tmp_path, monkeypatch):
    write_photos(tmp_path)
    captions = ["a red dog", "a green dog", "a blue dog", "a dog"]
    encoder = load_small(write_encoder(tmp_path / "e.safetensors", captions))
    pictures = sorted((tmp_path / "images").iterdir())
    whole = encoder.encode_images(pictures), encoder.encode_texts(captions)
    real = type(encoder)._run

    def run(self, tower, batch):
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return real(self, tower, batch)

    monkeypatch.setattr(type(encoder), "_run", run)
    most, told = 2, []
    reporter = Calls(note=told.append)
    found = encoder.encode_images(pictures, reporter=reporter), encoder.encode_texts(captions, reporter=reporter)
    for before, after in zip(whole, found, strict=True):
        assert before.kept == after.kept
        torch.testing.assert_close(before.tokens, after.tokens)
        torch.testing.assert_close(before.globals, after.globals)
    assert told == [
        "Not enough memory for 5 pictures at a time: going on with 2.",
        "Not enough memory for 4 captions at a time: going on with 2.",
    ]
    most = 0
    with pytest.raises(DataError, match="not enough memory for one of the pictures alone"):
        encoder.encode_images(pictures, reporter=DEAF)


def test_the_command_line_says_so_and_goes_on(pico, planted, tmp_path, scarce):
    save_pairs(planted.pairs, tmp_path / "data")
    scarce(100)
    done = pico("construct", tmp_path / "data", "--out", tmp_path / "run", "--json", "--set", "n_iterations=2")
    assert done.code == 0
    assert done.json["run"]
    notes = [line for line in done.err.splitlines() if line.startswith("Note: Not enough memory for ")]
    assert notes
    assert len(notes) == len(set(notes))


def test_memory_that_ends_anywhere_is_a_sentence(pico, planted, tmp_path, monkeypatch):
    def fail(*_arguments, **_settings):
        raise RuntimeError(SAID)

    save_pairs(planted.pairs, tmp_path / "data")
    monkeypatch.setattr("pico_core.cli.studies.run_study", fail)
    refused = pico("construct", tmp_path / "data", "--out", tmp_path / "run")
    assert refused.code == 2
    assert "there is not enough memory for this dataset" in refused.err
    job = Job(key="", title="", work=fail)
    job.run()
    assert job.failure.startswith("There is not enough memory for this dataset")


def test_a_job_keeps_what_it_was_told(planted, scarce):
    scarce(1000)
    job = Job(key="", title="", work=lambda job: score_pairs(planted.pairs, reporter=job))
    job.run()
    assert job.result is not None
    assert "Not enough memory" in job.notes[0]
