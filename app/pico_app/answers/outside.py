"""Queries from outside the dataset: words that a reader types, a picture that a reader drops.

They need the encoder that made the dataset: a demo's own, a small one that comes with the project,
or weights on this machine that the reader names. Another encoder is refused by its digest.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pico_app.answers.datasets import changed_on_disk
from pico_app.answers.pictures import data_address
from pico_app.server import heap
from pico_app.server.answer import answer
from pico_app.server.places import opened_place
from pico_app.workspace import Dataset
from pico_core.common.axes import ItemTokens
from pico_core.common.errors import DataError, PicoError
from pico_core.data.marks import EncoderMark, Level, Precision
from pico_core.demo import DEMOS
from pico_core.encoders import OpenClipEncoder, load_small
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.pictures import picture_of
from pico_core.encoders.small import SMALL, builtin_encoder, is_small

MAX_PICTURE_MIB = 20
PICTURE_FILES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "ppm", "avif")
THUMBNAIL = 240


@dataclass(frozen=True)
class OutsideEncoder:
    """What encodes words and pictures from outside the dataset, or what is missing.

    Attributes:
        encoder: What people call the encoder that will do it; None while there is none.
        needed: The encoder whose weights the reader must give first; None where nothing is to be given.
        scenes_only: Whether it has seen nothing but rendered scenes of simple shapes.
        why: What stands in the way, in a sentence; empty where nothing does.
    """

    encoder: str | None = None
    needed: EncoderMark | None = None
    scenes_only: bool = False
    why: str = ""


@dataclass(frozen=True, eq=False)
class Words:
    """A typed caption as the encoder reads it.

    Attributes:
        key: Names it by its content and the encoder.
        tokens: Unit tokens in the given columns, float32.
        pieces: The words as the encoder cut them.
        unknown: Words that it does not know and left out.
        truncated: Whether it reads only the beginning.
    """

    key: str
    tokens: ItemTokens
    pieces: tuple[str, ...]
    unknown: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, eq=False)
class Picture:
    """A dropped picture as the encoder sees it.

    Attributes:
        key: Names it by its content and the encoder.
        name: Of its file.
        tokens: Unit tokens in the given columns, float32.
        thumbnail: The picture made small, as a data address.
        grid: Rows and columns of the patches, where the tokens are patches of a grid.
    """

    key: str
    name: str
    tokens: ItemTokens
    thumbnail: str
    grid: tuple[int, int] | None


@dataclass(frozen=True, eq=False)
class _Ready:
    """An encoder that fits the dataset, and how the dataset uses it."""

    encoder: OpenClipEncoder
    level: Level
    scenes_only: bool

    @property
    def key(self) -> str:
        """Names everything that decides the tokens."""
        mark = self.encoder.mark
        return f"{mark.model} {mark.digest} {mark.precision} {self.level}"


def outside_encoder(dataset: Dataset, weights: str | None = None) -> OutsideEncoder:
    """Which encoder could answer, what it still needs, or why there is none.

    Args:
        dataset: Whose encoder is asked for.
        weights: Path of its weights, where the reader has given them.
    """
    mark = dataset.pairs.encoder
    try:
        ready = _ready(dataset, weights)
    except PicoError as error:
        return OutsideEncoder(needed=mark, why=str(error))
    if ready is not None:
        return OutsideEncoder(ready.encoder.name, scenes_only=ready.scenes_only)
    return _missing(dataset.demo is not None, mark)


def _missing(demo: bool, mark: EncoderMark | None) -> OutsideEncoder:
    """What to say where no encoder is here."""
    if demo:
        return OutsideEncoder(why="No encoder made these vectors, so nothing from outside can be put among them.")
    if mark is None:
        return OutsideEncoder(
            why="This dataset does not say which encoder made it, so nothing from outside can be encoded. Datasets "
            "that are encoded here remember it."
        )
    if mark.weights_from == "random":
        return OutsideEncoder(why=f"{mark.name} made this dataset with random weights, which nobody kept.")
    if mark.weights_from == "hub":
        return OutsideEncoder(
            why=f"{mark.name} made this dataset; it lies on the hub, and nothing is fetched from here."
        )
    return OutsideEncoder(
        needed=mark,
        why=f"{mark.name} made this dataset; its weights (digest {mark.digest}) are needed to encode anything more.",
    )


def can_ask_outside(dataset: Dataset) -> bool:
    """Whether an encoder is here, or could be once its weights are given; nothing is loaded to find out."""
    if dataset.demo is not None:
        return dataset.demo.encoder.is_file()
    mark = dataset.pairs.encoder
    return mark is not None and mark.weights_from in ("file", "tag")


def check_weights(dataset: Dataset, path: str) -> str:
    """Load the weights that the reader names, if they are those that made the dataset; returns their digest.

    Raises:
        DataError: other weights, a damaged file, or a dataset that does not say which encoder made it.
    """
    mark = dataset.pairs.encoder
    if mark is None:
        raise DataError(outside_encoder(dataset).why)
    try:
        _load_given(mark, path)
    except DataError:
        raise
    except PicoError as error:
        raise DataError(str(error)) from error
    return mark.digest


def encode_words(dataset: Dataset, caption: str, *, weights: str | None = None) -> Words:
    """A typed caption as tokens in the given columns.

    Raises:
        DataError: no encoder is here, or it knows none of the words.
    """
    ready = _ready_or_refuse(dataset, weights)
    words = _words(ready, caption)
    _check_width(dataset, words.tokens)
    return words


def encode_picture(dataset: Dataset, name: str, data: bytes, *, weights: str | None = None) -> Picture:
    """A dropped picture as tokens in the given columns; it passes the guards of pictures in a folder.

    Args:
        dataset: Whose encoder it goes through.
        name: Of its file.
        data: The bytes of the file.
        weights: Path of the encoder's weights, where the reader has given them.

    Raises:
        DataError: no encoder is here, or no picture that can be read. Names the file.
    """
    called = Path(name.replace("\\", "/")).name[:80] or "the picture"
    ready = _ready_or_refuse(dataset, weights)
    if len(data) > MAX_PICTURE_MIB * 2**20:
        raise DataError(
            f"{called}: it takes {len(data) / 2**20:.1f} MiB; the limit is {MAX_PICTURE_MIB} MiB: save it smaller"
        )
    content = hashlib.sha256(data).hexdigest()
    try:
        tokens, thumbnail, grid = _picture(ready, content, data)
    except DataError as error:
        raise DataError(f"{called}: {error}") from error
    _check_width(dataset, tokens)
    return Picture(f"picture {content} {ready.key}", called, tokens, thumbnail, grid)


def _check_width(dataset: Dataset, tokens: ItemTokens) -> None:
    width, expected = tokens.shape[1], dataset.pairs.n_columns
    if width != expected:
        raise DataError(
            f"{dataset.pairs.name}: its encoder gives {width} columns and the dataset has {expected}; its arrays were "
            "changed since: encode it anew"
        )


def _ready_or_refuse(dataset: Dataset, weights: str | None = None) -> _Ready:
    ready = _ready(dataset, weights)
    if ready is None:
        raise DataError(outside_encoder(dataset).why)
    return ready


def _ready(dataset: Dataset, weights: str | None = None) -> _Ready | None:
    """The encoder that made the dataset, where it is here.

    Raises:
        PicoError: weights that were given before cannot be read any more.
    """
    demo, mark = dataset.demo, dataset.pairs.encoder
    if demo is not None:
        file = demo.encoder
        return _Ready(_small(str(file), changed_on_disk(file), "fp32"), "tokens", True) if file.is_file() else None
    if mark is None:
        return None
    if mark.model == SMALL:
        for file in _small_files():
            encoder = _small(str(file), changed_on_disk(file), mark.precision)
            if encoder.mark.digest == mark.digest:
                return _Ready(encoder, mark.level, True)
    return None if weights is None else _Ready(_load_given(mark, weights), mark.level, False)


def _small_files() -> list[Path]:
    """The small encoders that come with the project."""
    built_in = builtin_encoder()
    files = [*([] if built_in is None else [built_in]), *(demo.encoder for demo in DEMOS)]
    return [file for file in dict.fromkeys(files) if file.is_file()]


@answer(entries=4, spinner="Loading the encoder")
def _small(path: str, changed: str, precision: Precision) -> OpenClipEncoder:
    encoder = load_small(path, precision=precision)
    heap.freeze_once("encoder")  # it has loaded open_clip
    return encoder


def _load_given(mark: EncoderMark, path: str) -> OpenClipEncoder:
    file = opened_place(path)
    return _given(str(file), changed_on_disk(file), mark.model, mark.digest, mark.precision)


@answer(entries=1, spinner="Loading the encoder")
def _given(path: str, changed: str, model: str, digest: str, precision: Precision) -> OpenClipEncoder:
    if not Path(path).is_file():
        raise DataError(f"{Path(path).name[:80]}: there is no such file on this machine; check the path")
    if model != SMALL and is_small(Path(path)):
        raise DataError(
            f"{Path(path).name}: it is a small encoder of PICO Lens, and {model} made this dataset; give the weights "
            "that it was encoded with"
        )
    encoder = EncoderChoice(model, path, precision=precision).load()
    heap.freeze_once("encoder")
    if encoder.mark.digest != digest:
        raise DataError(
            f"{Path(path).name}: these are not the weights that made this dataset (digest {encoder.mark.digest}, "
            f"expected {digest}); give the ones that it was encoded with"
        )
    return encoder


@answer(entries=200)
def _words(by: _Ready, caption: str) -> Words:
    encoded = by.encoder.encode_texts([caption])
    tokens = encoded.tokens[0, encoded.mask[0]] if by.level == "tokens" else encoded.globals
    return Words(f"words {caption} {by.key}", tokens, encoded.pieces[0], encoded.unknown[0], bool(encoded.truncated))


@answer(entries=20, spinner="Encoding the picture")
def _picture(by: _Ready, content: str, _data: bytes) -> tuple[ItemTokens, str, tuple[int, int] | None]:
    picture = picture_of(_data)
    encoded = by.encoder.encode_images([picture])
    tokens = encoded.tokens[0] if by.level == "tokens" else encoded.globals
    grid = by.encoder.grid if by.level == "tokens" else None
    return tokens, data_address(picture, size=THUMBNAIL), grid
