"""Step 1: a patch meets a word, column by column."""

from pico_app.answers import documents, method
from pico_app.figures import interaction as draw
from pico_app.figures.theme import Theme
from pico_app.pages.method.picking import set_pick
from pico_app.pages.method.step import Pick, Step, draw_section, factor, number
from pico_app.pages.parts import figure, prose
from pico_app.state import screen, widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace


def substituted(space: Workspace, pick: Pick) -> str:
    """Factors of the chosen column, and what the others add."""
    found = method.interaction(space, pick.text, pick.patch, pick.word)
    d = pick.column
    own, rest = float(found.products[d]), found.similarity - float(found.products[d])
    factors = r" \cdot ".join(factor(float(part[d]), 4) for part in (found.weights, found.patch, found.word))
    return (
        rf"\begin{{aligned}} s_{{{pick.patch},{pick.word}}} &= "
        rf"\underbrace{{{factors}}}_{{\text{{column {d}: }} {number(own, 4)}}} + "
        rf"\underbrace{{{factor(rest, 4)}}}_{{\text{{other {len(found.products) - 1} columns}}}} "
        rf"\\ &\approx {number(found.similarity, 4)} \end{{aligned}}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """What this column adds, and which adds most."""
    found = method.interaction(space, pick.text, pick.patch, pick.word)
    most = int(found.products.argmax())
    return (
        f"Patch {pick.patch} and word {pick.word} of this pair have the similarity {found.similarity:+.4f}. Column "
        f"{pick.column} adds {float(found.products[pick.column]):+z.4f} of it; the column that adds most is {most}, "
        f"with {float(found.products[most]):+.4f}."
    )


def render(space: Workspace, pick: Pick) -> None:
    """The sum as it grows, and the table of all patches and words."""
    draw_section(figures(space, pick)[0], key="method-sum", finding=answer(space, pick))
    found = method.interaction(space, pick.text, pick.patch, pick.word)
    if found.table.numel() == 1:
        prose("Image and text of this pair are one vector each, one patch and one word: the sum above is all there is.")
        return
    points = figure(
        draw.pair_table(
            found.table.numpy(),
            patch=pick.patch,
            word=pick.word,
            words=method.word_names(space, pick.text),
            theme=screen.theme(),
        ),
        key=f"method-table-{pick.text}",
        caption=caption_of("method-table"),
        select=True,
        alt=f"Similarity of {found.table.shape[0]} patches with {found.table.shape[1]} words, from "
        f"{float(found.table.min()):+.2f} to {float(found.table.max()):+.2f}.",
    )
    chosen = draw.chosen_pair(points)
    fresh = widgets.fresh("method-table", None if chosen is None else chosen[0] * 10_000 + chosen[1])
    if chosen is not None and fresh is not None:
        set_pick(space, patch=chosen[0], word=chosen[1])


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    found = method.interaction(space, pick.text, pick.patch, pick.word)

    def drawn(theme: Theme) -> object:
        return draw.running_sum(found.products.numpy(), found.running.numpy(), column=pick.column, theme=theme)

    return [
        documents.PageSection(
            "interaction", "The sum, column by column", figure=drawn, caption=caption_of("method-sum")
        )
    ]


STEP = Step(
    name="interaction",
    **read_words("steps")["interaction"],
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
