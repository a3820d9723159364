"""The page that `pico-lens report` writes: its words, and the figures in it."""

import json
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.golden.children import ROOT, scrubbed
from tests.golden.commands import DEMOS, ran
from tests.golden.compacting import compact

DRAWN = "Plotly.newPlot("


def recorded(work: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """The reports of runs of two demos, one of them without its dataset."""
    os.chdir(work)
    found: dict[str, Any] = {}
    for name, demo, basis, more in (
        ("shortcut, cross", "shortcut", "cross", True),
        ("planted, given", "planted", "given", True),
        ("planted, given, without its dataset", "planted", "given", False),
    ):
        tell(name)
        place = ROOT / DEMOS[demo]
        data = ["--data", str(place / "dataset")] if more else []
        said = ran(["report", str(place / f"run-{basis}"), "--out", "page.html", *data])
        page = Path("page.html").read_text(encoding="utf-8") if said["code"] == 0 else ""
        found[name] = {"code": said["code"], "err": said["err"]} | page_of(page)
    return found


def page_of(page: str) -> dict[str, Any]:
    """The words of a page and its figures; the script that draws them is left out."""
    parsed = _Reader()
    parsed.feed(page)
    return {"words": compact(parsed.words, scrubbed), "figures": [compact(one, scrubbed) for one in parsed.figures]}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.figures: list[Any] = []
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._silent = tag
        self.words += [f"{name}: {value}" for name, value in attrs if name in ("alt", "aria-label", "title", "src")]

    def handle_endtag(self, tag: str) -> None:
        self._silent = "" if tag == self._silent else self._silent

    def handle_data(self, data: str) -> None:
        if self._silent == "script" and len(data) < 3_000_000:
            self.figures += figures_of(data)
        elif not self._silent and data.strip():
            self.words.append(re.sub(r"\s+", " ", data).strip())


def figures_of(script: str) -> list[Any]:
    """Traces and layout of every figure that a script draws."""
    found, decoder = [], json.JSONDecoder()
    for part in script.split(DRAWN)[1:]:
        traces, end = decoder.raw_decode(part, part.index("["))
        layout, _ = decoder.raw_decode(part, part.index("{", end))
        found.append({"data": traces, "layout": layout})
    return found
