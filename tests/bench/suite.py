"""The suite of speed figures: `pytest tests/bench`, or `python -m tests.bench` for a file and a Markdown table.

Adding a figure: write a function that yields rows into a module of this folder, decorate it, and name the
module in `MODULES`:

    @benchmark("signs")
    def sign_statistics() -> Iterator[Row]:
        quick, slow = in_turn(lambda: one_pass(tokens), lambda: two_passes(tokens))
        yield Row("One pass against two", slow / quick, "times", mark=2.0)

A row with a `mark` gets a verdict; `at_most=True` where less is better. A figure that cannot be measured
here is `skipped("what", "why")`, never left out. A benchmark asserts that what it times gives the right
result; a missed mark is a verdict in the table and fails nothing. Compare in one run: `in_turn` lets the
contestants alternate and returns the median seconds of each, so that a slower minute slows them all.
The suite is no part of the tests that run by default (see conftest.py).
"""

import importlib
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

MODULES = (
    "signs",
    "late_interaction",
    "peers",
    "growth",
    "bigger_than_memory",
    "one_query",
    "whole_job",
    "ray_efficiency",
    "app_speed",
    "many_users",
)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: The figure in words.
        value: Its value; None where it was not measured.
        unit: Of the value.
        mark: The limit that it should keep, if there is one.
        at_most: Whether the mark is an upper limit.
        note: Sizes and seconds behind a ratio, or why a figure was not measured or misses its mark.
        group: Name of its benchmark; filled in.
    """

    what: str
    value: float | None
    unit: str
    mark: float | None = None
    at_most: bool = False
    note: str = ""
    group: str = ""

    @property
    def shown(self) -> str:
        """The value as tables give it."""
        if self.value is None:
            return ""
        return f"{self.value:{',.0f' if self.value >= 1000 else '.3g'}} {self.unit}".rstrip()

    @property
    def limit(self) -> str:
        """The mark in words."""
        if self.mark is None:
            return ""
        return f"{'at most' if self.at_most else 'at least'} {self.mark:g} {self.unit}".rstrip()

    @property
    def verdict(self) -> str:
        """Whether the mark is kept."""
        if self.value is None:
            return "not measured"
        if self.mark is None:
            return ""
        return "kept" if (self.value <= self.mark if self.at_most else self.value >= self.mark) else "missed"


Benchmark = Callable[[], Iterable[Row]]
_REGISTERED: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Register a benchmark under a name of its own."""

    def register(function: Benchmark) -> Benchmark:
        _REGISTERED[name] = function
        return function

    return register


def benchmarks() -> dict[str, Benchmark]:
    """All of them, in the order of `MODULES`."""
    for module in MODULES:
        importlib.import_module(f"tests.bench.{module}")
    return dict(_REGISTERED)


def rows_of(name: str) -> list[Row]:
    """Run one benchmark."""
    return [replace(row, group=name) for row in benchmarks()[name]()]


def skipped(what: str, why: str) -> Row:
    """A figure that cannot be measured here."""
    return Row(what, None, "", note=why)


def in_turn(*contestants: Callable[[], Any], turns: int = 7) -> list[float]:
    """Median seconds of each: one warm-up, then turn by turn all of them."""
    took: list[list[float]] = [[] for _ in contestants]
    for turn in range(turns + 1):
        for contestant, seconds in zip(contestants, took, strict=True):
            began = time.perf_counter()
            contestant()
            if turn:
                seconds.append(time.perf_counter() - began)
    return [statistics.median(seconds) for seconds in took]


def real_data() -> Path | None:
    """The folder of real data, where there is one (as in the tests)."""
    folder = Path(os.environ.get("PICO_REAL_DATA", HERE.parents[1] / ".." / "shared" / "data")).resolve()
    return folder if folder.is_dir() else None


def machine() -> str:
    """What the figures hold for."""
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).is_file():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {torch.get_num_threads()} threads of {os.cpu_count()} cores, torch {torch.__version__}"


def written(rows: list[Row], where: Path) -> None:
    """Keep the results of a run; benchmarks that it left out keep those of a run before on the same machine."""
    if where.is_file() and (before := read(where))[0] == machine():
        measured, order = {row.group for row in rows}, list(benchmarks())
        rows = [*rows, *(row for row in before[1] if row.group not in measured)]
        rows.sort(key=lambda row: order.index(row.group))
    where.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")


def read(where: Path) -> tuple[str, list[Row]]:
    """The machine and the rows of a kept run."""
    kept = json.loads(where.read_text())
    return kept["machine"], [Row(**row) for row in kept["rows"]]


def verdicts(rows: list[Row]) -> str:
    """The rows that have a mark, without notes, in Markdown: what the README carries."""
    marked = [row for row in rows if row.mark is not None and row.value is not None]
    cells = [("figure", "value", "limit", "verdict")]
    return "\n".join(_markdown([*cells, *((row.what, row.shown, row.limit, row.verdict) for row in marked)]))


def table(rows: list[Row], *, markdown: bool = False) -> str:
    """All rows as a table, for a terminal or in Markdown."""
    cells = [("figure", "value", "limit", "verdict", "note")]
    for row in rows:
        cells.append((row.what, row.shown, row.limit, row.verdict, row.note))
    if markdown:
        return "\n".join(_markdown(cells))
    widths = [max(len(line[i]) for line in cells) for i in range(4)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(line[:4], widths, strict=True)), line[4]]).rstrip()
        for line in cells
    )


def put_table(table: str, page: Path) -> None:
    """Put a table in the place of the one of the same kind that stands in a page.

    Raises:
        ValueError: the page has none.
    """
    lines, head = page.read_text(encoding="utf-8").split("\n"), table.split("\n", maxsplit=1)[0]
    first = lines.index(head)
    last = next(n for n in range(first, len(lines) + 1) if n == len(lines) or not lines[n].startswith("|"))
    page.write_text("\n".join([*lines[:first], table, *lines[last:]]), encoding="utf-8")


def _markdown(cells: list[tuple[str, ...]]) -> Iterator[str]:
    for number, line in enumerate(cells):
        yield f"| {' | '.join(line)} |"
        if not number:
            yield "|" + "---|" * len(line)
