"""One column from near: every reading of it, kept by study and column."""

from typing import Literal

import polars as pl
import streamlit as st

from pico_app.server import background, heap
from pico_app.server.jobs import Job
from pico_app.workspace import Workspace
from pico_core.columns.detail import items, modality_offset, sign_table
from pico_core.columns.detail.associations import Association, column_associations
from pico_core.columns.detail.items import ColumnItems
from pico_core.columns.detail.modality_offset import ModalityOffset
from pico_core.columns.detail.neighbours import Company, column_company
from pico_core.columns.detail.sign_table import SignTable
from pico_core.columns.detail.token_drivers import PatchDrivers, WordDrivers, patch_drivers, word_drivers
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import Demo
from pico_core.encoders.token_words import TokenWords, token_words


def column_items(space: Workspace, column: int, per_band: int) -> ColumnItems:
    """One column in the items of the fit split."""
    return items.column_items(space.splits.fit, column, per_band=per_band)


@st.cache_data(max_entries=256, show_spinner=False)
def _signs(key: str, column: int, _fit: PairedEmbeddings) -> SignTable:
    return sign_table.sign_table(_fit, column)


def signs(space: Workspace, column: int) -> SignTable:
    """Signs of a column in images and texts, with their null."""
    return _signs(space.key, column, space.splits.fit)


def company(space: Workspace, column: int) -> Company:
    """Nearest style prototypes, fellow columns, correlated columns."""
    return column_company(space.study.construction, column)


@st.cache_data(max_entries=256, show_spinner=False)
def _associations(key: str, column: int, _fit: PairedEmbeddings) -> tuple[Association, ...]:
    return column_associations(_fit, column)


def associations(space: Workspace, column: int) -> tuple[Association, ...]:
    """What the column goes with, label by label."""
    return _associations(space.key, column, space.splits.fit)


@st.cache_data(max_entries=256, show_spinner=False)
def _offset(key: str, column: int, _fit: PairedEmbeddings) -> ModalityOffset:
    return modality_offset.modality_offset(_fit, column)


def offset(space: Workspace, column: int) -> ModalityOffset:
    """The offset between modalities, and the share of the mean cosine."""
    return _offset(space.key, column, space.splits.fit)


@st.cache_resource(max_entries=6, show_spinner=False)
def _demo_words(key: str, part: str, _demo: Demo, _pairs: PairedEmbeddings) -> TokenWords:
    return token_words(_pairs, pieces=pl.read_parquet(_demo.words))


def words_of(space: Workspace, part: Literal["fit", "test"] = "fit") -> TokenWords | Job[TokenWords]:
    """The words of a split; reading them may need a tokenizer that takes seconds to load."""
    pairs: PairedEmbeddings = getattr(space.splits, part)
    demo = space.dataset.demo
    if demo is not None and demo.words.is_file():
        return _demo_words(space.key, part, demo, pairs)

    def read(job: Job[TokenWords]) -> TokenWords:
        found = token_words(pairs)
        heap.freeze_once("words")  # a tokenizer may have been loaded
        return found

    job = background.ask(f"words:{part}:{space.key}", "Reading the words of the captions", read)
    return job if job.result is None else job.result


@st.cache_data(max_entries=256, show_spinner=False)
def _words(key: str, column: int, _fit: PairedEmbeddings, _words: TokenWords) -> WordDrivers | None:
    return word_drivers(_fit, _words, column)


def word_ends(space: Workspace, column: int, words: TokenWords) -> WordDrivers | None:
    """Words at both ends of a column."""
    return _words(space.key, column, space.splits.fit, words)


@st.cache_resource(max_entries=64, show_spinner=False)
def _patches(key: str, column: int, _fit: PairedEmbeddings) -> PatchDrivers | None:
    return patch_drivers(_fit, column)


def patch_ends(space: Workspace, column: int) -> PatchDrivers | None:
    """Patches at both ends of a column."""
    return _patches(space.key, column, space.splits.fit)
