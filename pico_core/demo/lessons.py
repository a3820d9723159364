"""Six small planted datasets with a lesson each: what the method does where the truth is known.

Small enough to be computed while somebody reads the first sentence; every takeaway is computed
from the study, with intervals, and says what came out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.axes import Columns
from pico_core.columns.resampling import construction_draws
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
        sentence: Verdict before digits.
        numbers: The estimates that stand in it.
        holds: Whether the numbers say what the lesson promises; if not, the sentence says that instead.
    """

    sentence: str
    numbers: tuple[Estimate, ...]
    holds: bool


@dataclass(frozen=True)
class Lesson:
    """A preset of the Method page.

    Attributes:
        name: Short, in addresses.
        title: For people.
        about: What was planted, and what to look for.
        planted: The data.
        config: The study.
        column: The column that it opens at; -1 for one of low semantic probability.
        seed: Of the data.
    """

    name: str
    title: str
    about: str
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
    Lesson(
        "clear",
        "Clear style",
        "Four styles of pictures and four tones of sentences were planted, independent of each other. Some columns "
        "carry mostly style, others mostly meaning, and the page knows which.",
        PlantedConfig(**SMALL, style_strength=2.5),
        _study(),
    ),
    Lesson(
        "coupled",
        "Coupled style",
        "The same, but the tone of a sentence follows the style of its picture: every sketch is described in one tone. "
        "Now style agrees or disagrees in sign within matched pairs, as meaning does.",
        PlantedConfig(**SMALL, style_strength=2.5, coupling=1.0),
        _study(),
    ),
    Lesson(
        "none",
        "No style: nothing to find",
        "No style was planted. The method is asked all the same; watch what it answers, and what the test images say.",
        PlantedConfig(**SMALL, style_strength=0.0, noise=2.5),
        _study(),
    ),
    Lesson(
        "rogue",
        "Rogue columns: a constant offset that looks like semantics",
        "To the last three columns a constant was added, the same in pictures and in sentences. It says nothing about "
        "any pair, but it makes nearly every product positive.",
        PlantedConfig(**SMALL, style_strength=2.0, n_rogue=3, offset=4.0),
        _study(),
        column=31,
    ),
    Lesson(
        "tiny",
        "Tiny batches: noisy feedback",
        "Every candidate is built from two images, and feedback looks at only thirteen. The gains differ; the question "
        "is whether the differences mean anything.",
        PlantedConfig(**SMALL, style_strength=2.5),
        _study(batch_share=0.014, n_iterations=12, feedback=0.04),
    ),
    Lesson(
        "many",
        "Too many prototypes",
        "The data of clear style, with 24 prototypes for 32 columns: nearly every column has a prototype to itself.",
        PlantedConfig(**SMALL, style_strength=2.5),
        _study(n_prototypes=24),
    ),
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
    study = run_study(data.pairs, lesson.config, truth=data.semantic_share)
    splits = study_splits(data.pairs, lesson.config, study.basis)
    found = TaughtLesson(lesson, data, study, splits, Takeaway("", (), holds=False))
    return TaughtLesson(lesson, data, study, splits, TAKEAWAYS[lesson.name](found, beside))


def truth_correlation(taught: TaughtLesson) -> Estimate:
    """Rank correlation of the semantic probability with the planted share of meaning, over columns.

    The interval repeats the construction on resampled images and is never narrower than the value itself.
    """
    made, truth = taught.study.construction, taught.data.semantic_share
    draws = construction_draws(taught.splits.fit, made, seed=taught.study.config.seed, n_draws=N_DRAWS)
    value = float(rank_correlation(made.probabilities[None], truth)[0])
    if draws is None:
        return Estimate(value, value, value)
    found = percentile_estimate(value, rank_correlation(draws.probabilities, truth))
    return Estimate(value, min(value, found.low), max(value, found.high))


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


