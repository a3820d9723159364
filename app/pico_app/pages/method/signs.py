"""Step 2: the sign of every product."""

import streamlit as st

from pico_app.answers import column_detail as column_answers
from pico_app.answers import documents, method
from pico_app.figures import column_detail
from pico_app.figures import first_steps as draw
from pico_app.pages.method.step import Pick, Step, draw_section, factor, number
from pico_app.pages.parts import figure
from pico_app.state import screen
from pico_app.workspace import Workspace

READ = (
    "every square is the product of a patch value (bars above) and a word value (bars beside): blue (+) where both "
    "have the same sign, vermillion (−) where they have not, pale where one is zero. Count the blue and divide by all."
)
BEWARE = (
    "the size of a product plays no part here, only its sign. And one pair is one of many: the next figure counts all."
)
READ_ALL = (
    "the same count over all matched pairs of the fit images. Blue cells are equal signs and add up to p̂. The small "
    "print is the null: what pairs give that do not belong together."
)
BEWARE_ALL = "a full cell is not yet meaning: compare it with its null, which is the next step."


def substituted(space: Workspace, pick: Pick) -> str:
    """One product and its sign; then the share of all of this pair."""
    found = method.pair_signs(space, pick.text, pick.column)
    v, t = float(found.patches[pick.patch]), float(found.words[pick.word])
    product = float(found.products[pick.patch, pick.word])
    d = pick.column
    sign = r"\Rightarrow 1" if product > 0 else r"\Rightarrow 0"
    counted = (
        (found.positive_patches, found.positive_words),
        (found.negative_patches, found.negative_words),
    )
    count = " + ".join(rf"{patches} \cdot {words}" for patches, words in counted)
    return (
        rf"\begin{{aligned}} v_{{{pick.patch},{d}}} \, t_{{{pick.word},{d}}} &= {factor(v, 4)} \cdot {factor(t, 4)} "
        rf"\approx {number(product, 5)} \; {sign} \\ \frac{{1}}{{n_v n_t}} \sum_{{ij}} [v_{{id}} t_{{jd}} > 0] &= "
        rf"\frac{{{count}}}{{{len(found.patches)} \cdot {len(found.words)}}} = "
        rf"\frac{{{found.n_positive}}}{{{found.n_products}}} \approx {number(found.agreement)} \end{{aligned}}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """How many products of this pair are positive."""
    found = method.pair_signs(space, pick.text, pick.column)
    return (
        f"In column {pick.column}, {found.n_positive} of the {found.n_products} products of this pair are positive, a "
        f"share of {found.agreement:.3f}: {len(found.patches)} patches with {len(found.words)} words."
    )


def render(space: Workspace, pick: Pick) -> None:
    """This pair's products, and the four combinations of signs over all pairs."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw_section(figures(space, pick)[0], key="method-products", finding=answer(space, pick))
    table = column_answers.signs(space, pick.column)
    with right:
        figure(
            column_detail.sign_square(table, dark=screen.dark()),
            key="method-signs",
            read=READ_ALL,
            beware=BEWARE_ALL,
            alt=f"Signs of patch and word over all matched pairs; equal signs make up {table.agreement:.1%}.",
        )


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    found = method.pair_signs(space, pick.text, pick.column)
    names = method.word_names(space, pick.text)

    def drawn(dark: bool) -> object:
        return draw.sign_products(found.patches.numpy(), found.words.numpy(), names=names, dark=dark)

    return [documents.PageSection("Signs of the products of one pair", "", drawn, "signs", READ, BEWARE)]


STEP = Step(
    name="signs",
    title="The sign of every product",
    provenance="paper",
    source="The share of positive products of a matched pair is the paper's. That it need not be counted product by "
    "product, but follows from the shares of positive and negative tokens, is our observation and exact.",
    formula=r"\frac{1}{n_v n_t} \sum_{i=1}^{n_v} \sum_{j=1}^{n_t} \left[ v_{id} \, t_{jd} > 0 \right]",
    about="Forget how large the products are and keep their signs: a positive product means that patch and word lie"
    " on the same side of zero, so they agree. Count the agreeing products of a matched pair and divide by "
    "all. A short cut: a product is positive when both are positive or both negative, so counting signs among"
    " patches and among words is enough.",
    question="If a column were pure noise around zero, which share of its products would be positive?",
    reply="One half: four combinations of signs, equally often, two of them equal. But a column that is positive in "
    "every patch and in every word gives 1, whatever the picture shows. Keep that in mind for the next step.",
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
