"""What 1.0.0 wrote opens, and says what it said then: data, runs, experiments, trainings, column sets and links."""

import json
import runpy
import shutil
import sys
import time
from html import unescape
from pathlib import Path
from re import DOTALL, sub
from urllib.parse import parse_qsl

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests.screen import PLACE_OF_RESULTS

ROOT = Path(__file__).resolve().parents[1]
MAIN = ROOT / "app" / "main.py"
WRITTEN = ROOT / "tests" / "fixtures" / "v1_0_0"
DIGEST = "f15da187a2fd8f46"
TRAINED = ("n_epochs=2", "batch_size=16", "n_prototypes=2", "n_iterations=2", "n_anchors=8")
SAID = ("title", "markdown", "subheader", "caption", "text", "html", "success", "warning", "info", "error", "button")
VARIANTS = {
    "unweighted": 0.0,
    "pico": 20.8333,
    "uniform": 38.5417,
    "shuffled": 17.7083,
    "p_hat": 4.1667,
    "permuted": -48.0469,
    "oracle_labels": 25.0,
    "oracle_truth": 63.5417,
    "basis=given": 20.8333,
    "basis=labels": 85.4167,
}
LABELS = ["Unweighted (P = 1)", "PICO (best by feedback, no guard)", "Feedback: all candidates alike"]


@pytest.fixture
def written(tmp_path) -> Path:
    """A copy, as commands write into what they go on with."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "written"))


@pytest.fixture
def lens(monkeypatch, capsys):
    """Run a command as `python -m pico_core` does: its code and the JSON object that it prints."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pico-lens", *map(str, arguments), "--json"])
        with pytest.raises(SystemExit) as end:
            runpy.run_module("pico_core", run_name="__main__")
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return end.value.code or 0, json.loads(out or "null"), err

    return run


def stamps(folder: Path, pattern: str) -> dict[str, int]:
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob(pattern)}


def test_the_dataset(lens):
    code, found, err = lens("inspect", WRITTEN / "data")
    assert code == 0, err
    assert (found["n_images"], found["n_texts"], found["n_columns"]) == (60, 120, 16)
    assert (found["digest"], found["problems"]) == (DIGEST, [])


def test_the_run_in_the_given_columns(lens):
    code, found, err = lens("evaluate", WRITTEN / "data", "--run", WRITTEN / "run-given")
    assert code == 0, err
    assert (found["verdict"], found["n_images"], found["n_texts"]) == ("none", 24, 48)
    assert found["baseline"]["rsum"] == found["weighted"]["rsum"] == 325
    assert {name: round(scored["rsum"], 2) for name, scored in found["controls"].items()} == {
        "pico": 368.75,
        "uniform": 364.58,
        "p_hat": 333.33,
        "permuted": 283.33,
        "correlation": 366.67,
        "all_but_the_top": 395.83,
        "oracle_labels": 383.33,
        "oracle_truth": 383.33,
    }


def test_the_run_in_probe_axes(lens, tmp_path):
    code, found, err = lens("evaluate", WRITTEN / "data", "--run", WRITTEN / "run-probe")
    assert code == 0, err
    assert found["verdict"] == "helps"
    assert found["difference"]["rsum"] == pytest.approx(97.9167, abs=1e-3)
    assert found["controls"]["oracle_labels"]["rsum"] == pytest.approx(479.1667, abs=1e-3)
    code, said, _ = lens("export", WRITTEN / "run-probe", "--out", tmp_path / "weights.csv")
    assert (code, said["n_columns"]) == (0, 16)
    columns = pl.read_csv(tmp_path / "weights.csv")
    assert columns["title"][0] == "labels axis 0 (given columns 6, 10, 5)"
    assert columns["weight"][:4].to_list() == pytest.approx([1.637303, 1.303740, 1.392410, 1.323560], abs=1e-5)


@pytest.mark.parametrize("run", ["run-given", "run-probe"])
def test_a_run_is_done_again(lens, run):
    code, found, err = lens("replay", WRITTEN / run, WRITTEN / "data")
    assert code in (0, 3), err  # another machine may sum in another order
    assert found["largest_difference"] < 1e-4


