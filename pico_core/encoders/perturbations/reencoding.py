"""A sample of a dataset, perturbed and encoded again by the encoder that made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.perturbations.variants import (
    CAPTION_PERTURBATIONS,
    COLOURLESS,
    PICTURE_PERTURBATIONS,
    StyleVariants,
    Variants,
    names_a_colour,
    perturb_caption,
    perturb_picture,
)
from pico_core.encoders.pictures import read_picture
from pico_core.encoders.protocol import (
    BadItem,
    EncodedImages,
    EncodedTexts,
    Encoder,
    Stage,
    check_batch_size,
    report_batch,
)
from pico_core.kernels.masking import masked_mean

# Of both sides, in captions: one picture takes about as long as three.
WORK: Final[dict[Stage, int]] = {
    "images": 3 * (1 + len(PICTURE_PERTURBATIONS)),
    "texts": 1 + len(CAPTION_PERTURBATIONS),
}
N_ITEMS: Final = 100
MIN_ITEMS: Final = 4
MAX_SIDE: Final = 1024  # larger pictures are made smaller first, the original as well
SAME_ENCODER: Final = 0.98  # mean cosine with the dataset's own token means
SAME_ITEMS: Final = 0.5  # the same around the mean of all items, which any two pictures share
MOSTLY: Final = 0.5  # of the captions


@dataclass(frozen=True)
class _Sampled:
    """Rows of the dataset that are perturbed, with what is read of them."""

    rows: tuple[int, ...]
    content: tuple[str, ...]


def reencode(
    encoder: Encoder,
    pairs: PairedEmbeddings,
    *,
    folder: Path | str | None = None,
    n_items: int = N_ITEMS,
    seed: int = 0,
    batch_size: int = 32,
    reporter: Reporter = SILENT,
    digest: str | None = None,
    part: str = "all",
) -> StyleVariants:
    """Draw images with one caption each, perturb both in every known way, and encode everything again.

    The unperturbed sample comes first and is compared with the dataset: an encoder that did not make
    it would be judged instead of the one that did.

    Args:
        encoder: The one that made the dataset.
        pairs: In the columns as given; whole, or the part that may be looked at.
        folder: What relative paths of pictures start from: the folder of the dataset.
        n_items: At most so many images.
        seed: Draws the sample and the noise.
        batch_size: Pictures, and captions, at a time.
        reporter: Hears of every batch.
        digest: Of the whole dataset, where `pairs` is a part of it.
        part: Names the part.

    Returns:
        Token means of the items; pictures and captions that cannot be read are skipped and listed.

    Raises:
        DataError: no pictures and no captions, too few that can be read, or another encoder or other
            pictures than those of the dataset (told by the dataset's own mark where it has one).
        Cancelled: by the reporter.

    Source: beyond the paper.
    """
    check_mark(encoder, pairs)
    check_batch_size(batch_size)
    if n_items < MIN_ITEMS:
        raise SettingError(f"n_items is {n_items}; expected at least {MIN_ITEMS}")
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(pairs.n_images, generator=generator)[:n_items].sort().values.tolist()
    captions = _drawn_captions(pairs, chosen, generator)
    pictures, missing = _readable(pairs, chosen, Path(folder) if folder is not None else Path())
    if not pictures.rows and not captions.rows:
        why = f" ({missing[0]})" if missing else ""
        raise DataError(f"{pairs.name}: neither a picture nor a caption can be read{why}; bring the pictures")
    work = _Work(encoder, pairs, seed, batch_size, reporter)
    images_before = work.images_as_they_are(pictures) if pictures.rows else None
    texts_before = work.texts_as_they_are(captions) if captions.rows else None
    images = None if images_before is None else work.images(pictures, images_before)
    texts = None if texts_before is None else work.texts(captions, texts_before)
    n_colour = sum(names_a_colour(caption) for caption in captions.content)
    coloured = n_colour > MOSTLY * len(captions.content) and bool(captions.content)
    return StyleVariants(
        images=None
        if images is None
        else Variants(images, tuple(PICTURE_PERTURBATIONS), COLOURLESS if coloured else (), pictures.rows),
        texts=texts,
        encoder=encoder.name,
        digest=digest or pairs.digest,
        seed=seed,
        part=part,
        skipped=(*missing, *work.bad),
        unknown_words=tuple(work.unknown),
        n_colour=n_colour,
    )


def _drawn_captions(pairs: PairedEmbeddings, chosen: Sequence[int], generator: torch.Generator) -> _Sampled:
    """One caption of every image that has one."""
    owned: dict[int, list[int]] = {image: [] for image in chosen}
    captions = pairs.captions
    for text, image in enumerate(pairs.text_image.tolist()):
        if image in owned and (captions[text] or "").strip():
            owned[image].append(text)
    draws = torch.rand(len(chosen), generator=generator).tolist()
    rows = [texts[int(draw * len(texts))] for draw, texts in zip(draws, owned.values(), strict=True) if texts]
    return _Sampled(tuple(rows), tuple(str(captions[row]) for row in rows))


def _readable(pairs: PairedEmbeddings, chosen: Sequence[int], folder: Path) -> tuple[_Sampled, list[BadItem]]:
    """The pictures that are there. A dataset without any path has no pictures, and none is missing."""
    places = pairs.image_paths
    if all(places[row] is None for row in chosen):
        return _Sampled((), ()), []
    rows, paths, missing = [], [], []
    for row in chosen:
        name = places[row]
        try:
            if name is None:
                raise DataError("the dataset does not say where the picture lies; encode it from its pictures")
            read_picture(folder / name)
        except (DataError, OSError, ValueError) as error:
            missing.append(BadItem(row, pairs.ids[row], str(error)))
        else:
            rows.append(row)
            paths.append(str(folder / name))
    return _Sampled(tuple(rows), tuple(paths)), missing


class _Work:
    """One sample through one encoder, with a single count of progress for each modality."""

    def __init__(
        self, encoder: Encoder, pairs: PairedEmbeddings, seed: int, batch_size: int, reporter: Reporter
    ) -> None:
        self._encoder, self._pairs, self._seed, self._batch = encoder, pairs, seed, batch_size
        self._reporter, self._behind = reporter, dict.fromkeys(WORK, 0.0)
        self.bad: list[BadItem] = []
        self.unknown: dict[str, None] = {}
        self._known_gaps: frozenset[str] = frozenset()

    def _report(self, stage: Stage, done: int, total: int) -> None:
        self._behind[stage] = WORK[stage] * done / total
        report_batch(self._reporter, stage, done, total, share=sum(self._behind.values()) / sum(WORK.values()))

    def images_as_they_are(self, sample: _Sampled) -> Float[Tensor, "items d"]:
        """Pictures without a perturbation, compared with the dataset."""
        _check_count(len(sample.rows), "pictures", self._pairs.name)
        total = len(sample.rows) * (1 + len(PICTURE_PERTURBATIONS))
        parts = []
        for start in range(0, len(sample.rows), self._batch):
            batch = [_opened(path) for path in sample.content[start : start + self._batch]]
            parts.append(self._image_means(batch))
            self._report("images", start + len(batch), total)
        means = torch.cat(parts)
        check_same(means, self._pairs.image_means[list(sample.rows)], self._encoder.name, "pictures")
        return means

    def images(self, sample: _Sampled, before: Float[Tensor, "items d"]) -> Float[Tensor, "items variants d"]:
        """Pictures in every perturbation, a few at a time: a picture is read, changed and forgotten."""
        names = tuple(PICTURE_PERTURBATIONS)
        n_items = len(sample.rows)
        rows = []
        for done, (row, path) in enumerate(zip(sample.rows, sample.content, strict=True), 1):
            picture = _opened(path)
            # The noise of a picture must not depend on which others were drawn with it.
            changed = [perturb_picture(picture, name, seed=self._seed * 1_000_003 + row) for name in names]
            rows.append(self._image_means(changed))
            self._report("images", n_items + done * len(names), n_items * (1 + len(names)))
        return torch.cat([before[:, None], torch.stack(rows)], dim=1)

    def texts_as_they_are(self, sample: _Sampled) -> Float[Tensor, "items d"]:
        """Captions without a perturbation, compared with the dataset."""
        _check_count(len(sample.rows), "captions", self._pairs.name)
        encoded = self._encoder.encode_texts(sample.content, batch_size=self._batch)
        self._known_gaps = frozenset(word for words in encoded.unknown for word in words)
        means = self._text_means(encoded)
        self._report("texts", len(means), len(means) * (1 + len(CAPTION_PERTURBATIONS)))
        check_same(means, self._pairs.text_means[list(sample.rows)], self._encoder.name, "captions")
        return means

    def texts(self, sample: _Sampled, before: Float[Tensor, "items d"]) -> Variants:
        """Captions in every perturbation; one that loses all its words in one of them is left out."""
        names = tuple(CAPTION_PERTURBATIONS)
        whole = torch.ones(len(sample.rows), dtype=torch.bool)
        columns = [before]
        for number, name in enumerate(names, 1):
            perturbed = [perturb_caption(caption, name) for caption in sample.content]
            encoded = self._encoder.encode_texts(perturbed, batch_size=self._batch, on_bad="skip")
            new = (word for words in encoded.unknown for word in words if word not in self._known_gaps)
            self.unknown.update((word, None) for word in new if any(letter.isalnum() for letter in word))
            column = torch.zeros_like(before)
            column[list(encoded.kept)] = self._text_means(encoded)
            columns.append(column)
            for item in encoded.bad:
                if bool(whole[item.position]):
                    self.bad.append(BadItem(sample.rows[item.position], item.name, item.reason))
                whole[item.position] = False
            self._report("texts", len(before) * (1 + number), len(before) * (1 + len(names)))
        means = torch.stack(columns, dim=1)[whole]
        _check_count(len(means), "captions", self._pairs.name)
        kept = tuple(row for row, whole_one in zip(sample.rows, whole.tolist(), strict=True) if whole_one)
        return Variants(means, names, rows=kept)

    def _image_means(self, pictures: list[Image.Image]) -> Float[Tensor, "items d"]:
        encoded = self._encoder.encode_images(pictures, batch_size=self._batch)
        return _means(encoded, self._pairs.image_tokens)

    def _text_means(self, encoded: EncodedTexts) -> Float[Tensor, "items d"]:
        return _means(encoded, self._pairs.text_tokens)


def _means(encoded: EncodedImages | EncodedTexts, stored: Tensor) -> Float[Tensor, "items d"]:
    """One vector per item; the model's own where the dataset holds one vector for each."""
    return encoded.globals.float() if stored.shape[1] == 1 else masked_mean(encoded.tokens, encoded.mask)


def check_mark(encoder: Encoder, pairs: PairedEmbeddings) -> None:
    """Refuse, before anything is encoded, an encoder that is not the one that the dataset remembers.

    Raises:
        DataError: it is another one.
    """
    known = pairs.encoder
    if known is not None and known.same_encoder(encoder.mark) is False:
        raise DataError(
            f"{encoder.name}: this encoder did not make these embeddings: the dataset was encoded by {known.sentence}, "
            f"and this is {encoder.mark.sentence}; choose that one, or encode the pictures anew"
        )


def check_same(
    encoded: Float[Tensor, "items width"], stored: Float[Tensor, "items d"], encoder: str, what: str
) -> None:
    """Refuse an encoder, or items, that the dataset was not made from.

    Raises:
        DataError: another width, a mean cosine below 0.98, or items that are other ones.
    """
    mend = "choose the encoder that made the dataset, or encode the pictures anew"
    if encoded.shape[1] != stored.shape[1]:
        raise DataError(
            f"{encoder}: this encoder did not make these embeddings: it gives {encoded.shape[1]} columns and the "
            f"dataset has {stored.shape[1]}; {mend}"
        )
    cosine = _mean_cosine(encoded, stored)
    if cosine < SAME_ENCODER:
        raise DataError(
            f"{encoder}: this encoder did not make these embeddings: encoded again, {len(encoded)} unchanged {what} "
            f"have a mean cosine of {cosine:.3f} with the dataset's own; expected at least {SAME_ENCODER:g}: {mend}"
        )
    centred = _mean_cosine(encoded - encoded.mean(dim=0), stored - stored.mean(dim=0))
    if centred < SAME_ITEMS:
        raise DataError(
            f"{encoder}: these are not the {what} that the dataset was made from: around their mean, the items have "
            f"a mean cosine of {centred:.3f} with the dataset's own; bring the right ones"
        )


def _mean_cosine(first: Float[Tensor, "items d"], second: Float[Tensor, "items d"]) -> float:
    return float(torch.cosine_similarity(first.double(), second.double(), dim=1).mean())


def _check_count(count: int, what: str, name: str) -> None:
    if count < MIN_ITEMS:
        raise DataError(f"{name}: {count} {what} of the sample can be read; a probe needs at least {MIN_ITEMS}")


def _opened(path: str) -> Image.Image:
    picture = read_picture(Path(path))
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return picture
