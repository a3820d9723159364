"""Won and lost: every query that moved, by how much, whose they are, and the way to each."""

from typing import Any, Literal

import polars as pl
import streamlit as st

from pico_app.answers import compare, pictures, retrieval, side_ranks
from pico_app.answers.documents import PageSection
from pico_app.choices.query import Query
from pico_app.figures import ranks as draw
from pico_app.figures.rankings import arrow
from pico_app.figures.theme import Theme
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, one_of, prose
from pico_app.pages.retrieval import ranked
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.pages.retrieval.labels import label_name
from pico_app.state import queries, screen, study, widgets
from pico_app.words.captions import caption_of
from pico_app.words.retrieval import moves_sentence
from pico_app.workspace import Workspace
from pico_core.retrieval.comparing.by_label import LabelColumn

Fate = Literal["won", "lost", "both"]
FATES: dict[Fate, str] = {"both": "Won and lost", "won": "Won", "lost": "Lost"}
KINDS = {"both": "Both directions", "text": "Text to image", "image": "Image to text"}
NO_FILTER, EVERY, NONE = "no filter", "every value", "no label"
PAGE = 50  # rows: so many thumbnails are read at once


def render(space: Workspace, comparison: compare.Comparison, shown: Shown | None) -> list[PageSection]:
    """Draw the instrument."""
    now = ranked.verdict(space, comparison)
    for count in side_ranks.won_and_lost(now):
        prose(moves_sentence(count))
    under = st.container()
    ranked.follow(now)
    frame, has_label = _filtered(space, now)
    chosen = _table(space, now, frame, has_label=has_label)
    clicked = _scatter(space, frame)
    late = ranked.control(space, comparison, now, under=under)
    wanted = chosen or clicked
    if wanted is not None:
        queries.set_query(wanted)
        st.rerun()
    ranked.come(now, late=late)
    ringed = _ringed(space)

    def drawn(theme: Theme) -> Any:
        return draw.rank_figure(frame, selected=ringed, theme=theme)

    words = " ".join([ranked.sentence(now, comparison), *map(moves_sentence, side_ranks.won_and_lost(now))])
    table = side_ranks.named(space, frame)
    return [PageSection("queries", "Every query with its ranks", table, drawn, words, caption=caption_of("moves"))]


def _filtered(space: Workspace, now: side_ranks.Compared) -> tuple[pl.DataFrame, bool]:
    """The queries of the chosen direction and label, all fates; whether a label is chosen."""
    frame = side_ranks.all_moves(now)
    direction, label, value = st.columns([4.4, 3.4, 3.4], vertical_alignment="bottom")
    kind = one_of("Direction", KINDS, default="both", key="moved-kind", container=direction)
    columns = side_ranks.query_label_columns(space)
    offered: list[str | LabelColumn] = [NO_FILTER, *columns]
    column = label.selectbox(
        "Label",
        offered,
        format_func=lambda option: option if isinstance(option, str) else label_name(option),
        key="moved-label",
        disabled=not columns,
    )
    if kind != "both":
        frame = frame.filter(pl.col("kind") == kind)
    if isinstance(column, str):
        value.selectbox("Value", [EVERY], disabled=True, key="moved-no-value")
        return frame, False
    frame = side_ranks.labelled(space, frame, column)
    counts = (
        frame["label"]
        .drop_nulls()
        .value_counts(sort=True, name="number")
        .sort("number", "label", descending=[True, False])
    )
    values = [EVERY, *counts["label"].to_list(), *([NONE] if frame["label"].null_count() else [])]
    widgets.keep_among("moved-value", values)
    wanted = value.selectbox("Value", values, key="moved-value")
    if wanted == NONE and NONE not in counts["label"]:
        return frame.filter(pl.col("label").is_null()), True
    return (frame if wanted == EVERY else frame.filter(pl.col("label") == wanted)), True


