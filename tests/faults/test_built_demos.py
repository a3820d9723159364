"""The built-in demos made anew: whole or not at all, by one at a time, and never inside an installed program."""

import os

import polars as pl
import pytest

from pico_core.cli import demo as command
from pico_core.common.errors import DataError
from pico_core.common.places import ASSETS, PACKAGE, assets_of_checkout
from pico_core.data.planted import read_truth
from pico_core.demo import demo_of
from pico_core.demo import scenes as building
from pico_core.demo.catalogue import BASES, CAPTIONS, RECORD
from pico_core.formats import open_pairs
from pico_core.studies.runs import load_run
from tests.faults import work
from tests.faults.killed import killed_before, steps_of, traces

ELSEWHERE = "4242\nanother-machine\n"


def content(demo):
    """What names a whole demo: its data, which its runs and its truth belong to, and its maps."""
    pairs = open_pairs(demo.dataset)
    assert [load_run(demo.run(basis), pairs).digest for basis in BASES] == [pairs.digest] * 2
    assert len(read_truth(demo.truth, pairs.n_columns)) == pairs.n_columns
    assert all(demo.stability(basis).is_file() for basis in BASES)
    return pairs.digest, pl.read_parquet(demo.maps)["x"].item()


def test_a_demo_made_anew_is_the_old_one_or_the_whole_new_one(tmp_path):
    demo = demo_of("planted").within(tmp_path / "assets")
    work.build_planted(tmp_path / "assets", 0)
    old = content(demo)
    steps = steps_of(work.build_planted, tmp_path / "other", 1)
    new = content(demo.within(tmp_path / "other"))
    assert (old[1], new[1]) == (0, 1)
    seen = []
    # Inside the draft nothing differs from step to step; the names change at the end.
    for step in (steps // 2, *range(steps - 3, steps + 3)):
        died = killed_before(step, work.build_planted, tmp_path / "assets", 1)
        seen.append(content(demo))
        assert seen[-1] in (old, new)
    assert not died
    assert seen == sorted(seen, key=lambda found: found[1])
    assert (seen[0], seen[-1]) == (old, new)
    assert traces(tmp_path) == []


def test_scenes_whose_build_fails_at_the_end_stay_as_they_were(tmp_path, monkeypatch):
    made = []

    def fail(demo, _encoder, _scenes):
        demo.folder.mkdir()
        made.append(sorted(entry.name for entry in demo.folder.parent.iterdir()))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building, "N_DEMO", 2)
    monkeypatch.setattr(building, "build_demo", fail)
    demo = demo_of("clean").within(tmp_path / "scenes")
    demo.folder.mkdir(parents=True)
    (demo.folder.parent / RECORD).write_text("old")
    with pytest.raises(OSError, match="No space"):
        building.build_scenes((), {"mixed": demo}, work=tmp_path / "work")
    assert made == [[CAPTIONS, "clean", "pictures"]]
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["clean", RECORD, "scenes"]
    assert (demo.folder.parent / RECORD).read_text() == "old"


def test_what_no_build_wrote_is_not_replaced(tmp_path):
    demo = demo_of("clean").within(tmp_path / "scenes")
    demo.folder.mkdir(parents=True)
    (demo.folder / "thesis.txt").touch()
    with pytest.raises(DataError, match=r"^clean: the folder holds thesis\.txt, which no build of a demo wrote"):
        building.build_scenes((), {"mixed": demo}, work=tmp_path / "work")
    (demo.folder / "thesis.txt").rename(demo.folder.parent / "thesis.txt")
    with pytest.raises(DataError, match=r"^scenes: the folder holds thesis\.txt"):
        building.build_scenes((), {"mixed": demo}, work=tmp_path / "work")
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "planted").touch()
    with pytest.raises(DataError, match=r"^planted: is a file"):
        work.build_planted(tmp_path / "file", 0)


def test_the_built_in_demos_hold_what_a_build_writes_and_nothing_else():
    for name in ("planted", "shortcut", "clean"):
        demo = demo_of(name)
        assert {entry.name for entry in demo.folder.iterdir()} <= demo.parts


@pytest.fixture
def never_built(monkeypatch):
    """What takes an hour, or writes over the files of this checkout, where a refusal fails."""

    def fail(*_arguments, **_settings):
        raise AssertionError("it is built")

    monkeypatch.setattr(command, "build_planted", fail)
    monkeypatch.setattr(command, "build_scenes", fail)


@pytest.mark.usefixtures("never_built")
@pytest.mark.parametrize("name", ["planted", "build"])
def test_an_installed_program_asks_for_a_folder(pico, tmp_path, monkeypatch, name):
    installed = tmp_path / "site-packages" / "pico_core"
    (installed / "assets").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "PACKAGE", installed)
    refused = pico("demo", name)
    assert refused.code == 2
    assert "belong to the installed program" in refused.err
    assert "name a folder of your own with --out FOLDER" in refused.err
    assert not (tmp_path / "demo.part").exists()

    monkeypatch.setattr(command, "PACKAGE", PACKAGE)
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused = pico("demo", name)
    assert refused.code == 2
    assert "cannot be written to; name a folder of your own with --out FOLDER" in refused.err


def test_only_a_checkout_has_assets_of_its_own(tmp_path):
    assert assets_of_checkout(PACKAGE) == ASSETS
    (tmp_path / "pico_core" / "assets").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    assert assets_of_checkout(tmp_path / "pico_core") is None
    (tmp_path / "pico_core" / "assets").rmdir()
    (tmp_path / "assets").mkdir()
    assert assets_of_checkout(tmp_path / "pico_core") == tmp_path / "assets"


@pytest.mark.usefixtures("never_built")
@pytest.mark.parametrize(
    ("name", "lock"), [("planted", "a/.planted.lock"), ("build", "a/.scenes.lock"), ("build", "w/.lock")]
)
def test_a_second_build_is_told_of_the_first(pico, tmp_path, name, lock):
    for folder in ("a", "w"):
        (tmp_path / folder).mkdir()
    (tmp_path / lock).write_text(ELSEWHERE)
    options = ("--work", tmp_path / "w") if name == "build" else ()
    refused = pico("demo", name, "--out", tmp_path / "a", *options)
    assert refused.code == 2
    assert "process 4242 on another-machine has been writing it" in refused.err
