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
    interaction = method.interaction(space, pick.text, pick.patch, pick.word)
    d = pick.column
    own, rest = float(interaction.products[d]), interaction.similarity - float(interaction.products[d])
    factors = r" \cdot ".join(
        factor(float(part[d]), 4) for part in (interaction.weights, interaction.patch, interaction.word)
    )
    return (
        rf"\begin{{aligned}} s_{{{pick.patch},{pick.word}}} &= "
        rf"\underbrace{{{factors}}}_{{\text{{column {d}: }} {number(own, 4)}}} + "
        rf"\underbrace{{{factor(rest, 4)}}}_{{\text{{other {len(interaction.products) - 1} columns}}}} "
        rf"\\ &\approx {number(interaction.similarity, 4)} \end{{aligned}}"
    )


def answer(space: Workspace, pick: Pick) -> str:
    """What this column adds, and which adds most."""
    interaction = method.interaction(space, pick.text, pick.patch, pick.word)
    most = int(interaction.products.argmax())
    return (
        f"Patch {pick.patch} and word {pick.word} of this pair have the similarity {interaction.similarity:+.4f}. "
        f"Column {pick.column} adds {float(interaction.products[pick.column]):+z.4f} of it; the column that adds most "
        f"is {most}, with {float(interaction.products[most]):+.4f}."
    )


def render(space: Workspace, pick: Pick) -> None:
    """The sum as it grows, and the table of all patches and words."""
    draw_section(figures(space, pick)[0], key="method-sum", finding=answer(space, pick))
    interaction = method.interaction(space, pick.text, pick.patch, pick.word)
    if interaction.table.numel() == 1:
        prose("Image and text of this pair are one vector each, one patch and one word: the sum above is all there is.")
        return
    points = figure(
        draw.pair_table(
            interaction.table.numpy(),
            patch=pick.patch,
            word=pick.word,
            words=method.word_names(space, pick.text),
            theme=screen.theme(),
        ),
        key=f"method-table-{pick.text}",
        caption=caption_of("method-table"),
        select=True,
        alt=f"Similarity of {interaction.table.shape[0]} patches with {interaction.table.shape[1]} words, from "
        f"{float(interaction.table.min()):+.2f} to {float(interaction.table.max()):+.2f}.",
    )
    chosen = draw.chosen_pair(points)
    fresh = widgets.fresh("method-table", None if chosen is None else chosen[0] * 10_000 + chosen[1])
    if chosen is not None and fresh is not None:
        set_pick(space, patch=chosen[0], word=chosen[1])


def figures(space: Workspace, pick: Pick) -> list[documents.PageSection]:
    """What the handout shows."""
    interaction = method.interaction(space, pick.text, pick.patch, pick.word)

    def drawn(theme: Theme) -> object:
        return draw.running_sum(
            interaction.products.numpy(), interaction.running.numpy(), column=pick.column, theme=theme
        )

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
