"""Every query with its rank on the left and on the right: who won, who lost, and by how much."""

from dataclasses import dataclass

import polars as pl

from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.comparing.paired import KINDS, PairedRanks
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.scoring import QueryKind
from pico_core.retrieval.uncertainty import bootstrap_counts


@dataclass(frozen=True)
class MoveCounts:
    """How many queries of one direction rank better or worse on the right.

    Attributes:
        kind: Who asks.
        won: Queries with a better rank on the right.
        lost: With a worse one.
        same: With the same.
        lead: Share won minus share lost, in points of per cent, resampled by image.
    """

    kind: QueryKind
    won: int
    lost: int
    same: int
    lead: Estimate

    @property
    def total(self) -> int:
        """All queries of this direction that were asked."""
        return self.won + self.lost + self.same


def moves_frame(paired: PairedRanks) -> pl.DataFrame:
    """All queries that were asked, the largest gain first, the largest loss last.

    Returns:
        kind ("image" or "text"), index (in the split), image (that it belongs to), before, after, and
        `gain` = log2(before / after): +1 is half the rank, -1 twice. Equal gains stand with images
        first, then by index.
    """
    parts = []
    for kind in KINDS:
        before, after = paired.sides(kind)
        parts.append(
            pl.DataFrame(
                {
                    "kind": [kind] * len(before),
                    "index": (paired.images if kind == "image" else paired.texts).numpy(),
                    "image": paired.images[paired.clusters(kind)].numpy(),
                    "before": before.numpy(),
                    "after": after.numpy(),
                },
                schema_overrides={"kind": pl.String},
            )
        )
    # By the ratio: 6 to 3 and 2 to 1 are then equal to the last bit, and stand in their order.
    ratio = pl.col("before") / pl.col("after")
    return pl.concat(parts).with_columns(gain=ratio.log(2)).sort("gain", descending=True, maintain_order=True)


def move_counts(paired: PairedRanks, kind: QueryKind, *, n_draws: int = 1000, seed: int = 0) -> MoveCounts:
    """Won, lost and the same of one direction, with the lead of the winners and its interval by image."""
    before, after = paired.sides(kind)
    won, lost = (paired.count(gains=gains, kind=kind) for gains in (True, False))
    counts = bootstrap_counts(len(paired.images), n_draws=n_draws, seed=seed)
    (lead,) = paired.means(100.0 * (before - after).sign().double()[:, None], kind, counts)
    return MoveCounts(kind, won, lost, len(before) - won - lost, lead)


def query_labels(frame: pl.DataFrame, pairs: PairedEmbeddings, name: str, *, of_images: bool) -> pl.Series:
    """The label of every query of a frame from `moves_frame`.

    A label of images belongs to the image and to its texts; a label of texts to the texts alone:
    an image query has none (null), as its texts may differ in it.

    Args:
        frame: With kind, index and image.
        pairs: The split that was searched.
        name: Of the label column.
        of_images: Whether it is a column of images.
    """
    if of_images:
        return pairs.images[name].cast(pl.String).gather(frame["image"]).alias(name)
    values = pairs.texts[name].cast(pl.String).to_list()
    rows = zip(frame["kind"].to_list(), frame["index"].to_list(), strict=True)
    return pl.Series(name, [values[index] if kind == "text" else None for kind, index in rows], dtype=pl.String)
