"""A list of trainings: read with the manners of an experiment, trained folder by folder, gathered in one table."""

import json

import polars as pl
import pytest

from pico_core.cli import train as command
from pico_core.common.errors import DataError, RunError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.experiments.config import find_experiment
from pico_core.experiments.rows import CURVES, TRAINED_SCHEMA
from pico_core.experiments.training_list import find_training_list, read_training_list
from pico_core.experiments.trainings import LIST_FOLDER, gathered, run_training_comparison, run_training_list
from pico_core.formats.native import save_pairs
from pico_core.training.schemes import LOOP_SCHEMES
from tests.reporters import pressed_at, stop_at, told

HEAD = 'name = "n"\nsentence = "Does it run?"\nseeds = 1\nvariants = ["pico", "permuted"]\n'
FAST = "[settings]\nn_epochs = 2\nbatch_size = 16\nn_prototypes = 2\nn_iterations = 2\nn_anchors = 8\n"
ONE = '[[comparisons]]\ndata = "data"\n'
TWO = '[[comparisons]]\nname = "Few, cross"\ndata = "data"\nfew = 20\nsettings = { basis = "cross", strength = 0.5 }\n'


@pytest.fixture(scope="module")
def place(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    save_pairs(planted.pairs, folder / "data")
    return folder


@pytest.fixture
def written(place):
    def write(text, name="mine.toml"):
        (place / name).write_text(text)
        return read_training_list(place / name)

    return write


@pytest.fixture(scope="module")
def finished(place, tmp_path_factory):
    """A list of two, its folder, what it returned and what it told; read only."""
    (place / "finished.toml").write_text(HEAD + FAST + ONE + TWO)
    listed, seen = read_training_list(place / "finished.toml"), []
    folder = tmp_path_factory.mktemp("finished") / "t"
    return listed, folder, run_training_list(listed, folder, reporter=told(seen)), seen


def test_a_list_is_read_with_the_settings_of_every_comparison(written, place):
    listed = written(HEAD + FAST + ONE + TWO)
    first, second = listed.comparisons
    assert (first.name, first.folder, first.path) == ("data", "data", place / "data")
    assert (second.name, second.folder) == ("Few, cross", "few-cross")
    assert first.config.alignment.n_epochs == second.config.alignment.n_epochs == 2
    assert (first.config.basis, first.config.alignment.strength, first.config.alignment.n_training_images) == (
        "given",
        1.0,
        0,
    )
    assert (second.config.basis, second.config.alignment.strength, second.config.alignment.n_training_images) == (
        "cross",
        0.5,
        20,
    )
    assert first.config.ordered == ("none", "pico", "permuted")
    assert first.n_epochs == 3 * 3
    held = written(HEAD + ONE + 'held_out = ["blur"]\n').comparisons[0]
    assert held.config.held_out == ("blur",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", ("not TOML",)),
        (HEAD.replace("name", "nam") + ONE, ("nam is unknown", "name, sentence, seeds")),
        (HEAD.replace('"Does it run?"', '""') + ONE, ("sentence is ''",)),
        (HEAD.replace("1", "0") + ONE, ("seeds is 0", "at least 1")),
        (HEAD, ("comparisons is None", "[[comparisons]]")),
        (HEAD.replace("permuted", "magic") + ONE, ("variants: there is no variant 'magic'", "p_hat")),
        (HEAD.replace('["pico", "permuted"]', '"all"') + ONE, ("variants is 'all'", ", ".join(LOOP_SCHEMES.names))),
        (HEAD + ONE + "fewer = 1\n", ("comparisons[0].fewer is unknown", "data, few, held_out, settings")),
        (HEAD + '[[comparisons]]\ndata = "nowhere"\n', ("comparisons[0].data is 'nowhere'", "shortcut, clean")),
        (HEAD + ONE + "few = -1\n", ("comparisons[0].few is -1", "0 for all")),
        (HEAD + ONE + "few = true\n", ("comparisons[0].few is True",)),
        (HEAD + ONE + 'held_out = "blur"\n', ("comparisons[0].held_out is 'blur'", "a list of styles")),
        (HEAD + ONE + 'name = "..."\n', ("comparisons[0].name is '...'", "some text")),
        (HEAD + ONE + ONE.replace("data =", 'name = "Data!"\ndata ='), ("two comparisons are called 'data'", "name =")),
        (HEAD + ONE + "settings = 3\n", ("comparisons[0].settings is 3", "a table")),
        (HEAD + ONE + "settings = { rate = 1 }\n", ("comparisons[0].settings", "no setting 'rate'")),
        (HEAD + ONE + "settings = { seed = 1 }\n", ("comparisons[0].settings.seed", "use variants and seeds")),
        (HEAD + ONE + "settings = { n_training_images = 9 }\n", ("n_training_images cannot be set", "use few")),
        (HEAD + FAST.replace("n_epochs = 2", "n_epochs = 0") + ONE, ("settings: n_epochs is 0", "at least 1")),
    ],
)
def test_errors_name_the_file_the_field_and_the_mend(written, text, words):
    with pytest.raises(SettingError) as refusal:
        written(text)
    assert str(refusal.value).startswith("mine.toml: ")
    for word in words:
        assert word in str(refusal.value)


