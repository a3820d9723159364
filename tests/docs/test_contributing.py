"""The walks of CONTRIBUTING.md are real: what they add is found, and their diffs apply to the code as it is."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.places import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FOUND = """
from pico_app.pages.columns.page import INSTRUMENTS
from pico_core.formats import FORMATS
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig
StudyConfig().with_settings({"basis": "random"})
print(BASES.names[-1], FORMATS.names[-1], INSTRUMENTS.names[-1])
"""


@pytest.fixture(scope="module")
def contributed(tmp_path_factory):
    """A copy of the code with all three walks done."""
    copy = tmp_path_factory.mktemp("contributed")
    for package in ("pico_core", "app"):
        ignored = shutil.ignore_patterns("__pycache__", "assets")
        shutil.copytree(ROOT / package, copy / package, ignore=ignored, symlinks=True)
    (copy / "assets").symlink_to(ROOT / "assets")
    files = re.findall(r"One file, `([\w/.]+)`:\n\n```python\n(.*?)```", PAGE, re.DOTALL)
    for name, code in files:
        assert not (copy / name).exists(), f"{name} is part of the product: choose another example"
        (copy / name).write_text(code, encoding="utf-8")
    diffs = re.findall(r"```diff\n(.*?)```", PAGE, re.DOTALL)
    assert (len(files), len(diffs)) == (3, 3)
    for diff in diffs:
        subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=copy, input=diff, text=True, check=True)
    return copy, [name for name, _ in files]


def test_what_the_walks_add_is_found_everywhere(contributed):
    copy, _ = contributed
    environment = {"PYTHONPATH": f"{copy}:{copy / 'app'}", "PATH": "/usr/bin:/bin"}
    shown = subprocess.run(
        [sys.executable, "-c", FOUND], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.split() == ["random", "text", "quarters"]


def test_their_code_is_formatted_as_the_rest_is(contributed):
    copy, names = contributed
    shutil.copy(ROOT / "pyproject.toml", copy)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *names], cwd=copy, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