def _said(estimate: Estimate, digits: int = 2, *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    one = f"{{:{plus}.{digits}f}}"
    return f"{one} [{one}, {one}]".format(estimate.value, estimate.low, estimate.high)


def _clear(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    rho, report = truth_correlation(taught), taught.study.report
    change = report.difference
    found = rho.low > 0 and report.verdict is Verdict.HELPS
    verdict = (
        "Where style lies along columns the prototypes find it, and weighing helps"
        if found
        else "Here the style was not found well enough to help"
    )
    return Takeaway(
        f"{verdict}: the semantic probability follows the planted share of meaning (rank correlation {_said(rho)}), "
        f"and on {report.n_images} test images rSum changes by {_said(change, 1, sign=True)} points from "
        f"{report.baseline.metrics.rsum.value:.1f}.",
        (rho, change),
        found,
    )


def _coupled(taught: TaughtLesson, beside: TaughtLesson | None) -> Takeaway:
    assert beside is not None
    style = taught.data.semantic_share.argsort()[: len(taught.data.semantic_share) // 3]
    here, there, change = excess(taught, style, absolute=True), excess(beside, style, absolute=True), None
    change = taught.study.report.difference
    found = here.low > there.high
    verdict = (
        "Agreement of signs is not meaning: a style that both sides share moves it too"
        if found
        else "Coupling moved the signs no more than chance"
    )
    worth = {
        Verdict.HELPS: "and weighing style down still helps",
        Verdict.HURTS: "and weighing it down hurts, since a shared style now helps to find the partner",
        Verdict.NONE: "and weighing it down makes no detectable difference, since a shared style now helps to find the "
        "partner",
    }[taught.study.report.verdict]
    return Takeaway(
        f"{verdict}. In the {len(style)} columns that carry most style p̂ lies {_said(here, 3)} away from its null on "
        f"average, without the coupling {_said(there, 3)}; {worth} (rSum {_said(change, 1, sign=True)}).",
        (here, there, change),
        found,
    )


def _none(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    report, made = taught.study.report, taught.study.construction
    lowest, highest = float(made.probabilities.min()), float(made.probabilities.max())
    change = report.unguarded.difference
    found = Verdict.of(change) is Verdict.NONE
    verdict = (
        "The method always answers; only the test says whether there was anything to find"
        if found
        else "Even without style the weights made a difference here"
    )
    return Takeaway(
        f"{verdict}: without any style it still names {made.config.n_prototypes} prototypes and gives probabilities "
        f"from {lowest:.2f} to {highest:.2f}. {Verdict.of(change).sentence} on {report.n_images} test images if these "
        f"weigh the columns: rSum {_said(change, 1, sign=True)}. {made.guard.sentence}",
        (change,),
        found,
    )


def _rogue(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    count = taught.lesson.planted.n_rogue
    n_columns = len(taught.data.semantic_share)
    rogue = torch.arange(n_columns - count, n_columns)
    p_hat = taught.study.construction.pseudo_semantic
    above = excess(taught, rogue)
    highest = set(p_hat.topk(count).indices.tolist()) == set(rogue.tolist())
    found = highest and abs(above.value) < 0.02 and above.high < 0.05
    verdict = (
        "High agreement is not meaning" if found else "The offset did not lift these columns above all others here"
    )
    return Takeaway(
        f"{verdict}: the {count} rogue columns have p̂ from {float(p_hat[rogue].min()):.2f} to "
        f"{float(p_hat[rogue].max()):.2f}, the highest of all, yet pairs that do not belong together agree as often: "
        f"p̂ minus its null is {_said(above, 3, sign=True)}. Always read p̂ beside its null.",
        (above,),
        found,
    )


def _tiny(taught: TaughtLesson, _beside: TaughtLesson | None) -> Takeaway:
    steps = taught.study.construction.history.iterations
    gains = torch.tensor([step.candidate_gain for step in steps])
    noise = gain_noise(taught)
    drawn = torch.randint(len(gains), (500, len(gains)), generator=torch.Generator().manual_seed(0))
    spread = percentile_estimate(float(gains.std()), gains[drawn].std(dim=1))
    n = taught.splits.feedback.n_images
    found = noise.value > spread.high
    verdict = (
        "Feedback this small cannot tell its candidates apart" if found else "Even so little feedback told them apart"
    )
    return Takeaway(
        f"{verdict}: gains of the {len(gains)} candidates differ by a standard deviation of {spread.value:.1%} "
        f"[{spread.low:.1%}, {spread.high:.1%}], but with other {n} images a single gain would move by "
        f"{noise.value:.1%} [{noise.low:.1%}, {noise.high:.1%}]. An order of gains is still an order when it is noise; "
        "the proposition holds for it all the same.",
        (spread, noise),
        found,
    )


def gain_noise(taught: TaughtLesson) -> Estimate:
    """Standard error of a candidate's relative gain from the images of the feedback split.

    The median over candidates, with the lowest and the highest.
    """
    performance = retrieval_feedback(taught.splits.feedback)
    made = taught.study.construction
    reference = performance(torch.ones_like(made.probabilities)).double()
    errors = torch.stack(
        [
            (performance(weights_from(step.candidate_probabilities)).double() - reference).std() / len(reference) ** 0.5
            for step in made.history.iterations
        ]
    ) / float(reference.mean())
    return Estimate(float(errors.median()), float(errors.min()), float(errors.max()), level=1.0)


def _many(taught: TaughtLesson, beside: TaughtLesson | None) -> Takeaway:
    assert beside is not None
    here, there = truth_correlation(taught), truth_correlation(beside)
    near = [float(one.study.construction.image_similarity.median()) for one in (taught, beside)]
    found = here.high < there.value
    verdict = (
        "With a prototype for nearly every column, every column looks like style"
        if found
        else "More prototypes did not blur the picture here"
    )
    return Takeaway(
        f"{verdict}: the median style similarity of a column is {near[0]:.2f} on the image side, with "
        f"{beside.study.config.construction.n_prototypes} prototypes {near[1]:.2f}; the probability follows the "
        f"planted truth with a rank correlation of {_said(here)}, before {_said(there)}.",
        (here, there),
        found,
    )


TAKEAWAYS: Final[dict[str, Callable[[TaughtLesson, TaughtLesson | None], Takeaway]]] = {
    "clear": _clear,
    "coupled": _coupled,
    "none": _none,
    "rogue": _rogue,
    "tiny": _tiny,
    "many": _many,
}
