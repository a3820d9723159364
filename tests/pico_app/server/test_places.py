"""Which folders the app opens: nothing outside them is read, written or told of, however it is named."""

import os
import socket
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import polars as pl
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from pico_app.answers import datasets, encoding, experiments, outside, uploads
from pico_app.answers.compare import _run_of
from pico_app.answers.pictures import thumbnail
from pico_app.answers.trained import trained_prototypes
from pico_app.commands import app
from pico_app.server import places, scratch
from pico_core.common.errors import DataError, PicoError, SettingError
from pico_core.data.marks import EncoderMark
from pico_core.formats.native import save_pairs
from tests.photos import write_photos
from tests.places import ROOT

OUTSIDE = "lies outside the folders that this app opens"


@pytest.fixture
def tree(tmp_path, monkeypatch, planted):
    """Two folders beside each other, each with a dataset; only the first is open."""
    for name in ("open", "closed"):
        save_pairs(planted.pairs, tmp_path / name / "set")
        write_photos(tmp_path / name)
    monkeypatch.setenv(places.SETTING, str(tmp_path / "open"))
    return tmp_path


def ways_out(tree):
    """The closed dataset by every kind of path."""
    (tree / "open" / "link").symlink_to(tree / "closed")
    (tree / "open" / "other").symlink_to(tree / "closed" / "set")
    return [
        tree / "closed" / "set",
        tree / "open" / ".." / "closed" / "set",
        tree / "open" / "set" / ".." / ".." / "closed" / "set",
        Path("..") / "closed" / "set",
        tree / "open" / "link" / "set",
        tree / "open" / "other",
        Path("link") / "set",
        Path("~") / "set",
        Path("/etc/passwd"),
        tree / "open-too",
    ]


def test_no_path_leads_out(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree / "closed"))
    for path in ways_out(tree):
        with pytest.raises(DataError, match=OUTSIDE):
            places.opened_place(path)
        with pytest.raises(DataError, match=OUTSIDE):
            datasets.open_dataset(str(path))


def test_a_refusal_does_not_say_whether_something_is_there(tree):
    said = set()
    for name in ("set", "none"):
        with pytest.raises(DataError) as refused:
            places.opened_place(tree / "closed" / name)
        said.add(str(refused.value).replace(name, "NAME", 1))
    assert len(said) == 1
    assert str(tree) not in said.pop()


def test_what_lies_inside_opens_under_every_name(tree, monkeypatch):
    (tree / "open" / "again").symlink_to(tree / "open" / "set")
    monkeypatch.setenv("HOME", str(tree / "open"))
    for path in ("set", "again", "~/set", str(tree / "open" / "set"), str(tree / "closed" / ".." / "open" / "set")):
        assert places.opened_place(path) == (tree / "open" / "set").resolve()
        assert datasets.open_dataset(path).pairs.n_images == 80


def test_a_link_inside_a_dataset_is_not_followed_out(tree):
    inside = tree / "open" / "set" / "texts.parquet"
    inside.unlink()
    inside.symlink_to(tree / "closed" / "set" / "texts.parquet")
    with pytest.raises(DataError, match=r"set/texts\.parquet: is a link that leads out"):
        datasets.open_dataset("set")


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b", "~nobody-of-this-name/set"])
def test_what_is_no_path_is_a_sentence(tree, path):
    with pytest.raises(DataError, match="cannot be read|" + OUTSIDE):
        datasets.open_dataset(path)


def test_every_door_asks(tree):
    closed = tree / "closed"
    images, captions = str(closed / "images"), str(closed / "c.csv")
    doors = [
        lambda: experiments.results_at(str(closed / "set")),
        lambda: trained_prototypes(str(closed / "set" / "pairs.safetensors")),
        lambda: _run_of(None, str(closed / "set")),
        lambda: outside._load_given(EncoderMark("a", "a", "0" * 16, "fp32"), str(closed / "w.safetensors")),
        lambda: encoding.look_over(encoding.Source(images, str(tree / "open" / "c.csv"))),
        lambda: encoding.look_over(encoding.Source(str(tree / "open" / "images"), captions)),
        lambda: encoding.columns_of(captions),
        lambda: encoding.start(encoding.Order(None, None, closed / "new", "skip")),
    ]
    for door in doors:
        with pytest.raises(PicoError, match=OUTSIDE):
            door()
    assert OUTSIDE in uploads.inspect(uploads.Source(str(closed / "set")), {}).problems[0]
    assert OUTSIDE in encoding.target_problem(closed / "new")
    assert encoding.target_problem(tree / "open" / "new") is None
    assert not (closed / "new").exists()


def test_pictures_that_data_name_are_not_read_outside(tree):
    Image.new("RGB", (8, 8), "red").save(tree / "closed" / "secret.png")
    (tree / "open" / "deep.csv").write_text("image,caption\ndeep/red.png,a\n")
    dataset = datasets.open_dataset("set")
    assert thumbnail(dataset, str(tree / "open" / "images" / "red.png")) is not None
    (tree / "open" / "link.png").symlink_to(tree / "closed" / "secret.png")
    for path in (tree / "closed" / "secret.png", "../../closed/secret.png", tree / "open" / "link.png"):
        assert thumbnail(dataset, str(path)) is None
    with pytest.raises(DataError, match="this picture lies outside"):
        places.check_pictures([tree / "open" / "images" / "red.png", tree / "open" / "link.png"])
    picture = tree / "open" / "images" / "red.png"
    picture.unlink()
    picture.symlink_to(tree / "closed" / "secret.png")
    with pytest.raises(DataError, match="leads out"):
        encoding.look_over(encoding.Source("images", "c.csv"))
    (tree / "open" / "images" / "deep").mkdir()
    picture.rename(tree / "open" / "images" / "deep" / "red.png")
    with pytest.raises(DataError, match=r"red\.png: this picture lies outside"):
        encoding.look_over(encoding.Source("images", "deep.csv"))


