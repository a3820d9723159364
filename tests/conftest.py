"""Shapes are checked while tests run; real data are found, or skipped with a reason."""

import json
import os
import sys
from pathlib import Path

# Where two workers share the tests, each keeps to one core, and so do the programs that it starts: threads that wait
# for one another spin, and two pools of them on two cores are several times slower than one thread each.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from jaxtyping import install_import_hook

from tests.places import ROOT

# Before pico_core is imported anywhere: every annotated shape is then checked at run time.
install_import_hook("pico_core", "beartype.beartype")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real image-text data, or a skip that says what is missing."""
    folder = Path(os.environ.get("PICO_REAL_DATA", ROOT / ".." / "shared" / "data")).resolve()
    if not (folder / "coco500_clip_b16" / "pairs.npz").is_file():
        pytest.skip(f"no real data at {folder.name}/: set PICO_REAL_DATA to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _opened_folders(tmp_path_factory):
    """The app, in this process or as a server that a test starts, opens what tests write, and nothing else."""
    real = Path(os.environ.get("PICO_REAL_DATA", ROOT / ".." / "shared" / "data")).resolve()
    before = os.environ.get("PICO_FOLDERS")
    os.environ["PICO_FOLDERS"] = os.pathsep.join(map(str, (ROOT, tmp_path_factory.getbasetemp(), real)))
    yield
    if before is None:
        del os.environ["PICO_FOLDERS"]
    else:
        os.environ["PICO_FOLDERS"] = before


@pytest.fixture(scope="session", autouse=True)
def _few_threads():
    """Tiny tensors gain nothing from many threads, and machines with many cores then agree on the order of sums."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(min(2, before))
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def planted():
    """Eighty planted pairs with known style columns; read only."""
    from pico_core.data.planted import PlantedConfig, planted_pairs

    return planted_pairs(PlantedConfig(n_images=80, n_columns=24), seed=0)


@pytest.fixture(scope="session")
def study(planted):
    """A finished study of these pairs in the cross basis; read only."""
    from pico_core.method.config import ConstructionConfig, StudyConfig
    from pico_core.studies.study import run_study

    method = ConstructionConfig(n_prototypes=3, n_iterations=4, n_anchors=32)
    return run_study(planted.pairs, StudyConfig(seed=3, basis="cross", construction=method))


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        assert self.out.count("\n") == 1, "one object, one line"
        return json.loads(self.out)


@pytest.fixture
def pico(monkeypatch, capsys):
    """Run a command line in this process."""
    from pico_core import cli

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["pico-lens", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Result(end.value.code or 0, out, err)

    return run
