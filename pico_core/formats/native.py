"""The engine's own datasets on disk: a folder that is replaced whole or not at all."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import polars as pl
import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data import checks
from pico_core.data.compact import CompactTokens, compacted
from pico_core.data.marks import mark_from_text, mark_to_text
from pico_core.data.pairs import Normalisation, PairedEmbeddings, PartName
from pico_core.formats.format import Format, NamedArrays
from pico_core.formats.safetensors_file import SAFETENSORS, read_array
from pico_core.storage.atomic import atomic_folder, check_ours
from pico_core.storage.block_writing import ComingArray, write_arrays
from pico_core.storage.headers import (
    ArrayHeader,
    check_total,
    naming,
    reading,
    safetensors_headers,
    safetensors_metadata,
)
from pico_core.storage.parquet import read_parquet
from pico_core.storage.structure import structure
from pico_core.storage.token_files import StoredTokens, TokenFile, blocks, dense, items_at_once

ARRAYS, IMAGES, TEXTS = "pairs.safetensors", "images.parquet", "texts.parquet"
FILES = (ARRAYS, IMAGES, TEXTS)
OURS = (*FILES, "truth.parquet")  # planted datasets keep their truth beside them
FORMAT, VERSION, PACKED_VERSION = "pico-lens pairs", "1", "2"
ENCODER = "encoder"  # of the header; only where it is known
LARGEST = "_largest"  # ends the name of the array that bytes are scaled by
# Arrays that version 2 keeps without their padding, and the mask that says where their rows belong.
PACKED = {"image_tokens": "image_mask", "text_tokens": "text_mask"}
NEEDED = (*PACKED, *PACKED.values(), "text_image")
# Wider than any storage's rounding: data may have been stored in halves and read as floats since.
NATIVE_UNIT_TOLERANCE = 2e-2


def is_dataset(path: Path | str) -> bool:
    """Whether this folder looks like a dataset that `save_pairs` wrote."""
    return all((Path(path) / name).is_file() for name in FILES)


def save_pairs(pairs: PairedEmbeddings, folder: Path | str, *, packed: bool = False) -> Path:
    """Write a dataset folder; it appears complete, or the old one stays as it was.

    An existing dataset is replaced. Any other folder, and a dataset folder into which someone put
    files of his own, is left alone.

    Args:
        pairs: What to write.
        folder: Where.
        packed: Leave the padding out of the file, and keep tokens that `rounded_to_bytes` made in
            one byte per number. Its tokens are copied into memory when it is read instead of
            staying in the file.

    Raises:
        DataError: the folder holds something else, or the disk refuses.
        SettingError: another process writes it.
    """
    target = Path(folder).resolve()
    check_ours(
        target,
        OURS,
        kind="a dataset",
        writer="dataset",
        mend="choose a new or an empty folder",
        more=", so that nothing of yours is lost",
        error=DataError,
    )
    try:
        with atomic_folder(target) as draft:
            _write(pairs, draft, packed=packed)
    except OSError as error:
        raise DataError(
            f"{target.name}: the dataset could not be written to {target.parent} ({error.strerror or error}); "
            "free some space or choose another folder"
        ) from error
    return Path(folder)


def _write(pairs: PairedEmbeddings, folder: Path, *, packed: bool) -> None:
    version = PACKED_VERSION if packed else VERSION
    header = {"format": f"{FORMAT} {version}", "name": pairs.name, "part": pairs.part}
    header["normalisation"] = json.dumps(asdict(pairs.normalisation))
    if pairs.encoder is not None:
        header[ENCODER] = mark_to_text(pairs.encoder)
    arrays: dict[str, Tensor] = {name: getattr(pairs, name) for name in NEEDED}
    if packed:
        for name, mask in PACKED.items():
            arrays |= _as_bytes(name, arrays[name][arrays[mask]])
    write_arrays(folder / ARRAYS, [_coming(name, tensor) for name, tensor in arrays.items()], header)
    pairs.images.write_parquet(folder / IMAGES)
    pairs.texts.write_parquet(folder / TEXTS)


def _coming(name: str, tensor: Tensor) -> ComingArray:
    """An array in blocks of its rows."""
    parts = (dense(tensor[part]) for part in blocks(len(tensor), items_at_once(tensor)))
    return ComingArray(name, tuple(tensor.shape), tensor.dtype, parts)


def _as_bytes(name: str, rows: Tensor) -> dict[str, Tensor]:
    """Rows of tokens as bytes and largest values where that loses nothing, else as they are."""
    if rows.dtype == torch.float16:
        small = compacted(rows)
        if torch.equal(small.tokens, rows):
            return {name: small.steps, f"{name}{LARGEST}": small.largest}
    return {name: rows}


def dataset_folder(path: Path) -> Path:
    """The folder of a dataset, where somebody named the file of its arrays."""
    return path.parent if path.name == ARRAYS and is_dataset(path.parent) else path


def _inspect(folder: Path) -> NamedArrays:
    return SAFETENSORS.arrays(folder / ARRAYS)


def _open(folder: Path, stream_from: int) -> PairedEmbeddings:
    """A dataset with the digest that it was saved with."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{folder.name}: the folder is not a dataset ({', '.join(missing)} missing); name a folder that PICO Lens "
            "wrote, or the file of the embeddings itself"
        )
    try:
        return _load_folder(folder, stream_from)
    except DataError as error:
        raise DataError(f"{folder.name}/{error}") from error


