"""What an encoder is: pictures and captions in, unit tokens and masks of one space out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import SILENT, Cancelled, Reporter
from pico_core.data.marks import EncoderMark

Picture = Path | str | Image.Image
OnBad = Literal["refuse", "skip"]
Stage = Literal["images", "texts"]


@dataclass(frozen=True)
class BadItem:
    """A picture or a caption that cannot be encoded.

    Attributes:
        position: In what was given.
        name: The file, or the caption itself.
        reason: What is wrong and the mend.
    """

    position: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """Pictures as tokens.

    Attributes:
        tokens: Unit patch tokens in the joint space, float32, on the CPU.
        mask: True = real patch.
        globals: The model's own unit vector of every picture.
        kept: The position of each row in what was given.
        bad: The pictures that are not among the rows, with reasons.
    """

    tokens: Float[Tensor, "n p d"]
    mask: Bool[Tensor, "n p"]
    globals: Float[Tensor, "n d"]
    kept: tuple[int, ...]
    bad: tuple[BadItem, ...]


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """Captions as tokens; start, end and padding are no tokens.

    Attributes:
        tokens: Unit word tokens in the joint space, float32, on the CPU; zeros under the mask.
        mask: True = real word.
        globals: The model's own unit vector of every caption.
        pieces: What each real token stands for, as the tokenizer cut the caption.
        kept: The position of each row in what was given.
        bad: The captions that are not among the rows, with reasons.
        unknown: Words of each row that the encoder does not know and left out.
        truncated: Positions of captions that are longer than the model reads.
    """

    tokens: Float[Tensor, "m w d"]
    mask: Bool[Tensor, "m w"]
    globals: Float[Tensor, "m d"]
    pieces: tuple[tuple[str, ...], ...]
    kept: tuple[int, ...]
    bad: tuple[BadItem, ...]
    unknown: tuple[tuple[str, ...], ...]
    truncated: tuple[int, ...]


@runtime_checkable
class Encoder(Protocol):
    """Anything that puts pictures and captions into one space; each side can be encoded alone."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def digest(self) -> str:
        """16 hex digits over everything that decides its output: weights, tokenizer, pixels, precision."""

    @property
    def mark(self) -> EncoderMark:
        """What a dataset remembers of it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of its tokens, such as that there are none."""

    def encode_images(
        self, images: Sequence[Picture], *, batch_size: int = 32, on_bad: OnBad = "refuse", reporter: Reporter = SILENT
    ) -> EncodedImages:
        """Encode pictures: unit patch tokens and global vectors.

        Args:
            images: Paths, or open images.
            batch_size: Pictures at a time.
            on_bad: "refuse" the first picture that cannot be read, or "skip" such pictures and list them.
            reporter: Hears of every batch.

        Raises:
            DataError: a bad picture, by its name.
            Cancelled: by the reporter, after a batch.
        """

    def encode_texts(
        self, captions: Sequence[str], *, batch_size: int = 64, on_bad: OnBad = "refuse", reporter: Reporter = SILENT
    ) -> EncodedTexts:
        """Encode captions, of a data set or typed by a person: unit word tokens and global vectors.

        Arguments and errors as for pictures; a caption without a known word is bad.
        """


def judge_bad(bad: BadItem, on_bad: OnBad) -> BadItem:
    """Refuse a bad item by its name, or hand it back to be listed.

    >>> judge_bad(BadItem(0, "a.jpg", "the file is empty"), "skip").name
    'a.jpg'
    """
    if on_bad not in ("refuse", "skip"):
        raise SettingError(f"on_bad is {on_bad!r}; expected 'refuse' or 'skip'")
    if on_bad == "refuse":
        raise DataError(f"{bad} (or skip bad items)")
    return bad


def check_batch_size(batch_size: int) -> None:
    """A batch holds at least one item."""
    if batch_size < 1:
        raise SettingError(f"batch_size is {batch_size}; expected at least 1")


def report_batch(reporter: Reporter, stage: Stage, done: int, total: int, *, share: float | None = None) -> None:
    """Say that so many items are behind us, bad ones included; cancelled here, the work says how far it came."""
    try:
        reporter.step(done, total, name=stage)  # first: where the share cancels, this is said to be done
        reporter.share(done / total if share is None else share)
    except Cancelled:
        raise Cancelled(f"stopped after {done} of {total} {stage}, as asked; start it again to go on") from None
