"""Six small planted datasets with a lesson each: what the method does where the truth is known.

Small enough to be computed while somebody reads the first sentence; every takeaway is computed
from the study, with intervals. The front end has the words.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.columns.resampling import construction_draws
from pico_core.common.axes import Columns
from pico_core.data.pairs import Splits
from pico_core.data.planted import Planted, PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.probabilities import agreement_sums, weights_from
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate
from pico_core.studies.study import Study, run_study, study_splits

SMALL: Final = {
    "n_images": 320,
    "n_columns": 32,
    "n_patches": 4,
    "n_words": 4,
    "n_concepts": 40,
    "concepts_per_image": 3,
}
METHOD: Final = {"n_prototypes": 4, "n_iterations": 8, "n_anchors": 64}
N_DRAWS: Final = 200


@dataclass(frozen=True)
class Takeaway:
    """What a lesson shows, in numbers of its own study.

    Attributes:
        numbers: Its estimates.
        holds: Whether the numbers say what the lesson promises.
        values: Plain numbers that stand beside the estimates.
    """

    numbers: tuple[Estimate, ...]
    holds: bool
    values: tuple[int | float, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A preset of the Method page.

    Attributes:
        name: Short, in addresses.
        planted: The data.
        config: The study.
        column: The column that it opens at; -1 for one of low semantic probability.
        seed: Of the data.
    """

    name: str
    planted: PlantedConfig
    config: StudyConfig
    column: int = -1
    seed: int = 0


