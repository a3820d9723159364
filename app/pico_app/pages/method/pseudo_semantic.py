"""Step 3: from signs to p̂, and what its null does to the naive reading."""

from typing import Any

import streamlit as st

from pico_app.answers import documents, method, readings
from pico_app.figures import first_steps as draw
from pico_app.figures.columns import chosen_column
from pico_app.pages.method.picking import set_pick
from pico_app.pages.method.step import Pick, Step, draw_section, number
from pico_app.state import widgets
from pico_app.workspace import Workspace

READ = (
    "the mean agreement settles while pairs are added, in a random order. The dashed line counts the same captions "
    "with pictures of others; the grey band is where 95 % of such mismatchings end. Only the distance between the "
    "lines can come from content."
)
BEWARE = (
    "the height of the blue line alone. A column can stand at 0.9 and carry no meaning, if its null stands there too."
)
READ_ALL = (
    "every point is a column, its p̂ with a 95 % interval against its null. On the dotted line agreement says nothing "
    "about what is shown. Filled points differ from their null at 5 % false discovery. Click one to follow it."
)
BEWARE_ALL = (
    "a place high up is no sign of meaning, a place far above the line is a hint of shared content, style included."
)


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
    row, found = _row(space, pick.column), method.running_agreement(space, pick.column)

    def settled(dark: bool) -> object:
        return draw.settling(
            found.counted.numpy(),
            found.matched.numpy(),
            found.mismatched.numpy(),
            null=(row["null_low"], row["null_high"]),
            dark=dark,
        )

    def against(dark: bool) -> object:
        return draw.against_null(readings.columns_frame(space), selected=pick.column, dark=dark)

    return [
        documents.PageSection("p̂ while pairs are added", "", settled, "settling", READ, BEWARE),
        documents.PageSection("All columns against their null", "", against, "null", READ_ALL, BEWARE_ALL),
    ]


STEP = Step(
    name="estimate",
    picks=("column",),
    title="From signs to p̂, and beside it its null",
    provenance="paper",
    source="p̂, the mean share of positive products over matched pairs, and q̂ = 1 − p̂ are the paper's. The null on "
    "mismatched pairs and all intervals are beyond the paper.",
    formula=r"\hat p_d = \frac{1}{|M|} \sum_{(V,T) \in M} \frac{1}{n_v n_t} \sum_{ij} [v_{id} \, t_{jd} > 0]"
    r", \qquad \hat q_d = 1 - \hat p_d",
    about="Average that share over all matched pairs: this is p̂, the pseudo-semantic probability, and q̂ = 1 − p̂ "
    "is called pseudo-style; where matched pairs agree, they are thought to share meaning. But read the same "
    "captions against other pictures: a column with the same constant offset on both sides agrees just as "
    "often, with nothing shared. That is the null, and only what p̂ has beyond it can be content.",
    question="A column has p̂ = 0.95. Is it semantic?",
    reply="It cannot be told from p̂ alone. If mismatched pairs give 0.95 too, the column only says that both "
    "encoders put the same constant there. If they give 0.50, matched pairs share something: content, or a style that "
    "text and picture have in common. Try the presets of rogue columns and of coupled style.",
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
