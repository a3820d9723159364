"""Step 3: from signs to p̂, and what its null does to the naive reading."""

from typing import Any

import streamlit as st

from pico_app.answers import documents, method, readings
from pico_app.figures import sign_agreement as draw
from pico_app.figures.columns import chosen_column
from pico_app.figures.theme import Theme
from pico_app.pages.method.picking import set_pick
from pico_app.pages.method.step import Pick, Step, draw_section, number
from pico_app.state import widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace


def _row(space: Workspace, column: int) -> dict[str, Any]:
    return readings.columns_frame(space).row(column, named=True)


def substituted(space: Workspace, pick: Pick) -> str:
    """p̂ and q̂ of the column, and p̂ minus its null."""
    row, pairs = _row(space, pick.column), space.splits.fit.n_texts
    d, p_hat, null = pick.column, row["p_hat"], row["null_mean"]
    return (
        rf"\begin{{aligned}} \hat p_{{{d}}} &= \frac{{{number(p_hat * pairs, 1)}}}{{{pairs}}} \approx {number(p_hat)}, "
        rf"\qquad \hat q_{{{d}}} \approx 1 - {number(p_hat)} = {number(1 - p_hat)} \\ \hat p_{{{d}}} - \text{{null}} "
        rf"&\approx {number(p_hat)} - {number(null)} \approx {number(p_hat - null)} \end{{aligned}}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """p̂ beside its null, the verdict first."""
    row = _row(space, pick.column)
    verdict = (
        f"The signs of column {pick.column} agree {'more' if row['p_hat'] > row['null_mean'] else 'less'} than chance"
        if row["differs"]
        else f"The signs of column {pick.column} agree no more and no less than chance"
    )
    return (
        f"{verdict}: p̂ is {row['p_hat']:.3f} [{row['p_hat_low']:.3f}, {row['p_hat_high']:.3f}], and mismatched pairs "
        f"give {row['null_mean']:.3f} [{row['null_low']:.3f}, {row['null_high']:.3f}]."
    )


def render(space: Workspace, pick: Pick) -> None:
    """The column's p̂ as it settles, and all columns against their null."""
    left, right = st.columns(2, gap="medium")
    settled, against = figures(space, pick)
    with left:
        draw_section(settled, key="method-settling", finding=answer(space, pick))
    with right:
        points = draw_section(against, key="method-against-null", finding=answer(space, pick), select=True)
    chosen = widgets.fresh("method-against-null", chosen_column(points))
    if chosen is not None:
        set_pick(space, column=chosen)


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    row, running = _row(space, pick.column), method.running_agreement(space, pick.column)

    def settled(theme: Theme) -> object:
        return draw.settling(
            running.counted.numpy(),
            running.matched.numpy(),
            running.mismatched.numpy(),
            null=(row["null_low"], row["null_high"]),
            theme=theme,
        )

    def against(theme: Theme) -> object:
        return draw.against_null(readings.columns_frame(space), selected=pick.column, theme=theme)

    return [
        documents.PageSection(
            "settling", "p̂ while pairs are added", figure=settled, caption=caption_of("method-settling")
        ),
        documents.PageSection(
            "null", "All columns against their null", figure=against, caption=caption_of("method-against-null")
        ),
    ]


STEP = Step(
    name="estimate",
    **read_words("steps")["estimate"],
    picks=("column",),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