def _load_folder(folder: Path, stream_from: int) -> PairedEmbeddings:
    file = folder / ARRAYS
    with reading(file, "safetensors"):
        headers = {header.name: header for header in safetensors_headers(file, streamed=True)}
        header = safetensors_metadata(file)
        version = _check_format(header)
        arrays = _kept_in_file(file, headers, stream_from) if version == VERSION else {}
        if not arrays:
            check_total(tuple(headers.values()))
        arrays |= {name: read_array(file, about) for name, about in headers.items() if name not in arrays}
        normalisation = structure(Normalisation, json.loads(header["normalisation"]), "normalisation")
        encoder = mark_from_text(header[ENCODER]) if ENCODER in header else None
        missing = sorted(set(NEEDED) - set(arrays))
        if missing:
            raise DataError(f"the arrays {missing} are missing; save the dataset anew")
    images = _read_frame(folder / IMAGES, ("id", "path"))
    texts = _read_frame(folder / TEXTS, ("caption",))
    with naming(file):
        if version == PACKED_VERSION:
            arrays |= {name: _unpacked(arrays, name, arrays[mask]) for name, mask in PACKED.items()}
        image_tokens, image_mask = _checked(arrays["image_tokens"], arrays["image_mask"], "image")
        text_tokens, text_mask = _checked(arrays["text_tokens"], arrays["text_mask"], "text")
        checks.same_width(image_tokens, text_tokens)
        owner = checks.as_text_image(arrays["text_image"], n_images=len(image_tokens), n_texts=len(text_tokens))
        checks.row_count(images, len(image_tokens), IMAGES, "image")
        checks.row_count(texts, len(text_tokens), TEXTS, "text")
        checks.every_image_has_text(owner, [str(name) for name in images["id"].to_list()])
    part: PartName = next(part for part in get_args(PartName) if part == header["part"])
    return PairedEmbeddings(
        image_tokens=image_tokens,
        image_mask=image_mask,
        text_tokens=text_tokens,
        text_mask=text_mask,
        text_image=owner,
        images=images,
        texts=texts,
        normalisation=normalisation,
        name=header["name"],
        part=part,
        encoder=encoder,
    )


