"""Write a made-up dataset of any size block by block: `python -m tests.bench.large_dataset FOLDER --images 29000`.

Every image has a hidden vector; its patches and the words of its five captions are that vector with noise of
their own, so retrieval is neither trivial nor hopeless. A tenth of the columns follows one of four styles instead.
Nothing of it is committed; the full size takes 10.6 GB on disk.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from pico_core.formats.native import ARRAYS, FORMAT, IMAGES, TEXTS, VERSION
from pico_core.storage.atomic import atomic_folder
from pico_core.storage.block_writing import ComingArray, write_arrays
from pico_core.storage.token_files import blocks

PATCHES, WORDS, COLUMNS, CAPTIONS = 196, 32, 512, 5
POOL = 4096  # vectors of noise that all tokens draw from: new normal numbers for each would take most of the time
AT_ONCE = 64


def write_large(folder: Path, *, n_images: int, patches: int = PATCHES, words: int = WORDS, columns: int = COLUMNS):
    """A dataset folder of float16 tokens, five captions per image, 8 to `words` words each."""
    n_texts = CAPTIONS * n_images
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(n_images, columns, generator=generator)
    styles = torch.randn(4, columns, generator=generator)
    style = torch.randint(4, (n_images,), generator=generator)
    hidden[:, : columns // 10] = styles[style, : columns // 10]
    lengths = torch.randint(min(8, words), words + 1, (n_texts,), generator=generator)
    owner = torch.arange(n_images).repeat_interleave(CAPTIONS)
    masks = {"image_mask": torch.ones(n_images, patches, dtype=torch.bool)}
    masks["text_mask"] = torch.arange(words) < lengths[:, None]
    plain = {**masks, "text_image": owner}
    tokens = {
        "image_tokens": (n_images, patches, _tokens(hidden, masks["image_mask"], noise=3.0)),
        "text_tokens": (n_texts, words, _tokens(hidden, masks["text_mask"], noise=2.0, owner=owner)),
    }
    norms = {"applied": False, "image_norms": [1.0, 1.0], "text_norms": [1.0, 1.0]}
    header = {"format": f"{FORMAT} {VERSION}", "name": f"made up {n_images}", "part": "all"}
    with atomic_folder(folder.resolve()) as draft:
        write_arrays(
            draft / ARRAYS,
            [
                *(ComingArray(name, (n, t, columns), torch.float16, parts) for name, (n, t, parts) in tokens.items()),
                *(ComingArray(name, tuple(one.shape), one.dtype, [one]) for name, one in plain.items()),
            ],
            {**header, "normalisation": json.dumps(norms)},
        )
        ids = [f"{i:06d}" for i in range(n_images)]
        nowhere = pl.Series("path", [None] * n_images, dtype=pl.String)
        labels = pl.Series("style", [f"style {one}" for one in style.tolist()])
        pl.DataFrame([pl.Series("id", ids), nowhere, labels]).write_parquet(draft / IMAGES)
        captions = [f"caption {i % CAPTIONS} of {ids[i // CAPTIONS]}" for i in range(n_texts)]
        pl.DataFrame({"caption": captions}).write_parquet(draft / TEXTS)


def _tokens(hidden: Tensor, mask: Tensor, *, noise: float, owner: Tensor | None = None) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(len(mask))
    pool = noise * torch.randn(POOL, hidden.shape[1], generator=generator)
    for part in blocks(len(mask), AT_ONCE):
        drawn = torch.randint(POOL, mask[part].shape, generator=generator)
        items = hidden[part] if owner is None else hidden[owner[part]]
        tokens = pool[drawn].add_(items[:, None])
        tokens.mul_((mask[part].float() / torch.linalg.vector_norm(tokens, dim=2))[..., None])
        yield tokens.half()


def main() -> None:
    """Write one dataset."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--images", type=int, default=29_000)
    asked.add_argument("--patches", type=int, default=PATCHES)
    asked.add_argument("--words", type=int, default=WORDS)
    asked.add_argument("--columns", type=int, default=COLUMNS)
    given = asked.parse_args()
    write_large(given.folder, n_images=given.images, patches=given.patches, words=given.words, columns=given.columns)


if __name__ == "__main__":
    main()
