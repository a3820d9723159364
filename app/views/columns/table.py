"""All columns as a table: filter, sort, search, export; a row chooses the column."""

import polars as pl
import streamlit as st

from app import services, state
from app.views.parts import prose

# What the table says of every number, one click away: in the head of its column.
HELP = {
    "title": "Which column, or which axis and of which given columns it is mostly made.",
    "probability": "Semantic probability p: (1 - style similarity in images) (1 - style similarity in texts).",
    "interval": "95 % interval of p: the whole construction on resampled images.",
    "lowest_share": "Share of the resamples in which the column is among the ten of lowest p.",
    "image_similarity": "Absolute cosine with the nearest style prototype of images.",
    "text_similarity": "Absolute cosine with the nearest style prototype of texts.",
    "p_hat": "Share of patch-word products of matched pairs that are positive.",
    "null_mean": "The same on mismatched pairs, mean over permutations.",
    "p_hat_corrected": "p̂ minus its null.",
    "p_value": "Of p̂ under its null, by permutation, two-sided; not corrected for many columns.",
    "differs": "Whether p̂ differs from its null at 5 % false discovery over all columns.",
    "correlation": "Pearson's, of the image value and the text value over matched pairs.",
    "shown_weight": "P at the strength on the left, mean 1.",
    "weight": "P that retrieval applies, after the guard; all 1 where it refused.",
    "offset": "Mean in images minus mean in texts: the modality offset, not style.",
    "semantic_share": "Planted truth: the share of the column that is meaning.",
}
FILTERS = ("all", "below their null", "above their null", "not different from it", "among the ten lowest")


def render(space: services.Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    what, _, export = st.columns([3, 3, 1.4], vertical_alignment="bottom")
    wanted = what.selectbox("Columns", FILTERS, key="columns-filter", help="By p̂ against its null, or by p.")
    shown = services.filtered_columns(frame, wanted)
    export.download_button(
        "Export",
        services.export(space, "csv"),
        file_name="columns.csv",
        mime="text/csv",
        icon=":material/download:",
        width="stretch",
        help="All columns with all numbers, as CSV. The Data page offers other formats.",
    )
    if shown.is_empty():
        prose("No column is of this kind here.")
        return None
    numbers = shown.select(name for name in ("column", *HELP) if name in shown.columns)
    rows = shown["column"].to_list()
    event = st.dataframe(
        numbers,
        hide_index=True,
        height=420,
        key=f"columns-table-{wanted}",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [rows.index(selected)]}} if selected in rows else None,
        column_config=_heads(numbers),
    )
    st.caption(
        f"{shown.height:,} of {frame.height:,} columns. A click on a head sorts, the box beside a row looks at that "
        "column, the glass at the upper right searches. Every head explains its number."
    )
    chosen = list(event["selection"]["rows"])
    return state.fresh(f"columns-table-{wanted}", rows[chosen[0]] if chosen else None)


def _heads(numbers: pl.DataFrame) -> dict[str, object]:
    heads: dict[str, object] = {"column": st.column_config.NumberColumn("column", format="%d", pinned=True)}
    for name in numbers.columns:
        if name in HELP:
            title = name.replace("p_hat", "p̂").replace("_", " ")
            if numbers[name].dtype.is_float():
                heads[name] = st.column_config.NumberColumn(title, format="%.3f", help=HELP[name])
            else:
                heads[name] = st.column_config.Column(title, help=HELP[name])
    return heads
