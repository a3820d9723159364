"""Thirty visitors without a browser and five in Chromium for ten minutes, two of them computing, on one server.

`PICO_BROWSER=1 python -m tests.bench "many users"`; PICO_BENCH_SECONDS shortens it.
"""

import os
import statistics
from collections.abc import Iterator

from tests.bench.app_speed import launched, running_app
from tests.bench.suite import Row, benchmark, skipped
from tests.e2e.crowd import gather

GUESTS, BROWSERS, SECONDS = 30, 5, 600.0
CALM = 10.0  # seconds in which a reader looks at what came, on average
TIDY = float(os.environ.get("PICO_BENCH_TIDY", "185"))  # seconds until the server has rested, and tidied up


@benchmark("many users")
def many_users() -> Iterator[Row]:
    """Errors, words seen by strangers, waits, memory."""
    if os.environ.get("PICO_BROWSER") != "1":
        yield skipped("Many visitors of one server", "PICO_BROWSER=1 asks for it")
        return
    from playwright.sync_api import sync_playwright

    seconds = float(os.environ.get("PICO_BENCH_SECONDS", SECONDS))
    with running_app() as (address, process), sync_playwright() as playwright:
        chromium = launched(playwright)
        crowd = gather(
            address,
            process.pid,
            guests=GUESTS,
            seconds=seconds,
            chromium=chromium,
            browsers=BROWSERS,
            calm=CALM,
            patience=TIDY,
        )
        chromium.close()
    who = f"{GUESTS} visitors without a browser and {BROWSERS} in Chromium for {seconds:.0f} s"
    note = "; ".join(crowd.problems[:3])
    yield Row(f"{who}: errors, and words seen by strangers", len(crowd.problems), "", mark=0.0, at_most=True, note=note)
    for what, took, mark in (("the strength is moved", crowd.sliders, 1.0), ("a page is opened", crowd.pages, None)):
        note = f"{len(took):,} times, each visitor every {CALM:g} s; median {statistics.median(took):.2f} s"
        yield Row(
            f"95 of 100 waits when {what}", sorted(took)[int(0.95 * len(took))], "s", mark, at_most=True, note=note
        )
    before, most, after = (crowd.memory[name] for name in ("before", "most", "after"))
    note = f"{before:.0f} MB before, {most:.0f} MB at most"
    yield Row("Memory of the server after they left", after, "MB", note=note)
    yield Row("Uploads on the disk after they left", crowd.left, "folders", mark=0.0, at_most=True)
