"""Which word every text token stands for, as far as the captions tell.

A dataset holds tokens and captions, not how the one was cut into the other. Several ways of
cutting are tried, and the one that gives the right number of pieces for the most texts is taken;
texts that it does not fit stay unread.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import polars as pl

from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.words import simple_tokenizer

WORDS_COLUMN: Final = "words"  # a text label that holds the pieces themselves, parted by spaces
ENOUGH: Final = 0.99  # of the texts; below it the tokenizer of CLIP, seconds to load, is tried too
BYTE_PAIRS: Final = "captions parted by CLIP's tokenizer; the pieces of a word stand for it"
LEAST: Final = 0.5  # of the texts: below it the pieces are not words of these captions

# As CLIP's tokenizer parts a caption: letters together, digits alone, marks together.
WORD: Final = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+")

Cut = Callable[[str], list[str]]


@dataclass(frozen=True)
class TokenWords:
    """Words of the real tokens of every text.

    Attributes:
        words: In order, small letters; None for a text that could not be read.
        rule: How captions were cut, for people; "" where no way fits.
    """

    words: tuple[tuple[str, ...] | None, ...]
    rule: str

    @property
    def n_read(self) -> int:
        """Texts whose words are known."""
        return sum(found is not None for found in self.words)


def token_words(pairs: PairedEmbeddings, *, pieces: pl.DataFrame | None = None) -> TokenWords:
    """Match captions with tokens by their number.

    A text of three tokens with the caption "a red dog" is read as its three words. That the
    numbers agree is no proof, but where they agree for nearly all texts the cutting is the same.

    Args:
        pairs: Any split.
        pieces: From `piece_counts`, so that CLIP's tokenizer need not be loaded.

    >>> import torch
    >>> words = torch.nn.functional.normalize(torch.rand(1, 3, 4), dim=2)
    >>> pairs = PairedEmbeddings.from_arrays(torch.ones(1, 4), words, captions=["a Red dog"])
    >>> token_words(pairs).words
    (('a', 'red', 'dog'),)
    """
    lengths = pairs.text_mask.sum(dim=1).tolist()
    best = TokenWords((None,) * len(lengths), "")
    if max(lengths, default=1) <= 1:
        return best  # one vector per text: no token is a word
    captions = pairs.captions
    if WORDS_COLUMN in pairs.text_labels:
        own = [None if row is None else str(row) for row in pairs.texts[WORDS_COLUMN].to_list()]
        best = _better(best, _read(own, lengths, str.split, "the words that came with the dataset"))
    for rule, cut in (
        ("captions parted at spaces", str.split),
        ("captions parted into words and marks", lambda text: re.findall(r"\w+|[^\w\s]", text)),
    ):
        best = _better(best, _read(captions, lengths, cut, rule))
    if best.n_read < ENOUGH * len(lengths):
        counted = None if pieces is None else dict(pieces.select("word", "pieces").rows())
        best = _better(best, _read(captions, lengths, _byte_pairs(counted), BYTE_PAIRS))
    return best if best.n_read >= LEAST * len(lengths) else TokenWords((None,) * len(lengths), "")


def _read(captions: Sequence[str | None], lengths: Sequence[int], cut: Cut, rule: str) -> TokenWords:
    words: list[tuple[str, ...] | None] = []
    for caption, length in zip(captions, lengths, strict=True):
        pieces = [] if caption is None else cut(caption.lower())
        words.append(tuple(pieces) if len(pieces) == length else None)
    return TokenWords(tuple(words), rule)


def _byte_pairs(pieces: Mapping[str, int] | None = None) -> Cut:
    """CLIP's tokenizer; every piece of a word stands for the whole word."""
    known = dict(pieces or {})

    def cut(caption: str) -> list[str]:
        words = WORD.findall(caption)
        if pieces is None:
            known.update({word: _n_pieces(word) for word in words if word not in known})
        return [word for word in words for _ in range(known.get(word, 1))]

    return cut


def _n_pieces(word: str) -> int:
    return len(_tokenizer().encode(word))


@cache
def _tokenizer() -> Any:
    return simple_tokenizer()


def piece_counts(pairs: PairedEmbeddings) -> pl.DataFrame:
    """Into how many pieces CLIP's tokenizer cuts every word of the captions: word, pieces. For storing."""
    words = sorted({word for caption in pairs.captions if caption for word in WORD.findall(caption.lower())})
    return pl.DataFrame({"word": words, "pieces": pl.Series([_n_pieces(word) for word in words], dtype=pl.UInt8)})


def _better(one: TokenWords, other: TokenWords) -> TokenWords:
    return other if other.n_read > one.n_read else one
