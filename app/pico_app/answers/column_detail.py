"""One column in detail: every reading of it, kept by study and column."""

from typing import Literal

import polars as pl

from pico_app.server import heap
from pico_app.server.answer import Answer, answer
from pico_app.server.queue import Job
from pico_app.workspace import Workspace
from pico_core.columns.detail import interaction, items
from pico_core.columns.detail.interaction import SignTable
from pico_core.columns.detail.items import ColumnItems, ColumnNeighbours, ModalityOffset, column_neighbours
from pico_core.columns.detail.token_drivers import PatchDrivers, WordDrivers, patch_drivers, word_drivers
from pico_core.columns.style_shares import Association, column_associations
from pico_core.encoders.words import TokenWords, token_words

Part = Literal["fit", "test"]


def column_items(space: Workspace, column: int, per_band: int) -> ColumnItems:
    """One column in the items of the fit split."""
    return items.column_items(space.splits.fit, column, per_band=per_band)


@answer(entries=256)
def signs(space: Workspace, column: int) -> SignTable:
    """Signs of a column in images and texts, with their null."""
    return interaction.sign_table(space.splits.fit, column)


def neighbours(space: Workspace, column: int) -> ColumnNeighbours:
    """Nearest style prototypes, columns that share them, correlated columns."""
    return column_neighbours(space.study.construction, column)


@answer(entries=256)
def associations(space: Workspace, column: int) -> tuple[Association, ...]:
    """What the column goes with, label by label."""
    return column_associations(space.splits.fit, column)


@answer(entries=256)
def offset(space: Workspace, column: int) -> ModalityOffset:
    """The offset between modalities, and the share of the mean cosine."""
    return items.modality_offset(space.splits.fit, column)


def words_of(space: Workspace, part: Part = "fit") -> Answer[TokenWords]:
    """The words of a split; reading them may need a tokenizer that takes seconds to load."""
    return Answer.of(_demo_words(space, part)) if has_stored_words(space) else _read_words(space, part)


def has_stored_words(space: Workspace) -> bool:
    """Whether the words come with the data, so that no tokenizer is needed."""
    return space.dataset.demo is not None and space.dataset.demo.words.is_file()


@answer(entries=6)
def _demo_words(space: Workspace, part: Part) -> TokenWords:
    assert space.dataset.demo is not None
    return token_words(getattr(space.splits, part), pieces=pl.read_parquet(space.dataset.demo.words))


@answer(queue="answers", title="Reading the words of the captions")
def _read_words(job: Job[TokenWords], space: Workspace, part: Part) -> TokenWords:
    words = token_words(getattr(space.splits, part))
    heap.freeze_once("words")  # a tokenizer may have been loaded
    return words


@answer(entries=256)
def word_ends(space: Workspace, column: int, _words: TokenWords) -> WordDrivers | None:
    """Words at both ends of a column."""
    return word_drivers(space.splits.fit, _words, column)


@answer(entries=64)
def patch_ends(space: Workspace, column: int) -> PatchDrivers | None:
    """Patches at both ends of a column."""
    return patch_drivers(space.splits.fit, column)
