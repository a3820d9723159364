"""The table of trainings over all seeds, and its answer in words."""

from dataclasses import dataclass

import polars as pl

from pico_core.analysis.records import Estimate, Verdict
from pico_core.seeds import LEAST_SEEDS, mean_over_seeds
from pico_core.trainings.tables import FAMILY, LABELS, LEAD


@dataclass(frozen=True)
class TrainedOverSeeds:
    """One variant over all seeds.

    Attributes:
        variant: Its name; of a lead, the control that PICO is compared with.
        label: The same for people.
        rsum: Mean of test rSum.
        difference: Mean of the difference: a 95 % t interval over seeds, or of one seed its paired interval.
        verdicts: How often the paired interval of a seed said helps, hurts, none.
    """

    variant: str
    label: str
    rsum: float
    difference: Estimate
    verdicts: tuple[int, int, int]


@dataclass(frozen=True)
class TrainingSummary:
    """All variants over all seeds.

    Attributes:
        experiment: What was done.
        dataset: On which data.
        basis: In which columns.
        n_images: Test images of the first seed.
        n_seeds: How many seeds.
        plain: Mean test rSum of the heads trained with P = 1.
        rows: Every variant against P = 1 in training.
        leads: PICO in the loop minus every control in the loop.
    """

    experiment: str
    dataset: str
    basis: str
    n_images: int
    n_seeds: int
    plain: float
    rows: tuple[TrainedOverSeeds, ...]
    leads: tuple[TrainedOverSeeds, ...]

    @property
    def sentence(self) -> str:
        """The answer about PICO in the loop, verdict before digits, and the control that comes closest to it."""
        found = {row.variant: row for row in self.rows}
        if "pico" not in found:
            return f"Trained with P = 1: {self.plain:.1f} points of test rSum; PICO in the loop was not trained."
        change = found["pico"].difference
        told = (
            f"{Verdict.of(change).sentence} in training: {self.plain:.1f} with P = 1, PICO in the loop "
            f"{change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}] points of test rSum over {self.n_seeds} "
            f"seed{'s' if self.n_seeds > 1 else ''}."
        )
        if not self.leads:
            return told
        nearest = min(self.leads, key=lambda row: row.difference.value)
        lead = nearest.difference
        word = {
            Verdict.HELPS: "No control does as well",
            Verdict.NONE: "A control does as well",
            Verdict.HURTS: "A control does better",
        }[Verdict.of(lead)]
        name = LABELS[nearest.variant]
        return f"{told} {word}: {name}; PICO minus it {lead.value:+.1f} [{lead.low:+.1f}, {lead.high:+.1f}]."


def training_summary(table: pl.DataFrame) -> TrainingSummary:
    """Gather the rows of a table of trainings over their seeds."""
    of = table.filter(pl.col("family") == FAMILY)
    plain = of.filter(pl.col("variant") == "none")
    return TrainingSummary(
        experiment=table["experiment"][0],
        dataset=table["dataset"][0],
        basis=table["basis"][0],
        n_images=int(table["n_images"][0]),
        n_seeds=plain.height,
        plain=sum(plain["rsum"].to_list()) / plain.height,
        rows=over_seeds(of),
        leads=over_seeds(table.filter(pl.col("family") == LEAD)),
    )


def over_seeds(table: pl.DataFrame) -> tuple[TrainedOverSeeds, ...]:
    """One row per variant, of one family of one comparison, in the order of the table."""
    rows = []
    for variant in table["variant"].unique(maintain_order=True).to_list():
        own = table.filter(pl.col("variant") == variant)
        paired = [Estimate(*values) for values in own.select("difference", "low", "high").iter_rows()]
        values = [one.value for one in paired]
        kinds = [Verdict.of(one) for one in paired]
        rows.append(
            TrainedOverSeeds(
                variant=variant,
                label=own["label"][0],
                rsum=sum(own["rsum"].to_list()) / own.height,
                difference=mean_over_seeds(values) if own.height >= LEAST_SEEDS else paired[0],
                verdicts=tuple(kinds.count(kind) for kind in (Verdict.HELPS, Verdict.HURTS, Verdict.NONE)),  # type: ignore[arg-type]
            )
        )
    return tuple(rows)
