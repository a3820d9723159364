"""Where weighting helps: recall by the values of a label."""

from typing import Any

import streamlit as st

from pico_app.answers import compare, side_ranks
from pico_app.answers.documents import PageSection
from pico_app.figures import comparing as draw
from pico_app.figures.theme import Theme
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.pages.retrieval import ranked
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.state import comparison, screen
from pico_app.words.captions import caption_of
from pico_app.words.retrieval import labels_sentence
from pico_app.workspace import Workspace
from pico_core.retrieval.comparing.by_label import FEWEST_IMAGES, LabelColumn, LabelTable


def render(space: Workspace, comparison: compare.Comparison, shown: Shown | None) -> list[PageSection]:
    """Draw the instrument."""
    columns = side_ranks.query_label_columns(space)
    if not columns:
        st.info(
            "Nothing can be grouped here: no label column has two values or more that items share. A dataset says "
            "styles, sources or topics in label columns of its images or texts; the Data page says how.",
            icon=":material/label_off:",
        )
        return []
    now = ranked.verdict(space, comparison)
    ranked.follow(now)
    label, metric = st.columns([4, 4, 4], vertical_alignment="bottom")[:2]
    column = label.selectbox("Label", columns, format_func=label_name, key="labels-column")
    table = side_ranks.by_label(space, now, column)
    names = sorted(table.names, key=lambda name: name != "rsum")
    wanted = metric.selectbox("Metric", names, format_func=draw.METRIC_NAMES.__getitem__, key="labels-metric")
    sentence = labels_sentence(table, wanted, draw.METRIC_NAMES[wanted])
    prose(sentence)

    def drawn(theme: Theme) -> Any:
        return draw.label_figure(table, wanted, title=draw.METRIC_NAMES[wanted], theme=theme)

    caption = caption_of(
        f"labels-of-{'images' if column.of_images else 'texts'}", fewest=FEWEST_IMAGES, n_intervals=table.shown(wanted)
    )
    figure(drawn(screen.theme()), key="labels", caption=caption)
    _queries(table)
    with st.expander("All metrics of all values", icon=":material/table:"):
        st.html(draw.label_html(table))
        st.caption(
            "Recall in per cent, rSum of 600: left → right, below the paired change with its 95 % interval. Bold with "
            "an arrow: differs at 5 % false discovery among the values of its metric."
        )
    ranked.come(now)
    words = f"{ranked.sentence(now, comparison)} {sentence}"
    return [PageSection("labels", f"Recall by {label_name(column)}", table.frame, drawn, words, caption)]


def label_name(column: LabelColumn) -> str:
    """A label column with whose it is."""
    return f"{column.name} ({'images' if column.of_images else 'texts'})"


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
