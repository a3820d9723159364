"""A run comes back from disk as it went, refuses other data and damage, and replays bit for bit."""

import dataclasses
import json
from enum import Enum

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from safetensors.torch import load_file, save_file
from torch import Tensor

from pico_core.common.errors import PicoError, RunError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.history import StopReason
from pico_core.studies.runs import load_run, replay, save_run
from pico_core.studies.study import run_study
from tests.reporters import stop_at

FILES = ("run.json", "report.json", "weights.safetensors", "history.safetensors", "weights.parquet")
METHOD = ConstructionConfig(n_prototypes=3, n_iterations=3, n_anchors=32)


@pytest.fixture
def run(study, tmp_path):
    return save_run(study, tmp_path / "run")


def assert_same(found, expected, where="study"):
    """Every field of every record, floats and tensors to the last bit."""
    assert type(found) is type(expected), where
    if isinstance(expected, Tensor):
        assert found.dtype == expected.dtype, where
        assert torch.equal(found, expected), where
    elif isinstance(expected, pl.DataFrame):
        assert_frame_equal(found, expected)
    elif isinstance(expected, Enum):
        assert found is expected, where
    elif dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name), f"{where}.{field.name}")
    elif isinstance(expected, tuple):
        assert len(found) == len(expected), where
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{where}[{index}]")
    else:
        assert found == expected, where


def test_everything_comes_back_bit_for_bit(study, run, planted):
    assert_same(load_run(run, planted.pairs), study)


def test_a_run_in_the_given_basis_has_no_matrix(planted, tmp_path):
    study = run_study(planted.pairs, StudyConfig(construction=METHOD), truth=planted.semantic_share)
    assert_same(load_run(save_run(study, tmp_path / "run")), study)
    assert study.basis.matrix is None


def test_a_run_of_other_data_is_refused_in_words(run):
    other = planted_pairs(PlantedConfig(n_images=80, n_columns=24), seed=1).pairs
    with pytest.raises(RunError, match=f"not to.*{other.digest}.*construct anew"):
        load_run(run, other)
    with pytest.raises(RunError, match="belongs to"):
        replay(run, other)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_the_mend(run, name):
    (run / name).unlink()
    with pytest.raises(RunError, match=rf"{name} is missing.*construct again"):
        load_run(run)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["empty", "half", "noise", "zeros"])
def test_a_damaged_file_is_named_with_the_mend(run, name, damage):
    content = (run / name).read_bytes()
    broken = {
        "empty": b"",
        "half": content[: len(content) // 2],
        "noise": bytes((7 * i * i + 13) % 256 for i in range(len(content))),
        "zeros": bytes(len(content)),
    }[damage]
    (run / name).write_bytes(broken)
    with pytest.raises(RunError, match=rf"run/{name}.*construct again"):
        load_run(run)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda about: about.pop("guard"), "run.json"),
        (lambda about: about.pop("seconds"), "run.json"),
        (lambda about: about["config"].update(basis="sideways"), "run.json"),
        (lambda about: about["config"].update(from_the_future=1), "run.json"),
        (lambda about: about.update(format="pico-lens run 2"), "run.json"),
        (lambda about: about.update(best_iteration=99), "history.safetensors"),
        (lambda about: about["iterations"].append(about["iterations"][0]), "history.safetensors"),
    ],
)
def test_json_that_does_not_fit_is_a_run_error(run, change, name):
    about = json.loads((run / "run.json").read_text())
    change(about)
    (run / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match=rf"run/{name}"):
        load_run(run)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(run, value):
    tensors = load_file(run / "weights.safetensors")
    tensors["weights"][5] = value
    save_file(tensors, run / "weights.safetensors")
    with pytest.raises(RunError, match=r"weights\.safetensors.*finite"):
        load_run(run)


def test_weights_of_another_size_are_refused(run):
    tensors = load_file(run / "weights.safetensors")
    tensors["probabilities"] = tensors["probabilities"][:-1].clone()
    save_file(tensors, run / "weights.safetensors")
    with pytest.raises(RunError, match=r"probabilities.*24 columns"):
        load_run(run)


def test_an_older_run_is_replaced_and_anything_else_is_left_alone(study, run, tmp_path):
    save_run(study, run)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("also mine")
    for place in (mine, tmp_path / "file"):
        with pytest.raises(RunError, match=r"is a file|which no run wrote"):
            save_run(study, place)
    assert (mine / "thesis.tex").read_text() == "years of work"
    (run / "notes.txt").write_text("on this run")
    with pytest.raises(RunError, match=r"holds notes\.txt, which no run wrote"):
        save_run(study, run)
    assert (run / "notes.txt").read_text() == "on this run"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine", "run"]


def test_a_save_that_fails_leaves_the_old_run_and_no_litter(study, run, tmp_path, monkeypatch):
    before = {p.name: p.read_bytes() for p in run.iterdir()}

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pico_core.studies.runs._write", full)
    with pytest.raises(RunError, match=r"run: the run could not be written .No space left.*free some space"):
        save_run(study, run)
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_replay_gives_the_same_bits(run, planted):
    found = replay(run, planted.pairs)
    assert found.identical
    assert found.largest_difference == 0.0


@pytest.mark.parametrize(
    ("file", "tensor"), [("weights.safetensors", "weights"), ("history.safetensors", "prototypes.text.centres")]
)
def test_a_replay_sees_a_changed_number(run, study, planted, monkeypatch, file, tensor):
    monkeypatch.setattr("pico_core.studies.runs.run_study", lambda *args, **kwargs: study)
    tensors = load_file(run / file)
    flat = tensors[tensor].view(-1)
    flat[0] = torch.nextafter(flat[0], torch.tensor(9.0))
    save_file(tensors, run / file)
    found = replay(run, planted.pairs)
    assert not found.identical
    assert 0 < found.largest_difference < 1e-6


def test_a_run_that_was_stopped_replays_as_far_as_it_went(planted, tmp_path):
    study = run_study(planted.pairs, StudyConfig(construction=METHOD), reporter=stop_at(2))
    assert study.construction.stop_reason is StopReason.CANCELLED
    assert len(study.construction.history.iterations) == 2
    assert replay(save_run(study, tmp_path / "run"), planted.pairs).identical


def test_a_report_holds_what_people_quote(study, run):
    report = json.loads((run / "report.json").read_text())
    assert report["weighted"]["rsum"] == study.report.weighted.metrics.rsum.value
    assert report["difference"]["low"] <= report["difference"]["rsum"] <= report["difference"]["high"]
    assert pl.read_parquet(run / "history.parquet").height == 4
    assert issubclass(RunError, PicoError)
