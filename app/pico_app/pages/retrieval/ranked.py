"""What the instruments of all queries share: the verdict, what is still on its way, and the control."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import compare, side_ranks
from pico_app.pages import parts
from pico_app.waiting import waiting
from pico_app.words.retrieval import metrics_sentence, permuted_sentence
from pico_app.workspace import Workspace


def verdict(space: Workspace, comparison: compare.Comparison) -> side_ranks.Compared:
    """Rank all queries on both sides, and say what that does to rSum."""
    now = side_ranks.compared_ranks(space, comparison)
    parts.verdict(sentence(now, comparison))
    return now


def sentence(now: side_ranks.Compared, comparison: compare.Comparison) -> str:
    """The verdict on rSum in a sentence."""
    return metrics_sentence(side_ranks.changed_metrics(now), comparison.left.label, comparison.right.label)


def follow(now: side_ranks.Compared) -> None:
    """How far the exact ranks are; a way to stop them."""
    if now.exact is not None:
        waiting(
            now.exact,
            key="ranks",
            meanwhile=f"The numbers below are estimated from {len(now.paired.images):,} images and their texts, with "
            "wider intervals.",
        )


def control(
    space: Workspace, comparison: compare.Comparison, now: side_ranks.Compared, *, under: DeltaGenerator
) -> bool:
    """Say `under` the verdict what the same weights do on other columns; whether that came while the page was drawn."""
    if comparison.right.is_equal or not now.paired.exact:
        return False
    if not side_ranks.control_wanted(space, comparison):
        st.button(
            "Compare with permuted weights",
            icon=":material/shuffle:",
            key="ask-permuted",
            on_click=_ask_control,
            args=(comparison, now),
            help="The control: the weights of the right side on other columns, drawn eight times.",
        )
        return False
    answer = side_ranks.permuted(comparison, now)
    chance = answer.value  # read once: it may come while the page is drawn
    if chance is not None:
        with under:
            parts.prose(permuted_sentence(chance, side_ranks.changed_metrics(now).row("rsum").change))
        return False
    waiting(answer, key="permuted", meanwhile="The control, the same weights on other columns, follows.")
    return answer.value is not None


def come(now: side_ranks.Compared, *, late: bool = False) -> None:
    """Draw the page anew where an answer came while it was drawn without it; last, so that clicks are heard."""
    if late or (now.exact is not None and now.exact.value is not None):
        st.rerun()


def _ask_control(comparison: compare.Comparison, now: side_ranks.Compared) -> None:
    side_ranks.permuted(comparison, now)
