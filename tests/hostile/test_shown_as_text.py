"""Words of data are shown, never obeyed: not by Markdown, HTML, Plotly, a component, a terminal or a spreadsheet."""

import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pico_app.documents.run_report import Made, run_report_html
from pico_app.documents.standalone import Section, standalone
from pico_app.figures import columns, comparing, probe, theme
from pico_app.words.glossary import explain
from pico_app.words.markup import plain
from pico_core.cli import printing
from pico_core.columns.probe import StyleProbe
from pico_core.studies.probes import study_label_probe

COMPONENTS = Path(columns.__file__).parents[1] / "components"
# What would write markup, run text, or fetch something.
OBEYING = (
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "DOMParser",
    "createContextualFragment", "fetch(", "import(", "setHTML",
)  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)><a href='http://example.invalid'>\"%{y}\" [/b] {}"


def test_components_set_words_as_text_only() -> None:
    scripts = sorted(COMPONENTS.rglob("*.js"))
    assert {path.stem for path in scripts} >= {"word_maps", "arrow_keys", "plot_keys"}
    for path in scripts:
        held = path.read_text(encoding="utf-8")
        assert not [word for word in OBEYING if word in held], path.name
    assert "made.textContent = text" in (COMPONENTS / "word_maps" / "word_maps.js").read_text(encoding="utf-8")
    for path in COMPONENTS.rglob("*.html"):  # frames without a word; the picture's address is data:, made by the server
        assert not re.search(r"<script|on\w+=|https?:", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text", ["<svg onload=alert(1)>", "<script>x</script>", "![x](http://a.b)", "[x](javascript:y)", "$x$ :bug:"]
)
def test_markdown_and_tooltips_obey_no_word(text: str) -> None:
    assert not set(re.findall(r"(?<!\\)[<>\[\]()!$:]", plain(text)))
    assert "<" not in explain(text).replace("<abbr", "").replace("</abbr", "")


def test_plotly_obeys_no_word() -> None:
    """It draws some tags, links among them, and fills in templates; it does not know &quot;."""
    shown = theme.verbatim(HOSTILE)
    assert not re.search(r"[<>{]", shown)
    assert '"%&#123;y}"' in shown


def words_of(figure: Any) -> str:
    """Everything that a figure says of the data, as the browser gets it; templates are ours and hold tags of ours."""
    data = json.loads(figure.to_json())["data"]
    return json.dumps([[trace.get(name) for name in ("x", "y", "text", "customdata")] for trace in data])


@pytest.fixture(scope="module")
def labelled(planted: Any, study: Any) -> StyleProbe:
    """A probe by a style label with a hostile name."""
    pairs = replace(planted.pairs, images=planted.pairs.images.rename({"style": f"style {HOSTILE}"}))
    found = study_label_probe(pairs, study.config, study.basis)
    assert found is not None
    return found


def test_no_figure_obeys_a_name_of_the_data(study: Any, labelled: StyleProbe) -> None:
    titled = study.columns.with_columns(pl.lit(HOSTILE).alias("title"))
    for figure in (
        probe.drivers(labelled, 0),
        columns.all_columns(titled, measure="probability", by_value=True),
        columns.against_null(titled, selected=0),
    ):
        said = words_of(figure)
        assert "&lt;img src=x" in said
        assert "<img" not in said
        assert "%{y}" not in said
    assert "<" not in comparing._short(HOSTILE)


def test_a_page_in_one_file_holds_no_foreign_markup(labelled: StyleProbe) -> None:
    hostile = "</script><script>alert(1)</script>" + HOSTILE
    figure = probe.drivers(labelled, 0).update_layout(title={"text": hostile})
    page = standalone(hostile, answer=hostile, facts=[(hostile, hostile)], sections=[Section(hostile, figure=figure)])
    body = page[page.index("<body ") :]
    assert "alert(1)" in body
    assert "<script>alert" not in body
    assert "<img" not in body


def test_brackets_are_letters_to_the_terminal(study: Any) -> None:
    labelled = replace(study.report, baseline=replace(study.report.baseline, label="[/b] x"))
    with printing.out.capture() as held:
        printing.tell(labelled)
    assert "[/b] x" in held.get()


class Tags(HTMLParser):
    """Names of tags and of attributes of a page, and every address it names."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag} {name}" for name, _ in attrs)}
        self.seen |= {f"{tag} {name}={value}" for name, value in attrs if name in ("href", "src") and value}


def test_the_report_of_a_run_holds_no_markup_of_the_data(study: Any) -> None:
    """Every text that the file of a run may hold is hostile: the page has the tags that it has without them."""
    hostile = f"</script></style></title>-->{HOSTILE}<script>alert(2)</script>"
    report = replace(
        study.report,
        split=hostile,
        baseline=replace(study.report.baseline, label=hostile),
        controls=(replace(study.report.controls[0], label=hostile),),
    )
    columns = study.columns.with_columns(pl.lit(hostile).alias("title"))
    named = {"dataset": hostile, "digest": hostile, "versions": (hostile,), "notes": (hostile,)}
    other = replace(study, report=report, columns=columns, **named)
    calm = replace(study, notes=("x",), report=replace(study.report, controls=study.report.controls[:1]))
    pages = [run_report_html(one, pairs=None, written=Made(datetime(2026, 1, 1))) for one in (calm, other)]
    before, after = Tags(), Tags()
    before.feed(pages[0])
    after.feed(pages[1])
    assert after.seen == before.seen
    assert pages[1].count("<script") == pages[0].count("<script")
    assert "alert(2)" in pages[1]
