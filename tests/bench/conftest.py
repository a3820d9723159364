"""Benchmarks run when they are asked for by their folder: `pytest tests/bench`; the tests never wait for them."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent.resolve()
ROWS = pytest.StashKey()


def pytest_ignore_collect(collection_path, config):
    asked = [Path(config.invocation_params.dir, arg.split("::")[0]).resolve() for arg in config.args]
    if not any(path == HERE or HERE in path.parents for path in asked):
        return True
    return None if collection_path.name.startswith("test_") or collection_path.is_dir() else True


@pytest.fixture(scope="session", autouse=True)
def _few_threads():
    """Benchmarks use all cores, unlike the tests."""


@pytest.fixture(scope="session")
def rows(pytestconfig):
    return pytestconfig.stash.setdefault(ROWS, [])


def pytest_terminal_summary(terminalreporter, config):
    found = config.stash.get(ROWS, [])
    if found:
        from tests.bench.suite import machine, table

        terminalreporter.section("speed")
        terminalreporter.write_line(machine())
        terminalreporter.write_line(table(found))