@dataclass(frozen=True, eq=False)
class TaughtLesson:
    """A lesson, computed.

    Attributes:
        lesson: Which.
        data: What was planted.
        study: What the method made of it.
        splits: Of the study, in its basis.
        takeaway: What to keep of it.
    """

    lesson: Lesson
    data: Planted
    study: Study
    splits: Splits
    takeaway: Takeaway

    @property
    def column(self) -> int:
        """Where it opens: among the columns of low probability the one whose signs are furthest from chance."""
        if self.lesson.column >= 0:
            return self.lesson.column
        order = self.study.construction.probabilities.argsort(stable=True)
        low = order[1 : max(2, len(order) // 4)]  # the very lowest may weigh nothing at all
        moved = self.study.construction.pseudo_semantic - torch.tensor(self.study.columns["null_mean"].to_list())
        return int(low[moved[low].abs().argmax()])


def _study(**settings: object) -> StudyConfig:
    own = {name: settings.pop(name) for name in ("fit", "feedback") if name in settings}
    return StudyConfig(construction=ConstructionConfig(**{**METHOD, **settings}), **own)  # type: ignore[arg-type]


LESSONS: Final = (
    Lesson("clear", PlantedConfig(**SMALL, style_strength=2.5), _study()),
    Lesson("coupled", PlantedConfig(**SMALL, style_strength=2.5, coupling=1.0), _study()),
    Lesson("none", PlantedConfig(**SMALL, style_strength=0.0, noise=2.5), _study()),
    Lesson("rogue", PlantedConfig(**SMALL, style_strength=2.0, n_rogue=3, offset=4.0), _study(), column=31),
    Lesson(
        "tiny", PlantedConfig(**SMALL, style_strength=2.5), _study(batch_share=0.014, n_iterations=12, feedback=0.04)
    ),
    Lesson("many", PlantedConfig(**SMALL, style_strength=2.5), _study(n_prototypes=24)),
)


def lesson_of(name: str) -> Lesson:
    """The lesson of this name.

    >>> lesson_of("none").planted.style_strength
    0.0
    """
    return next(lesson for lesson in LESSONS if lesson.name == name)


def teach(lesson: Lesson, *, beside: TaughtLesson | None = None) -> TaughtLesson:
    """Plant, run the study, and compute the takeaway.

    Args:
        lesson: Which.
        beside: The clear lesson, which "coupled" and "many" compare themselves with; made anew where it is missing.
    """
    if beside is None and lesson.name in ("coupled", "many"):
        beside = teach(LESSONS[0])
    data = planted_pairs(lesson.planted, seed=lesson.seed)
    splits = study_splits(data.pairs, lesson.config)
    study = run_study(data.pairs, lesson.config, truth=data.semantic_share, splits=splits)
    taught = TaughtLesson(lesson, data, study, splits, Takeaway((), holds=False))
    return replace(taught, takeaway=TAKEAWAYS[lesson.name](taught, beside))


def truth_correlation(taught: TaughtLesson) -> Estimate:
    """Rank correlation of the semantic probability with the planted share of meaning, over columns.

    The interval repeats the construction on resampled images and is never narrower than the value itself.
    """
    construction, truth = taught.study.construction, taught.data.semantic_share
    draws = construction_draws(taught.splits.fit, construction, seed=taught.study.config.seed, n_draws=N_DRAWS)
    value = float(rank_correlation(construction.probabilities[None], truth)[0])
    if draws is None:
        return Estimate(value, value, value)
    estimate = percentile_estimate(value, rank_correlation(draws.probabilities, truth))
    return Estimate(value, min(value, estimate.low), max(value, estimate.high))


def rank_correlation(draws: Float[Tensor, "b d"], other: Columns) -> Float[Tensor, " b"]:
    """Spearman's rank correlation of every row with a vector; ties in the order in which they stand.

    >>> rank_correlation(torch.tensor([[1.0, 2.0, 9.0], [3.0, 2.0, 1.0]]), torch.tensor([0.0, 0.5, 0.6]))
    tensor([ 1.0000, -1.0000])
    """
    left = draws.argsort(dim=1, stable=True).argsort(dim=1).float()
    right = other.argsort(stable=True).argsort().float()
    left, right = left - left.mean(dim=1, keepdim=True), right - right.mean()
    norms: Tensor = torch.linalg.vector_norm(left, dim=1) * torch.linalg.vector_norm(right)
    return (left @ right) / norms.clamp_min(1e-9)


def excess(taught: TaughtLesson, columns: Tensor, *, absolute: bool = False) -> Estimate:
    """Mean of p̂ minus its null over some columns, resampled by image; of its size, if `absolute`."""
    fit = taught.splits.fit
    null = torch.tensor(taught.study.columns["null_mean"].to_list())
    counts = bootstrap_counts(fit.n_images, n_draws=500, seed=0)
    texts = torch.bincount(fit.text_image, minlength=fit.n_images).float()
    draws = (counts @ agreement_sums(fit)) / (counts @ texts)[:, None] - null
    value = taught.study.construction.pseudo_semantic - null
    if absolute:
        draws, value = draws.abs(), value.abs()
    return percentile_estimate(float(value[columns].mean()), draws[:, columns].mean(dim=1))


def _clear(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    rho, report = truth_correlation(taught), taught.study.report
    return Takeaway((rho, report.difference), rho.low > 0 and report.verdict is Verdict.HELPS)


def _coupled(taught: TaughtLesson, beside: TaughtLesson | None) -> Takeaway:
    assert beside is not None
    style = taught.data.semantic_share.argsort()[: len(taught.data.semantic_share) // 3]
    here, there = excess(taught, style, absolute=True), excess(beside, style, absolute=True)
    return Takeaway((here, there, taught.study.report.difference), here.low > there.high, (len(style),))


def _none(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    change, probabilities = taught.study.report.unguarded.difference, taught.study.construction.probabilities
    extremes = float(probabilities.min()), float(probabilities.max())
    return Takeaway((change,), Verdict.of(change) is Verdict.NONE, extremes)


def _rogue(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    count = taught.lesson.planted.n_rogue
    n_columns = len(taught.data.semantic_share)
    rogue = torch.arange(n_columns - count, n_columns)
    p_hat = taught.study.construction.pseudo_semantic
    above = excess(taught, rogue)
    highest = set(p_hat.topk(count).indices.tolist()) == set(rogue.tolist())
    holds = highest and abs(above.value) < 0.02 and above.high < 0.05
    return Takeaway((above,), holds, (count, float(p_hat[rogue].min()), float(p_hat[rogue].max())))


def _tiny(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    gains = taught.study.construction.history.candidate_gains
    noise = gain_noise(taught)
    drawn = torch.randint(len(gains), (500, len(gains)), generator=torch.Generator().manual_seed(0))
    spread = percentile_estimate(float(gains.std()), gains[drawn].std(dim=1))
    return Takeaway((spread, noise), noise.value > spread.high, (len(gains), taught.splits.feedback.n_images))


def gain_noise(taught: TaughtLesson) -> Estimate:
    """Standard error of a candidate's relative gain from the images of the feedback split.

    The median over candidates, with the lowest and the highest.
    """
    performance = retrieval_feedback(taught.splits.feedback)
    construction = taught.study.construction
    reference = performance(torch.ones_like(construction.probabilities)).double()
    errors = torch.stack(
        [
            (performance(weights_from(step.candidate_probabilities)).double() - reference).std() / len(reference) ** 0.5
            for step in construction.history.iterations
        ]
    ) / float(reference.mean())
    return Estimate(float(errors.median()), float(errors.min()), float(errors.max()), level=1.0)


def _many(taught: TaughtLesson, beside: TaughtLesson | None) -> Takeaway:
    assert beside is not None
    here, there = truth_correlation(taught), truth_correlation(beside)
    near = [float(lesson.study.construction.image_similarity.median()) for lesson in (taught, beside)]
    n_prototypes = beside.study.config.construction.n_prototypes
    return Takeaway((here, there), here.high < there.value, (near[0], n_prototypes, near[1]))


TAKEAWAYS: Final[dict[str, Callable[[TaughtLesson, TaughtLesson | None], Takeaway]]] = {
    "clear": _clear,
    "coupled": _coupled,
    "none": _none,
    "rogue": _rogue,
    "tiny": _tiny,
    "many": _many,
}
