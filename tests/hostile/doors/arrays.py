"""Doors for arrays: .npz, .npy, .safetensors, .pt, dataset folders, and files of weights."""

import io
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as to_safetensors

from pico_core.common.errors import DataError
from pico_core.data.marks import EncoderMark
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.checkpoints import read_weights
from pico_core.formats import inspect, open_pairs
from pico_core.formats.native import save_pairs
from tests.hostile.harness import Door

N, M, P, W, D = 9, 12, 3, 2, 5
FOLDER = ("pairs.safetensors", "images.parquet", "texts.parquet")


def arrays() -> dict[str, np.ndarray]:
    """A small dataset as arrays."""
    draw = np.random.default_rng(0)
    return {
        "image_emb": draw.normal(size=(N, P, D)).astype(np.float32),
        "text_emb": draw.normal(size=(M, W, D)).astype(np.float32),
        "text_mask": np.ones((M, W), bool),
        "image_index": np.arange(M) % N,
        "captions": np.array([f"caption {i}" for i in range(M)]),
        "ids": np.array([f"i{i}" for i in range(N)]),
    }


def used(pairs: PairedEmbeddings) -> None:
    """What every page asks of a dataset."""
    if not bool(torch.isfinite(pairs.image_means).all() and torch.isfinite(pairs.text_means).all()):
        raise AssertionError("values that are not finite")
    _ = pairs.digest, pairs.image_labels, pairs.text_labels, pairs.n_texts


def looked_into(path: Path) -> None:
    """The Data page looks into a file, then opens it; both find fault or neither does."""
    found = inspect(path)
    try:
        pairs = open_pairs(path)
    except DataError as error:
        if not found.problems:  # their words may differ: parsers of damaged files quote what lies in memory
            raise AssertionError(f"inspection finds nothing, opening says {error}") from error
        raise
    used(pairs)
    if found.pairs is None or found.pairs.digest != pairs.digest:
        raise AssertionError("inspection and opening saw other data")


def npy_pair(path: Path) -> None:
    """Two .npy, one of images and one of texts."""
    images, texts = (path.parent / name for name in ("images.npy", "texts.npy"))
    used(open_pairs(images, text_path=texts))


def folder(path: Path) -> None:
    """A dataset folder of ours."""
    used(open_pairs(path.parent))


def weights(path: Path) -> None:
    """A file of an encoder's weights."""
    for value in read_weights(path).values():
        value.sum()


def written(save: object, **content: object) -> bytes:
    """What a writer writes."""
    held = io.BytesIO()
    save(held, **content)  # type: ignore[operator]
    return held.getvalue()


def doors() -> tuple[Door, ...]:
    """All of them."""
    import tempfile

    made = arrays()
    tensors = {name: torch.from_numpy(value) for name, value in made.items() if value.dtype.kind != "U"}
    torch_file = io.BytesIO()
    torch.save({**tensors, "captions": made["captions"].tolist()}, torch_file)
    npy = {"images.npy": io.BytesIO(), "texts.npy": io.BytesIO()}
    np.save(npy["images.npy"], made["image_emb"])
    np.save(npy["texts.npy"], made["text_emb"][:N])
    folders = {}
    pairs = import_of(written(np.savez, **made))
    for packed in (False, True):
        with tempfile.TemporaryDirectory() as place:
            save_pairs(pairs, Path(place) / "x", packed=packed)
            folders[packed] = {name: (Path(place) / "x" / name).read_bytes() for name in FOLDER}
    tensors_file = to_safetensors(tensors)
    return (
        Door(
            "npz",
            {"stored.npz": written(np.savez, **made), "packed.npz": written(np.savez_compressed, **made)},
            looked_into,
        ),
        Door("npy", {name: held.getvalue() for name, held in npy.items()}, npy_pair),
        Door("safetensors", {"x.safetensors": tensors_file}, looked_into),
        Door("pt", {"x.pt": torch_file.getvalue()}, looked_into),
        Door("folder", folders[False], folder),
        Door("packed-folder", folders[True], folder),
        Door("weights", {"w.safetensors": tensors_file, "w.pt": torch_file_of(tensors)}, weights),
    )


def torch_file_of(tensors: dict[str, torch.Tensor]) -> bytes:
    """Weights as torch saves them."""
    held = io.BytesIO()
    torch.save(tensors, held)
    return held.getvalue()


def import_of(content: bytes) -> PairedEmbeddings:
    """The dataset in an .npz, with a note of an encoder."""
    import tempfile
    from dataclasses import replace

    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "x.npz").write_bytes(content)
        mark = EncoderMark(
            name="small", model="small", digest="0" * 16, precision="fp32", level="tokens", weights_from="file"
        )
        return replace(open_pairs(Path(place) / "x.npz"), encoder=mark)
