"""`PairedEmbeddings`: images and texts of one dataset, whose invariants hold once it exists."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.common.axes import ImageMask, ImageTokens, ItemMeans, TextImage, TextMask, TextTokens
from pico_core.common.errors import DataError
from pico_core.data import checks
from pico_core.data.marks import EncoderMark
from pico_core.data.samples import Sample
from pico_core.data.statistics import ItemStatistics, item_statistics
from pico_core.storage.token_files import StoredTokens, blocks, dense, items_at_once

PartName = Literal["all", "fit", "feedback", "test"]
RESERVED_IMAGE_COLUMNS = ("id", "path")
RESERVED_TEXT_COLUMNS = ("caption",)
DIGEST_BYTES = 32 * 2**20  # hashed at a time
MIN_IMAGES_PER_SPLIT = 2  # with one image every query is right


@dataclass(frozen=True)
class Normalisation:
    """What the tokens' L2 norms were when they came in; the tokens that are kept have norm 1.

    Attributes:
        applied: Whether the tokens were divided by their norm (False: they came as unit vectors).
        image_norms: Smallest and largest norm of the real image tokens as they came.
        text_norms: The same of the text tokens.
    """

    applied: bool
    image_norms: tuple[float, float]
    text_norms: tuple[float, float]


@dataclass(frozen=True, eq=False)
class PairedEmbeddings:
    """Image tokens and text tokens in one space, and which text belongs to which image.

    Build it with `from_arrays`, which checks and normalises. Rows of `images` and `texts` are in
    the order of the tensors. Padding holds zeros, so equal data have equal digests.

    Attributes:
        image_tokens: Unit patch tokens [n, p, d] as stored (float16, bfloat16, float32 or float64). In a large
            dataset they lie in its file (`StoredTokens`), and so do those of its parts in any basis.
        image_mask: True = real patch.
        text_tokens: Unit word tokens [m, w, d].
        text_mask: True = real word.
        text_image: The image of each text; every image has at least one text.
        images: One row per image: `id`, `path` (may be null), and any label columns.
        texts: One row per text: `caption` (may be null), and any label columns.
        normalisation: What was done to the norms.
        name: What people call the dataset.
        part: Which part of the dataset this is, "all" before it is split.
        encoder: Which encoder made the tokens, where that is known. It stays with every part and
            through a change of basis, and is no part of the digest: the same arrays have the same
            columns and the same studies, whoever made them.
    """

    image_tokens: ImageTokens
    image_mask: ImageMask
    text_tokens: TextTokens
    text_mask: TextMask
    text_image: TextImage
    images: pl.DataFrame
    texts: pl.DataFrame
    normalisation: Normalisation
    name: str = "unnamed"
    part: PartName = "all"
    encoder: EncoderMark | None = None

    @classmethod
    def from_arrays(
        cls,
        image_tokens: Tensor,
        text_tokens: Tensor,
        *,
        image_mask: Tensor | None = None,
        text_mask: Tensor | None = None,
        text_image: Tensor | None = None,
        ids: Sequence[str] | None = None,
        captions: Sequence[str] | None = None,
        image_paths: Sequence[str] | None = None,
        image_labels: pl.DataFrame | None = None,
        text_labels: pl.DataFrame | None = None,
        name: str = "unnamed",
    ) -> "PairedEmbeddings":
        """Check, normalise and pair two arrays of embeddings.

        Args:
            image_tokens: [n, p, d], or global vectors [n, d] (then p = 1). Floating.
            text_tokens: [m, w, d] or [m, d].
            image_mask: [n, p], True = real; default all real.
            text_mask: [m, w]; default all real.
            text_image: [m] integers, the image of each text; default text i belongs to image i,
                allowed only if there are as many texts as images.
            ids: n names; default "0", "1", ...
            captions: m sentences.
            image_paths: n paths to pictures.
            image_labels: n rows of any label columns.
            text_labels: m rows of any label columns.
            name: What people call the dataset.

        Raises:
            DataError: shapes that do not fit, non-finite or zero vectors, an item without a real
                token, an image without a text, an unknown image. The message says which and the mend.

        >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 2.0]]))
        >>> pairs.image_tokens.tolist(), pairs.normalisation.image_norms
        ([[[0.6000000238418579, 0.800000011920929]]], (5.0, 5.0))
        """
        images = checks.as_tokens(image_tokens, "image")
        texts = checks.as_tokens(text_tokens, "text")
        checks.same_width(images, texts)
        image_real = checks.as_mask(image_mask, images, "image")
        text_real = checks.as_mask(text_mask, texts, "text")
        owner = checks.as_text_image(text_image, n_images=len(images), n_texts=len(texts))
        names = [str(i) for i in range(len(images))] if ids is None else [str(i) for i in ids]
        checks.row_count(names, len(images), "ids", "image")
        checks.every_image_has_text(owner, names)
        checks.finite(images, image_real, "image")
        checks.finite(texts, text_real, "text")
        images, image_norms, image_changed = checks.unit_tokens(images, image_real, "image")
        texts, text_norms, text_changed = checks.unit_tokens(texts, text_real, "text")
        return cls(
            image_tokens=images,
            image_mask=image_real,
            text_tokens=texts,
            text_mask=text_real,
            text_image=owner,
            images=_frame(len(images), "image", {"id": names, "path": image_paths}, image_labels),
            texts=_frame(len(texts), "text", {"caption": captions}, text_labels),
            normalisation=Normalisation(image_changed or text_changed, image_norms, text_norms),
            name=name,
        )

    @property
    def n_images(self) -> int:
        """Number of images, n."""
        return len(self.image_tokens)

    @property
    def n_texts(self) -> int:
        """Number of texts, m."""
        return len(self.text_tokens)

    @property
    def n_columns(self) -> int:
        """Number of feature columns, d."""
        return self.image_tokens.shape[2]

    @property
    def ids(self) -> list[str]:
        """Names of the images, in order."""
        return self.images["id"].to_list()

    @property
    def captions(self) -> list[str | None]:
        """Sentences of the texts, in order; None where a text came without one."""
        return self.texts["caption"].to_list()

    @property
    def image_paths(self) -> list[str | None]:
        """Where the pictures lie; None where there is none."""
        return self.images["path"].to_list()

    @property
    def image_labels(self) -> list[str]:
        """Names of the label columns of images."""
        return [c for c in self.images.columns if c not in RESERVED_IMAGE_COLUMNS]

    @property
    def text_labels(self) -> list[str]:
        """Names of the label columns of texts."""
        return [c for c in self.texts.columns if c not in RESERVED_TEXT_COLUMNS]

    @property
    def texts_per_image(self) -> tuple[int, int]:
        """Fewest and most texts that an image has."""
        counts = torch.bincount(self.text_image, minlength=self.n_images)
        return int(counts.min()), int(counts.max())

    @cached_property
    def image_statistics(self) -> ItemStatistics:
        """Mean and sign shares of the real tokens of every image, from one pass over them."""
        return item_statistics(self.image_tokens, self.image_mask)

    @cached_property
    def text_statistics(self) -> ItemStatistics:
        """Mean and sign shares of the real tokens of every text, from one pass over them."""
        return item_statistics(self.text_tokens, self.text_mask)

    @property
    def image_means(self) -> ItemMeans:
        """Mean of the real tokens of every image [n, d], float32."""
        return self.image_statistics.mean

    @property
    def text_means(self) -> ItemMeans:
        """Mean of the real tokens of every text [m, d], float32."""
        return self.text_statistics.mean

    @cached_property
    def digest(self) -> str:
        """Content digest: 16 hex digits over arrays, masks, pairing and the tables. Cache and run key."""
        total = hashlib.sha256()
        for tensor in (self.image_tokens, self.image_mask, self.text_tokens, self.text_mask, self.text_image):
            total.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
            for part in blocks(len(tensor), items_at_once(tensor, DIGEST_BYTES)):
                total.update(dense(tensor[part]).detach().cpu().contiguous().view(torch.uint8).numpy().data)
        for frame in (self.images, self.texts):
            for column in frame.iter_columns():
                total.update(f"{column.name}:{column.dtype}\n".encode())
                total.update("\x1f".join(repr(value) for value in column.to_list()).encode("utf-8", "replace"))
        return total.hexdigest()[:16]

    def select(self, index: Tensor | Sequence[int]) -> "PairedEmbeddings":
        """Keep these images, in this order, with all their texts (in their old order).

        Raises:
            DataError: an index is out of range or named twice.
        """
        chosen = torch.as_tensor(index, dtype=torch.int64).flatten()
        if len(chosen) and not (int(chosen.min()) >= 0 and int(chosen.max()) < self.n_images):
            raise DataError(
                f"select: image indices lie in {int(chosen.min())} to {int(chosen.max())}, "
                f"but there are {self.n_images} images; use 0 to {self.n_images - 1}"
            )
        if len(torch.unique(chosen)) != len(chosen):
            raise DataError("select: an image is named twice; an image can be kept only once")
        new_place = torch.full((self.n_images,), -1, dtype=torch.int64)
        new_place[chosen] = torch.arange(len(chosen))
        owner = new_place[self.text_image.cpu()]
        kept = (owner >= 0).nonzero()[:, 0]
        return replace(
            self,
            image_tokens=self.image_tokens[chosen],
            image_mask=self.image_mask[chosen],
            text_tokens=self.text_tokens[kept],
            text_mask=self.text_mask[kept],
            text_image=owner[kept].to(self.text_image.device),
            images=self.images[chosen.tolist()],
            texts=self.texts[kept.tolist()],
        )

    @property
    def in_file(self) -> bool:
        """Whether the tokens lie in the dataset's file and are read in blocks."""
        return isinstance(self.image_tokens, StoredTokens) or isinstance(self.text_tokens, StoredTokens)

    def read(self) -> "PairedEmbeddings":
        """The same pairs with all tokens in memory.

        Raises:
            DataError: the tokens lie in a file and are too many for that.
        """
        return replace(self, image_tokens=dense(self.image_tokens), text_tokens=dense(self.text_tokens))

    def split(self, *, seed: int = 0, fit: float = 0.45, feedback: float = 0.15) -> "Splits":
        """The three parts of `split_images`, with the texts of their images."""
        images = self.split_images(seed=seed, fit=fit, feedback=feedback)
        fit_part, feedback_part, test = (self.select_part(part, chosen) for part, chosen in images.items())
        return Splits(fit_part, feedback_part, test)

    def select_part(self, part: PartName, images: Int[Tensor, " k"]) -> "PairedEmbeddings":
        """These images with their texts, as a part of a split that says which one it is."""
        return replace(self.select(images), part=part)

    def split_images(self, *, seed: int = 0, fit: float = 0.45, feedback: float = 0.15) -> dict[PartName, Tensor]:
        """Divide the images at random into fit, feedback and test: disjoint, together everything.

        A text goes with its image, so no caption of a test image is ever seen in fitting.

        Args:
            seed: Decides the division; the same seed gives the same one.
            fit: Share of the images whose statistics and prototypes are fitted.
            feedback: Share on which candidates are compared; the rest is test.

        Raises:
            DataError: a part would have fewer than 2 images (with one, every query is right).
        """
        n_fit, n_feedback = round(self.n_images * fit), round(self.n_images * feedback)
        n_feedback = max(n_feedback, MIN_IMAGES_PER_SPLIT)
        sizes: dict[PartName, int] = {"fit": n_fit, "feedback": n_feedback, "test": self.n_images - n_fit - n_feedback}
        for part, size in sizes.items():
            if size < MIN_IMAGES_PER_SPLIT:
                raise DataError(
                    f"split: {self.n_images} images at shares fit {fit:g} and feedback {feedback:g} leave "
                    f"{max(size, 0)} for {part}; at least {MIN_IMAGES_PER_SPLIT} are needed: change the shares "
                    "or bring more images"
                )
        order = torch.randperm(self.n_images, generator=torch.Generator().manual_seed(seed))
        return {
            name: part.sort().values for name, part in zip(sizes, torch.split(order, list(sizes.values())), strict=True)
        }

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "PairedEmbeddings":
        """Move to a device, or store the tokens in another floating type (masks and pairing follow).

        Scoring runs where the tokens are; the construction, the statistics and the files expect them on the CPU.
        """
        return replace(
            self,
            image_tokens=self.image_tokens.to(device=device, dtype=dtype),
            image_mask=self.image_mask.to(device=device),
            text_tokens=self.text_tokens.to(device=device, dtype=dtype),
            text_mask=self.text_mask.to(device=device),
            text_image=self.text_image.to(device=device),
        )

    def __repr__(self) -> str:
        n, p, d = self.image_tokens.shape
        m, w, _ = self.text_tokens.shape
        kind = str(self.image_tokens.dtype).removeprefix("torch.")
        return f"PairedEmbeddings({self.name!r}, {self.part}: {n} images x {p}, {m} texts x {w}, d={d}, {kind})"


@dataclass(frozen=True, eq=False)
class Splits:
    """Three parts of one dataset, disjoint by image.

    Attributes:
        fit: Statistics and prototypes come from it.
        feedback: Candidates are compared on it.
        test: Reported on, and looked at by nothing else.
        feedback_sample: Of how many images of its split `feedback` is a sample; None where it is the whole split.
    """

    fit: PairedEmbeddings
    feedback: PairedEmbeddings
    test: PairedEmbeddings
    feedback_sample: Sample | None = None


def _frame(
    rows: int, modality: str, reserved: dict[str, Sequence[str] | None], labels: pl.DataFrame | None
) -> pl.DataFrame:
    columns = []
    for name, values in reserved.items():
        if values is None:
            columns.append(pl.Series(name, [None] * rows, dtype=pl.String))
        else:
            checks.row_count(values, rows, name, modality)
            columns.append(pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String))
    frame = pl.DataFrame(columns)
    if labels is None:
        return frame
    checks.row_count(labels, rows, f"{modality} labels", modality)
    clash = sorted(set(labels.columns) & set(reserved))
    if clash:
        raise DataError(f"{modality} labels: the names {clash} are taken by the dataset itself; rename them")
    return frame.hstack(labels)
