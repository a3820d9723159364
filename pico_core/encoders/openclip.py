"""`OpenClipEncoder`: pictures and captions through any model of open_clip, in batches."""

import hashlib
import importlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.marks import MAX_NAME, EncoderMark, Precision, WeightsFrom
from pico_core.encoders.pictures import check_pixels, read_picture, upright_rgb
from pico_core.encoders.protocol import (
    BadItem,
    EncodedImages,
    EncodedTexts,
    OnBad,
    Picture,
    check_batch_size,
    judge_bad,
    report_batch,
)
from pico_core.encoders.towers import TowerOutput, image_output, text_output
from pico_core.encoders.words import WordIds, Words
from pico_core.storage.retry_in_halves import retry_in_halves

DECODERS = 4  # threads that unpack pictures while Pillow has let go of the interpreter
DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class OpenClipEncoder:
    """An open_clip model as an `Encoder`; `load_encoder` and `load_small` make one.

    Tokens are in the joint space by the road of `towers`. A model without tokens on one side gives
    its global vector there as the only token, and `notes` says so. Safe to share between threads.

    Args:
        model: A model of open_clip, on its device and in its precision; it is put into evaluation.
        words: Cuts captions as this model needs them.
        name: What people call it.
        model_name: What `load_encoder` calls the model without its weights; default `name`.
        device: Where it computes.
        precision: Number format that the model was made in.
        notes: What a user should know of its weights.
        weights_from: Where its weights came from.

    Raises:
        DataError: the model cannot encode a blank picture and a word.
    """

    def __init__(
        self,
        model: Any,
        *,
        words: Words,
        name: str,
        model_name: str | None = None,
        device: torch.device | str = "cpu",
        precision: Precision = "fp32",
        notes: tuple[str, ...] = (),
        weights_from: WeightsFrom = "file",
    ) -> None:
        self._model = model.to(device).eval().requires_grad_(False)
        self._words = words
        self._name = name
        self._model_name = model_name or name
        self._weights_from: WeightsFrom = weights_from
        self._device = torch.device(device)
        self._precision: Precision = precision
        self._lock = threading.Lock()
        transform = importlib.import_module("open_clip.transform")
        stored = getattr(model.visual, "preprocess_cfg", {"size": model.visual.image_size})
        self._pixels_config = transform.PreprocessCfg(**stored)
        self._to_pixels: Callable[[Image.Image], Tensor] = transform.image_transform_v2(
            self._pixels_config, is_train=False
        )
        images, texts = self._probe()
        self._grid, self._width = images.grid, images.globals.shape[1]
        self._notes = (
            *notes,
            *(f"every image is one global vector: {images.why}" for _ in range(images.tokens is None)),
            *(f"every text is one global vector: {texts.why}" for _ in range(texts.tokens is None)),
        )

    @property
    def name(self) -> str:
        """What people call it."""
        return self._name

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of its tokens and weights."""
        return self._notes

    @property
    def model(self) -> Any:
        """The open_clip model itself."""
        return self._model

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._device

    @property
    def n_columns(self) -> int:
        """Width of the joint space, d."""
        return self._width

    @property
    def grid(self) -> tuple[int, int] | None:
        """Rows and columns of the patches over the picture as the model sees it; None if there is no grid."""
        return self._grid

    @cached_property
    def digest(self) -> str:
        """16 hex digits over weights, structure, tokenizer, pixels and precision."""
        total = hashlib.sha256(f"{self._weights_digest}\n{self._pixels_config}\n{self._precision}\n".encode())
        for path, module in self._model.named_modules():
            total.update(f"{path}:{type(module).__name__}{_plain_settings(module)}".encode())
        return total.hexdigest()[:16]

    @property
    def mark(self) -> EncoderMark:
        """What a dataset remembers of it. Its digest leaves out what a newer library may name in another way."""
        name = "".join(letter if letter.isprintable() else "?" for letter in self._name)[:MAX_NAME]
        return EncoderMark(
            name or self._model_name,
            self._model_name,
            self._weights_digest[:16],
            self._precision,
            weights_from=self._weights_from,
        )

    @cached_property
    def _weights_digest(self) -> str:
        """Hex digits over weights, activations, tokenizer and pixels."""
        config = self._pixels_config
        numbers = [float(value) for value in (*config.input_size, *config.mean, *config.std, config.fill_color)]
        pixels = f"{numbers} {config.interpolation} {config.resize_mode}"
        # Of the structure only what a model's name leaves open: one family of weights wants another activation.
        plain = (module for module in self._model.modules() if not (list(module.children()) or module.state_dict()))
        activations = sorted({type(module).__name__ for module in plain} - {"Identity", "Dropout"})
        total = hashlib.sha256(f"{self._words.key}\n{pixels}\n{activations}\n".encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            total.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
            total.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return total.hexdigest()

    def encode_images(
        self, images: Sequence[Picture], *, batch_size: int = 32, on_bad: OnBad = "refuse", reporter: Reporter = SILENT
    ) -> EncodedImages:
        """As `Encoder` says; pictures are read and unpacked one batch at a time."""
        check_batch_size(batch_size)
        tokens, vectors, kept, bad = [], [], [], []
        with ThreadPoolExecutor(DECODERS) as pool:
            for start in range(0, len(images), batch_size):
                batch = images[start : start + batch_size]
                rows = []
                for position, pixels in enumerate(pool.map(self._pixels, batch), start):
                    if isinstance(pixels, str):
                        bad.append(judge_bad(BadItem(position, _name(images[position], position), pixels), on_bad))
                    else:
                        kept.append(position)
                        rows.append(pixels)
                if rows:
                    output = self._run_in_parts(image_output, torch.stack(rows), what="pictures", reporter=reporter)
                    tokens.append(_unit(output.globals[:, None] if output.tokens is None else output.tokens))
                    vectors.append(_unit(output.globals))
                report_batch(reporter, "images", min(start + batch_size, len(images)), len(images))
        joined = torch.cat(tokens) if tokens else torch.zeros(0, 1, self._width)
        mask = torch.ones(joined.shape[:2], dtype=torch.bool)
        return EncodedImages(joined, mask, _joined(vectors, self._width), tuple(kept), tuple(bad))

    def encode_texts(
        self, captions: Sequence[str], *, batch_size: int = 64, on_bad: OnBad = "refuse", reporter: Reporter = SILENT
    ) -> EncodedTexts:
        """As `Encoder` says; a caption without a single word that the model knows is bad."""
        check_batch_size(batch_size)
        rows, vectors, pieces, bad, unknown = [], [], [], [], []
        kept: list[int] = []
        truncated: list[int] = []
        for start in range(0, len(captions), batch_size):
            words = self._words(captions[start : start + batch_size])
            good = [i for i in range(len(words.ids)) if bool(words.real[i].any())]
            for i in set(range(len(words.ids))) - set(good):
                item = BadItem(start + i, repr(captions[start + i])[:80], _wordless(words, i))
                bad.append(judge_bad(item, on_bad))
            if good:
                output = self._run_in_parts(text_output, words.ids[good], what="captions", reporter=reporter)
                for row, i in enumerate(good):
                    own = output.globals[row, None] if output.tokens is None else output.tokens[row, words.real[i]]
                    rows.append(_unit(own))
                    pieces.append(words.pieces[i])
                    unknown.append(words.unknown[i])
                vectors.append(_unit(output.globals))
            kept.extend(start + i for i in good)
            truncated.extend(start + i for i in good if words.truncated[i])
            report_batch(reporter, "texts", min(start + batch_size, len(captions)), len(captions))
        return EncodedTexts(
            *_padded(rows, self._width),
            _joined(vectors, self._width),
            pieces=tuple(pieces),
            kept=tuple(kept),
            bad=tuple(bad),
            unknown=tuple(unknown),
            truncated=tuple(truncated),
        )

    def _pixels(self, picture: Picture) -> Tensor | str:
        """The pixels of one picture, or what is wrong with it."""
        try:
            if isinstance(picture, Image.Image):
                check_pixels(picture)
                return self._to_pixels(upright_rgb(picture))
            return self._to_pixels(read_picture(Path(picture)))
        except DataError as error:
            return str(error)

    def _run(self, tower: Callable[[Any, Any], TowerOutput], batch: Tensor) -> TowerOutput:
        if batch.is_floating_point():
            batch = batch.to(DTYPES[self._precision])
        with self._lock, torch.inference_mode():
            output = tower(self._model, batch.to(self._device))
            tokens = None if output.tokens is None else output.tokens.float().cpu()
            return replace(output, tokens=tokens, globals=output.globals.float().cpu())

    def _run_in_parts(
        self, tower: Callable[[Any, Any], TowerOutput], batch: Tensor, *, what: str, reporter: Reporter
    ) -> TowerOutput:
        """The whole batch at once, and in parts where memory does not suffice."""
        first, *others = retry_in_halves(
            lambda part: self._run(tower, batch[part]), len(batch), what=what, reporter=reporter
        )
        if not others:
            return first
        tokens = [part.tokens for part in (first, *others) if part.tokens is not None]
        vectors = torch.cat([part.globals for part in (first, *others)])
        return replace(first, tokens=torch.cat(tokens) if tokens else None, globals=vectors)

    def _probe(self) -> tuple[TowerOutput, TowerOutput]:
        size = self._pixels_config.input_size
        try:
            images = self._run(image_output, torch.zeros(1, *size))
            texts = self._run(text_output, self._words(["a photo"]).ids)
        except (RuntimeError, NotImplementedError) as error:
            raise DataError(
                f"{self._name}: the model does not run on {self._device} in {self._precision} "
                f"({str(error).splitlines()[0][:160]}); choose fp32 or another device"
            ) from error
        widths = images.globals.shape[1], texts.globals.shape[1]
        if widths[0] != widths[1]:
            raise DataError(f"{self._name}: images come out {widths[0]} wide and texts {widths[1]}; no joint space")
        return images, texts


def _plain_settings(module: torch.nn.Module) -> list[tuple[str, object]]:
    """What a module was told besides its weights, such as how it pools or how many heads it has."""
    plain = (int, float, str, bool, type(None))
    return sorted(
        (name, value)
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "training" and isinstance(value, plain)
    )


def _name(picture: Picture, position: int) -> str:
    return f"image {position}" if isinstance(picture, Image.Image) else Path(picture).name


def _wordless(words: WordIds, item: int) -> str:
    if words.unknown[item]:
        return f"this encoder knows none of its words ({', '.join(words.unknown[item][:8])}); say it in other words"
    return "there is no word in it; write a sentence"


def _unit(vectors: Float[Tensor, "*items d"]) -> Float[Tensor, "*items d"]:
    return torch.nn.functional.normalize(vectors, dim=-1)


def _joined(parts: list[Tensor], width: int) -> Float[Tensor, "items d"]:
    return torch.cat(parts) if parts else torch.zeros(0, width)


def _padded(rows: list[Tensor], width: int) -> tuple[Float[Tensor, "items tokens d"], Bool[Tensor, "items tokens"]]:
    longest = max((len(row) for row in rows), default=1)
    tokens = torch.zeros(len(rows), longest, width)
    mask = torch.zeros(len(rows), longest, dtype=torch.bool)
    for item, row in enumerate(rows):
        tokens[item, : len(row)] = row
        mask[item, : len(row)] = True
    return tokens, mask
