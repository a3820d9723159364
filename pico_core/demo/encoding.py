"""Scenes through an encoder: pairs with their labels, and where the things lie that words name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.scenes import Scenes
from pico_core.encoders import Encoder
from pico_core.retrieval.alignment import NamedThing

IMAGE_LABELS: Final = ("style", "count", "relation", "first_object")
TEXT_LABELS: Final = ("register", "first_object")


@dataclass(frozen=True, eq=False)
class EncodedScenes:
    """Scenes as an encoder sees them.

    Attributes:
        pairs: Tokens in float16, labels of content and of style.
        things: Every colour word and shape word that is one token, with the box of its object.
    """

    pairs: PairedEmbeddings
    things: tuple[NamedThing, ...]


def encode_scenes(
    encoder: Encoder, scenes: Scenes, *, name: str = "scenes", files: Sequence[Path] | None = None
) -> EncodedScenes:
    """Encode pictures and captions, without a file in between unless files of the pictures are given.

    Raises:
        DataError: a caption without a word that the encoder knows.
    """
    images = encoder.encode_images(files or [scenes.picture(i) for i in range(len(scenes.pixels))])
    texts = encoder.encode_texts(scenes.captions)
    pairs = PairedEmbeddings.from_arrays(
        images.tokens.half(),
        texts.tokens.half(),
        image_mask=images.mask,
        text_mask=texts.mask,
        text_image=scenes.text_image,
        ids=[file.stem for file in files] if files else scenes.images["id"].to_list(),
        captions=scenes.captions,
        image_labels=scenes.images.select(IMAGE_LABELS),
        text_labels=scenes.texts.select(TEXT_LABELS),
        name=name,
    )
    return EncodedScenes(pairs, named_things(texts.pieces, scenes.text_image, scenes.images))


def named_things(
    pieces: tuple[tuple[str, ...], ...], text_image: torch.Tensor, images: pl.DataFrame
) -> tuple[NamedThing, ...]:
    """Colour words and shape words of captions, each with the box of the one object that it means."""
    known: list[dict[str, tuple[str, tuple[float, float, float, float]]]] = []
    for row in images.iter_rows(named=True):
        boxes = [tuple(box) for box in row["boxes"]]
        words = {kind: row[f"{kind}s"].split() for kind in ("colour", "shape")}
        known.append({word: (kind, box) for kind in words for word, box in zip(words[kind], boxes, strict=True)})
    return tuple(
        NamedThing(text, position, known[image][piece][1], known[image][piece][0])
        for text, (image, words) in enumerate(zip(text_image.tolist(), pieces, strict=True))
        for position, piece in enumerate(words)
        if piece in known[image]
    )