def _table(space: Workspace, now: side_ranks.Compared, frame: pl.DataFrame, *, has_label: bool) -> Query | None:
    """The queries that moved, the most first; the one that was clicked."""
    which, page = st.columns([8, 2], vertical_alignment="bottom")
    fate = one_of("Show", FATES, default="both", key="moved-fate", container=which)
    won, lost = frame.filter(pl.col("gain") > 0), frame.filter(pl.col("gain") < 0).reverse()
    shown = {"won": won, "lost": lost}.get(fate)
    if shown is None:
        shown = frame.filter(pl.col("gain") != 0).sort(pl.col("gain").abs(), descending=True, maintain_order=True)
    among = "" if now.paired.exact else " that were asked"
    if shown.is_empty():
        prose(f"None of the {frame.height:,} queries{among} {'moved' if fate == 'both' else fate} here.")
        return None
    pages = -(-shown.height // PAGE)
    number = 1
    if pages > 1:
        widgets.keep_at_most("moved-page", pages)
        number = page.number_input(f"Page of {pages:,}", 1, pages, key="moved-page")
    rows = shown.slice((number - 1) * PAGE, PAGE)
    key = f"moved-{now.key}-{number}-{fate}-{frame.height}-{_mark(rows)}"
    event = st.dataframe(
        _displayed(space, rows, has_label=has_label),
        hide_index=True,
        height=405,
        row_height=44 if _has_pictures(space) else None,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "picture": st.column_config.ImageColumn("", width=60),
            "query": st.column_config.TextColumn("query", width=460),
            "asks": st.column_config.TextColumn("asks", width=60),
            "before": st.column_config.NumberColumn("left", format="%d", width=60, help="Rank on the left."),
            "after": st.column_config.NumberColumn("right", format="%d", width=60, help="Rank on the right."),
            "move": st.column_config.TextColumn("places", width=80),
            "times": st.column_config.NumberColumn(
                "ratio", format="%.1f", width=60, help="Larger rank over smaller one: what the table is sorted by."
            ),
            "link": st.column_config.LinkColumn(
                "link", display_text="open", width=60, help="Opens this query in a new tab; copy it to share the query."
            ),
        },
    )
    st.caption(
        f"{won.height:,} won, {lost.height:,} lost, {frame.height - won.height - lost.height:,} stay, of "
        f"{frame.height:,} queries{among}. The box beside a row asks that query: the lists above follow."
    )
    picked = list(event["selection"]["rows"])
    row = widgets.fresh("moved-row", picked[0] if picked else None)
    return None if row is None else Query(rows["kind"][row], rows["index"][row])


def _displayed(space: Workspace, rows: pl.DataFrame, *, has_label: bool) -> pl.DataFrame:
    test, kinds = space.splits.test, rows["kind"].to_list()
    row_queries = [Query(kind, index) for kind, index in zip(kinds, rows["index"].to_list(), strict=True)]
    columns: dict[str, list[object]] = {}
    if _has_pictures(space):
        paths = [test.image_paths[image] for image in rows["image"].to_list()]
        columns["picture"] = [pictures.thumbnail(space.dataset, path, size=96) for path in paths]
    columns["query"] = [retrieval.item_name(space, query.kind, query.index) for query in row_queries]
    columns["asks"] = list(kinds)
    if has_label:
        columns["label"] = rows["label"].to_list()
    before, after = rows["before"].to_list(), rows["after"].to_list()
    columns |= {"before": before, "after": after}
    columns["move"] = [arrow(b, a) for b, a in zip(before, after, strict=True)]
    columns["times"] = [max(b, a) / min(b, a) for b, a in zip(before, after, strict=True)]
    links = [study.query_link(query) for query in row_queries]
    if links[0] is not None:
        columns["link"] = list(links)
    return pl.DataFrame(columns)


def _scatter(space: Workspace, frame: pl.DataFrame) -> Query | None:
    """Ranks before against after; the query that was clicked."""
    if frame.is_empty():
        return None
    points = figure(
        draw.rank_figure(frame, selected=_ringed(space), theme=screen.theme()),
        key="moves",
        caption=caption_of("moves"),
        select=True,
        beside=True,
    )
    clicked = draw.chosen_query(points)
    code = None if clicked is None else 2 * clicked[1] + (clicked[0] == "text")
    chosen = widgets.fresh("moves-point", code)
    return None if chosen is None else Query("text" if chosen % 2 else "image", chosen // 2)


def _ringed(space: Workspace) -> tuple[str, int] | None:
    """The query above, where it is an item of the dataset."""
    if queries.words() is not None:
        return None
    query = queries.query(space.splits.test.n_images, space.splits.test.n_texts)
    return query.kind, query.index


def _has_pictures(space: Workspace) -> bool:
    return any(path is not None for path in space.splits.test.image_paths[:1])


def _mark(rows: pl.DataFrame) -> str:
    """Names what stands in the rows: others are another table, with no row chosen."""
    return f"{rows['kind'][0]}{rows['index'][0]}-{rows['kind'][-1]}{rows['index'][-1]}"


INSTRUMENT: RetrievalInstrument = Instrument(
    name="queries",
    title="Won and lost",
    question="Which queries won, and which lost?",
    about="Every query that moved, by how much, whose it is, and the way to it.",
    render=render,
)
