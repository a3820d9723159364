"""The real server and a real Chromium; absent Chromium skips with a reason, unless PICO_BROWSER=1."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.visit import Visit
from tests.places import ROOT
from tests.ports import free_port

MANDATORY = os.environ.get("PICO_BROWSER") == "1"
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _missing(what: str) -> None:
    if MANDATORY:
        pytest.fail(f"{what}, and PICO_BROWSER=1 makes the browser tests mandatory")
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium():
    """A browser that every test opens its own fresh context in."""
    executable = shutil.which("chromium")
    if executable is None:
        _missing("no chromium on the PATH (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("playwright is not installed (pip install -r tests/requirements.txt)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(chromium, tmp_path_factory):
    """The app on a free loopback port, up and healthy: its address and its process. Its log holds no traceback."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    with log.open("w") as sink:
        process = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, process, log)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@pytest.fixture(scope="session")
def server(running):
    """Its address."""
    return running[0]


@pytest.fixture(scope="session")
def server_pid(running):
    """Its process."""
    return running[1].pid


def wait_until_healthy(
    address: str, process: subprocess.Popen, log: Path | None = None, *, patience: float = 60
) -> None:
    """Wait until the server answers; a server that ends or stays silent fails with the end of its log."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended:\n{_end_of(log)}"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the server was not healthy within {patience:g} s:\n{_end_of(log)}")


def _end_of(log: Path | None) -> str:
    return "" if log is None else log.read_text()[-2000:]


@pytest.fixture(scope="session")
def warm(chromium, server):
    """The server after its first visit, which loads every library."""
    with Visit(chromium, server) as first:
        first.open("", patience=120)
    return server


@pytest.fixture
def visit(chromium, warm):
    """A fresh visitor; whatever went wrong behind the page fails the test at its end."""
    with Visit(chromium, warm) as visitor:
        yield visitor
        visitor.assert_sound()
