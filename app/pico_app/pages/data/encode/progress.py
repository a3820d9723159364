"""How far an encoding is, and what came out of it."""

from collections.abc import Sequence

import streamlit as st

from pico_app.answers import encoding
from pico_app.server.turns import in_line
from pico_app.state import study
from pico_app.words.markup import plain
from pico_core.encoders import BadItem

LISTED = 200


def watch(place: str) -> None:
    """Progress of this visit's encoding and the button that stops it; nothing where there is none."""
    if encoding.job() is not None:
        _watch(place)


@st.fragment(run_every=1.0)
def _watch(place: str) -> None:
    job = encoding.job()
    if job is None:
        return
    if not job.running:
        _close()
        st.rerun()
    left = job.seconds_left
    about = f", about {_duration(left)} left" if left else ""
    words = in_line(job.ahead) if job.ahead else f"{job.stage}{about}"
    st.progress(job.share, text=f"**Encoding** {plain(job.title)}: {words}")
    for note in job.notes:
        st.caption(note)
    if job.cancelled.is_set():
        st.caption("Stopping after this batch. What is encoded is kept.")
    else:
        st.button("Stop encoding", width="stretch", key=f"stop-encoding-{place}", on_click=job.cancel)


def _close() -> None:
    made = encoding.end()
    if made is not None:
        st.toast(f"Encoded and opened: {made.n_images:,} pictures, {made.n_texts:,} captions.", icon=":material/check:")


def _duration(seconds: float) -> str:
    """Seconds below two minutes, minutes above.

    >>> _duration(90), _duration(200)
    ('90 s', '3 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def report() -> None:
    """How the open dataset was made, if this visit encoded it, and what is not in it."""
    made = encoding.outcome(study.dataset_path())
    if made is None:
        return
    st.success(
        f"Encoded with {plain(made.encoder)} in {_duration(made.seconds)}: {made.n_images:,} pictures and "
        f"{made.n_texts:,} captions.",
        icon=":material/check_circle:",
    )
    for note in made.notes:
        st.warning(f"Of this encoder you should know: {plain(note)}.", icon=":material/warning:")
    if made.left_out:
        are = "item is" if len(made.left_out) == 1 else "items are"
        st.warning(f"{len(made.left_out):,} {are} left out, each with its reason:", icon=":material/block:")
        _table(made.left_out)
    hints = []
    if made.unknown_words:
        more = f" and {len(made.unknown_words) - 12:,} more" if len(made.unknown_words) > 12 else ""
        hints.append(f"Words that the encoder does not know, left out: {', '.join(made.unknown_words[:12])}{more}.")
    if made.n_truncated:
        hints.append(f"Captions of which it reads only the beginning: {made.n_truncated:,}.")
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
