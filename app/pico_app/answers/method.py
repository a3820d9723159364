"""What the Method page reads: the presets, made once per server, and the numbers of its first steps."""

from dataclasses import dataclass
from typing import Any

from pico_app.answers.column_detail import has_stored_words, words_of
from pico_app.answers.studies import study_key
from pico_app.server.answer import answer
from pico_app.server.queue import Job
from pico_app.words.lessons import lesson_title
from pico_app.workspace import Dataset, Workspace
from pico_core.columns.detail import interaction as pair_interaction
from pico_core.columns.detail.interaction import ColumnProfile, Interaction, PairSigns, RunningAgreement
from pico_core.demo.lessons import LESSONS, Lesson, TaughtLesson, lesson_of, teach
from pico_core.method.probabilities import weights_from
from pico_core.method.prototypes import anchor_images


@dataclass(frozen=True, eq=False)
class Taught:
    """A preset, computed, and what the pages look at.

    Attributes:
        lesson: With its takeaway.
        dataset: Its planted data as an open dataset.
        key: Names both, as `Workspace.key` does.
    """

    lesson: TaughtLesson
    dataset: Dataset
    key: str


@answer(entries=len(LESSONS))
def _taught(name: str) -> Taught:
    first = LESSONS[0].name
    lesson = teach(lesson_of(name), beside=None if name == first else _taught(first).lesson)
    dataset = Dataset(lesson.data.pairs, lesson.data.semantic_share)
    return Taught(lesson, dataset, study_key(dataset, lesson.study.config))


def presets() -> tuple[Lesson, ...]:
    """The presets of the Method page, computed or not."""
    return LESSONS


@answer(entries=len(LESSONS), queue="answers", title=lambda name: f"Planting: {lesson_title(name)}")
def preset(job: Job[Taught], name: str) -> Taught:
    """A preset."""
    return _taught(name)


def prepare_presets() -> None:
    """Have all presets made, one after the other, while the first is looked at."""
    for lesson in LESSONS:
        preset(lesson.name)


def preset_space(taught: Taught, *, strength: float) -> Workspace:
    """What the steps look at."""
    study = taught.lesson.study
    return Workspace(
        dataset=taught.dataset,
        study=study,
        splits=taught.lesson.splits,
        strength=strength,
        weights=weights_from(study.construction.probabilities, strength=strength),
        key=taught.key,
    )


@answer()
def caption_names(space: Workspace) -> list[str]:
    """The captions of the fit split."""
    return [caption or f"text {index}, no caption" for index, caption in enumerate(space.splits.fit.captions)]


def pair_size(space: Workspace, text: int) -> tuple[int, int]:
    """How many real patches and words a matched pair of the fit split has."""
    fit = space.splits.fit
    return int(fit.image_mask[fit.text_image[text]].sum()), int(fit.text_mask[text].sum())


def word_names(space: Workspace, text: int) -> list[str]:
    """The words of a caption of the fit split, numbered where they could not be read."""
    n_words = pair_size(space, text)[1]
    known = words_of(space).value if has_stored_words(space) else None  # no page waits for a tokenizer
    words = None if known is None else known.words[text]
    return [f"word {index}" if words is None else f"{index}: {words[index]}" for index in range(n_words)]


def interaction(space: Workspace, text: int, patch: int, word: int) -> Interaction:
    """The similarity of a patch with a word of the fit split, column by column, at the weights on the screen."""
    return pair_interaction.interaction(space.splits.fit, text, patch, word, weights=space.weights)


def pair_signs(space: Workspace, text: int, column: int) -> PairSigns:
    """The signs of a column in a matched pair of the fit split."""
    return pair_interaction.pair_signs(space.splits.fit, text, column)


@answer(entries=128)
def running_agreement(space: Workspace, column: int) -> RunningAgreement:
    """p̂ of a column while pairs of the fit split are added."""
    return pair_interaction.running_agreement(space.splits.fit, column)


@answer()
def _anchors(space: Workspace) -> Any:
    return anchor_images(space.splits.fit, space.study.config)


def column_profile(space: Workspace, column: int) -> ColumnProfile | None:
    """A column as a point on the image side; None where its coordinates are not the means of items."""
    config = space.study.config
    if config.construction.representation != "item":
        return None
    fit = space.splits.fit
    return pair_interaction.column_profile(
        fit.image_means, space.study.construction.image_columns, _anchors(space), column
    )


def first_column(space: Workspace) -> int:
    """Where the page opens: a column of low probability, but not so low that its weight is nothing."""
    order = space.study.construction.probabilities.argsort(stable=True)
    return int(order[len(order) // 8])


def column_cosines(space: Workspace, column: int) -> list[float]:
    """Cosine of a column with every column, as points on the image side; 0 with one that never varies."""
    points = space.study.construction.image_columns
    cosines: list[float] = (points @ points[column]).tolist()
    return cosines
