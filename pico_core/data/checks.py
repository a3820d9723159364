"""What makes two arrays a dataset. Each check says what was found, what was expected, and the mend."""

from collections.abc import Iterator, Sized

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.storage.token_files import blocks, items_at_once

STORAGE = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
# A unit vector of d halves rounds to a norm this near 1; nearer ones are left as they came, so
# that writing and reading a dataset never changes its bytes.
UNIT_TOLERANCE = {torch.float16: 2e-3, torch.bfloat16: 1e-2, torch.float32: 1e-4, torch.float64: 1e-4}
ROWS_AT_ONCE = 4096  # rows checked at a time at most: the copies stay small beside the data
CHECKED_BYTES = 3 * 2**20  # and of them so many bytes in float32: they stay in the cache


def row_blocks(tokens: Tensor) -> Iterator[slice]:
    """The items in ranges that are small enough to be checked at once."""
    return blocks(len(tokens), min(ROWS_AT_ONCE, items_at_once(tokens, CHECKED_BYTES)))


def shape_of(tensor: Tensor) -> str:
    """The shape as people write it, such as [1000, 49, 192]."""
    return str(list(tensor.shape))


def as_tokens(tensor: Tensor, modality: str) -> Float[Tensor, "items tokens d"]:
    """Turn [items, d] or [items, tokens, d] into tokens, or say why it cannot be."""
    if tensor.ndim == 2:
        tensor = tensor[:, None, :]
    if tensor.ndim != 3:
        raise DataError(
            f"{modality} embeddings have shape {shape_of(tensor)}; expected [items, columns] for global vectors "
            "or [items, tokens, columns]: reshape the array"
        )
    if tensor.dtype not in STORAGE:
        raise DataError(
            f"{modality} embeddings are stored as {str(tensor.dtype).removeprefix('torch.')}; "
            "expected float16, bfloat16, float32 or float64: convert the array"
        )
    if 0 in tensor.shape:
        raise DataError(f"{modality} embeddings are empty (shape {shape_of(tensor)}); at least one item is needed")
    return tensor


def same_width(images: Tensor, texts: Tensor) -> None:
    """Both modalities must live in one space."""
    if images.shape[2] != texts.shape[2]:
        raise DataError(
            f"image embeddings have {images.shape[2]} columns and text embeddings {texts.shape[2]}; "
            "both must come from one joint space: use the projected embeddings of one model"
        )


def as_mask(mask: Tensor | None, tokens: Tensor, modality: str) -> Bool[Tensor, "items tokens"]:
    """A boolean mask of the tokens' shape with at least one real token per item."""
    expected = tokens.shape[:2]
    if mask is None:
        return torch.ones(expected, dtype=torch.bool, device=tokens.device)
    if mask.ndim == 1 and expected[1] == 1 and len(mask) == expected[0]:
        mask = mask[:, None]
    if mask.shape != expected:
        raise DataError(f"{modality} mask has shape {shape_of(mask)}; expected {list(expected)}, one flag per token")
    if mask.dtype != torch.bool:
        if not bool(((mask == 0) | (mask == 1)).all()):
            raise DataError(f"{modality} mask holds values other than 0 and 1; expected True = real token")
        mask = mask.bool()
    empty = ~mask.any(dim=1)
    if bool(empty.any()):
        raise DataError(
            f"{int(empty.sum())} {modality} item(s) have no real token, the first is item "
            f"{int(empty.nonzero()[0])}: remove them or correct the mask (True = real)"
        )
    return mask


