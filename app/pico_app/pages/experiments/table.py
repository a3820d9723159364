"""All numbers: filter, export, and the file and command that make them again."""

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pico_app.answers import documents, experiments
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import prose

HEADS = {
    "label": ("variant", "What is scored."),
    "family": ("family", "What kind of comparison it is."),
    "n_seeds": ("seeds", "Splits that gave a number."),
    "difference": ("change", "Mean of rSum minus equal weights."),
    "low": ("low", "Lower end of its 95 % interval."),
    "high": ("high", "Upper end."),
    "p_adjusted": ("adjusted p", "Adjusted for the number of comparisons: of named variants, and apart of settings."),
    "verdict": ("verdict", "By the adjusted p and the sign; with one seed by the interval."),
    "lead": ("lead of PICO", "Mean rSum of the method's weights minus this one's."),
    "lead_low": ("lead low", "Lower end of its 95 % interval, not adjusted."),
    "lead_high": ("lead high", "Upper end."),
    "seconds": ("seconds", "Mean processor time of one split."),
    "note": ("note", "What a reader has to know."),
}


def render(results: experiments.Results, found: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    families = list(dict.fromkeys(one.family for one in found.summaries))
    what, _, csv, parquet = st.columns([4, 2, 1.6, 1.6], vertical_alignment="bottom")
    wanted = what.selectbox("Family", ["all", *families], key="experiments-family")
    shown = experiments.of_family(found, wanted)
    numbers = shown.select(list(HEADS))
    st.dataframe(
        numbers, hide_index=True, height=420, placeholder="", key="experiments-table", column_config=_columns()
    )
    st.caption(
        f"{shown.height:,} of {len(found.summaries):,} variants on this dataset. Every head explains its number."
    )
    csv.download_button(
        "Summary, CSV",
        lambda: documents.table_bytes(shown, "csv"),
        file_name="experiment-summary.csv",
        mime="text/csv",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
        key="experiments-csv",
    )
    parquet.download_button(
        "Cells, parquet",
        lambda: documents.table_bytes(results.outcome.table, "parquet"),
        file_name="results.parquet",
        mime="application/vnd.apache.parquet",
        icon=":material/download:",
        width="stretch",
        on_click="ignore",
        help="A cell is one variant on one split of one dataset. All of them, as the command writes them; this page "
        "opens the file again.",
        key="experiments-parquet",
    )
    _again(results)


def _again(results: experiments.Results) -> None:
    toml = results.outcome.toml
    if not toml:
        prose("Only the table is here: the file of the experiment, which would make it again, is not beside it.")
        return
    st.subheader("Make it again", anchor=False)
    st.code(experiments.command(results), language="bash")
    st.download_button(
        "The file of the experiment",
        toml,
        file_name="experiment.toml",
        mime="application/toml",
        icon=":material/download:",
        on_click="ignore",
        key="experiments-toml",
    )
    with st.expander("What stands in it"):
        st.code(toml, language="toml")


def _columns() -> dict[str, ColumnConfig]:
    digits = {"p_adjusted": "%.3f", "seconds": "%.2f"}
    numbers = ("difference", "low", "high", "p_adjusted", "lead", "lead_low", "lead_high", "seconds")
    return {
        name: st.column_config.NumberColumn(title, help=told, format=digits.get(name, "%.1f"))
        if name in numbers
        else st.column_config.Column(title, help=told)
        for name, (title, told) in HEADS.items()
    }


INSTRUMENT: ExperimentInstrument = Instrument(
    name="table",
    title="Table",
    question="What are the numbers of all variants?",
    about="All numbers with a filter and an export, and the file and the command that make them again.",
    render=render,
)
