"""What is installed: the wheel holds code, built-in data, the app's pieces and its settings, and nothing else."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

from pico_core.common.places import PACKAGE, assets_of
from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MADE = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", ".*_cache", ".git")
PIECES = {".py", ".typed", ".html", ".css", ".js", ".j2", ".toml"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of this checkout, so that nothing is written here."""
    try:
        enough = int(version("setuptools").split(".")[0]) >= 77
    except ImportError:
        enough = False
    if not enough:
        pytest.skip("building needs setuptools 77 or newer here (pip install -r tests/requirements.txt)")
    place = tmp_path_factory.mktemp("wheel")
    for name in ("pico_core", "app", "assets", "tests/docs/test_wheel.py", ".streamlit"):
        source, target = ROOT / name, place / "source" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, symlinks=True, ignore=MADE) if source.is_dir() else shutil.copy(source, target)
    for name in ("pyproject.toml", "README.md", "LICENSE", "streamlit_config.toml"):
        shutil.copy(ROOT / name, place / "source")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(place),
        ".",
    ]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(command, cwd=place / "source", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    (made,) = place.glob("*.whl")
    with zipfile.ZipFile(made) as opened:
        yield opened


def wanted():
    """Every file that belongs into the wheel, by its name there, and where it lies in the checkout."""
    found = {
        f"pico_core/assets/{path.relative_to(ROOT / 'assets').as_posix()}": path for path in files(ROOT / "assets")
    }
    for package in (ROOT / "pico_core", ROOT / "app" / "pico_app"):
        for path in files(package):
            if path.suffix in PIECES:
                found[path.relative_to(package.parent).as_posix()] = path
    return found | {"pico_app/start/.streamlit/config.toml": ROOT / "streamlit_config.toml"}


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_the_wheel_holds_what_belongs_to_the_program_and_nothing_else(wheel):
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == set(wanted())
    assert {name.split("/")[0] for name in held} == {"pico_core", "pico_app"}
    kinds = {Path(name).suffix for name in held}
    assert {".js", ".css", ".html", ".webp", ".parquet", ".safetensors", ".csv", ".json", ".toml"} <= kinds


def test_every_file_is_the_one_of_the_checkout(wheel):
    changed = [name for name, path in wanted().items() if wheel.read(name) != path.read_bytes()]
    assert changed == []
    twice = [name for name in wheel.namelist() if name.endswith("encoder.safetensors") and "shortcut" in name]
    assert len(twice) == 1, "the assets are packed once"


def test_what_the_wheel_says_of_itself_is_what_the_project_says(wheel):
    (about,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    told = Parser().parsestr(wheel.read(about).decode())
    assert (told["Name"], told["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert told["Requires-Python"] == PROJECT["requires-python"]
    points = wheel.read(about.replace("METADATA", "entry_points.txt")).decode()
    assert {"app", "report"} <= set(PROJECT["entry-points"]["pico_lens.commands"])
    for name, value in PROJECT["entry-points"]["pico_lens.commands"].items():
        assert f"{name} = {value}" in points
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_assets_are_found_installed_in_a_checkout_and_in_a_checkout_without_links(tmp_path):
    installed, bare = tmp_path / "site" / "pico_core", tmp_path / "checkout" / "pico_core"
    (installed / "assets").mkdir(parents=True)
    bare.mkdir(parents=True)
    assert assets_of(installed) == installed / "assets"
    (bare / "assets").write_text("../assets")  # what a link becomes where there are none
    (bare.parent / "assets").mkdir()
    assert assets_of(bare) == bare.parent / "assets"
    assert assets_of(PACKAGE) == ROOT / "assets"


def test_the_changelog_tells_of_this_version():
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    versions = [heading.removeprefix("## ").split()[0] for heading in headings]
    assert versions[versions[0] == "Unreleased"] == PROJECT["version"]  # what is not released yet stands above it