def as_text_image(text_image: Tensor | None, *, n_images: int, n_texts: int) -> Int[Tensor, " m"]:
    """The image of each text as int64, or say why the pairing is not one."""
    if text_image is None:
        if n_images != n_texts:
            raise DataError(
                f"there are {n_images} images and {n_texts} texts and no image_index; "
                f"give image_index with {n_texts} entries, the image of each text (0 to {n_images - 1})"
            )
        return torch.arange(n_images)
    if text_image.ndim != 1 or len(text_image) != n_texts:
        raise DataError(f"image_index has shape {shape_of(text_image)}; expected [{n_texts}], the image of each text")
    if text_image.is_floating_point():
        broken = ~(torch.isfinite(text_image) & (text_image == text_image.round()))
        if bool(broken.any()):
            where = int(broken.nonzero()[0])
            raise DataError(
                f"image_index[{where}] is {float(text_image[where]):g}; expected whole numbers, "
                "the row of the image of each text"
            )
    owner = text_image.to(torch.int64)
    outside = (owner < 0) | (owner >= n_images)
    if bool(outside.any()):
        where = int(outside.nonzero()[0])
        raise DataError(
            f"image_index[{where}] is {int(owner[where])}, but there are {n_images} images; "
            f"expected 0 to {n_images - 1} (count from 0)"
        )
    return owner


def every_image_has_text(owner: Int[Tensor, " m"], names: list[str]) -> None:
    """An image without a text can neither be fitted nor be a query."""
    lonely = (torch.bincount(owner, minlength=len(names)) == 0).nonzero()[:, 0].tolist()
    if lonely:
        shown = ", ".join(names[i] for i in lonely[:5]) + (", ..." if len(lonely) > 5 else "")
        raise DataError(
            f"{len(lonely)} image(s) have no text: {shown}. Remove them, or add their captions to image_index"
        )


def row_count(values: Sized, rows: int, what: str, modality: str) -> None:
    """Metadata must have one row per item."""
    if len(values) != rows:
        raise DataError(f"{what}: {len(values)} rows, but there are {rows} {modality}s; one row each is needed")


def finite(tokens: Tensor, mask: Tensor, modality: str) -> None:
    """Real tokens must be finite; padding may hold anything."""
    count, first = 0, ""
    for part in row_blocks(tokens):
        bad = ~torch.isfinite(tokens[part]) & mask[part, :, None]
        if bool(bad.any()):
            if not first:
                item, token, column = (int(i) for i in bad.nonzero()[0])
                first = f"item {part.start + item}, token {token}, column {column}"
            count += int(bad.sum())
    if count:
        raise DataError(
            f"{modality} embeddings hold {count} NaN or infinite value(s), the first at {first}: "
            "re-encode those items or remove them"
        )


def unit_tokens(tokens: Tensor, mask: Tensor, modality: str) -> tuple[Tensor, tuple[float, float], bool]:
    """Unit tokens with zeros under the mask, the range of norms found, and whether any was changed."""
    norms = torch.empty(mask.shape, dtype=torch.float32, device=tokens.device)
    for part in row_blocks(tokens):
        # The float32 square of a value beyond 1e19 is infinite, so the sum is made in float64.
        norms[part] = torch.linalg.vector_norm(tokens[part], dim=2, dtype=torch.float64).float()
    real = norms[mask]
    if not bool(torch.isfinite(real).all()):
        item, token = (int(i) for i in (~torch.isfinite(norms) & mask).nonzero()[0])
        raise DataError(
            f"{modality} embeddings hold vectors whose length exceeds float32, the first at item {item}, token "
            f"{token}: scale the array down"
        )
    if bool((real <= torch.finfo(torch.float32).tiny).any()):
        item, token = (int(i) for i in ((norms <= torch.finfo(torch.float32).tiny) & mask).nonzero()[0])
        count = int((real <= torch.finfo(torch.float32).tiny).sum())
        raise DataError(
            f"{modality} embeddings hold {count} zero vector(s), the first at item {item}, token {token}: "
            "a zero vector has no direction; mask it as padding or remove the item"
        )
    norm_range = (float(real.min()), float(real.max()))
    tolerance = UNIT_TOLERANCE[tokens.dtype]
    changed = norm_range[0] < 1 - tolerance or norm_range[1] > 1 + tolerance
    dirty = bool((norms.nan_to_num(nan=1.0)[~mask] != 0).any())
    if changed or dirty:
        clean = torch.zeros_like(tokens)
        for part in row_blocks(tokens):
            rows = tokens[part]
            if changed:
                rows = (rows.double() / norms[part, :, None].double()).to(tokens.dtype)
            clean[part] = torch.where(mask[part, :, None], rows, clean[part])
        tokens = clean
    return tokens, norm_range, changed
