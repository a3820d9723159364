"""The detectors of style columns side by side, and which of them to trust on this data. Beyond the paper.

No detector wins everywhere. So none is shown alone, and wherever there is a yardstick that does not
come from the method (planted truth, the style probe, style labels), every detector is compared with it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
import torch

from pico_core.axes import Columns
from pico_core.columns.reading import rank_agreement
from pico_core.retrieval.records import Estimate


@dataclass(frozen=True)
class Detector:
    """One column of the column table that tells meaning from style.

    Attributes:
        name: Of the column of the table.
        title: For people; high means meaning.
        rises_with_style: Whether it has to be turned round for that.
    """

    name: str
    title: str
    rises_with_style: bool = False


DETECTORS: Final = (
    Detector("probability", "semantic probability p"),
    Detector("p_hat", "sign agreement p̂"),
    Detector("p_hat_corrected", "p̂ above its null"),
    Detector("correlation", "correlation over pairs"),
    Detector("image_similarity", "dissimilarity to the image prototypes", rises_with_style=True),
    Detector("text_similarity", "dissimilarity to the text prototypes", rises_with_style=True),
)


@dataclass(frozen=True, eq=False)
class Yardstick:
    """A measure of style per column that does not come from the method.

    Attributes:
        name: Short and stable.
        title: For people, as in "by the style probe".
        style: High means style.
    """

    name: str
    title: str
    style: Columns


@dataclass(frozen=True)
class Trust:
    """Every detector against one yardstick.

    Attributes:
        yardstick: Its title.
        rho: Spearman's rank correlation of style by the yardstick with style by each detector, in the
            order of `DETECTORS`; nan where one side does not vary.
        n_columns: Over how many columns.
    """

    yardstick: str
    rho: tuple[Estimate, ...]
    n_columns: int

    @property
    def best(self) -> int | None:
        """The detector of the highest rank correlation whose interval lies above 0; None where there is none."""
        found = [i for i, rho in enumerate(self.rho) if not math.isnan(rho.value) and rho.low > 0]
        return max(found, key=lambda i: self.rho[i].value, default=None)

    @property
    def as_good(self) -> tuple[int, ...]:
        """Other detectors above 0 whose interval reaches the best one's value."""
        best = self.best
        if best is None:
            return ()
        top = self.rho[best].value
        return tuple(i for i, rho in enumerate(self.rho) if i != best and rho.low > 0 and rho.high >= top)

    @property
    def against(self) -> tuple[int, ...]:
        """Detectors that point the wrong way: the whole interval lies below 0."""
        return tuple(i for i, rho in enumerate(self.rho) if rho.high < 0)

    @property
    def sentence(self) -> str:
        """Which to trust, in words before digits."""
        best = self.best
        wrong = f" The wrong way points {_listed(self.against)}." if self.against else ""
        if best is None:
            return (
                f"By {self.yardstick}, none of the detectors can be trusted here: no rank correlation over "
                f"{self.n_columns} columns lies surely above 0.{wrong}"
            )
        rho = self.rho[best]
        others = (
            f"; as far as can be told {_listed(self.as_good)} {'does' if len(self.as_good) == 1 else 'do'} as well"
            if self.as_good
            else ", ahead of all others"
        )
        return (
            f"By {self.yardstick}, trust the {DETECTORS[best].title} on this data: rank correlation {rho.value:.2f} "
            f"[{rho.low:.2f}, {rho.high:.2f}] over {self.n_columns} columns{others}.{wrong}"
        )


def detector_values(table: pl.DataFrame, detector: Detector) -> Columns:
    """The detector turned so that high means meaning."""
    values = torch.tensor(table[detector.name].to_list(), dtype=torch.float64)
    return 1 - values if detector.rises_with_style else values


def planted_yardstick(table: pl.DataFrame) -> Yardstick | None:
    """The planted truth, where the table has it."""
    truth = table["semantic_share"]
    if truth.null_count():
        return None
    return Yardstick("planted", "the planted truth", 1 - torch.tensor(truth.to_list()))


def judge(table: pl.DataFrame, yardsticks: Sequence[Yardstick]) -> tuple[Trust, ...]:
    """Compare every detector with every yardstick.

    Args:
        table: From `column_table`.
        yardsticks: One number per column of the table each.

    Returns:
        One record per yardstick. The intervals take columns as independent, see `rank_agreement`.

    >>> names = ("probability", "p_hat", "p_hat_corrected", "correlation", "image_similarity", "text_similarity")
    >>> table = pl.DataFrame({name: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] for name in names})
    >>> found = judge(table, [Yardstick("truth", "the truth", torch.tensor([6.0, 5.0, 4.0, 3.0, 2.0, 1.0]))])[0]
    >>> [round(rho.value) for rho in found.rho], DETECTORS[found.best].name
    ([1, 1, 1, 1, -1, -1], 'probability')
    """
    return tuple(
        Trust(
            yardstick.title,
            tuple(rank_agreement(-detector_values(table, d), yardstick.style.double()).rho for d in DETECTORS),
            table.height,
        )
        for yardstick in yardsticks
    )


def _listed(places: Sequence[int]) -> str:
    titles = [f"the {DETECTORS[place].title}" for place in places]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
