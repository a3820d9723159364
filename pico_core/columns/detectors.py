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

from pico_core.columns.probe import ALL, FIXED, PLURAL, Modality, StyleProbe
from pico_core.columns.summary import CLEAR, STRONG, rank_agreement
from pico_core.common.axes import Columns
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
        confirmed = [i for i, rho in enumerate(self.rho) if not math.isnan(rho.value) and rho.low > 0]
        return max(confirmed, key=lambda i: self.rho[i].value, default=None)

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


@dataclass(frozen=True)
class ProbeAgreement:
    """Spearman's rho of 1 - probability with the style share, over columns.

    Attributes:
        both: With style in either modality.
        image: With the shares of images; None where they were not probed.
        text: With the shares of texts; None where they were not probed.
        n_columns: Over how many.
        source: What the probe came from: "encoder" or "labels".
        which: "all", or at fixed style.
    """

    both: Estimate
    image: Estimate | None
    text: Estimate | None
    n_columns: int
    source: str = "encoder"
    which: str = ALL

    def of(self, modality: Modality) -> Estimate | None:
        """One modality's."""
        return self.image if modality == "image" else self.text

    @property
    def sentence(self) -> str:
        """The verdict by the interval, in words before digits."""
        who = "style probe" if self.source == "encoder" else "style labels"
        start = "With the style label held fixed, the" if self.which == FIXED else "The"
        verb = "does" if self.source == "encoder" else "do"
        end = "s" if self.source == "encoder" else ""
        rho = self.both
        if math.isnan(rho.value):
            return f"There is no order to compare: the {who} or the probabilities say the same of every column."
        if rho.low > 0:
            how = "closely" if rho.value >= STRONG else "clearly" if rho.value >= CLEAR else "weakly"
            words = f"{start} {who} agree{end} {how} with the probabilities"
        elif rho.high < 0:
            words = (
                f"{start} {who} contradict{end} the probabilities: columns that style moves more have the higher ones"
            )
        else:
            words = f"{start} {who} {verb} not agree with the probabilities: no detectable rank correlation"
        parts = ", ".join(
            f"{PLURAL[name]} {side:+.2f}" for name, side in (("image", self.image), ("text", self.text)) if side
        )
        return (
            f"{words}; {rho:+.2f} between 1 − p and the share that style explains over {self.n_columns} columns "
            f"({parts})."
        )


def probe_agreement(probe: StyleProbe, probabilities: Columns, *, which: str = ALL) -> ProbeAgreement:
    """Compare semantic probabilities with the probe: a column that style moves more should have a lower one.

    Args:
        probe: In the axes of the probabilities.
        probabilities: Or any other detector that rises with meaning.
        which: Shares over all items, or at fixed style.

    Source: beyond the paper. The interval takes columns as independent, see `rank_agreement`.
    """
    style = 1 - probabilities.double()
    by_modality = {
        side.modality: rank_agreement(style, shares).rho
        for side in probe.sides
        if (shares := probe.shares(side.modality, which)) is not None
    }
    return ProbeAgreement(
        both=rank_agreement(style, probe.combined(which)).rho,
        image=by_modality.get("image"),
        text=by_modality.get("text"),
        n_columns=len(probabilities),
        source=probe.source,
        which=which,
    )


def detector_agreements(probe: StyleProbe, table: pl.DataFrame, *, which: str = ALL) -> pl.DataFrame:
    """The same for every detector of the column table: which of them the probe confirms.

    Args:
        probe: In the axes of the table.
        table: From `column_table`.
        which: Shares over all items, or at fixed style.

    Returns:
        detector, title, modality ("image", "text", "both"), rho, low, high; detectors in the order of the table.
    """
    rows = []
    for detector in DETECTORS:
        agreement = probe_agreement(probe, detector_values(table, detector), which=which)
        for modality, rho in (("image", agreement.image), ("text", agreement.text), ("both", agreement.both)):
            if rho is not None:
                rows.append((detector.name, detector.title, modality, rho.value, rho.low, rho.high))
    names = ("detector", "title", "modality", "rho", "low", "high")
    return pl.DataFrame(rows, schema=names, orient="row")
