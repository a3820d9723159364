"""`EncoderMark`: a dataset remembers who encoded it, so that more can be encoded in the same way later."""

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from pico_core.common.errors import DataError

Precision = Literal["fp32", "bf16", "fp16"]
Level = Literal["tokens", "globals"]
WeightsFrom = Literal["file", "tag", "hub", "random"]
MAX_NAME = 200
MAX_BYTES = 4096  # of a mark in a file
DIGEST = re.compile(r"[0-9a-f]{16}")
CHOICES: dict[str, tuple[str, ...]] = {
    "precision": get_args(Precision),
    "level": get_args(Level),
    "weights_from": get_args(WeightsFrom),
}


@dataclass(frozen=True)
class EncoderMark:
    """Which encoder made the tokens of a dataset.

    Attributes:
        name: What people call it: the model and its weights.
        model: The name that `load_encoder` knows it by.
        digest: 16 hex digits over its weights, activations, tokenizer and how it prepares pixels. It names no
            file, so the same weights in another format have the same digest.
        precision: Number format that it ran in.
        level: Whether an item is all its tokens, or one global vector.
        weights_from: A file, a tag, the model's own place on the hub, or chance.

    >>> EncoderMark("ViT-B-32 mine", "ViT-B-32", "0123456789abcdef").sentence
    'ViT-B-32 mine (weights 0123456789abcdef, fp32, tokens)'
    """

    name: str
    model: str
    digest: str
    precision: Precision = "fp32"
    level: Level = "tokens"
    weights_from: WeightsFrom = "file"

    @property
    def sentence(self) -> str:
        """The encoder in words, on one line."""
        return f"{self.name} (weights {self.digest}, {self.precision}, {self.level})"

    def same_encoder(self, other: "EncoderMark") -> bool | None:
        """Whether both are one encoder, at whatever level; None where only a comparison of their tokens can tell.

        Weights in another number format are other numbers, so their digests cannot be compared.

        >>> mine = EncoderMark("mine", "ViT-B-32", "0123456789abcdef")
        >>> [mine.same_encoder(EncoderMark("x", "ViT-B-32", "0123456789abcdef", p)) for p in ("fp32", "bf16")]
        [True, None]
        """
        if self.model != other.model:
            return False
        return self.digest == other.digest if self.precision == other.precision else None


def mark_to_text(mark: EncoderMark) -> str:
    """The mark as it stands in a file."""
    return json.dumps(asdict(mark))


def mark_from_text(text: str) -> EncoderMark:
    """Read a mark back from a file.

    Raises:
        DataError: it is damaged; says how.

    >>> mark = EncoderMark("mine", "ViT-B-32", "0123456789abcdef")
    >>> mark_from_text(mark_to_text(mark)) == mark
    True
    """
    try:
        record = _record(text)
        wanted = {field.name for field in fields(EncoderMark)}
        if set(record) != wanted:
            raise DataError(
                f"it names {', '.join(sorted(map(repr, record)))[:200]}; expected {', '.join(sorted(wanted))}"
            )
        for name, value in record.items():
            _check(name, value)
        return EncoderMark(**record)
    except DataError as error:
        raise DataError(
            f"the note of which encoder made this dataset is damaged: {error}. Encode the dataset anew"
        ) from error


def _record(text: str) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise DataError(f"it takes {len(text)} letters; expected at most {MAX_BYTES}")
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"it is no JSON ({error})") from error
    if not isinstance(record, dict):
        raise DataError(f"it holds a {type(record).__name__}; expected names with their values")
    return record


def _check(name: str, value: object) -> None:
    """Refuse a value that the mark of an encoder cannot have."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise DataError(f"{name} is {repr(value)[:60]}; expected 1 to {MAX_NAME} letters on one line")
    if name == "digest" and not DIGEST.fullmatch(value):
        raise DataError(f"digest is {value[:60]!r}; expected 16 hexadecimal digits")
    if value not in CHOICES.get(name, (value,)):
        raise DataError(f"{name} is {value[:60]!r}; expected one of {', '.join(CHOICES[name])}")
