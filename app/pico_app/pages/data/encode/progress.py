"""How far an encoding is, and what came out of it."""

from collections.abc import Sequence

import streamlit as st

from pico_app.answers import encoding
from pico_app.state import study
from pico_app.waiting import duration, progress
from pico_app.words.markup import plain
from pico_core.encoders import BadItem

LISTED = 200
STOPPING = "Stopping after this batch. What is encoded is kept."


def watch(key: str) -> None:
    """Progress of this visit's encoding and the button that stops it; nothing where there is none."""
    job = encoding.job()
    if job is not None:
        progress(job, key=f"encoding-{key}", stop="Stop encoding", stopping=STOPPING, on_end=put_away)


def put_away() -> None:
    """Open what an encoding that has ended made, once."""
    outcome = encoding.end()
    if outcome is not None:
        study.open_dataset(outcome.folder)
        st.toast(
            f"Encoded and opened: {outcome.n_images:,} pictures, {outcome.n_texts:,} captions.", icon=":material/check:"
        )


def report() -> None:
    """How the open dataset was made, if this visit encoded it, and what is not in it."""
    outcome = encoding.outcome(study.dataset_path())
    if outcome is None:
        return
    st.success(
        f"Encoded with {plain(outcome.encoder)} in {duration(outcome.seconds)}: {outcome.n_images:,} pictures and "
        f"{outcome.n_texts:,} captions.",
        icon=":material/check_circle:",
    )
    for note in outcome.notes:
        st.warning(f"Of this encoder you should know: {plain(note)}.", icon=":material/warning:")
    if outcome.left_out:
        are = "item is" if len(outcome.left_out) == 1 else "items are"
        st.warning(f"{len(outcome.left_out):,} {are} left out, each with its reason:", icon=":material/block:")
        _table(outcome.left_out)
    hints = []
    if outcome.unknown_words:
        more = f" and {len(outcome.unknown_words) - 12:,} more" if len(outcome.unknown_words) > 12 else ""
        hints.append(f"Words that the encoder does not know, left out: {', '.join(outcome.unknown_words[:12])}{more}.")
    if outcome.n_truncated:
        hints.append(f"Captions of which it reads only the beginning: {outcome.n_truncated:,}.")
    if hints:
        st.caption(plain(" ".join(hints)))


def _table(items: Sequence[BadItem]) -> None:
    st.dataframe(
        [{"name": item.name, "why": item.reason} for item in items[:LISTED]],
        hide_index=True,
        height="content" if len(items) <= 8 else 320,
    )
    if len(items) > LISTED:
        st.caption(f"The first {LISTED} of {len(items):,}; the command `pico-lens encode` lists all.")