def _kept_in_file(file: Path, headers: dict[str, ArrayHeader], stream_from: int) -> dict[str, Tensor]:
    """The tokens of a dataset that is to be streamed; nothing of a smaller one, or of one of other shapes."""
    tokens = [headers[name] for name in PACKED if name in headers]
    if len(tokens) < len(PACKED) or sum(header.nbytes for header in tokens) < stream_from:
        return {}
    if any(len(header.shape) != 3 or 0 in header.shape or header.kind != "floating" for header in tokens):
        return {}  # read as they are, and refused with what is wrong about them
    return {
        header.name: StoredTokens(
            TokenFile(
                file, header.start, (header.shape[0], header.shape[1], header.shape[2]), getattr(torch, header.dtype)
            )
        )
        for header in tokens
    }


def _check_format(header: dict[str, str]) -> str:
    """The version of a file that is ours."""
    kind, _, version = header.get("format", "").rpartition(" ")
    if kind != FORMAT or not {"name", "part", "normalisation"} <= set(header):
        raise DataError("the file was not written by PICO Lens; import it as a file of its own instead")
    if version not in (VERSION, PACKED_VERSION):
        known = f"{VERSION} and {PACKED_VERSION}"
        raise DataError(f"the dataset is of version {version}; this program reads versions {known}: update it")
    if header["part"] not in get_args(PartName):
        raise DataError(f"the part is {header['part']!r}; expected one of {', '.join(get_args(PartName))}")
    return version


def _unpacked(arrays: dict[str, Tensor], name: str, mask: Tensor) -> Tensor:
    """Rows of real tokens at their places, zeros elsewhere.

    >>> _unpacked({"text_tokens": torch.tensor([[5.0]])}, "text_tokens", torch.tensor([[False, True]])).tolist()
    [[[0.0], [5.0]]]
    """
    tokens = arrays[name]
    real = int(mask.sum()) if mask.dtype == torch.bool else -1
    if tokens.ndim != 2 or mask.ndim != 2 or len(tokens) != real:
        raise DataError(
            f"{name} has shape {list(tokens.shape)} and its mask {list(mask.shape)} with {real} real tokens; expected "
            "one row per real token: the file was changed since, save the dataset anew"
        )
    if tokens.dtype == torch.int8:
        largest = arrays.get(f"{name}{LARGEST}")
        if largest is None or largest.dtype != torch.float16 or largest.shape != tokens.shape[:1]:
            raise DataError(f"{name} holds bytes without one largest value per row; save the dataset anew")
        tokens = CompactTokens(tokens, largest).tokens
    whole = torch.zeros(*mask.shape, tokens.shape[1], dtype=tokens.dtype)
    whole[mask] = tokens
    return whole


def _read_frame(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    with reading(path, "parquet"):
        frame = read_parquet(path)
        wrong = [name for name in columns if frame.schema.get(name) != pl.String]
        if wrong:
            raise DataError(f"the columns {wrong} are missing or not text; save the dataset anew")
        return frame


def _checked(tokens: Tensor, mask: Tensor, modality: str) -> tuple[Tensor, Tensor]:
    """Native tokens as they are, if they are finite unit vectors with zeros under the mask."""
    tokens = checks.as_tokens(tokens, modality)
    mask = checks.as_mask(mask, tokens, modality)
    for part in checks.row_blocks(tokens):
        norms = torch.linalg.vector_norm(dense(tokens[part]).float(), dim=2)
        if not bool(((norms - mask[part].float()).abs() <= NATIVE_UNIT_TOLERANCE * mask[part]).all()):
            checks.finite(tokens, mask, modality)  # a NaN is no length either, and has a message of its own
            raise DataError(
                f"{modality} embeddings of items {part.start} to {part.stop - 1} hold vectors whose length is not "
                "1, or padding that is not 0; the file was changed since: import the arrays anew"
            )
    return tokens, mask


NATIVE = Format(
    name="dataset",
    title="PICO Lens dataset",
    sentence="A folder of arrays and two tables, as PICO Lens itself writes it.",
    suffixes=(),
    sniff=is_dataset,
    inspect=_inspect,
    open=_open,
)
