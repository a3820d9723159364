"""Whether the probabilities, and the other detectors, put the columns in the order that the style probe finds."""

import math
from dataclasses import dataclass

import polars as pl

from pico_core.axes import Columns
from pico_core.columns.detectors import DETECTORS, detector_values
from pico_core.columns.probe import ALL, FIXED, PLURAL, Modality, StyleProbe
from pico_core.columns.reading import CLEAR, STRONG, rank_agreement
from pico_core.retrieval.records import Estimate


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
            f"{PLURAL[name]} {_shown(found)}" for name, found in (("image", self.image), ("text", self.text)) if found
        )
        return (
            f"{words}; {_shown(rho)} between 1 − p and the share that style explains over {self.n_columns} columns "
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
    found = {
        side.modality: rank_agreement(style, shares).rho
        for side in probe.sides
        if (shares := probe.shares(side.modality, which)) is not None
    }
    return ProbeAgreement(
        both=rank_agreement(style, probe.combined(which)).rho,
        image=found.get("image"),
        text=found.get("text"),
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
        found = probe_agreement(probe, detector_values(table, detector), which=which)
        for modality, rho in (("image", found.image), ("text", found.text), ("both", found.both)):
            if rho is not None:
                rows.append((detector.name, detector.title, modality, rho.value, rho.low, rho.high))
    names = ("detector", "title", "modality", "rho", "low", "high")
    return pl.DataFrame(rows, schema=names, orient="row")


def _shown(rho: Estimate) -> str:
    return f"{rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}]"
