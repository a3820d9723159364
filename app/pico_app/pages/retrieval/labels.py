"""Where weighting helps: recall by the values of a label."""

from typing import Any

import streamlit as st

from pico_app.answers import compare, side_ranks
from pico_app.figures import label_changes as draw
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.pages.retrieval import ranked
from pico_app.pages.retrieval.instrument import Piece, RetrievalInstrument, Shown
from pico_app.state import comparison, screen
from pico_app.workspace import Workspace
from pico_core.retrieval.comparing.by_label import FEWEST_IMAGES, LabelColumn, LabelTable


def render(space: Workspace, found: compare.Comparison, shown: Shown | None) -> list[Piece]:
    """Draw the instrument."""
    columns = side_ranks.query_label_columns(space)
    if not columns:
        st.info(
            "Nothing can be grouped here: no label column has two values or more that items share. A dataset says "
            "styles, sources or topics in label columns of its images or texts; the Data page says how.",
            icon=":material/label_off:",
        )
        return []
    now = ranked.verdict(space, found)
    ranked.follow(now)
    label, metric = st.columns([4, 4, 4], vertical_alignment="bottom")[:2]
    column = label.selectbox("Label", columns, format_func=label_name, key="labels-column")
    table = side_ranks.by_label(space, now, column)
    names = sorted(table.names, key=lambda name: name != "rsum")
    wanted = metric.selectbox("Metric", names, format_func=draw.METRIC_NAMES.__getitem__, key="labels-metric")
    sentence = table.sentence(wanted, draw.METRIC_NAMES[wanted])
    prose(sentence)

    def drawn(dark: bool) -> Any:
        return draw.label_figure(table, wanted, title=draw.METRIC_NAMES[wanted], dark=dark)

    read = (
        f"a point is right minus left for the queries of one value, among all candidates, with its 95 % interval, "
        f"resampled by image. {_asks(table)} Filled arrows differ at 5 % false discovery; crosses are groups of fewer "
        f"than {FEWEST_IMAGES} images, too few for an interval."
    )
    beware = (
        f"{table.shown(wanted)} intervals are shown at once: an open circle whose interval misses zero is what "
        "chance gives now and then. Looking through metrics and labels for one that differs is more looking still. "
        "And a style that gains is not thereby a style that the weights removed."
    )
    figure(drawn(screen.dark()), key="labels", read=read, beware=beware)
    _queries(table)
    with st.expander("All metrics of all values", icon=":material/table:"):
        st.html(draw.label_html(table))
        st.caption(
            "Recall in per cent, rSum of 600: left → right, below the paired change with its 95 % interval. Bold with "
            "an arrow: differs at 5 % false discovery among the values of its metric."
        )
    ranked.come(now)
    words = f"{ranked.said(now, found)} {sentence}"
    return [Piece("labels", f"Recall by {label_name(column)}", table.frame, drawn, words, read, beware)]


def label_name(column: LabelColumn) -> str:
    """A label column with whose it is."""
    return f"{column.name} ({'images' if column.of_images else 'texts'})"


def _asks(table: LabelTable) -> str:
    if table.column.of_images:
        return "The images of a value ask, and all their texts."
    return "The texts of a value ask; an image has no label of texts, so none asks here."


def _queries(table: LabelTable) -> None:
    """The way to the queries behind a row."""
    single = [group.value for group in table.groups if group.is_single]
    if not single:
        return
    value, button = st.columns([4, 8], vertical_alignment="bottom")
    chosen = value.selectbox("Queries of", single, key=f"labels-value-{table.column.name}-{table.column.of_images}")
    button.button(
        "See which won and lost",
        icon=":material/swap_vert:",
        key="labels-go",
        on_click=comparison.go_to_queries,
        args=(table.column, chosen),
    )


INSTRUMENT: RetrievalInstrument = Instrument(
    name="labels",
    title="Where it helps",
    question="For which queries does the scoring on the right help?",
    about="Recall by the values of a label, with intervals, and the way to the queries behind every value.",
    render=render,
)
