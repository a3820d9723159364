"""Step 5: weighted K-means of the columns, and what the weights change."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pico_app.answers import documents, teaching
from pico_app.figures.clustering import Side, clusters
from pico_app.figures.theme import Theme
from pico_app.pages.method.step import Pick, Step
from pico_app.pages.parts import figure
from pico_app.state import screen, widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace
from pico_core.teaching.gammas import GammaSweep, Modality, printed_style

SLIDER = "method-gamma"
EQUAL = 0.0  # the exponent of equal weights, that all others are compared with


def substituted(space: Workspace, pick: Pick) -> str:
    """The column's term of L on both sides, at the exponent of the study."""
    return _terms(space, pick, space.study.construction.config.gamma)


def answer(space: Workspace, pick: Pick) -> str:
    """What the weights of the study change."""
    sweep, gamma = teaching.gamma_sweep(space), space.study.construction.config.gamma
    if gamma == EQUAL:
        return f"In this study γ is 0: all {len(sweep.points.image)} columns pull alike."
    moved, shift = sweep.moved(gamma, since=EQUAL), sweep.shift(gamma, since=EQUAL)
    return (
        f"At this study's γ = {gamma:g} the weights move the centres by {shift[0]:.2f} on the image side and "
        f"{shift[1]:.2f} on the text side (a column has length 1), and {moved[0]} and {moved[1]} of "
        f"{len(sweep.points.image)} columns "
        "change their group."
    )


def figures(space: Workspace, pick: Pick) -> Sequence[documents.PageSection]:
    """Equal weights, and the weights of the study."""
    sweep = teaching.gamma_sweep(space)
    gammas = sorted({EQUAL, space.study.construction.config.gamma})

    def drawn(gamma: float) -> Any:
        return lambda theme: _figure(space, sweep, gamma, pick, theme=theme)

    return [
        documents.PageSection(
            title=f"The columns in groups, {_named(gamma, space)}",
            words="" if gamma == EQUAL else _changed(sweep, gamma),
            figure=drawn(gamma),
            name=f"clusters-{gamma:g}",
            caption=caption_of("method-clusters"),
        )
        for gamma in gammas
    ]


@st.fragment
def render(space: Workspace, pick: Pick) -> None:
    """The slider and both planes; a fragment, so that moving it draws nothing else anew."""
    sweep = teaching.gamma_sweep(space)
    own = space.study.construction.config.gamma
    widgets.start_widget(SLIDER, own, among=sweep.gammas)
    gamma = st.select_slider(
        "How strongly columns of low p̂ pull: the exponent γ",
        sweep.gammas,
        format_func=lambda value: _named(value, space),
        key=SLIDER,
        help="The weight of a column is q̂ to the power γ. All of these were computed beforehand.",
    )
    st.markdown(f"**γ = {_named(gamma, space)}.** {_changed(sweep, gamma)}")
    figure(
        _figure(space, sweep, gamma, pick, theme=screen.theme()),
        key="method-clusters",
        alt=f"Two planes, image side and text side, of {len(sweep.points.image)} columns in "
        f"{len(sweep.image.centres[0])} groups, with γ = {gamma:g}. {_changed(sweep, gamma)}",
    )
    if gamma != own:
        st.markdown(f"The same column with γ = {gamma:g}:")
        st.latex(_terms(space, pick, gamma))


def _changed(sweep: GammaSweep, gamma: float) -> str:
    step, count = sweep.steps[sweep.index_of(gamma)], len(sweep.points.image)
    if gamma == EQUAL:
        return f"All {count} columns pull alike."
    moved, shift = sweep.moved(gamma, since=EQUAL), sweep.shift(gamma, since=EQUAL)
    return (
        f"Compared with equal weights the centres stand {shift[0]:.2f} (image side) and {shift[1]:.2f} (text side) "
        f"away, in lengths of a column, and {moved[0]} and {moved[1]} of {count} columns are in another group. The "
        f"pull is as uneven as if {step.n_effective:.0f} columns did it all alike."
    )


def _named(gamma: float, space: Workspace) -> str:
    names = [
        name
        for name, holds in (
            ("equal weights", gamma == EQUAL),
            ("the paper's", gamma == 1),
            ("this study's", gamma == space.study.construction.config.gamma),
        )
        if holds
    ]
    return f"{gamma:g}" + (f" ({', '.join(names)})" if names else "")


def _figure(space: Workspace, sweep: GammaSweep, gamma: float, pick: Pick, *, theme: Theme) -> Any:
    here, equal = sweep.index_of(gamma), sweep.index_of(EQUAL)
    sides = []
    for name, plane in (("image", sweep.image), ("text", sweep.text)):
        modality: Modality = "image" if name == "image" else "text"
        step = sweep.steps[here]
        sides.append(
            Side(
                name,
                plane.columns.numpy(),
                step.weights(modality).numpy(),
                step.of(modality).labels.numpy(),
                plane.centres[here].numpy(),
                plane.centres[equal].numpy(),
                plane.centres.numpy(),
                sum(plane.explained),
            )
        )
    return clusters(sides[0], sides[1], selected=pick.column, theme=theme)


def _terms(space: Workspace, pick: Pick, gamma: float) -> str:
    """Both sides: q̂, its power times the squared distance, and L."""
    sweep = teaching.gamma_sweep(space)
    d, agreement = pick.column, float(space.study.construction.pseudo_semantic[pick.column])
    rows, digits = [], 3
    modalities: tuple[Modality, ...] = ("image", "text")
    for modality in modalities:
        term, mark = sweep.term(gamma, d, modality), "v" if modality == "image" else "t"
        whole = sweep.steps[sweep.index_of(gamma)].of(modality).inertia
        if term.weight == 0:
            rows.append(rf"&\text{{column {d} never varies on the {modality} side: its weight is }} 0")
            continue
        printed = term.printed(1 - agreement, gamma=gamma)
        digits = max(digits, printed.digits)
        q, apart = printed.parts
        rows.append(
            rf"\hat q_{{{d}}}^{{\,{gamma:g}}}\,\lVert c_{{{d}}}^{mark}-\mu_{{{term.prototype}}}^{mark}\rVert^2"
            rf" &= {q}^{{{gamma:g}}}\times {apart} \approx {printed.whole}"
        )
        rows.append(rf"L^{mark} &= \textstyle\sum_d \hat q_d^{{\,{gamma:g}}}\,\lVert\cdot\rVert^2 \approx {whole:.3g}")
    pseudo = printed_style(agreement, digits=digits)
    rows.insert(0, rf"\hat q_{{{d}}} &= 1-{pseudo.parts[0]} = {pseudo.whole}")
    return r"\begin{aligned}" + r"\\[3pt]".join(rows) + r"\end{aligned}"


STEP = Step(
    name="clustering",
    **read_words("steps")["clustering"],
    picks=("column",),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