def test_a_list_is_no_experiment(place):
    assert find_training_list("training").name == "training.toml"
    assert find_training_list(place / "data") is None
    assert find_training_list("demo") is None
    with pytest.raises(SettingError, match="there is no experiment 'training'"):
        find_experiment("training")


def test_rows_are_those_of_every_comparison_by_itself(finished, planted, tmp_path):
    listed, folder, found, seen = finished
    assert found.table.schema == TRAINED_SCHEMA
    assert found.curves.schema == CURVES
    assert found.table["dataset"].unique(maintain_order=True).to_list() == ["data", "Few, cross"]
    assert set(found.table["experiment"]) == {"n"}
    for one in listed.comparisons:
        alone = run_training_comparison(planted.pairs, one.config, tmp_path / one.folder)
        names = ["experiment", "dataset", "seconds"]
        own = found.table.filter(pl.col("dataset") == one.name)
        assert own.drop(names).equals(alone.table.drop(names))
        lines = found.curves.filter(pl.col("dataset") == one.name)
        assert lines.drop("dataset", "seconds").equals(alone.curves.drop("dataset", "seconds"))
    assert found.table.equals(pl.read_parquet(folder / "training.parquet"))
    assert found.curves.equals(pl.read_parquet(folder / "training_curves.parquet"))
    assert [done for _, done, _ in seen] == list(range(1, 19))
    assert {total for *_, total in seen} == {18}
    assert (seen[8][0], seen[9][0]) == ("data: permuted, seed 0", "Few, cross: none, seed 0")
    assert not list(folder.rglob(".*"))


def test_a_stopped_list_holds_what_is_finished_and_goes_on_to_the_same_table(finished, tmp_path):
    listed, _, whole, _ = finished
    with pytest.raises(Cancelled):
        run_training_list(listed, tmp_path / "t", reporter=stop_at(14))
    part = pl.read_parquet(tmp_path / "t" / "training.parquet")
    last = part.filter(pl.col("dataset") == "Few, cross")
    assert (
        part.filter(pl.col("dataset") == "data")
        .drop("seconds")
        .equals(whole.table.filter(pl.col("dataset") == "data").drop("seconds"))
    )
    assert last["variant"].to_list() == ["frozen", "none"]
    seen = []
    again = run_training_list(listed, tmp_path / "t", reporter=told(seen))
    assert [done for _, done, _ in seen] == [15, 16, 17, 18]
    assert again.table.drop("seconds").equals(whole.table.drop("seconds"))


def test_only_what_the_list_asks_is_gathered(finished, place):
    _, folder, _, _ = finished
    (place / "less.toml").write_text(HEAD.replace('"pico", ', "") + FAST + TWO)
    found = gathered(read_training_list(place / "less.toml"), folder)
    assert found.table["variant"].to_list() == ["frozen", "none", "permuted"]
    assert set(found.table["family"]) == {"training"}
    assert found.curves.height == 2 * 3


