"""Which word agrees with which patch in a pair on the screen, and what its words and its picture are."""

from dataclasses import dataclass

import polars as pl

from pico_app.answers.compare import Asked, Comparison, Outside, Side, query_tokens
from pico_app.answers.pictures import thumbnail
from pico_app.choices.query import Query
from pico_app.server.answer import answer
from pico_app.workspace import Workspace
from pico_core.common.axes import CandidateScores, ItemTokens, PatchMask
from pico_core.encoders.words import TokenWords
from pico_core.retrieval.token_maps import PatchPlaces, TokenMap, TwoMaps, patch_places, token_map

PICTURE = 320  # pixels of its longer side
DIGITS = 4  # of the parts of a score


@dataclass(frozen=True, eq=False)
class WordMaps:
    """The maps of one pair, with its names.

    Attributes:
        maps: Under both scorings.
        places: Where its patches lie.
        words: What its words are called.
        picture: A data address; None where there is no picture.
    """

    maps: TwoMaps
    places: PatchPlaces
    words: tuple[str, ...]
    picture: str | None


def has_maps(comparison: Comparison, query: Asked) -> bool:
    """Whether images have more than one token, so that there is something to map."""
    if isinstance(query, Outside) and query.kind == "image":
        return len(query.tokens) > 1
    return comparison.left.pairs.image_tokens.shape[1] > 1


def word_maps(space: Workspace, comparison: Comparison, query: Asked, index: int, words: TokenWords) -> WordMaps:
    """The maps of a query with a candidate.

    Args:
        space: The open study.
        comparison: The two scorings.
        query: The query.
        index: The candidate: an image for a text, a text for an image.
        words: Of the texts of the test split.
    """
    maps = _maps(comparison, query, index)
    n_patches, n_words = maps.left.table.shape
    return WordMaps(maps, patch_places(n_patches), _names(query, index, words, n_words), _picture(space, query, index))


@answer(entries=64)
def _maps(comparison: Comparison, query: Asked, index: int) -> TwoMaps:
    return TwoMaps(_map(comparison.left, query, index), _map(comparison.right, query, index))


def _map(side: Side, query: Asked, index: int) -> TokenMap:
    other = Query("text" if query.kind == "image" else "image", index)
    image, text = (query, other) if query.kind == "image" else (other, query)
    patches, real = _patches(side, image)
    return token_map(patches, query_tokens(side, text), weights=side.weights, real=real)


def _patches(side: Side, image: Asked) -> tuple[ItemTokens, PatchMask | None]:
    """All patches of an image, masked ones too, so that each keeps its place; and which are real (None: all)."""
    if isinstance(image, Outside):
        return query_tokens(side, image), None
    pairs = side.pairs
    return pairs.image_tokens[image.index], pairs.image_mask[image.index]


def _names(query: Asked, index: int, words: TokenWords, n_words: int) -> tuple[str, ...]:
    if isinstance(query, Outside) and query.kind == "text":
        names: tuple[str, ...] | None = query.pieces
    else:
        names = words.words[query.index if isinstance(query, Query) and query.kind == "text" else index]
    if names is not None and len(names) == n_words:
        return names
    return ("the whole text",) if n_words == 1 else tuple(f"token {i}" for i in range(1, n_words + 1))


def _picture(space: Workspace, query: Asked, index: int) -> str | None:
    if isinstance(query, Outside) and query.kind == "image":
        return query.picture
    image = query.index if isinstance(query, Query) and query.kind == "image" else index
    return thumbnail(space.dataset, space.splits.test.image_paths[image], size=PICTURE)


def winners_of_words(shown: WordMaps) -> pl.DataFrame:
    """For every word its best patch on either side, and what it adds to the score."""
    left, right = shown.maps.left, shown.maps.right
    return pl.DataFrame(
        {
            "word": list(shown.words),
            "best patch, left": [shown.places.name(patch) for patch in left.patch_of_word.tolist()],
            "best patch, right": [shown.places.name(patch) for patch in right.patch_of_word.tolist()],
            **_parts(left.from_words, right.from_words),
        }
    )


def winners_of_patches(shown: WordMaps) -> pl.DataFrame:
    """For every real patch its best word on either side, and what it adds to the score."""
    left, right = shown.maps.left, shown.maps.right
    real = left.real.nonzero()[:, 0]
    return pl.DataFrame(
        {
            "patch": [shown.places.name(patch) for patch in real.tolist()],
            "best word, left": [shown.words[word] for word in left.word_of_patch[real].tolist()],
            "best word, right": [shown.words[word] for word in right.word_of_patch[real].tolist()],
            **_parts(left.from_patches[real], right.from_patches[real]),
        }
    )


def _parts(left: CandidateScores, right: CandidateScores) -> dict[str, list[float]]:
    before, after = left.round(decimals=DIGITS), right.round(decimals=DIGITS)  # so that the change agrees as printed
    return {"adds, left": before.tolist(), "adds, right": after.tolist(), "change": (after - before).tolist()}
