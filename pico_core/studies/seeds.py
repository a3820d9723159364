"""The same study with several seeds: how far a result depends on the split, the batches and the starts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pico_core.common.axes import Columns
from pico_core.common.errors import SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import StudyConfig
from pico_core.retrieval.over_splits import count_verdicts, over_seeds
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.studies.study import Study, run_study

LEAST_SEEDS = 2  # one seed says nothing about how much seeds matter


@dataclass(frozen=True)
class SchemeOverSeeds:
    """One way to score over all seeds.

    Attributes:
        name: Of the scoring: "unweighted", "weighted", or a control.
        label: The same for people.
        rsum: Mean over seeds, in points of 600.
        difference: Mean of rSum minus the unweighted rSum of the same seed.
        verdicts: How often its own paired interval said helps, hurts, none, in this order.
    """

    name: str
    label: str
    rsum: Estimate
    difference: Estimate
    verdicts: tuple[int, int, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", SCHEMES.current_name(self.name))  # stored tables hold names of 1.0.0


@dataclass(frozen=True)
class SeedsReport:
    """All scorings of a dataset over several seeds.

    Attributes:
        dataset: Its name.
        basis: In which columns were read.
        seeds: Which.
        n_images: Images of one test split.
        accepted: How often the guard let the weights through.
        rows: Unweighted and weighted first.
    """

    dataset: str
    basis: str
    seeds: tuple[int, ...]
    n_images: int
    accepted: int
    rows: tuple[SchemeOverSeeds, ...]

    def row(self, name: str) -> SchemeOverSeeds:
        """The row of a scoring.

        Raises:
            SettingError: there is none of this name.
        """
        for row in self.rows:
            if row.name == SCHEMES.current_name(name):
                return row
        raise SettingError(f"no scoring is called {name!r}; there are {', '.join(row.name for row in self.rows)}")

    @property
    def sentence(self) -> str:
        """The answer over all seeds, verdict before digits."""
        change = self.row("weighted").difference
        return (
            f"{Verdict.of(change).sentence} over {len(self.seeds)} seeds: {self.row('unweighted').rsum.value:.1f} "
            f"unweighted, change {change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}] points of rSum; "
            f"the guard let the weights through in {self.accepted} of {len(self.seeds)}."
        )


def report_over_seeds(
    pairs: PairedEmbeddings,
    config: StudyConfig | None = None,
    *,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    truth: Columns | None = None,
    reporter: Reporter = SILENT,
) -> SeedsReport:
    """Run a study once per seed and gather every scoring: mean over seeds with its corrected 95 % interval.

    A seed decides the split, the batches and the starts of K-means. The splits of one dataset overlap, so the
    interval is that of the corrected resampled t test (see `retrieval.over_splits`), wider than Student's.

    Args:
        pairs: A whole dataset.
        config: Settings; their seed is replaced.
        seeds: At least two, all different.
        truth: Planted semantic share, where it is known.
        reporter: Hears of every finished study as a step.

    Raises:
        SettingError: too few seeds, or one twice.
        DataError: the dataset is too small to be divided.
    """
    if len(seeds) < LEAST_SEEDS or len(set(seeds)) < len(seeds):
        raise SettingError(f"the seeds are {list(seeds)}; expected at least {LEAST_SEEDS}, all different")
    settings = config or StudyConfig()
    studies: list[Study] = []
    for seed in seeds:
        done = len(studies)
        part = reporter.part(done / len(seeds), (done + 1) / len(seeds))
        studies.append(run_study(pairs, replace(settings, seed=seed), truth=truth, reporter=part))
        reporter.step(done + 1, len(seeds), name="seeds", record=studies[-1])
    reports = [study.report for study in studies]
    n_test = reports[0].n_images

    def mean(values: Sequence[float]) -> Estimate:
        return over_seeds(values, test_share=n_test / (pairs.n_images - n_test)).mean

    rows = []
    for position, first in enumerate((reports[0].baseline, reports[0].weighted, *reports[0].controls)):
        every = [(report.baseline, report.weighted, *report.controls)[position] for report in reports]
        rows.append(
            SchemeOverSeeds(
                name=first.name,
                label=first.label.split(" (λ")[0],  # the guard chooses λ anew for every seed
                rsum=mean([scoring.metrics.rsum.value for scoring in every]),
                difference=mean([scoring.difference.value for scoring in every]),
                verdicts=count_verdicts([scoring.verdict for scoring in every]),
            )
        )
    return SeedsReport(
        dataset=pairs.name,
        basis=settings.basis,
        seeds=tuple(seeds),
        n_images=n_test,
        accepted=sum(study.construction.guard.accepted for study in studies),
        rows=tuple(rows),
    )
