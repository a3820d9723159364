"""Step 7: from style prototypes to a semantic probability of every column."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pico_app.answers import documents, teaching
from pico_app.figures.probability import Level, cosine_bars, probability_plane
from pico_app.figures.theme import Theme
from pico_app.pages.method.step import Pick, Step
from pico_app.pages.parts import figure, one_of
from pico_app.state import screen, widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace
from pico_core.method.config import COMBINATIONS, SIMILARITIES
from pico_core.teaching.choices import Choice, printed_probability


def substituted(space: Workspace, pick: Pick) -> str:
    """Both similarities of the picked column, and its probability."""
    construction, d = space.study.construction, pick.column
    image, text = float(construction.image_similarity[d]), float(construction.text_similarity[d])
    printed = printed_probability(
        image, text, float(construction.probabilities[d]), combination=construction.config.combination
    )
    v, t = printed.parts
    rows = []
    if construction.config.similarity == "cosine":
        cosines = teaching.cosines_with_prototypes(space, d)
        for side, mark, shown in ((cosines.image, "v", v), (cosines.text, "t", t)):
            k = int(side.abs().argmax())
            rows.append(
                rf"s_{{{d}}}^{mark} &= |\cos(c_{{{d}}}^{mark},\mu_{{{k}}}^{mark})| = "
                rf"\lvert{{{float(side[k]):.{_decimals(shown)}f}}}\rvert = {shown}"
            )
    else:
        name = construction.config.similarity.replace("_", " ")
        rows.append(rf"s_{{{d}}}^v &= {v},\quad s_{{{d}}}^t = {t} \qquad\text{{(similarity of this study: {name})}}")
    formula = {
        "product": rf"(1-{v})(1-{t})",
        "mean": rf"\tfrac12\left[(1-{v})+(1-{t})\right]",
        "minimum": rf"\min(1-{v},\,1-{t})",
        "geometric": rf"\sqrt{{(1-{v})(1-{t})}}",
    }[construction.config.combination]
    rows.append(rf"p_{{{d}}} &= {formula} \approx {printed.whole}")
    return r"\begin{aligned}" + r"\\[3pt]".join(rows) + r"\end{aligned}"


def answer(space: Workspace, pick: Pick) -> str:
    """The probability of the picked column, with its interval, among all."""
    construction, d = space.study.construction, pick.column
    p = float(construction.probabilities[d])
    lower = int((construction.probabilities < p).sum())
    row = space.study.columns.row(d, named=True)
    low, high = row.get("probability_low"), row.get("probability_high")
    interval = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return (
        f"Column {d} has the semantic probability {p:.3f}{interval}: {lower} of {len(construction.probabilities)} "
        "columns have a lower one."
    )


def figures(space: Workspace, pick: Pick) -> Sequence[documents.PageSection]:
    """The plane as the study has it, and the cosines of the picked column."""
    config = space.study.construction.config
    choice = teaching.choice(space, config.similarity, config.combination)
    return [
        documents.PageSection(
            "plane",
            "Style similarity on both sides, and p",
            figure=lambda theme: _plane(choice, pick, theme=theme),
            words=answer(space, pick),
            caption=caption_of("method-probabilities"),
        ),
        documents.PageSection(
            "cosines",
            f"Cosines of column {pick.column} with every prototype",
            figure=lambda theme: _bars(space, pick, theme=theme),
            caption=caption_of("method-cosines"),
        ),
    ]


@st.fragment
def render(space: Workspace, pick: Pick) -> None:
    """The plane under the chosen alternatives, and the cosines of the picked column."""
    config = space.study.construction.config
    for key, value, options in (
        ("method-similarity", config.similarity, SIMILARITIES.names),
        ("method-combination", config.combination, COMBINATIONS.names),
    ):
        widgets.start_widget(key, value, among=options)
    with st.container(horizontal=True):  # side by side where there is room for both
        similarities = {choice.name: choice.title for choice in SIMILARITIES}
        similarity = one_of("Alike a prototype by", similarities, key="method-similarity", width="content")
        combinations = {choice.name: choice.title for choice in COMBINATIONS}
        combination = one_of("Both sides combine as", combinations, key="method-combination", width="content")
    chosen = teaching.choice(space, similarity, combination)
    st.markdown(_compared(space, chosen, pick))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        figure(
            _plane(chosen, pick, theme=screen.theme()),
            key="method-plane",
            caption=caption_of("method-probabilities"),
            alt=f"Columns by style similarity on the image side and on the text side, with lines of equal probability. "
            f"{answer(space, pick)}",
        )
    with right:
        cosines = teaching.cosines_with_prototypes(space, pick.column)
        figure(
            _bars(space, pick, theme=screen.theme()),
            key="method-cosines",
            caption=caption_of("method-cosines"),
            alt=f"Cosines of column {pick.column} with {len(cosines.image)} prototypes per side; furthest from zero "
            f"{float(cosines.image.abs().max()):.3f} on the image side and {float(cosines.text.abs().max()):.3f} on "
            "the text side.",
        )


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _compared(space: Workspace, choice: Choice, pick: Pick) -> str:
    config, d = space.study.construction.config, pick.column
    p = float(choice.probabilities[d])
    if (choice.similarity, choice.combination) == (config.similarity, config.combination):
        return f"This is the choice of the study. Column {d}: p = {p:.3f}."
    rho = choice.agreement.rho
    lead = f"Another choice from the same prototypes. Column {d}: p = {p:.3f}"
    if rho.value != rho.value:
        return f"{lead}; here every column has the same probability, so there is no order to compare."
    alike = "nearly the same order" if rho.low > 0.9 else "a similar order" if rho.low > 0.5 else "another order"
    return (
        f"{lead}. It gives the columns {alike} as the study's choice: rank correlation {rho.value:.2f} "
        f"[{rho.low:.2f}, {rho.high:.2f}]."
    )


def _plane(choice: Choice, pick: Pick, *, theme: Theme) -> Any:
    height = teaching.probability_height(choice.combination)
    return probability_plane(
        choice.image_similarity.numpy(),
        choice.text_similarity.numpy(),
        choice.probabilities.numpy(),
        level=Level(height.axis.numpy(), height.levels.numpy()),
        selected=pick.column,
        theme=theme,
    )


def _bars(space: Workspace, pick: Pick, *, theme: Theme) -> Any:
    cosines = teaching.cosines_with_prototypes(space, pick.column)
    return cosine_bars(cosines.image.numpy(), cosines.text.numpy(), theme=theme)


STEP = Step(
    name="probabilities",
    **read_words("steps")["probabilities"],
    picks=("column",),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
