"""All columns as a table: filter, sort, search, export; a row chooses the column."""

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pico_app.answers import studies
from pico_app.pages.columns.instrument import ColumnInstrument
from pico_app.pages.columns.numbers import MEANING
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import prose
from pico_app.state import widgets
from pico_app.workspace import Workspace
from pico_core.columns.summary import ColumnKind, filtered_columns

# As the same numbers are called above the table and in its figures.
TITLES = {
    "lowest_share": "among the ten lowest",
    "image_similarity": "style similarity, images",
    "text_similarity": "style similarity, texts",
    "p_hat": "p̂",
    "null_mean": "null",
    "p_hat_corrected": "p̂ above its null",
    "differs": "differs from its null",
    "shown_weight": "weight at λ",
    "weight": "weight applied",
    "semantic_share": "planted truth",
}
KINDS: dict[ColumnKind, str] = {
    "all": "all",
    "below": "below their null",
    "above": "above their null",
    "level": "not different from it",
    "lowest": "among the ten lowest",
}


def render(space: Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    what, _, export = st.columns([3, 3, 1.4], vertical_alignment="bottom")
    kind: ColumnKind = what.selectbox(
        "Columns",
        list(KINDS),
        format_func=KINDS.__getitem__,
        key="columns-filter",
        help="By p̂ against its null, or by p.",
    )
    shown = filtered_columns(frame, kind)
    export.download_button(
        "Export",
        studies.export(space, "csv"),
        file_name="columns.csv",
        mime="text/csv",
        icon=":material/download:",
        width="stretch",
        help="All columns with all numbers, as CSV. The Data page offers other formats.",
    )
    if shown.is_empty():
        prose("No column is of this kind here.")
        return None
    name = f"columns-table-{kind}"
    anchor = widgets.table_anchor(name, selected)
    # What is looked at stands first, for a grid cannot be told where to scroll.
    shown = shown.sort(pl.col("column") != anchor, "column")
    numbers = shown.select(name for name in ("column", *MEANING) if name in shown.columns and _tells(frame, name))
    rows = shown["column"].to_list()
    key = f"{name}-{anchor}"
    event = st.dataframe(
        numbers,
        hide_index=True,
        height=420,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [rows.index(selected)]}} if selected in rows else None,
        column_config=_heads(numbers),
    )
    st.caption(
        f"{shown.height:,} of {frame.height:,} columns, the one looked at first. A click on a head sorts, the box "
        "beside a row looks at that column, the glass at the upper right searches. Every head explains its number."
    )
    picked = list(event["selection"]["rows"])
    chosen: int | None = widgets.fresh(key, rows[picked[0]] if picked else None)
    if chosen is not None:
        widgets.table_chose(name, chosen)
    return chosen


def _tells(frame: pl.DataFrame, name: str) -> bool:
    """Whether these data have the number at all; the title of a given column only repeats its index."""
    if name == "title":
        return frame["title"].to_list() != [f"column {column}" for column in frame["column"].to_list()]
    return name not in frame.columns or frame[name].null_count() < frame.height  # some are made for the table


def _heads(numbers: pl.DataFrame) -> dict[str, ColumnConfig]:
    heads: dict[str, ColumnConfig] = {"column": st.column_config.NumberColumn("column", format="%d", pinned=True)}
    for name in numbers.columns:
        if name in MEANING:
            title = TITLES.get(name, name.replace("_", " "))
            if numbers[name].dtype.is_float():
                heads[name] = st.column_config.NumberColumn(title, format="%.3f", help=MEANING[name])
            else:
                heads[name] = st.column_config.Column(title, help=MEANING[name])
    return heads


INSTRUMENT: ColumnInstrument = Instrument(
    name="table",
    title="Table",
    question="What are the numbers of all columns?",
    about="Filter, sort, search and export. A row chooses the column.",
    render=render,
)
