"""Why an item moved, and why one stands above another: the exact split of the query on the screen."""

from typing import Literal

from pico_app.answers.compare import Asked, Comparison, Side, candidate_tokens, query_tokens
from pico_app.server.answer import answer
from pico_core.retrieval.explain import ShownSplit, Split, Tokens, above_split, score_split, shown_split


@answer(entries=128)
def item_split(found: Comparison, asked: Asked, index: int) -> Split:
    """Why the score of an item differs between the sides. Both must be read in the same axes."""
    weights = found.left.scorable.weights, found.right.scorable.weights
    return score_split(_pair(found.right, asked, index), before=weights[0], after=weights[1])


def lead_change(found: Comparison, asked: Asked, item: int, rival: int) -> Split:
    """Why the lead of an item over another differs between the sides."""
    return item_split(found, asked, item) - item_split(found, asked, rival)


def lead_split(found: Comparison, asked: Asked, item: int, rival: int, *, place: Literal["left", "right"]) -> Split:
    """Why an item scores higher than another on one side."""
    one = getattr(found, place)
    return above_split(_pair(one, asked, item), _pair(one, asked, rival), weights=one.scorable.weights)


def shown(split: Split, *, top: int, before: float | None = None, after: float | None = None) -> ShownSplit:
    """A split as it is printed: so many columns of their own, all adding up to the last digit of the lists."""
    return shown_split(split, top=top, before=before, after=after)


def column_titles(one: Side) -> list[str]:
    """What people call the columns of a side."""
    return [one.basis.title(column) for column in range(one.scorable.pairs.n_columns)]


def _pair(one: Side, asked: Asked, index: int) -> Tokens:
    own, other = query_tokens(one, asked), candidate_tokens(one, asked, index)
    return Tokens(own, other) if asked.kind == "image" else Tokens(other, own)
