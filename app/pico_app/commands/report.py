"""The command `pico-lens report`: the engine knows no screen, so an entry point brings it to the command line.

Nothing that draws is loaded before the command runs: `pico-lens --help` stays as quick as it was.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pico_core.cli.options import Json, RunFolder
from pico_core.common.errors import SettingError

PAGES = (".html", ".htm")
Dataset = Annotated[
    Path | None, typer.Option("--data", help="Its dataset: adds its sizes and the strongest simpler idea.")
]


def report(
    run: RunFolder,
    target: Annotated[Path, typer.Option("--out", help="Page to write: .html.")],
    data: Dataset = None,
    as_json: Json = False,
) -> None:
    """Write a run as one page that opens without network: verdict, controls, figures, settings, sources."""
    if target.suffix.lower() not in PAGES:
        raise SettingError(f"--out {target.name}: a report is a page; choose a name that ends in .html")
    from pico_core.cli.printing import err, say
    from pico_core.formats import open_pairs
    from pico_core.storage.atomic import write_atomically
    from pico_core.studies.runs import load_run

    pairs = None if data is None else open_pairs(data)
    study = load_run(run, pairs)
    with err.status("drawing the figures"):
        from pico_app.documents.run_report import Made, run_report_html

        page = run_report_html(study, pairs=pairs, written=Made(datetime.now(UTC))).encode()
    write_atomically(target, page)
    say(
        {
            "file": str(target),
            "megabytes": round(len(page) / 1e6, 1),
            "dataset": study.dataset,
            "digest": study.digest,
            "verdict": study.report.verdict.value,
        },
        as_json=as_json,
    )
