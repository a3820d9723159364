"""How long a reader waits for the first figure of the demo, once the server is up.

It opens the first page in fresh browser contexts, the first of them on a server that has loaded nothing
yet. Only with PICO_BROWSER=1, as the browser tests: `PICO_BROWSER=1 python -m tests.bench "first figure"`.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.suite import Row, benchmark, skipped

VISITS = 6


@benchmark("first figure")
def first_figure() -> Iterator[Row]:
    """Seconds of a first visit and of later ones."""
    if os.environ.get("PICO_BROWSER") != "1":
        yield skipped("First figure of the app", "PICO_BROWSER=1 asks for it")
        return
    from playwright.sync_api import sync_playwright

    from tests.e2e.conftest import CHROMIUM_ARGUMENTS, ROOT, wait_until_healthy

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless=true"]
    server = subprocess.Popen(
        [*command, f"--server.port={port}"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(address, server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_ARGUMENTS)
            took = [_seconds(browser, address) for _ in range(VISITS)]
            browser.close()
    finally:
        server.terminate()
    spread = f"{min(took[1:]):.2f} to {max(took[1:]):.2f}"
    yield Row("First figure of the app, first visit of a server", took[0], "s")
    yield Row(
        f"First figure of the app, later visits (median of {VISITS - 1})", statistics.median(took[1:]), "s",
        mark=5.0, at_most=True, note=spread,
    )  # fmt: skip


def _seconds(browser, address) -> float:
    from tests.e2e.visit import FIRST_FIGURE, Visit

    with Visit(browser, address) as visitor:
        began = time.monotonic()
        visitor.page.goto(address)
        visitor.page.locator(FIRST_FIGURE).first.wait_for(timeout=60_000)
        return time.monotonic() - began
