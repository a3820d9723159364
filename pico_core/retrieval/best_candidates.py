"""The best candidates of many queries, without the table of all scores."""

from dataclasses import dataclass

import polars as pl
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.axes import Columns, Scores
from pico_core.common.errors import SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import Best, best_first
from pico_core.retrieval.scoring import QueryKind, check_queries, chunked, weighted_scores

# Queries and candidates that are scored together: 1 M scores = 4 MB.
BLOCK = 1024


@dataclass(frozen=True, eq=False)
class TopCandidates:
    """The best candidates of some queries.

    Attributes:
        kind: What the queries are.
        queries: The images or the texts that ask.
        candidates: Best first, equal scores by index; as many as there are if fewer than k.
        scores: Of these candidates.
    """

    kind: QueryKind
    queries: Int[Tensor, " q"]
    candidates: Int[Tensor, "q k"]
    scores: Float[Tensor, "q k"]


@dataclass(frozen=True, eq=False)
class _Side:
    tokens: Float[Tensor, "items tokens d"]
    mask: Bool[Tensor, "items tokens"]

    def __getitem__(self, chosen: Tensor | slice) -> "_Side":
        return _Side(self.tokens[chosen], self.mask[chosen])


def top_candidates(
    pairs: PairedEmbeddings,
    *,
    kind: QueryKind,
    k: int,
    weights: Columns | None = None,
    queries: Int[Tensor, " q"] | None = None,
    block: int = BLOCK,
) -> TopCandidates:
    """The k best texts of every image, or the k best images of every text.

    The order is by score, higher first; of equal scores the lower index comes first. It is the
    order of a stable sort of the whole table, which is never held: queries and candidates are
    scored `block` by `block`, and the best so far are merged with every block.

    Args:
        pairs: The split that is searched, in the basis of the weights.
        kind: What the queries are.
        k: How many candidates; with fewer of them, all.
        weights: P, one factor per column; None is P = 1.
        queries: Which images or texts ask, in any order; default all.
        block: Bounds the memory to block x block scores and the tokens of 2 x block items.

    Raises:
        SettingError: k or block is below 1, or the kind is neither.
        DataError: a query is not there.

    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8], [1.0, 0.0]])
    >>> pairs = PairedEmbeddings.from_arrays(images, images)
    >>> top_candidates(pairs, kind="image", k=2).candidates.tolist()  # images 0 and 2 are equal
    [[0, 2], [1, 0], [0, 2]]
    """
    if k < 1 or block < 1:
        raise SettingError(f"k is {k} and block is {block}; both are at least 1")
    if kind not in ("image", "text"):
        raise SettingError(f"queries are of kind 'image' or 'text', not {kind!r}")
    images, texts = _Side(pairs.image_tokens, pairs.image_mask), _Side(pairs.text_tokens, pairs.text_mask)
    asking, searched = (images, texts) if kind == "image" else (texts, images)
    chosen = torch.arange(len(asking.mask)) if queries is None else queries
    check_queries(pairs, chosen, kind=kind)
    parts = [
        _best(asking[part.to(asking.mask.device)], searched, kind=kind, k=k, weights=weights, block=block)
        for part in torch.split(chosen, block)
    ]
    return TopCandidates(
        kind, chosen, torch.cat([part.indices for part in parts]), torch.cat([part.values for part in parts])
    )


def hits_frame(pairs: PairedEmbeddings, top: TopCandidates) -> pl.DataFrame:
    """One row per query and place: who asks, what was found there, and whether it belongs to it.

    Args:
        pairs: The split that was searched.
        top: From `top_candidates` on it.

    Returns:
        `query`, `query_name`, `place` (1 = best), `candidate`, `candidate_name`, `score`, `relevant`; the
        name of an image is its id, that of a text its caption (null where it came without one).

    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> pairs = PairedEmbeddings.from_arrays(images, images, captions=["left", "up"])
    >>> hits_frame(pairs, top_candidates(pairs, kind="image", k=1)).select("query", "candidate_name", "relevant").rows()
    [(0, 'left', True), (1, 'up', True)]
    """
    width = top.candidates.shape[1]
    queries, candidates = top.queries.cpu().repeat_interleave(width), top.candidates.cpu().flatten()
    images, texts = (queries, candidates) if top.kind == "image" else (candidates, queries)
    names = {"image": pairs.images["id"], "text": pairs.texts["caption"]}
    other = "text" if top.kind == "image" else "image"
    return pl.DataFrame(
        {
            "query": queries.numpy(),
            "query_name": names[top.kind].gather(queries.tolist()),
            "place": torch.arange(1, width + 1).repeat(len(top.queries)).numpy(),
            "candidate": candidates.numpy(),
            "candidate_name": names[other].gather(candidates.tolist()),
            "score": top.scores.cpu().flatten().numpy(),
            "relevant": (pairs.text_image.cpu()[texts] == images).numpy(),
        }
    )


def _best(asking: _Side, searched: _Side, *, kind: QueryKind, k: int, weights: Columns | None, block: int) -> Best:
    """The best candidates of some queries, merged block by block.

    Blocks come in the order of their indices, and the best so far stand before the new ones, so
    among equal scores the first is the one with the lower index.
    """
    best: Best | None = None
    for start in range(0, len(searched.mask), block):
        scores = _table(asking, searched[start : start + block], kind=kind, weights=weights)
        places = torch.arange(start, start + scores.shape[1], device=scores.device).expand(scores.shape)
        if best is not None:
            scores, places = torch.cat((best.values, scores), dim=1), torch.cat((best.indices, places), dim=1)
        values, order = best_first(scores, k=k)
        best = Best(values, places.gather(1, order))
    assert best is not None, "a dataset has items"
    return best


def _table(asking: _Side, searched: _Side, *, kind: QueryKind, weights: Columns | None) -> Float[Tensor, "q c"]:
    images, texts = (asking, searched) if kind == "image" else (searched, asking)

    def some(rows: slice, columns: slice) -> Scores:
        left, right = images[rows], texts[columns]
        return weighted_scores(left.tokens, right.tokens, image_mask=left.mask, text_mask=right.mask, weights=weights)

    scores = chunked(some, len(images.mask), len(texts.mask))
    return scores if kind == "image" else scores.T
