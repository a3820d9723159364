"""Step 2: the sign of every product."""

import streamlit as st

from pico_app.answers import column_detail as column_answers
from pico_app.answers import documents, method
from pico_app.figures import column_detail
from pico_app.figures import interaction as draw
from pico_app.figures.theme import Theme
from pico_app.pages.method.step import Pick, Step, draw_section, factor, number
from pico_app.pages.parts import figure
from pico_app.state import screen
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace


def substituted(space: Workspace, pick: Pick) -> str:
    """One product and its sign; then the share of all of this pair."""
    signs = method.pair_signs(space, pick.text, pick.column)
    v, t = float(signs.patches[pick.patch]), float(signs.words[pick.word])
    product = float(signs.products[pick.patch, pick.word])
    d = pick.column
    sign = r"\Rightarrow 1" if product > 0 else r"\Rightarrow 0"
    counted = ((signs.positive_patches, signs.positive_words), (signs.negative_patches, signs.negative_words))
    count = " + ".join(rf"{patches} \cdot {words}" for patches, words in counted)
    return (
        rf"\begin{{aligned}} v_{{{pick.patch},{d}}} \, t_{{{pick.word},{d}}} &= {factor(v, 4)} \cdot {factor(t, 4)} "
        rf"\approx {number(product, 5)} \; {sign} \\ \frac{{1}}{{n_v n_t}} \sum_{{ij}} [v_{{id}} t_{{jd}} > 0] &= "
        rf"\frac{{{count}}}{{{len(signs.patches)} \cdot {len(signs.words)}}} = "
        rf"\frac{{{signs.n_positive}}}{{{signs.n_products}}} \approx {number(signs.agreement)} \end{{aligned}}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """How many products of this pair are positive."""
    signs = method.pair_signs(space, pick.text, pick.column)
    return (
        f"In column {pick.column}, {signs.n_positive} of the {signs.n_products} products of this pair are positive, a "
        f"share of {signs.agreement:.3f}: {len(signs.patches)} patches with {len(signs.words)} words."
    )


def render(space: Workspace, pick: Pick) -> None:
    """This pair's products, and the four combinations of signs over all pairs."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw_section(figures(space, pick)[0], key="method-products", finding=answer(space, pick))
    table = column_answers.signs(space, pick.column)
    with right:
        figure(
            column_detail.sign_square(table, theme=screen.theme()),
            key="method-signs",
            alt=f"Signs of patch and word over all matched pairs; equal signs make up {table.agreement:.1%}.",
        )


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    signs = method.pair_signs(space, pick.text, pick.column)
    names = method.word_names(space, pick.text)

    def drawn(theme: Theme) -> object:
        return draw.sign_products(signs.patches.numpy(), signs.words.numpy(), names=names, theme=theme)

    return [
        documents.PageSection(
            "signs", "Signs of the products of one pair", figure=drawn, caption=caption_of("method-products")
        )
    ]


STEP = Step(
    name="signs", **read_words("steps")["signs"], substituted=substituted, render=render, answer=answer, figures=figures
)
