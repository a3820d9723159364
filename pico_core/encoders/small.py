"""A small CLIP of our own shape, and its one file: halves, the used words only, its settings inside."""

import importlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float, UInt8
from safetensors.torch import save_file
from torch import Tensor

from pico_core.common.errors import DataError, SettingError
from pico_core.common.places import ASSETS
from pico_core.data.marks import Precision
from pico_core.encoders.checkpoints import fit_weights, read_weights
from pico_core.encoders.openclip import DTYPES, OpenClipEncoder
from pico_core.encoders.words import END, PADDING, START, SmallWords
from pico_core.storage.atomic import atomic_file
from pico_core.storage.headers import check_file, naming, reading, safetensors_headers, safetensors_metadata

SMALL = "pico-small"
FORMAT, VERSION = "pico-lens encoder", 1
BUILTIN = ASSETS / "scenes" / "shortcut" / "encoder.safetensors"
VOCABULARY, WORD_ROWS = "vocabulary", "token_embedding.weight"


@dataclass(frozen=True)
class SmallClipConfig:
    """The shape of a small CLIP; the default has 1.9 million parameters apart from its words.

    Attributes:
        image_size: Side of the pictures it sees.
        patch_size: Side of a patch.
        vision_width: Width of the image tower, a multiple of 64.
        vision_layers: Its depth.
        text_width: Width of the text tower, a multiple of 64.
        text_layers: Its depth.
        mlp_ratio: Width of the hidden layers as a multiple.
        embed_dim: Width of the joint space, d.
        context_length: Tokens of a caption, start and end included.
        pool: The global vector of an image: mean of its patches, or the class token.
    """

    image_size: int = 64
    patch_size: int = 8
    vision_width: int = 192
    vision_layers: int = 4
    text_width: int = 192
    text_layers: int = 2
    mlp_ratio: float = 2.0
    embed_dim: int = 64
    context_length: int = 32
    pool: Literal["avg", "tok"] = "avg"

    def __post_init__(self) -> None:
        limits = {
            "image_size": (8, 512), "patch_size": (4, 64), "vision_width": (64, 1024), "vision_layers": (1, 24),
            "text_width": (64, 1024), "text_layers": (1, 24), "mlp_ratio": (1, 8), "embed_dim": (2, 1024),
            "context_length": (3, 256),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if type(value) is not (float if name == "mlp_ratio" else int) or not low <= value <= high:
                raise SettingError(f"{name} is {value!r}; expected {low} to {high}")
        if self.image_size % self.patch_size:
            raise SettingError(f"image_size {self.image_size} is no multiple of patch_size {self.patch_size}")
        for name in ("vision_width", "text_width"):
            if getattr(self, name) % 64:
                raise SettingError(f"{name} is {getattr(self, name)}; expected a multiple of 64")
        if self.pool not in ("avg", "tok"):
            raise SettingError(f"pool is {self.pool!r}; expected 'avg' or 'tok'")


def small_clip(
    config: SmallClipConfig | None = None, *, n_words: int, seed: int = 0, precision: Precision = "fp32"
) -> Any:
    """open_clip's own `CLIP` in this shape, with random weights; the caller's random state is left alone.

    Args:
        config: Its shape.
        n_words: Rows of its vocabulary, `len(vocabulary)`.
        seed: Decides the weights.
        precision: As open_clip casts models; train in fp32.

    >>> model = small_clip(n_words=100)
    >>> sum(p.numel() for p in model.parameters()) - model.token_embedding.weight.numel()
    1863553
    """
    shape = config or SmallClipConfig()
    open_clip = importlib.import_module("open_clip")
    vision = {
        "image_size": shape.image_size, "patch_size": shape.patch_size, "width": shape.vision_width,
        "layers": shape.vision_layers, "head_width": 64, "mlp_ratio": shape.mlp_ratio, "pool_type": shape.pool,
    }  # fmt: skip
    text = {
        "context_length": shape.context_length, "vocab_size": n_words, "width": shape.text_width,
        "heads": shape.text_width // 64, "layers": shape.text_layers, "mlp_ratio": shape.mlp_ratio,
    }  # fmt: skip
    cast = None if precision == "fp32" else DTYPES[precision]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = open_clip.CLIP(shape.embed_dim, vision, text, cast_dtype=cast)
    if cast is not None:
        open_clip.convert_weights_to_lp(model, dtype=cast)
    return model


def small_pixels(pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """Pictures of the right size as a small CLIP sees them: what its encoder makes of the same picture in a file.

    >>> small_pixels(torch.zeros(1, 8, 8, 3, dtype=torch.uint8)).shape
    torch.Size([1, 3, 8, 8])
    """
    stored = importlib.import_module("open_clip.transform").PreprocessCfg()
    mean, std = (torch.tensor(values)[:, None, None] for values in (stored.mean, stored.std))
    return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std


def small_encoder(
    model: Any,
    vocabulary: Sequence[int],
    *,
    config: SmallClipConfig | None = None,
    name: str = SMALL,
    device: torch.device | str = "cpu",
    precision: Precision = "fp32",
    notes: tuple[str, ...] = (),
) -> OpenClipEncoder:
    """A small CLIP as an encoder; `vocabulary` gives the tokenizer's number of each row of its words."""
    shape = config or SmallClipConfig()
    words = SmallWords(vocabulary, context_length=shape.context_length)
    return OpenClipEncoder(
        model, words=words, name=name, model_name=SMALL, device=device, precision=precision, notes=notes
    )


def save_small(
    model: Any, vocabulary: Sequence[int], path: Path | str, *, config: SmallClipConfig | None = None, name: str = SMALL
) -> Path:
    """Write a small CLIP as one safetensors file: float16 weights, the vocabulary's rows, the shape as JSON.

    A model that was trained with open_clip's whole vocabulary keeps only these rows.

    Raises:
        DataError: the vocabulary does not fit the model, or a weight is too large for float16.
    """
    target = Path(path)
    chosen = _vocabulary(torch.tensor(list(vocabulary)))
    weights: dict[str, Tensor] = {key: value.detach().cpu() for key, value in model.state_dict().items()}
    rows = weights[WORD_ROWS]
    if len(rows) != len(chosen):
        if len(rows) <= END:
            raise DataError(
                f"the model has {len(rows)} words and the vocabulary {len(chosen)}; give its own vocabulary"
            )
        weights[WORD_ROWS] = rows[chosen]
    halves = {key: value.half().contiguous().clone() for key, value in weights.items()}
    for key, value in halves.items():
        if not bool(torch.isfinite(value).all()):
            raise DataError(f"weight {key!r} does not fit into float16, or is not finite; the training failed")
    # One entry: of several, safetensors would write the order anew every time.
    record = {"version": VERSION, "name": name, "config": asdict(config or SmallClipConfig())}
    try:
        with atomic_file(target) as draft:
            save_file({**halves, VOCABULARY: chosen.int()}, draft, metadata={FORMAT: json.dumps(record)})
    except OSError as error:
        raise DataError(f"{target.name}: the encoder could not be written ({error.strerror or error})") from error
    return target


def builtin_encoder() -> Path | None:
    """The file of the small encoder that comes with the project; None where it was not brought along."""
    return BUILTIN if BUILTIN.is_file() else None


def is_small(path: Path) -> bool:
    """Whether a file is one that `save_small` wrote."""
    if path.suffix.lower() != ".safetensors" or not path.is_file() or path.stat().st_size == 0:
        return False
    with reading(path, "safetensors"):
        safetensors_headers(path)
        return FORMAT in safetensors_metadata(path)


def load_small(
    path: Path | str, *, device: torch.device | str = "cpu", precision: Precision = "fp32"
) -> OpenClipEncoder:
    """Read an encoder of `save_small`, ready to encode.

    Raises:
        DataError: another file, another version, or contents that do not fit together.
    """
    file = Path(path)
    check_file(file, (".safetensors",))
    if not is_small(file):
        raise DataError(f"{file.name}: it is no small encoder of PICO Lens; load it under the name of its own model")
    with reading(file, "a small encoder"):
        record = json.loads(safetensors_metadata(file)[FORMAT])
        if record["version"] != VERSION:
            raise DataError(f"it is of version {record['version']!r}; this program reads version {VERSION}: update it")
        config, name = _config(record["config"]), str(record["name"])
    weights = dict(read_weights(file))
    with naming(file):
        if VOCABULARY not in weights:
            raise DataError("the vocabulary is missing; save the encoder anew")
        vocabulary = _vocabulary(weights.pop(VOCABULARY))
    model = small_clip(config, n_words=len(vocabulary), precision=precision)
    fit_weights(model, weights, path=file, model_name=f"{SMALL} of {len(vocabulary)} words")
    return small_encoder(model, vocabulary.tolist(), config=config, name=name, device=device, precision=precision)


def _config(stored: dict[str, Any]) -> SmallClipConfig:
    """The shape as it is stored, its limits checked before anything of that shape is made."""
    try:
        return replace(SmallClipConfig(), **stored)
    except SettingError as error:
        raise DataError(f"its settings are not those of a small encoder: {error}") from error


def _vocabulary(tokens: Tensor) -> Tensor:
    """Token numbers in rising order, from padding to end, which the highest row must be."""
    chosen = tokens.to(torch.int64)
    rising = chosen.ndim == 1 and len(chosen) >= 3 and bool((chosen.diff() > 0).all())
    if not rising or int(chosen[0]) != PADDING or chosen[-2:].tolist() != [START, END]:
        raise DataError(
            f"the vocabulary must hold rising token numbers from {PADDING} to {START}, {END}; "
            "use vocabulary_of(captions)"
        )
    return chosen
