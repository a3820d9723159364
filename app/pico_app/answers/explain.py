"""Why an item moved, and why one stands above another: the exact split of the query on the screen."""

from typing import Literal

from pico_app.answers.compare import Asked, Comparison, Side, candidate_tokens, query_tokens
from pico_app.server.answer import answer
from pico_core.retrieval.explain import ShownSplit, Split, Tokens, above_split, score_split, shown_split


@answer(entries=128)
def item_split(comparison: Comparison, query: Asked, index: int) -> Split:
    """Why the score of an item differs between the sides. Both must be read in the same axes."""
    weights = comparison.left.weights, comparison.right.weights
    return score_split(_pair(comparison.right, query, index), before=weights[0], after=weights[1])


def lead_change(comparison: Comparison, query: Asked, item: int, rival: int) -> Split:
    """Why the lead of an item over another differs between the sides."""
    return item_split(comparison, query, item) - item_split(comparison, query, rival)


def lead_split(comparison: Comparison, query: Asked, item: int, rival: int, *, side: Literal["left", "right"]) -> Split:
    """Why an item scores higher than another on one side."""
    scoring = getattr(comparison, side)
    return above_split(_pair(scoring, query, item), _pair(scoring, query, rival), weights=scoring.weights)


def shown(split: Split, *, top: int, before: float | None = None, after: float | None = None) -> ShownSplit:
    """A split as it is printed: so many columns of their own, all adding up to the last digit of the lists."""
    return shown_split(split, top=top, before=before, after=after)


def column_titles(side: Side) -> list[str]:
    """What people call the columns of a side."""
    return [side.basis.title(column) for column in range(side.pairs.n_columns)]


def _pair(side: Side, query: Asked, index: int) -> Tokens:
    own, other = query_tokens(side, query), candidate_tokens(side, query, index)
    return Tokens(own, other) if query.kind == "image" else Tokens(other, own)
