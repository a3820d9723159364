"""The planted dataset and its study as the command line finds them: folders; read only."""

import pytest

from pico_core.formats.native import save_pairs
from pico_core.studies.runs import save_run


@pytest.fixture(scope="module")
def data(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "data"
    save_pairs(planted.pairs, folder)
    return folder


@pytest.fixture(scope="module")
def run(study, tmp_path_factory):
    return save_run(study, tmp_path_factory.mktemp("cli") / "run")
