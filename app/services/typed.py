"""Captions that people type, encoded by the encoder that made the data."""

from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from app import heap
from app.services.datasets import Dataset
from app.services.studies import Workspace
from pico_core.analysis.rankings import SideBySide, side_by_side_words
from pico_core.data.encoders import Encoder, load_small
from pico_core.demo import demo_of
from pico_core.errors import DataError


@dataclass(frozen=True, eq=False)
class Typed:
    """A typed caption and its lists.

    Attributes:
        lists: Unweighted and weighted, over the images of the test split.
        pieces: The words as the encoder cut them.
        unknown: Words that it does not know and left out.
    """

    lists: SideBySide
    pieces: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Words:
    tokens: Tensor
    pieces: tuple[str, ...]
    unknown: tuple[str, ...]


@st.cache_resource(max_entries=2, show_spinner="Loading the encoder")
def _encoder(name: str) -> Encoder:
    found = load_small(demo_of(name).encoder)
    heap.freeze_once("encoder")  # it has loaded open_clip
    return found


def has_encoder(dataset: Dataset) -> bool:
    """Whether typed captions can be encoded for this dataset."""
    return dataset.demo is not None and dataset.demo.encoder.is_file()


@st.cache_resource(max_entries=200, show_spinner=False)
def _words(name: str, caption: str) -> _Words:
    found = _encoder(name).encode_texts([caption])
    return _Words(found.tokens[0, found.mask[0]], found.pieces[0], found.unknown[0])


def rank_typed(space: Workspace, caption: str, *, top_k: int) -> Typed:
    """The images of the test split for a typed caption, unweighted and weighted.

    Raises:
        DataError: the dataset has no encoder here, or the encoder knows none of the words.
    """
    demo = space.dataset.demo
    if demo is None or not has_encoder(space.dataset):
        raise DataError(f"{space.dataset.pairs.name}: its encoder is not here, so nothing typed can be encoded")
    words = _words(demo.name, caption)
    both = side_by_side_words(
        space.splits.test, space.study.basis.turn(words.tokens), weights=space.weights, top_k=top_k
    )
    return Typed(both, words.pieces, words.unknown)