def test_captions_do_not_name_pictures_outside(tree):
    pl.DataFrame({"image": ["../../closed/images/red.png", "red.png"], "caption": ["a", "b"]}).write_csv(
        tree / "open" / "d.csv"
    )
    found = encoding.look_over(encoding.Source("images", "d.csv")).pictures
    assert [path.name for path in found.paths] == ["red.png"]
    assert "leads out of the folder of pictures" in found.missing[0].reason


def test_by_default_the_working_folder_is_open(tmp_path, monkeypatch):
    monkeypatch.delenv(places.SETTING)
    monkeypatch.chdir(tmp_path)
    assert places.folders() == (tmp_path.resolve(),)
    assert places.opened_place("sub/set") == tmp_path.resolve() / "sub" / "set"
    with pytest.raises(DataError, match=OUTSIDE):
        places.opened_place(tmp_path.parent)


def test_several_folders_and_the_apps_own_are_open(tree, monkeypatch):
    monkeypatch.setenv(places.SETTING, os.pathsep.join([str(tree / "open"), str(tree / "closed")]))
    assert places.is_open(tree / "closed" / "set")
    assert places.is_open(ROOT / "assets" / "scenes")
    assert not places.is_open(ROOT / "pyproject.toml")
    folder = uploads.of_one_visit()
    kept = uploads.keep_upload(folder.path, "mark", "../../a.npz", lambda: b"x")
    assert places.opened_place(kept).name == "a.npz"


def test_a_dataset_that_changes_its_drafts_is_the_same(tree):
    before = datasets.changed_on_disk(tree / "open" / "set")
    (tree / "open" / "set" / ".images.parquet.0a1b2c3d.part").write_text("half")
    assert datasets.changed_on_disk(tree / "open" / "set") == before


# Folders of the app's own


def test_what_a_killed_server_left_goes_and_what_a_living_one_has_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = Path(scratch.scratch("uploads").name)
    (living / "a.npz").write_bytes(b"x")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / "pico-lens-uploads-left"
    left.mkdir()
    (left / "secret.npz").write_bytes(b"x")
    (left / ".lock").write_text(f"{dead.pid}\n{socket.gethostname()}\n")
    (tmp_path / "pico-lens-of-somebody").mkdir()
    scratch.remove_left(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["pico-lens-of-somebody", living.name]
    assert (living / "a.npz").exists()
    assert places.is_open(living / "a.npz")


# The command that starts the server


def test_the_command_line_starts_it_and_ends_with_it(tree, monkeypatch):
    started = []

    def run(command, *, check, env):
        started.append((command, env))
        return subprocess.CompletedProcess(command, 7)

    monkeypatch.setattr(app.subprocess, "run", run)
    alone = typer.Typer()
    alone.command()(app.app)
    done = CliRunner().invoke(alone, ["--folder", str(tree / "open"), "--host", "pico.example.org", "--port", "9000"])
    assert done.exit_code == 7
    ((command, env),) = started
    assert "--server.port=9000" in command
    assert "--browser.serverAddress=pico.example.org" in command
    assert env["PICO_FOLDERS"] == str((tree / "open").resolve())
    assert env["STREAMLIT_SERVER_ALLOWED_HOSTS"].split() == ["127.0.0.1", "localhost", "pico.example.org"]


def test_the_command_names_folders_and_safe_settings(tree):
    named = app.environment([tree / "open", tree / "closed"])
    assert named["PICO_FOLDERS"] == f"{(tree / 'open').resolve()}{os.pathsep}{(tree / 'closed').resolve()}"
    assert app.environment(None)["PICO_FOLDERS"] == os.environ["PICO_FOLDERS"]
    assert app.SETTING == places.SETTING
    with pytest.raises(SettingError, match="there is no such folder"):
        app.environment([tree / "none"])
    words = app.command("127.0.0.1", 8501, 50, host=None, browser=False)
    assert words[4:6] == ["run", str(ROOT / "app" / "pico_app" / "start" / "main.py")]
    given = dict(word.removeprefix("--").split("=") for word in words[6:])
    assert given["server.address"] == "127.0.0.1"
    assert given["server.maxUploadSize"] == "50"
    file = tomllib.loads((ROOT / "streamlit_config.toml").read_text())
    assert file["server"]["allowedHosts"] == list(app.LOCAL)
    for name in ("server.enableXsrfProtection", "browser.gatherUsageStats", "client.showErrorDetails"):
        group, key = name.split(".")
        assert given[name] == str(file[group][key]).lower(), "as from the project's own folder"


def test_every_setting_is_one_of_streamlit():
    from streamlit.config import get_config_options

    known = set(get_config_options())
    for word in app.command("127.0.0.1", 8501, 50, host="pico.example.org", browser=True)[6:]:
        assert word.removeprefix("--").split("=")[0] in known


@pytest.mark.parametrize("deep", ["cells/a.parquet", "cells/more/a.parquet", "cells/more"])
def test_links_deep_in_the_folder_of_an_experiment_lead_nowhere_else(tree, deep):
    folder = tree / "open" / "grid"
    (folder / deep).parent.mkdir(parents=True)
    (folder / "experiment.json").touch()
    (folder / deep).symlink_to(tree / "closed" / "secret.png")
    with pytest.raises(DataError, match=rf"^grid/{deep}: is a link that leads out of the folders"):
        places.opened_place(folder)
    (folder / deep).unlink()
    (folder / deep).symlink_to(folder / "experiment.json")
    assert places.opened_place(folder) == folder
