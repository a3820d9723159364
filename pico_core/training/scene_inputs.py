"""Scenes as a small CLIP reads them, and as it sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from jaxtyping import Bool, Int, UInt8
from torch import Tensor, nn

from pico_core.axes import TextImage
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.scenes import Scenes
from pico_core.encoders.small import SmallClipConfig, small_pixels
from pico_core.encoders.towers import image_output, text_output
from pico_core.encoders.words import SmallWords
from pico_core.errors import DataError

AT_ONCE: Final = 256  # pictures, or captions, through the model


@dataclass(frozen=True, eq=False)
class SceneInputs:
    """Scenes as a small CLIP reads them.

    Attributes:
        pixels: Pictures of the model's size.
        words: Captions as rows of its vocabulary, those of one picture together.
        real: True = a word, or a piece of one.
        text_image: The picture of every caption.
        ids: Names of the pictures.
    """

    pixels: UInt8[Tensor, "n h w 3"]
    words: Int[Tensor, "m l"]
    real: Bool[Tensor, "m l"]
    text_image: TextImage
    ids: tuple[str, ...]

    @classmethod
    def of(cls, scenes: Scenes, vocabulary: Sequence[int], model: SmallClipConfig) -> "SceneInputs":
        """Scenes cut into words; words that are not in the vocabulary are left out.

        Raises:
            DataError: the pictures have another size, or a caption has no word that is known.
        """
        size = model.image_size
        if scenes.pixels.shape[1:3] != (size, size):
            found = "x".join(map(str, scenes.pixels.shape[1:3]))
            raise DataError(f"the pictures are {found} pixels; the model sees {size}x{size}: render them in this size")
        cut = SmallWords(vocabulary, context_length=model.context_length)(scenes.captions)
        empty = (~cut.real.any(dim=1)).nonzero()[:, 0].tolist()
        if empty:
            caption = scenes.captions[empty[0]]
            raise DataError(f"no word of the caption {caption!r} is in the vocabulary; make it of more captions")
        ids = tuple(f"seed {scenes.seed} {name}" for name in scenes.images["id"])
        return cls(scenes.pixels, cut.ids, cut.real, scenes.text_image, ids)

    @property
    def captions(self) -> Int[Tensor, "n c"]:
        """The captions of every picture; all have the same number."""
        return torch.argsort(self.text_image, stable=True).view(len(self.pixels), -1)

    def few(self, n_images: int, *, seed: int) -> "SceneInputs":
        """At most so many pictures at random, in their old order, with all their captions."""
        if n_images >= len(self.pixels):
            return self
        drawn = torch.randperm(len(self.pixels), generator=torch.Generator().manual_seed(seed))[:n_images]
        chosen = drawn.sort().values
        texts = self.captions[chosen].flatten()
        owner = torch.arange(n_images).repeat_interleave(len(texts) // n_images)
        ids = tuple(self.ids[image] for image in chosen.tolist())
        return SceneInputs(self.pixels[chosen], self.words[texts], self.real[texts], owner, ids)


@torch.no_grad()
def seen_by(model: nn.Module, inputs: SceneInputs, *, name: str = "scenes") -> PairedEmbeddings:
    """Scenes as the model sees them now: unit tokens on the CPU in float32, without a gradient.

    Raises:
        DataError: the model gives no tokens, or none that are numbers.
    """
    device = next(model.parameters()).device
    trained, made = model.training, {"image": list[Tensor](), "text": list[Tensor]()}
    model.eval()
    for pixels in torch.split(inputs.pixels, AT_ONCE):
        made["image"].append(tokens_of(image_output(model, small_pixels(pixels).to(device)).tokens).cpu())
    for words in torch.split(inputs.words, AT_ONCE):
        made["text"].append(tokens_of(text_output(model, words.to(device)).tokens).cpu())
    model.train(trained)
    return PairedEmbeddings.from_arrays(
        torch.cat(made["image"]),
        torch.cat(made["text"]),
        text_mask=inputs.real,
        text_image=inputs.text_image,
        ids=inputs.ids,
        name=name,
    )


def tokens_of(found: Any) -> Tensor:
    """Tokens, or the complaint that a model has none.

    Raises:
        DataError: it has none.
    """
    if not isinstance(found, Tensor):
        raise DataError("the model gives no tokens; choose another shape")
    return found
