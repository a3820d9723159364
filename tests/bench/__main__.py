"""Run benchmarks on an idle machine: `python -m tests.bench [NAME ...] [--out FILE] [--read FILE] [--markdown]`."""

import argparse
import sys
from pathlib import Path

from tests.bench.suite import benchmarks, machine, put_table, read, rows_of, table, verdicts, written
from tests.places import ROOT


def main() -> None:
    """Measure, or read what was measured; keep it; print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(benchmarks())}; default all")
    parser.add_argument("--out", type=Path, help="JSON file to keep the results in")
    parser.add_argument("--read", type=Path, help="print a kept run instead of measuring")
    parser.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    parser.add_argument("--docs", action="store_true", help="put the tables into docs/speed.md and the README")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(benchmarks()))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; choose among {', '.join(benchmarks())}")
    if asked.read:
        where, rows = read(asked.read)
    else:
        where, rows = machine(), [row for name in asked.names or benchmarks() for row in rows_of(name)]
    if asked.out:
        written(rows, asked.out)
    if asked.docs:
        put_table(table(rows, markdown=True), ROOT / "docs" / "speed.md")
        put_table(verdicts(rows), ROOT / "README.md")
    sys.stdout.write(f"{where}\n\n{table(rows, markdown=asked.markdown)}\n")


if __name__ == "__main__":
    main()
