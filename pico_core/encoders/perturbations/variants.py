"""The same items in several styles, as an encoder sees them: records only."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from pico_core.encoders.protocol import BadItem
from pico_core.errors import DataError


@dataclass(frozen=True, eq=False)
class Variants:
    """Items of one modality in every variant.

    Attributes:
        means: Mean of the item's tokens in every variant; variant 0 is the original.
        names: What was done in variants 1 and on.
        aside: Those of the names that may have changed content too; they are not counted in a sum over all.
        rows: The row of every item in what was sampled; empty where that is not known.
        styles: The style label of every item, for shares at fixed style; empty where there is none.
    """

    means: Float[Tensor, "items variants d"]
    names: tuple[str, ...]
    aside: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    styles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n_variants = self.means.shape[1]
        if n_variants != len(self.names) + 1:
            raise DataError(
                f"variants: {len(self.names)} names for {n_variants} variants; expected the original, which has no "
                "name, and one name for each of the others"
            )
        if len(self.means) < 2:
            raise DataError(f"variants: {len(self.means)} items; a share of variance needs at least 2")
        for name, values in (("rows", self.rows), ("styles", self.styles)):
            if values and len(values) != len(self.means):
                raise DataError(f"variants: {len(values)} {name} for {len(self.means)} items; give one each, or none")


@dataclass(frozen=True, eq=False)
class StyleVariants:
    """A sample of a dataset in several styles.

    Attributes:
        images: Of the pictures; None where there was no picture.
        texts: Of the captions; None where there was no caption.
        encoder: Name of what encoded them.
        digest: Of the dataset that was sampled.
        part: Which part of it, "all" or the fit split of a study.
        seed: Drew the sample.
        skipped: Pictures and captions of the sample that are not among the items, with reasons.
        unknown_words: Words that the perturbations brought and the encoder left out.
        n_colour: Captions of the sample that name a colour.
    """

    images: Variants | None
    texts: Variants | None
    encoder: str
    digest: str
    seed: int
    part: str = "all"
    skipped: tuple[BadItem, ...] = ()
    unknown_words: tuple[str, ...] = ()
    n_colour: int = 0
