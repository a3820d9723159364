"""Step 8: the weighted score, and what it does to one query."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pico_app.answers import documents, retrieval, teaching
from pico_app.choices.query import Query
from pico_app.figures.ranks import rank_curve
from pico_app.figures.theme import Theme
from pico_app.pages.buttons import ask_button
from pico_app.pages.method.step import Pick, Step
from pico_app.pages.parts import figure, one_of, prose, query_head
from pico_app.state import screen, widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.retrieval.records import Scoring, Verdict
from pico_core.teaching.strengths import STRENGTHS

STRENGTH, QUERY = "method-strength", "method-query"
QUERIES = {"gained": "Gained most", "lost": "Lost most", "first": "The first caption"}


def substituted(space: Workspace, pick: Pick) -> str:
    """The weight of the picked column, and the score of the picked pair with and without weights."""
    plain_score, score = teaching.halves(space, pick.text), teaching.halves(space, pick.text, weights=space.weights)
    weighted, unweighted = score.printed, plain_score.printed
    return (
        r"\begin{aligned}"
        + _weight(space, pick, space.strength)
        + r"\\[3pt]"
        + rf"S_P &= {_sum(weighted.parts)} \approx {weighted.whole}\\[3pt]"
        + rf"S_1 &= {_sum(unweighted.parts)} \approx {unweighted.whole}"
        + r"\end{aligned}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """What the weights did to all captions of the test split, with the interval and without the guard."""
    report = space.study.report
    change = report.unguarded.difference
    better, worse = teaching.caption_moves(space)
    at = space.study.construction.guard.strength
    permuted = next((scoring for scoring in report.controls if scoring.name == "permuted"), None)
    control = "" if permuted is None else f" (one draw of the same weights on other columns: {_spread(permuted)})"
    return (
        f"{Verdict.of(change).sentence} at λ = {at:g}: {change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}] "
        f"points of rSum{control}; {better} of {report.n_texts} captions rank their image better, {worse} worse."
    )


def _spread(row: Scoring) -> str:
    """A change of rSum with its interval."""
    change = row.difference
    return f"{change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}]"


def figures(space: Workspace, pick: Pick) -> Sequence[documents.PageSection]:
    """The caption that gained most, along strengths."""
    text = _text(space, "gained")
    name = retrieval.item_name(space, "text", text)
    return [
        documents.PageSection(
            "rank",
            "The rank of one right answer along the strength",
            figure=lambda theme: _figure(space, text, space.strength, theme=theme),
            words=f"Asked: {name}",
            caption=caption_of("method-rank"),
        )
    ]


@st.fragment
def render(space: Workspace, pick: Pick) -> None:
    """One caption, the strength, and the rank of its image."""
    for key, value, options in ((STRENGTH, _nearest(space.strength), STRENGTHS), (QUERY, "gained", tuple(QUERIES))):
        widgets.start_widget(key, value, among=options)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = one_of("Which caption asks", QUERIES, key=QUERY, width="content")
        strength = st.select_slider("Strength λ", STRENGTHS, format_func=_power, key=STRENGTH, width=290)
    text = _text(space, chosen)
    curve = teaching.rank_curve(space, text)
    query_head("which image does this caption describe?", retrieval.item_name(space, "text", text))
    before, after = curve.rank_at(0.0), curve.rank_at(strength)
    moved = "no change" if before == after else "up" if after < before else "down"
    low, high = (int(side[STRENGTHS.index(strength)]) for side in (curve.control_low, curve.control_high))
    st.markdown(
        f"**Rank {before:,} unweighted, rank {after:,} at λ = {strength:g}: {moved}**, of {curve.n_candidates:,} "
        f"images. The same weights on other columns, {curve.n_permutations} draws: {low:,} to {high:,}."
    )
    figure(
        _figure(space, text, strength, theme=screen.theme()),
        key="method-rank",
        alt=f"Rank of the right image along the strength: {', '.join(f'{rank}' for rank in curve.ranks.tolist())} at "
        f"λ = {', '.join(f'{value:g}' for value in curve.strengths)}, of {curve.n_candidates} images.",
    )
    if strength != space.strength:
        st.markdown(f"The weight of the picked column at λ = {strength:g}:")
        st.latex(r"\begin{aligned}" + _weight(space, pick, strength) + r"\end{aligned}")
    prose(space.study.construction.guard.sentence)
    if not pick.preset:
        ask_button(
            space, Query("text", text), key="method-ask", label="Why: the split into columns, on the Retrieval page"
        )
    else:
        st.caption(
            plain("These are the data of a preset; the Retrieval page shows the dataset that is open on the left.")
        )


def _figure(space: Workspace, text: int, strength: float, *, theme: Theme) -> Any:
    curve = teaching.rank_curve(space, text)
    return rank_curve(
        curve.strengths,
        curve.ranks.tolist(),
        low=curve.control_low.tolist(),
        high=curve.control_high.tolist(),
        total=curve.n_candidates,
        at=_nearest(strength),
        theme=theme,
    )


def _text(space: Workspace, chosen: str) -> int:
    """The caption that asks; the first one where none moved."""
    query = None if chosen == "first" else retrieval.most_moved(space, gains=chosen == "gained")
    return 0 if query is None else query.index


def _nearest(strength: float) -> float:
    """The strength of the grid that is nearest to that of the frame."""
    return min(STRENGTHS, key=lambda value: abs(value - strength))


def _power(strength: float) -> str:
    return "0 (unweighted)" if strength == 0 else f"{strength:g}"


def _sum(parts: Sequence[str]) -> str:
    return parts[0] + "".join(part.replace("-", " - ") if part.startswith("-") else f" + {part}" for part in parts[1:])


def _weight(space: Workspace, pick: Pick, strength: float) -> str:
    weight = teaching.column_weight(space, pick.column, strength=strength)
    printed = weight.printed(strength=strength)
    p, mean = printed.parts
    d = pick.column
    return (
        rf"P_{{{d}}} &= \frac{{p_{{{d}}}^\lambda}}{{\frac1D\sum_e p_e^\lambda}}"
        rf" = \frac{{{p}^{{{strength:g}}}}}{{{mean}}} \approx {printed.whole}"
    )


STEP = Step(
    name="retrieval",
    **read_words("steps")["retrieval"],
    picks=("text", "column"),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
