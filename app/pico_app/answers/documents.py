"""What can be taken home: tables as files; figures, comparisons and the report of a study as pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

import polars as pl

from pico_app.answers.compare import Asked, Comparison, Outside
from pico_app.answers.retrieval import candidate, item_name
from pico_app.choices.query import QueryKind
from pico_app.documents.comparison import ComparisonPage, comparison_html
from pico_app.documents.run_report import Made, run_report_html
from pico_app.documents.standalone import Section, standalone
from pico_app.figures.rankings import Candidate
from pico_app.figures.theme import LIGHT, Theme
from pico_app.templates import paragraphs
from pico_app.words import provenance
from pico_app.words.captions import NO_CAPTION, Caption
from pico_app.words.retrieval import lists_sentence
from pico_app.workspace import Workspace
from pico_core.retrieval.explain import Split
from pico_core.retrieval.rankings import SideBySide
from pico_core.studies.export import frame_bytes


@dataclass(frozen=True, eq=False)
class PageSection:
    """A figure or a table on the screen that can be taken home.

    Attributes:
        name: Of its file, without an ending: plain words.
        title: For people.
        table: Its numbers; None where there are none.
        figure: Draws it in a theme; None for a bare table.
        words: What is said above it.
        caption: How to read the figure.
    """

    name: str
    title: str
    table: pl.DataFrame | None = None
    figure: Callable[[Theme], Any] | None = None
    words: str = ""
    caption: Caption = NO_CAPTION

    @property
    def drawn(self) -> Section:
        """The section of a page to keep, its figure in light colours."""
        return Section(
            title=self.title,
            html=paragraphs([self.words] if self.words else []),
            figure=None if self.figure is None else self.figure(LIGHT),
            name=self.name,
            caption=self.caption,
        )


def table_bytes(table: pl.DataFrame, kind: Literal["csv", "parquet"]) -> bytes:
    """A table as a file."""
    return frame_bytes(table, kind)


def lists_table(space: Workspace, query: Asked, both: SideBySide) -> pl.DataFrame:
    """Both lists as rows, the right answer included however low it stands."""
    other: QueryKind = "text" if query.kind == "image" else "image"
    rows = []
    for name, items, target in (("left", both.left, both.target_before), ("right", both.right, both.target_after)):
        seen = {item.index for item in items}
        for item in (*items, *([target] if target is not None and target.index not in seen else [])):
            rows.append(
                {
                    "side": name,
                    "rank": item.rank,
                    "rank_on_the_other_side": item.other_rank,
                    "candidate": item.index,
                    "name": item_name(space, other, item.index),
                    "score": item.score,
                    "score_on_the_other_side": item.other_score,
                    "relevant": item.relevant,
                }
            )
    return pl.DataFrame(rows)


def split_table(split: Split, titles: Sequence[str]) -> pl.DataFrame:
    """All parts of a split, in full precision: before + parts + new partners = after."""
    names = ["before", *titles, "new partners", "after"]
    return pl.DataFrame(
        {
            "part": names,
            "column": [None, *range(len(titles)), None, None],
            "value": [split.before, *split.parts.double().tolist(), split.alignment, split.after],
        },
        schema={"part": pl.String, "column": pl.Int64, "value": pl.Float64},
    )


def comparison_page(
    space: Workspace, comparison: Comparison, query: Asked, both: SideBySide, sections: Sequence[PageSection]
) -> str:
    """The comparison on the screen as one HTML file."""
    other: QueryKind = "text" if query.kind == "image" else "image"
    shown_query = (
        Candidate(query.name) if isinstance(query, Outside) else candidate(space, query.kind, query.index, size=240)
    )
    page = ComparisonPage(
        answer=lists_sentence(both),
        facts=_facts(space, comparison, query),
        asked=shown_query,
        question="Which images does this describe?" if query.kind == "text" else "Which captions describe this image?",
        both=both,
        titles=(comparison.left.label, comparison.right.label),
        candidate=lambda index: candidate(space, other, index),
    )
    return comparison_html(page, [section.drawn for section in sections])


def figure_page(section: PageSection) -> str:
    """One figure as a page of its own."""
    alone = replace(section.drawn, title="", html="", name="figure")
    return standalone(section.title, answer="", facts=[], sections=[alone])


def study_report(space: Workspace) -> str:
    """The study on the screen as one HTML file."""
    return run_report_html(space.study, pairs=space.dataset.pairs, written=Made(datetime.now(UTC)))


def _facts(space: Workspace, comparison: Comparison, query: Asked) -> list[tuple[str, str]]:
    config, test = space.study.config, space.splits.test
    return [
        ("Dataset", f"{space.dataset.pairs.name} (digest {space.dataset.pairs.digest})"),
        ("Query", query.key),
        ("Searched", f"the {test.part} split: {test.n_images:,} images, {test.n_texts:,} texts, seed {config.seed}"),
        ("On the left", f"{comparison.left.label} ({comparison.left.basis.name} axes)"),
        ("On the right", f"{comparison.right.label} ({comparison.right.basis.name} axes)"),
        ("Guard", space.study.construction.guard.sentence),
        ("What is the paper's", provenance.IN_SHORT),
        ("Made", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, PICO Lens {version('pico-lens')}"),
    ]
