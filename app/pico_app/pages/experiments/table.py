"""All numbers: filter, export, and the file and command that make them again."""

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from pico_app.answers import documents, experiments
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import download, prose
from pico_app.words import read_words

HEADS: dict[str, tuple[str, str]] = read_words("heads")["variants"]


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    families = list(dict.fromkeys(summary.family for summary in part.summaries))
    what, _, csv, parquet = st.columns([4, 2, 1.6, 1.6], vertical_alignment="bottom")
    wanted = what.selectbox("Family", ["all", *families], key="experiments-family")
    shown = experiments.of_family(part, wanted)
    numbers = shown.select(list(HEADS))
    st.dataframe(
        numbers, hide_index=True, height=420, placeholder="", key="experiments-table", column_config=_columns()
    )
    st.caption(f"{shown.height:,} of {len(part.summaries):,} variants on this dataset. Every head explains its number.")
    download(
        "Summary, CSV",
        lambda: documents.table_bytes(shown, "csv"),
        file="experiment-summary.csv",
        key="experiments-csv",
        container=csv,
    )
    download(
        "Cells, parquet",
        lambda: documents.table_bytes(results.outcome.scored, "parquet"),
        file="results.parquet",
        container=parquet,
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
    download("The file of the experiment", toml, file="experiment.toml", key="experiments-toml", width="content")
    with st.expander("What stands in it"):
        st.code(toml, language="toml")


def _columns() -> dict[str, ColumnConfig]:
    digits = {"p_adjusted": "%.3f", "seconds": "%.2f"}
    numbers = ("difference", "low", "high", "p_adjusted", "lead", "lead_low", "lead_high", "seconds")
    return {
        name: st.column_config.NumberColumn(title, help=help_text, format=digits.get(name, "%.1f"))
        if name in numbers
        else st.column_config.Column(title, help=help_text)
        for name, (title, help_text) in HEADS.items()
    }


INSTRUMENT: ExperimentInstrument = Instrument(
    name="table",
    title="Table",
    question="What are the numbers of all variants?",
    about="All numbers with a filter and an export, and the file and the command that make them again.",
    render=render,
)
