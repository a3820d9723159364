"""Captions as numbers and back: which tokens of a tokenizer's output are words, and which word a token stands for.

A dataset holds tokens and captions, not how the one was cut into the other. Several ways of
cutting are tried, and the one that gives the right number of pieces for the most texts is taken;
texts that it does not fit stay unread.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final, Protocol, runtime_checkable

import polars as pl
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings

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
        return sum(word is not None for word in self.words)


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


def _better(first: TokenWords, second: TokenWords) -> TokenWords:
    return second if second.n_read > first.n_read else first


START, END = 49406, 49407  # of open_clip's SimpleTokenizer; 0 pads, and is a real piece of text as well
PADDING = 0


@dataclass(frozen=True, eq=False)
class WordIds:
    """Captions as a model reads them.

    Attributes:
        ids: What the text tower is given.
        real: True = a word, or a piece of one; not start, end or padding.
        pieces: What each real position stands for.
        unknown: Words of each caption that are not known and were left out.
        truncated: Whether the caption is longer than the model reads.
    """

    ids: Int[Tensor, "m length"]
    real: Bool[Tensor, "m length"]
    pieces: tuple[tuple[str, ...], ...]
    unknown: tuple[tuple[str, ...], ...]
    truncated: tuple[bool, ...]


@runtime_checkable
class Words(Protocol):
    """Cuts captions into tokens."""

    @property
    def key(self) -> str:
        """Names everything that decides the result."""

    def __call__(self, captions: Sequence[str]) -> WordIds:
        """Cut captions into tokens."""


def simple_tokenizer() -> Any:
    """open_clip's own byte-pair tokenizer, whose vocabulary is part of its package."""
    return importlib.import_module("open_clip").SimpleTokenizer()


class BytePairWords:
    """The tokenizer of CLIP: words are what lies between start and the first end."""

    def __init__(self, tokenizer: Any, *, context_length: int) -> None:
        self._tokenizer = tokenizer
        self._length = context_length

    @property
    def key(self) -> str:
        """Names everything that decides the result."""
        clean = getattr(self._tokenizer.clean_fn, "__name__", "clean")
        shorten = self._tokenizer.reduction_fn
        # By name: written out, a function names its place in memory, which is another one every time.
        how = shorten and getattr(shorten, "__name__", type(shorten).__name__)
        return f"byte-pair {self._length} {self._tokenizer.vocab_size} {clean} {how}"

    def __call__(self, captions: Sequence[str]) -> WordIds:
        """Cut captions into tokens."""
        ids = self._tokenizer(list(captions), context_length=self._length)
        start, end = self._tokenizer.sot_token_id, self._tokenizer.eot_token_id
        position = torch.arange(ids.shape[1])
        first_end = torch.where(ids == end, position, ids.shape[1]).min(dim=1).values
        real = (position < first_end[:, None]) & (ids != start)
        pieces = tuple(
            tuple(_readable(self._tokenizer, i) for i in row[keep].tolist())
            for row, keep in zip(ids, real, strict=True)
        )
        truncated = tuple(len(self._tokenizer.encode(caption)) + 2 > self._length for caption in captions)
        return WordIds(ids, real, pieces, ((),) * len(pieces), truncated)


class SmallWords:
    """The same tokenizer on a small vocabulary: a word with a piece that is not in it is left out."""

    def __init__(self, vocabulary: Sequence[int], *, context_length: int) -> None:
        self._length = context_length
        self._vocabulary = tuple(vocabulary)
        self._row = {token: row for row, token in enumerate(self._vocabulary)}
        self._cut: dict[str, list[int]] = {}

    @cached_property
    def _tokenizer(self) -> Any:
        return simple_tokenizer()

    @property
    def key(self) -> str:
        """Names everything that decides the result."""
        return f"small {self._length} {self._vocabulary}"

    def __call__(self, captions: Sequence[str]) -> WordIds:
        """Cut captions into tokens."""
        ids = torch.full((len(captions), self._length), self._row[PADDING], dtype=torch.int64)
        real = torch.zeros(len(captions), self._length, dtype=torch.bool)
        pieces, unknown, truncated = [], [], []
        for item, caption in enumerate(captions):
            known, missing = self._known(caption)
            room = self._length - 2
            truncated.append(len(known) > room)
            known = known[:room]
            row = [self._row[token] for token in (START, *known, END)]
            ids[item, : len(row)] = torch.tensor(row)
            real[item, 1 : len(known) + 1] = True
            pieces.append(tuple(_readable(self._tokenizer, token) for token in known))
            unknown.append(tuple(missing))
        return WordIds(ids, real, tuple(pieces), tuple(unknown), tuple(truncated))

    def _known(self, caption: str) -> tuple[list[int], list[str]]:
        known, missing = [], []
        for word in self._tokenizer.pat.findall(self._tokenizer.clean_fn(caption)):
            tokens = self._tokens(word)
            if set(tokens) & {START, END}:
                continue  # nobody writes these; typed, they would end the caption early
            if all(token in self._row for token in tokens):
                known.extend(tokens)
            else:
                missing.append(word)
        return known, missing

    def _tokens(self, word: str) -> list[int]:
        """The pieces of a word. Those of known words are kept: the tokenizer cleans every word anew."""
        if word not in self._cut:
            tokens = self._tokenizer.encode(word)
            if any(token not in self._row for token in tokens):
                return tokens  # type: ignore[no-any-return] # what people type has no end; it is not kept
            self._cut[word] = tokens
        return self._cut[word]


class HubWords:
    """A tokenizer of the Hugging Face hub: words are what is not one of its special tokens."""

    def __init__(self, tokenizer: Any, *, context_length: int) -> None:
        self._tokenizer = tokenizer
        self._length = context_length

    @property
    def key(self) -> str:
        """Names everything that decides the result."""
        name = getattr(self._tokenizer.tokenizer, "name_or_path", "?")
        return f"hub {name} {self._length} {self._tokenizer.strip_sep_token} {self._tokenizer.tokenizer_mode}"

    def __call__(self, captions: Sequence[str]) -> WordIds:
        """Cut captions into tokens; how many were too long cannot be told."""
        ids = self._tokenizer(list(captions), context_length=self._length)
        inner = self._tokenizer.tokenizer
        real = ~torch.isin(ids, torch.tensor(sorted(inner.all_special_ids)))
        if self._tokenizer.strip_sep_token:  # open_clip puts 0 in its place
            real &= ids != PADDING
        pieces = tuple(
            tuple(str(piece) for piece in inner.convert_ids_to_tokens(row[keep].tolist()))
            for row, keep in zip(ids, real, strict=True)
        )
        return WordIds(ids, real, pieces, ((),) * len(pieces), (False,) * len(pieces))


def vocabulary_of(captions: Iterable[str]) -> tuple[int, ...]:
    """Tokens of these captions, with padding, start and end, in the order of their numbers.

    The end keeps the highest row, by which CLIP finds it.

    >>> vocabulary_of(["a red dog", "a dog"])
    (0, 320, 736, 1929, 49406, 49407)
    """
    tokenizer = simple_tokenizer()
    used = {PADDING, START, END}
    for caption in captions:
        used.update(tokenizer.encode(caption))
    return tuple(sorted(used))


def _readable(tokenizer: Any, token: int) -> str:
    return str(tokenizer.decode([token])).strip()
