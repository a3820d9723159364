"""Golden outputs: `python -m tests.golden record FILE`, `python -m tests.golden compare [--only PART] [--with FILE]`.

Only what does not move is touched: the command line (`python -m pico_core`), and `app/main.py`.
Parts: cli (every command), report (the page of `pico-lens report`), pages (every page of the app, in three shares).
Left out: everything that a clock decides, ids and keys of elements, files behind download buttons, UMAP maps that
would have to be computed, commands that start a server (`app`) or take an hour (`demo build`), and Ray.
"""

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.golden.children import started
from tests.golden.compacting import packed, unpacked
from tests.golden.comparing import differences

GOLDEN = Path(__file__).with_name("v1.0.0.json.gz")
PARTS = ("pages-b", "pages-a", "cli", "pages-c", "report")  # the longest first
AT_ONCE = 2
SHOWN = 400  # differences that are printed


def main() -> None:
    """Record, or record anew and compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("record", help="write a golden file")
    one.add_argument("file", type=Path)
    other = commands.add_parser("compare", help="record anew and list what differs; exit code 1 where anything does")
    other.add_argument("--with", dest="file", type=Path, default=GOLDEN, help="golden file; default that of 1.0.0")
    other.add_argument("--new", type=Path, help="a recorded file, instead of recording anew")
    for each in (one, other):
        each.add_argument("--only", action="append", help="cli, report, pages, pages-a, pages-b or pages-c; repeatable")
    inner = commands.add_parser("part", help="record one part; used by the others")
    inner.add_argument("part", choices=PARTS)
    inner.add_argument("file", type=Path)
    asked = parser.parse_args()
    if asked.command == "part":
        _part(asked.part, asked.file)
        return
    parts = [part for part in PARTS if not asked.only or any(part.startswith(name) for name in asked.only)]
    if not parts:
        parser.error(f"--only: there is no such part; choose among {', '.join(PARTS)}, pages")
    if asked.command == "record":
        write(record(parts), asked.file)
        say(f"{asked.file}: {asked.file.stat().st_size / 1e6:.2f} MB")
        return
    old = {part: found for part, found in read(asked.file).items() if part in parts}
    new = read(asked.new) if asked.new else record(parts)
    found = list(differences(old, {part: new[part] for part in parts if part in new}))
    for difference in found[:SHOWN]:
        say(str(difference))
    if len(found) > SHOWN:
        say(f"... and {len(found) - SHOWN} more:")
        for place, count in Counter(" > ".join(one.path[:2]) for one in found[SHOWN:]).items():
            say(f"    {count} in {place}")
    say(f"{len(found)} differences in {', '.join(parts)}." if found else f"No difference in {', '.join(parts)}.")
    sys.exit(1 if found else 0)


def record(parts: list[str]) -> dict[str, Any]:
    """Record parts, two at a time."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="golden-") as name:
        place = Path(name).resolve()
        waiting, running = list(parts), {}
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                part = waiting.pop(0)
                say(f"{time.monotonic() - began:4.0f} s  {part} begins")
                running[part] = started(part, place / f"{part}.json", place / part)
            time.sleep(0.2)
            for part in [part for part, process in running.items() if process.poll() is not None]:
                code = running.pop(part).returncode
                say(f"{time.monotonic() - began:4.0f} s  {part} has ended")
                if code:
                    for process in running.values():
                        process.kill()
                    sys.exit(f"{part} failed:\n{(place / part / 'log.txt').read_text(errors='replace')[-4000:]}")
        return {part: json.loads((place / f"{part}.json").read_text(encoding="utf-8")) for part in sorted(parts)}


def write(found: dict[str, Any], file: Path) -> None:
    """Keep a recording; the same recording gives the same bytes."""
    kept: dict[str, Any] = {}
    parts = packed(found, kept)
    told = json.dumps({"kept": kept, "parts": parts}, ensure_ascii=False, separators=(",", ":"))
    file.write_bytes(gzip.compress(told.encode(), 9, mtime=0))


def read(file: Path) -> dict[str, Any]:
    """What `write` kept."""
    told = json.loads(gzip.decompress(file.read_bytes()))
    found: dict[str, Any] = unpacked(told["parts"], told["kept"])
    return found


def _part(part: str, target: Path) -> None:
    import torch

    torch.set_num_threads(1)
    work = Path(os.environ["GOLDEN_WORK"])
    if part == "cli":
        from tests.golden import commands

        found = commands.recorded(work, say)
    elif part == "report":
        from tests.golden import reports

        found = reports.recorded(work, say)
    else:
        from tests.golden import pages

        found = pages.recorded(part, say)
    target.write_text(json.dumps(found), encoding="utf-8")


def say(line: str) -> None:
    """A line for people, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
