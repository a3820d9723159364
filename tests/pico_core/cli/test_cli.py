"""The command line: results on stdout, everything else on stderr, mistakes as sentences with code 2."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from safetensors.torch import load as load_tensors

from pico_core import cli
from pico_core.formats import open_pairs
from pico_core.studies.runs import Replay, load_run

QUICK = ["--set", "n_iterations=2", "--set", "n_prototypes=3", "--set", "n_anchors=16"]
METRICS = ("i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10", "rsum", "mrr")


def assert_refused(result, *words):
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("pico-lens: ")
    for word in words:
        assert word in result.err


def test_planted_construct_evaluate_agree(pico, tmp_path):
    made = pico("planted", "--out", tmp_path / "d", "--images", 60, "--columns", 16, "--seed", 4, "--json").json
    assert (made["n_images"], made["n_texts"], made["n_columns"]) == (60, 120, 16)
    truth = pl.read_parquet(tmp_path / "d" / "truth.parquet")
    assert truth.columns == ["column", "semantic_share"]
    assert truth.height == 16

    built = pico("construct", tmp_path / "d", "--out", tmp_path / "r", "--seed", 5, *QUICK, "--json")
    assert built.code == 0
    found = built.json
    assert found["iterations"] == len(found["gains"]) == len(found["feedback_weights"]) == 2
    assert sum(found["feedback_weights"]) == pytest.approx(1, abs=1e-6)
    assert found["stop_reason"] == "All planned iterations were done."
    assert os.path.isfile(found["weights_path"])
    assert load_run(tmp_path / "r").config.seed == 5

    again = pico("evaluate", tmp_path / "d", "--run", tmp_path / "r", "--json").json
    assert {name: found[name] for name in again} == again


def test_evaluate_prints_one_object_with_everything(pico, data, run):
    found = pico("evaluate", data, "--run", run, "--json").json
    assert set(found) == {"split", "n_images", "n_texts", "baseline", "weighted", "controls", "difference", "verdict"}
    assert found["split"] == "test"
    assert found["verdict"] in ("helps", "hurts", "none")
    assert {"uniform", "p_hat", "permuted", "correlation"} <= set(found["controls"])
    for scoring in (found["baseline"], found["weighted"], *found["controls"].values()):
        for name in METRICS:
            low, high = scoring["intervals"][name]
            assert low - 1e-3 <= scoring[name] <= high + 1e-3
        assert scoring["rsum"] == pytest.approx(sum(scoring[name] for name in METRICS[:6]))
        change = scoring["difference"]
        assert change["rsum"] == pytest.approx(scoring["rsum"] - found["baseline"]["rsum"], abs=1e-3)
        assert change["level"] == 0.95


def test_people_get_the_verdict_first_and_no_json(pico, data, run):
    shown = pico("evaluate", data, "--run", run).out
    assert "Unweighted" in shown
    assert "points of rSum on" in shown
    assert "{" not in shown


def test_inspect_says_what_lies_there(pico, data, planted):
    found = pico("inspect", data, "--json").json
    assert found["problems"] == []
    assert found["digest"] == planted.pairs.digest
    assert (found["n_images"], found["n_texts"], found["n_columns"]) == (80, 160, 24)
    assert found["arrays"]["image_tokens"]["shape"] == [80, 6, 24]
    assert found["storage"] == "float16"
    assert found["texts_per_image"] == [2, 2]


def test_inspect_reports_problems_with_code_2(pico, tmp_path):
    np.savez(tmp_path / "broken.npz", image_emb=np.ones((9, 4), np.float32), text_emb=np.ones((9, 5), np.float32))
    found = pico("inspect", tmp_path / "broken.npz", "--json")
    assert found.code == 2
    assert any("4" in problem and "5" in problem for problem in found.json["problems"])
    assert "problems" in pico("inspect", tmp_path / "broken.npz").out


def test_import_with_names_of_ones_own(pico, tmp_path):
    values = np.random.default_rng(0).normal(size=(2, 12, 8)).astype(np.float32)
    np.savez(tmp_path / "a.npz", mine=values[0], yours=values[1])
    assert_refused(pico("import", tmp_path / "a.npz", "--out", tmp_path / "d"), "a.npz")
    names = ["--map", "image_emb=mine", "--map", "text_emb=yours"]
    labels = tmp_path / "images.csv"
    pl.DataFrame({"id": [f"p{i}" for i in range(12)], "style": ["ink", "oil"] * 6}).write_csv(labels)
    made = pico("import", tmp_path / "a.npz", "--out", tmp_path / "d", *names, "--images", labels, "--json")
    assert made.code == 0, made.err
    pairs = open_pairs(tmp_path / "d")
    assert made.json["digest"] == pairs.digest
    assert pairs.ids[:2] == ("p0", "p1") or list(pairs.ids[:2]) == ["p0", "p1"]
    assert pairs.images["style"].to_list() == ["ink", "oil"] * 6


def test_import_of_two_npy_files(pico, tmp_path):
    values = np.random.default_rng(0).normal(size=(2, 12, 8)).astype(np.float32)
    np.save(tmp_path / "v.npy", values[0])
    np.save(tmp_path / "t.npy", values[1])
    made = pico("import", tmp_path / "v.npy", "--text-file", tmp_path / "t.npy", "--out", tmp_path / "d", "--json")
    assert made.json["n_columns"] == 8


def weights_in(content, kind):
    match kind:
        case "csv":
            return pl.read_csv(content)["weight"].to_list()
        case "parquet":
            return pl.read_parquet(content)["weight"].to_list()
        case "npz":
            return np.load(io.BytesIO(content))["weights"].tolist()
        case "safetensors":
            return load_tensors(content)["weights"].tolist()
        case "json":
            return [row["weight"] for row in json.loads(content)["columns"]]


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "safetensors", "json"])
def test_every_export_holds_the_weights(pico, run, study, tmp_path, kind):
    target = tmp_path / f"weights.{kind}"
    made = pico("export", run, "--format", kind, "--out", target, "--json").json
    assert made["n_columns"] == 24
    content = target.read_bytes()
    assert weights_in(content, kind) == pytest.approx(study.construction.weights.tolist(), abs=1e-6)


def test_export_to_standard_output(run):
    class Stdout(io.StringIO):
        buffer = io.BytesIO()

    sink, argv, sys.argv = Stdout(), sys.argv, ["pico-lens", "export", str(run)]
    before, sys.stdout = sys.stdout, sink
    try:
        with pytest.raises(SystemExit):
            cli.main()
    finally:
        sys.stdout, sys.argv = before, argv
    assert pl.read_csv(sink.buffer.getvalue()).height == 24


def test_a_replay_that_differs_has_a_code_of_its_own(pico, data, run, monkeypatch):
    found = Replay(identical=False, largest_difference=0.25)
    monkeypatch.setattr("pico_core.cli.studies.replay", lambda _run, _pairs: found)
    done = pico("replay", run, data, "--json")
    assert (done.code, done.json) == (3, {"identical": False, "largest_difference": 0.25})


def test_replay_says_identical(pico, data, run):
    assert pico("replay", run, data, "--json").json == {"identical": True, "largest_difference": 0.0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["construct", "{none}", "--out", "{new}"], ["none", "no such file"]),
        (["construct", "{data}", "--out", "{new}", "--set", "colour=blue"], ["colour", "n_prototypes"]),
        (["construct", "{data}", "--out", "{new}", "--set", "gamma"], ["name=value"]),
        (["construct", "{data}", "--out", "{new}", "--set", "gamma=lots"], ["gamma", "lots"]),
        (["construct", "{data}", "--out", "{new}", "--preset", "best"], ["best", "paper"]),
        (["construct", "{data}", "--out", "{new}", "--set", "n_prototypes=500"], ["n_prototypes"]),
        (["construct", "{data}", "--out", "{data}"], ["which no run wrote"]),
        (["evaluate", "{data}", "--run", "{none}"], ["none", "construct"]),
        (["evaluate", "{none}", "--run", "{run}"], ["none"]),
        (["replay", "{data}", "{data}"], ["run.json is missing"]),
        (["export", "{data}"], ["run.json is missing"]),
        (["export", "{run}", "--json"], ["--out"]),
        (["export", "{run}", "--out", "{none}/deeper/weights.csv"], ["No such file"]),
        (["import", "{none}.npz", "--out", "{new}"], ["none.npz"]),
        (["planted", "--out", "{new}", "--images", "0"], ["n_images"]),
        (["planted", "--out", "{run}"], ["run"]),
        (["construct", "{data}", "--out", "{new}", "--set", "tau=inf"], ["tau", "finite"]),
        (["construct", "{data}", "--out", "{new}", "--set", "tau=1", "--set", "tau=2"], ["tau is given 2 times"]),
    ],
)
def test_mistakes_are_sentences_with_code_2(pico, data, run, tmp_path, arguments, words):
    places = {"data": data, "run": run, "none": tmp_path / "none", "new": tmp_path / "new"}
    assert_refused(pico(*(text.format(**places) for text in arguments)), *words)
    assert not (tmp_path / "new").exists()


def test_another_datasets_run_is_refused(pico, run, tmp_path):
    pico("planted", "--out", tmp_path / "other", "--images", 60, "--columns", 24, "--seed", 9)
    assert_refused(pico("evaluate", tmp_path / "other", "--run", run), "belongs to", "construct anew")


def test_planted_may_be_made_again_in_its_place(pico, tmp_path):
    for seed in (1, 2):
        made = pico("planted", "--out", tmp_path / "d", "--images", 20, "--columns", 8, "--seed", seed, "--json")
        assert made.code == 0, made.err
    assert made.json["digest"] == open_pairs(tmp_path / "d").digest


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["inspect"], ["construct", "x", "--out", "y", "--seed", "-1"], ["export", "x", "--format", "xls"]],
)
def test_wrong_usage_has_code_2_and_says_how(pico, arguments):
    result = pico(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "Usage" in result.err


def test_a_failure_in_a_later_step_writes_nothing(pico, data, tmp_path, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("pico_core.cli.studies.run_study", stop)
    result = pico("construct", data, "--out", tmp_path / "r")
    assert result.code == 130
    assert "interrupted" in result.err
    assert list(tmp_path.iterdir()) == []


INTERRUPTED_SOON = """
import os, signal, sys, threading
from pico_core import cli
from pico_core.cli import studies

real = studies.run_study

def interrupted_soon(*args, **kwargs):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    return real(*args, **kwargs)

studies.run_study = interrupted_soon
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_a_key_press_ends_with_130_and_writes_nothing(data, tmp_path):
    command = [sys.executable, "-c", INTERRUPTED_SOON, "construct", str(data), "--out", str(tmp_path / "r")]
    command += ["--set", "n_iterations=100000", "--set", "n_anchors=16"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "interrupted; nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
