"""Maps on disk: laid out once for the built-in demos, read back only for the data that they belong to."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.spaces.maps import PlanePair, Points, plane_of, umap_pair
from pico_core.spaces.subspaces import Sample, SpaceName, permuted_probabilities, sample_items, shown, subspace

RULE = "style starts at semantic"  # how the maps are made: a map made otherwise is not read
STEP = 100  # coordinates are kept in hundredths of a unit: finer than a pixel, and small on disk
NAMES = ("semantic", "style", "random_semantic", "random_style")


@dataclass(frozen=True, eq=False)
class UmapPlanes:
    """UMAP of both spaces, and of the same with random weights, for control.

    Attributes:
        planes: Of the study's probabilities.
        random: Of one permutation of them over the columns; None where it was not made.
    """

    planes: PlanePair
    random: PlanePair | None


def map_key(pairs: PairedEmbeddings, probabilities: Columns) -> str:
    """What a stored map belongs to: the items by name, and p to three decimals, which survive another machine."""
    total = hashlib.sha256(RULE.encode())
    for names in (pairs.ids, pairs.captions):
        total.update("\x1f".join(str(name) for name in names).encode("utf-8", "replace"))
    total.update(",".join(f"{p:.3f}" for p in probabilities.tolist()).encode())
    return total.hexdigest()[:16]


def umap_frame(pairs: PairedEmbeddings, probabilities: Columns, *, seed: int = 0) -> pl.DataFrame:
    """UMAP of both spaces, and with random weights, as a table for storing; `planes_from_frame` reads it back.

    Args:
        pairs: The split whose map is wanted (the app maps the test split), in the study's basis.
        probabilities: Semantic probability per column.
        seed: Of the sample (beyond 20,000 items), of the permutation and of UMAP.

    Returns:
        item_kind ("image" or "text"), item (its index), x and y of every name in `NAMES` in hundredths
        of a unit, key (see `map_key`), one row per shown item, images first.
    """
    sample = sample_items(pairs.n_images, pairs.n_texts, seed=seed)
    chance = permuted_probabilities(probabilities, n_draws=1, seed=seed)[0]
    flat: list[Points] = []
    for made in (probabilities, chance):
        names: tuple[SpaceName, SpaceName] = ("semantic", "style")
        first, second = (shown(subspace(pairs, made, name=name), sample) for name in names)
        both = umap_pair(first, second, seed=seed)
        flat += [both.semantic.stacked, both.style.stacked]
    whole = {
        f"{name}_{axis}": np.rint(points[:, place] * STEP).astype(np.int16)
        for name, points in zip(NAMES, flat, strict=True)
        for place, axis in enumerate("xy")
    }
    return pl.DataFrame(
        {
            "item_kind": ["image"] * len(sample.images) + ["text"] * len(sample.texts),
            "item": np.concatenate([sample.images.numpy(), sample.texts.numpy()]).astype(np.int32),
            **whole,
            "key": [map_key(pairs, probabilities)] * len(flat[0]),
        }
    )


def planes_from_frame(frame: pl.DataFrame, sample: Sample, *, key: str) -> UmapPlanes | None:
    """Read what `umap_frame` wrote; None where it belongs to other items or other probabilities."""
    expected = ["image"] * len(sample.images) + ["text"] * len(sample.texts)
    needed = {"item_kind", "item", "key", *(f"{name}_{axis}" for name in NAMES for axis in "xy")}
    if not needed <= set(frame.columns) or frame.height != len(expected) or set(frame["key"]) != {key}:
        return None
    if frame["item_kind"].to_list() != expected or frame["item"].to_list() != [
        *sample.images.tolist(),
        *sample.texts.tolist(),
    ]:
        return None
    planes = [
        plane_of(
            frame.select(f"{name}_x", f"{name}_y").to_numpy().astype(np.float32) / STEP,
            len(sample.images),
            method="umap",
            explained=None,
        )
        for name in NAMES
    ]
    first, second, third, fourth = planes
    return UmapPlanes(PlanePair(first, replace(second, aligned=True)), PlanePair(third, replace(fourth, aligned=True)))
