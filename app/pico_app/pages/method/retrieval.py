"""Step 8: the weighted score, and what it does to one query."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pico_app.answers import documents, retrieval, teaching
from pico_app.figures.method_strength import rank_curve
from pico_app.pages.buttons import ask_button
from pico_app.pages.method.step import Pick, Step
from pico_app.pages.parts import asked, figure, prose
from pico_app.state import queries, screen, widgets
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.retrieval.records import Scoring, Verdict
from pico_core.teaching.strengths import STRENGTHS

STRENGTH, QUERY = "method-strength", "method-query"
QUERIES = {"gained": "Gained most", "lost": "Lost most", "first": "The first caption"}
READ = (
    "the line is the rank of the right image at every strength, 1 at the top is the best. λ = 0 is the unweighted "
    "score. The grey band holds the same weights put on other columns: only what lies above it speaks for these "
    "weights."
)
BEWARE = (
    "one query is an example, picked here because it moved; the sentence under the title counts all of them. The "
    "strength must not be chosen by this line: that would be tuning on the test split."
)


def substituted(space: Workspace, pick: Pick) -> str:
    """The weight of the picked column, and the score of the picked pair with and without weights."""
    plain_score, score = teaching.halves(space, pick.text), teaching.halves(space, pick.text, weights=space.weights)
    one, other = score.printed, plain_score.printed
    return (
        r"\begin{aligned}"
        + _weight(space, pick, space.strength)
        + r"\\[3pt]"
        + rf"S_P &= {_sum(one.parts)} \approx {one.whole}\\[3pt]"
        + rf"S_1 &= {_sum(other.parts)} \approx {other.whole}"
        + r"\end{aligned}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """What the weights did to all captions of the test split, with the interval and without the guard."""
    report = space.study.report
    change = report.unguarded.difference
    better, worse = teaching.caption_moves(space)
    at = space.study.construction.guard.strength
    permuted = next((one for one in report.controls if one.name == "permuted"), None)
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
            "The rank of one right answer along the strength",
            f"Asked: {name}",
            lambda dark: _figure(space, text, space.strength, dark=dark),
            "rank",
            READ,
            BEWARE,
        )
    ]


@st.fragment
def render(space: Workspace, pick: Pick) -> None:
    """One caption, the strength, and the rank of its image."""
    for key, value, options in ((STRENGTH, _nearest(space.strength), STRENGTHS), (QUERY, "gained", tuple(QUERIES))):
        widgets.start_widget(key, value, among=options)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.segmented_control(
            "Which caption asks",
            list(QUERIES),
            format_func=QUERIES.__getitem__,
            required=True,
            key=QUERY,
            width="content",
        )
        strength = st.select_slider("Strength λ", STRENGTHS, format_func=_power, key=STRENGTH, width=290)
    text = _text(space, chosen)
    curve = teaching.rank_curve(space, text)
    asked("which image does this caption describe?", retrieval.item_name(space, "text", text))
    before, after = curve.rank_at(0.0), curve.rank_at(strength)
    moved = "no change" if before == after else "up" if after < before else "down"
    low, high = (int(side[STRENGTHS.index(strength)]) for side in (curve.control_low, curve.control_high))
    st.markdown(
        f"**Rank {before:,} unweighted, rank {after:,} at λ = {strength:g}: {moved}**, of {curve.n_candidates:,} "
        f"images. The same weights on other columns, {curve.n_permutations} draws: {low:,} to {high:,}."
    )
    figure(
        _figure(space, text, strength, dark=screen.dark()),
        key="method-rank",
        read=READ,
        beware=BEWARE,
        alt=f"Rank of the right image along the strength: {', '.join(f'{rank}' for rank in curve.ranks.tolist())} at "
        f"λ = {', '.join(f'{value:g}' for value in curve.strengths)}, of {curve.n_candidates} images.",
    )
    if strength != space.strength:
        st.markdown(f"The weight of the picked column at λ = {strength:g}:")
        st.latex(r"\begin{aligned}" + _weight(space, pick, strength) + r"\end{aligned}")
    prose(space.study.construction.guard.sentence)
    if not pick.preset:
        ask_button(
            space,
            queries.Query("text", text),
            key="method-ask",
            label="Why: the split into columns, on the Retrieval page",
        )
    else:
        st.caption(
            plain("These are the data of a preset; the Retrieval page shows the dataset that is open on the left.")
        )


def _figure(space: Workspace, text: int, strength: float, *, dark: bool) -> Any:
    curve = teaching.rank_curve(space, text)
    return rank_curve(
        curve.strengths,
        curve.ranks.tolist(),
        low=curve.control_low.tolist(),
        high=curve.control_high.tolist(),
        total=curve.n_candidates,
        at=_nearest(strength),
        dark=dark,
    )


def _text(space: Workspace, chosen: str) -> int:
    """The caption that asks; the first one where none moved."""
    found = None if chosen == "first" else retrieval.most_moved(space, gains=chosen == "gained")
    return 0 if found is None else found.index


def _nearest(strength: float) -> float:
    """The strength of the grid that is nearest to that of the frame."""
    return min(STRENGTHS, key=lambda value: abs(value - strength))


def _power(strength: float) -> str:
    return "0 (unweighted)" if strength == 0 else f"{strength:g}"


def _sum(parts: Sequence[str]) -> str:
    return parts[0] + "".join(part.replace("-", " - ") if part.startswith("-") else f" + {part}" for part in parts[1:])


def _weight(space: Workspace, pick: Pick, strength: float) -> str:
    found = teaching.column_weight(space, pick.column, strength=strength)
    printed = found.printed(strength=strength)
    p, mean = printed.parts
    d = pick.column
    return (
        rf"P_{{{d}}} &= \frac{{p_{{{d}}}^\lambda}}{{\frac1D\sum_e p_e^\lambda}}"
        rf" = \frac{{{p}^{{{strength:g}}}}}{{{mean}}} \approx {printed.whole}"
    )


STEP = Step(
    name="retrieval",
    picks=("text", "column"),
    title="Columns of meaning count more: the weighted score",
    provenance="beyond the paper",
    source="The paper's: the score, where every patch takes its best word and every word its best patch, and the "
    "probabilities as weights of the columns. Beyond the paper: the strength λ (1 is the paper's), scaling the "
    "weights to mean 1, the permuted control, and the guard that refuses weights which do not help on the feedback "
    "split.",
    formula=r"\begin{aligned}S_P(V,T)&=\tfrac1{n_v}\textstyle\sum_i\max_j s_{ij}+\tfrac1{n_t}\sum_j\max_i s_{ij}\\"
    r"s_{ij}&=\textstyle\sum_d P_d\,v_{id}\,t_{jd}\\"
    r"P_d&=\frac{p_d^\lambda}{\frac1D\sum_e p_e^\lambda}\end{aligned}",
    about="The probabilities become weights: a column of meaning counts more in the score of a picture and a "
    "caption, a column of style counts less. The strength λ says how much: 0 leaves all columns equal, 1 takes the "
    "probabilities as they are. Only the order of the scores matters, so one query shows what the weights do: its "
    "right answer moves.",
    question="Is the rank of the right answer bound to get better when the strength grows?",
    reply="No. The weights were fitted on other pairs, and one query may rest on a column that they close; go to “Lost "
    "most” to see one. Whether weighting helps is a question for all queries at once, with an interval and a control.",
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