def test_foreign_folders_and_other_settings_are_refused_before_anything_is_trained(finished, place, tmp_path):
    listed, folder, _, _ = finished
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(RunError, match=r"holds mine\.txt, which no list of trainings wrote"):
        run_training_list(listed, tmp_path)
    with pytest.raises(RunError, match="is a file"):
        run_training_list(listed, tmp_path / "mine.txt")
    new = ONE.replace("data =", 'name = "new"\ndata =')  # comes first, and must not be trained in vain
    (place / "other.toml").write_text(HEAD + FAST + new + TWO.replace("0.5", "0.25"))
    seen = []
    with pytest.raises(DataError, match="few-cross: it holds trainings of other data or settings"):
        run_training_list(read_training_list(place / "other.toml"), folder, reporter=told(seen))
    assert seen == []
    (place / "wax.toml").write_text(HEAD + FAST + ONE + TWO.replace("few = 20", 'held_out = ["wax"]'))
    with pytest.raises(DataError, match=r"^Few, cross: .*'wax' cannot be held out"):
        run_training_list(read_training_list(place / "wax.toml"), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_the_command_trains_a_list_and_tells_every_comparison(pico, finished, place):
    _, folder, whole, _ = finished
    shown = pico("train", place / "finished.toml", "--out", folder)
    assert shown.code == 0
    assert shown.out.splitlines()[0] == "Does it run?"
    assert shown.out.index("data: 1 seeds") < shown.out.index("Few, cross: 1 seeds")
    told = pico("train", place / "finished.toml", "--out", folder, "--json").json
    assert [one["experiment"] for one in told["comparisons"]] == ["data", "Few, cross"]
    pico_row = told["comparisons"][1]["rows"][2]
    own = whole.table.filter(dataset="Few, cross", family="training", variant="pico")
    assert (pico_row["variant"], pico_row["rsum"]) == ("pico", pytest.approx(own["rsum"].item()))


def test_a_checked_table_that_differs_is_code_3(pico, finished, place, tmp_path):
    _, folder, whole, _ = finished
    stored = folder / "training.parquet"
    same = pico("train", place / "finished.toml", "--out", folder, "--check", stored)
    assert same.code == 0
    assert "The tables agree within 1.0 point of rSum per cell: 8 cells, largest difference 0.00." in same.out
    new = pl.when((pl.col("variant") == "pico") & (pl.col("dataset") == "data")).then(pl.col("rsum") + 1.5)
    whole.table.with_columns(new.otherwise(pl.col("rsum")).alias("rsum")).write_parquet(tmp_path / "moved.parquet")
    other = pico("train", place / "finished.toml", "--out", folder, "--check", tmp_path / "moved.parquet", "--json")
    assert other.code == 3
    assert other.json["check"]["different"] == ["data / pico / 0"]
    assert other.json["check"]["missing"] == other.json["check"]["added"] == []
    alone = pico(
        "train", place / "data", "--out", tmp_path / "one", "--variants", "none", "--seeds", 1, "--set", "n_epochs=1",
        "--check", stored,
    )  # fmt: skip
    assert alone.code == 3
    assert "cells missing" in alone.out
    wrong = pico("train", place / "finished.toml", "--out", folder, "--check", place / "finished.toml")
    assert wrong.code == 2
    assert "finished.toml: cannot be read" in wrong.err


def test_options_that_the_file_decides_are_refused(pico, place, tmp_path):
    for option in (
        ["--seeds", 3],
        ["--hold-out-styles", "blur"],
        ["--variants", "pico"],
        ["--set", "tau=1"],
        ["--few", 3],
    ):
        found = pico("train", place / "finished.toml", "--out", tmp_path / "t", *option)
        assert found.code == 2
        assert f"{option[0]} cannot be given with finished.toml: write it there" in found.err.replace("\n", " ")
    assert pico("train", place / "none.toml", "--out", tmp_path / "t").code == 2
    assert not (tmp_path / "t").exists()


def test_a_key_press_keeps_what_is_finished(pico, finished, place, tmp_path, monkeypatch):
    run = command.run_training_list

    def pressed(listed, folder, *, device, reporter):
        return run(listed, folder, device=device, reporter=pressed_at(10, reporter))

    monkeypatch.setattr(command, "run_training_list", pressed)
    found = pico("train", place / "finished.toml", "--out", tmp_path / "t")
    assert found.code == 130
    assert "after 10 of 18 epochs" in found.err.replace("\n", " ")
    assert set(pl.read_parquet(tmp_path / "t" / "training.parquet")["dataset"]) == {"data"}
    assert json.loads((tmp_path / "t" / LIST_FOLDER.about).read_text())["name"] == "n"