def test_the_experiment_goes_on_where_it_was(lens, written):
    before = stamps(written / "experiment" / "cells", "*.parquet")
    table = written / "experiment" / "results.parquet"
    asked = ("experiment", written / "experiment.toml", "--out", written / "experiment")
    code, found, err = lens(*asked, "--check", WRITTEN / "experiment" / table.name)
    assert code == 0, err
    assert (found["experiment"], found["cells"], found["check"]["agrees"]) == ("small", 20, True)
    assert {one["variant"]: one["difference"] for one in found["summary"]} == pytest.approx(VARIANTS, abs=1e-3)
    assert stamps(written / "experiment" / "cells", "*.parquet") == before, "no cell is computed again"
    assert len(before) == 20


def test_the_trainings_go_on_where_they_were(lens, written):
    before = stamps(written / "trainings", "*.safetensors")
    settings = [word for name in TRAINED for word in ("--set", name)]
    asked = ("train", written / "data", "--out", written / "trainings", "--variants", "pico,permuted", "--seeds", 2)
    code, found, err = lens(*asked, *settings, "--check", WRITTEN / "trainings" / "table.parquet")
    assert code == 0, err
    assert found["check"]["agrees"]
    told = {row["variant"]: (row["rsum"], row["best_epochs"]) for row in found["rows"]}
    assert list(told) == ["frozen", "none", "pico", "permuted"]
    assert told["pico"] == (pytest.approx(372.9167, abs=1e-3), [2, 2])
    assert stamps(written / "trainings", "*.safetensors") == before, "nothing is trained again"
    assert len(before) == 14


def test_the_list_of_trainings_goes_on_where_it_was(lens, written):
    before = stamps(written / "training-list", "*.safetensors")
    code, found, err = lens("train", written / "trainings.toml", "--out", written / "training-list")
    assert code == 0, err
    assert found["experiment"] == "small trainings"
    plain = {one["experiment"]: round(one["plain"], 2) for one in found["comparisons"]}
    assert plain == {"all pairs": 341.67, "few pairs": 341.67}
    assert stamps(written / "training-list", "*.safetensors") == before, "nothing is trained again"
    assert len(before) == 10


def test_the_style_probe_is_known_as_ours_and_comes_out_again(lens, written):
    old = pl.read_parquet(written / "labels.parquet")
    asked = ("probe", written / "data", "--labels", "--run", written / "run-given", "--out", written / "labels.parquet")
    code, found, err = lens(*asked)
    assert code == 0, err
    assert found["part"] == "fit split of seed 5 (shares 0.45, 0.15)"
    new = pl.read_parquet(written / "labels.parquet")
    assert new.columns == old.columns == ["modality", "perturbation", "column", "share", "low", "high", "chance"]
    assert old["share"][:2].to_list() == pytest.approx([0.566683, 0.958047], abs=1e-5)
    assert new["share"].to_list() == pytest.approx(old["share"].to_list(), abs=1e-5)


def opened(page: str, address: dict[str, str], *, until: tuple[str, ...] = ()) -> AppTest:
    """A page of the app at rest, or as soon as it says some words: controls in the background may take longer."""
    app = AppTest.from_file(str(MAIN), default_timeout=300)
    app._page_hash = calc_hash(page)  # AppTest switches between files only, and these pages are functions
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    app._page_hash = ""
    return rested(app, until=until)


def rested(app: AppTest, *, until: tuple[str, ...] = ()) -> AppTest:
    """Run a page until nothing on it is under way, twice: an answer may come while the page is drawn."""
    end, quiet = time.monotonic() + 300, 0
    while quiet < 2 and not (until and all(words in screen(app) for words in until)):
        assert time.monotonic() < end, "the page does not rest"
        busy = app.get("progress") or any(button.label == "Cancel" for button in app.button)
        quiet = 0 if busy else quiet + 1
        time.sleep(0.1 if busy else 0)
        app.run()
    assert not app.exception, app.exception
    return app


def screen(app: AppTest) -> str:
    """All words on a page, without markup, and what its choosers show."""
    parts = [part for kind in SAID for part in app.get(kind)]
    said = [str(getattr(part.proto, "body", "") or getattr(part.proto, "label", "")) for part in parts]
    chosen = [box.options[box.index] for box in app.selectbox if box.index is not None]
    whole = " ".join([*said, *chosen])
    return unescape(sub(r"<[^>]+>", "", sub(r"<style.*?</style>", "", whole, flags=DOTALL)))


