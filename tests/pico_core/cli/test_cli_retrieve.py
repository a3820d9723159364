"""`pico-lens retrieve`: the best candidates of every query as a table, whole or not at all."""

from dataclasses import replace

import polars as pl
import pytest
import torch

from pico_core.retrieval.scoring import score_pairs
from pico_core.storage.atomic import write_atomically
from pico_core.studies.runs import save_run
from pico_core.studies.study import study_splits

COLUMNS = ["query", "query_name", "place", "candidate", "candidate_name", "score", "relevant"]


@pytest.fixture(scope="module")
def weighted(study):
    """A study whose weights differ from one another, whatever its guard said."""
    made = study.construction
    weights = torch.linspace(0, 2, len(made.weights))
    return replace(study, construction=replace(made, weights=weights, guard=replace(made.guard, accepted=True)))


@pytest.fixture(scope="module")
def run(weighted, tmp_path_factory):
    return save_run(weighted, tmp_path_factory.mktemp("retrieve") / "run")


def assert_table(frame, scores, *, names, relevant, top):
    """Every row against the table of all scores; `scores` and `relevant` are query by candidate."""
    assert frame.columns == COLUMNS
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :top]
    asked = torch.arange(len(scores)).repeat_interleave(top)
    assert frame["query"].to_list() == asked.tolist()
    assert frame["place"].to_list() == list(range(1, top + 1)) * len(scores)
    assert frame["candidate"].to_list() == order.flatten().tolist()
    assert frame["score"].to_list() == pytest.approx(scores.gather(1, order).flatten().tolist(), abs=1e-6)
    assert frame["relevant"].to_list() == relevant.gather(1, order).flatten().tolist()
    assert frame["query_name"].to_list() == [names[0][q] for q in asked.tolist()]
    assert frame["candidate_name"].to_list() == [names[1][c] for c in order.flatten().tolist()]


def relevance(pairs):
    return torch.arange(pairs.n_images)[:, None] == pairs.text_image[None]


def test_images_ask_for_texts_without_weights(pico, data, planted, tmp_path):
    target = tmp_path / "hits.parquet"
    found = pico("retrieve", data, "--out", target, "--top", 4, "--json").json
    assert found == {
        "file": str(target),
        "direction": "image-to-text",
        "part": "all",
        "n_queries": 80,
        "n_candidates": 160,
        "top": 4,
        "scoring": "unweighted",
    }
    pairs = planted.pairs
    names = pairs.ids, pairs.captions
    assert_table(pl.read_parquet(target), score_pairs(pairs), names=names, relevant=relevance(pairs), top=4)
    assert [path.name for path in tmp_path.iterdir()] == ["hits.parquet"]


def test_texts_ask_for_images_of_the_test_split_with_the_weights_of_a_run(pico, data, run, planted, weighted, tmp_path):
    target = tmp_path / "hits.csv"
    found = pico("retrieve", data, "--run", run, "--direction", "text-to-image", "--out", target, "--json").json
    test = study_splits(planted.pairs, weighted.config, weighted.basis).test
    assert (found["part"], found["n_queries"], found["n_candidates"]) == ("test", test.n_texts, test.n_images)
    assert "cross basis" in found["scoring"]
    scores = score_pairs(test, weighted.construction.weights).T
    names = test.captions, test.ids
    frame = pl.read_csv(target, schema_overrides={"candidate_name": pl.String})
    assert_table(frame, scores, names=names, relevant=relevance(test).T, top=10)


@pytest.mark.parametrize("accepted", [True, False])
def test_the_printed_line_says_what_the_guard_decided(pico, data, run, study, tmp_path, monkeypatch, accepted):
    guard = replace(study.construction.guard, accepted=accepted)
    told = replace(study, construction=replace(study.construction, guard=guard))
    monkeypatch.setattr("pico_core.cli.retrieve.load_run", lambda _run, _pairs: told)
    shown = pico("retrieve", data, "--run", run, "--out", tmp_path / "hits.csv").out
    words = "guarded weights of the run in the cross basis" if accepted else "the guard kept the weights of the run"
    assert words in shown
    assert "test" in shown


def test_fewer_candidates_than_asked_for_are_all_of_them(pico, data, tmp_path):
    found = pico("retrieve", data, "--direction", "text-to-image", "--out", tmp_path / "h.csv", "--top", 500, "--json")
    assert found.json["top"] == 80
    assert pl.read_csv(tmp_path / "h.csv").height == 160 * 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{data}", "--out", "{new}.xlsx"], [".parquet or .csv"]),
        (["{data}", "--out", "{new}.csv", "--part", "test"], ["--run"]),
        (["{data}", "--out", "{new}.csv", "--run", "{run}", "--part", "all"], ["leave --part out"]),
        (["{new}", "--out", "{new}.csv"], ["no such file"]),
        (["{data}", "--out", "{new}.csv", "--run", "{data}"], ["run.json is missing"]),
        (["{data}", "--out", "{new}/deeper/hits.csv"], ["hits.csv", "cannot be written", "another place"]),
    ],
)
def test_mistakes_are_sentences_with_code_2_and_write_nothing(pico, data, run, tmp_path, arguments, words):
    result = pico("retrieve", *(text.format(data=data, run=run, new=tmp_path / "new") for text in arguments))
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("pico-lens: ")
    for word in words:
        assert word in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--top", "0"], ["--direction", "sideways"], ["--part", "fit"]])
def test_wrong_usage_has_code_2_and_says_how(pico, data, tmp_path, arguments):
    result = pico("retrieve", data, "--out", tmp_path / "h.csv", *arguments)
    assert result.code == 2
    assert "Usage" in result.err


def test_a_table_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "hits.csv"
    write_atomically(target, b"old")

    def stop(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pico_core.storage.atomic.os.replace", stop)
    with pytest.raises(ValueError, match=r"hits\.csv: cannot be written \(No space left on device\)"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
