"""Captions that people type, encoded by the encoder that made the data."""

from dataclasses import dataclass

import streamlit as st
from torch import Tensor

from app import heap
from app.services.datasets import Dataset
from pico_core.data.encoders import Encoder, load_small
from pico_core.demo import demo_of
from pico_core.errors import DataError


@dataclass(frozen=True, eq=False)
class Words:
    """A typed caption as its encoder reads it.

    Attributes:
        tokens: Unit tokens [w, d] in the given columns, all of them real.
        pieces: The words as the encoder cut them.
        unknown: Words that it does not know and left out.
    """

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
def _words(name: str, caption: str) -> Words:
    found = _encoder(name).encode_texts([caption])
    return Words(found.tokens[0, found.mask[0]], found.pieces[0], found.unknown[0])


def encode_words(dataset: Dataset, caption: str) -> Words:
    """A typed caption in the columns of the dataset.

    Raises:
        DataError: the dataset has no encoder here, or the encoder knows none of the words.
    """
    demo = dataset.demo
    if demo is None or not has_encoder(dataset):
        raise DataError(f"{dataset.pairs.name}: its encoder is not here, so nothing typed can be encoded")
    return _words(demo.name, caption)