def links() -> list[tuple[str, list[str]]]:
    lines = (WRITTEN / "links.txt").read_text(encoding="utf-8").splitlines()
    told = [[part.strip() for part in line.split(" | ")] for line in lines if line and not line.startswith("#")]
    return [(link, expected) for link, *expected in told]


# What an address says today where a link of 1.0.0 said something else.
NEW_NAMES = {"basis=probe": "labels", "left=random-2": "permuted-2", "right=random-2": "permuted-2"}


@pytest.mark.parametrize(("link", "expected"), links())
def test_a_link(link, expected):
    page, _, address = link.partition("?")
    asked = dict(parse_qsl(address))
    app = opened(page, asked, until=tuple(expected))
    words = screen(app)
    for one in expected:
        assert one in words
    now = {name: value if isinstance(value, str) else value[0] for name, value in app.query_params.items()}
    kept = {name: NEW_NAMES.get(f"{name}={value}", value) for name, value in asked.items() if value != "/etc/passwd"}
    assert kept.items() <= now.items(), "the address still says what is looked at"
    assert "passwd" not in str(now)


def test_the_column_set():
    app = opened("columns", {"dataset": "planted", "part": "switch"})
    loader = next(one for one in app.file_uploader if one.label == "A set from a file")
    loader.upload("column-set.json", (WRITTEN / "column-set.json").read_bytes(), "application/json").run()
    rested(app)
    words = screen(app)
    assert "frame and tint · 5: 3, 7, 12-14" in words.replace("**", "").replace("\\", "")
    assert "without the set “frame and tint”" in words
    assert app.query_params["set"] in ("3,7,12-14", ["3,7,12-14"])


def named(app: AppTest, kind: str, label: str):
    return next(one for one in app.get(kind) if one.label == label)


def typed(app: AppTest, label: str, place: Path) -> str:
    """The words on the screen after a path was typed."""
    named(app, "text_input", label).set_value(str(place)).run()
    return screen(rested(app))


def test_results_on_the_experiments_page():
    app = opened("experiments", {"results": "file", "part": "table"})
    place = PLACE_OF_RESULTS
    assert "On “planted, given”" in typed(app, place, WRITTEN / "experiment")
    shown = app.dataframe[0].value
    assert len(shown) == len(VARIANTS)
    assert list(shown["label"][:3]) == LABELS
    assert sorted(shown["difference"]) == pytest.approx(sorted(VARIANTS.values()), abs=1e-3)
    assert "change rSum by -48.0" in typed(app, place, WRITTEN / "experiment" / "results.parquet")
    assert "PICO in the loop makes no detectable difference: +28.1" in typed(app, place, WRITTEN / "trainings")
    assert "with P = 1, with one seed, so of one split only" in typed(app, place, WRITTEN / "training-list")
    assert named(app, "selectbox", "Comparison").options == ["all pairs", "few pairs"]


def test_the_prototypes_of_a_training():
    app = opened("prototypes", {"dataset": "planted"})
    before = len(app.get("plotly_chart"))
    place = WRITTEN / "trainings" / "seed-0" / "pico.safetensors"
    words = typed(app, "The file of a training on this machine", place)
    assert "an epoch of the training in place of an iteration" in words
    assert len(app.get("plotly_chart")) == before + 1


def test_the_dataset_and_a_run_beside_it_in_the_app():
    app = opened("retrieval", {})
    named(app, "radio", "Dataset").set_value("My own").run()
    typed(app, app.sidebar.text_input[0].label, WRITTEN / "data")
    named(app, "number_input", "Seed").set_value(5).run()  # whose split is that of the run
    named(app, "button", "Compute").click().run()
    assert "Fresh: what you see fits the data and the settings." in screen(rested(app))
    right = named(app, "selectbox", "On the right")
    right.set_value(len(right.options) - 1).run()
    words = typed(app, "Folder of the run", WRITTEN / "run-probe")
    assert "Run run-probe" in words
    assert "right answer" in words
