"""How long a reader waits for the first figure of the demo, once the server is up.

Run it on an idle machine: `python -m tests.bench.first_figure`. It opens the first page in fresh
browser contexts, the first of them on a server that has loaded nothing yet.
"""

import socket
import statistics
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM_ARGUMENTS, ROOT, wait_until_healthy
from tests.e2e.visit import FIRST_FIGURE, Visit

VISITS = 6


def main() -> None:
    """Print the seconds of a first visit and of later ones."""
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
    sys.stdout.write(
        f"first visit of the server {took[0]:.2f} s, later ones {statistics.median(took[1:]):.2f} s "
        f"(median of {VISITS - 1}, {min(took[1:]):.2f} to {max(took[1:]):.2f})\n"
    )


def _seconds(browser, address) -> float:
    with Visit(browser, address) as visitor:
        began = time.monotonic()
        visitor.page.goto(address)
        visitor.page.locator(FIRST_FIGURE).first.wait_for(timeout=60_000)
        return time.monotonic() - began


if __name__ == "__main__":
    main()
