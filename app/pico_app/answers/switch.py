"""The column switch on the test split: which columns, the quick answer, the exact one, the control."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_app.choices.query import Query
from pico_app.choices.switching import Switching
from pico_app.server.answer import Answer, answer
from pico_app.server.queue import queue_of, visit
from pico_app.workspace import Workspace
from pico_core.columns.detail.items import nearest_prototypes
from pico_core.common.axes import ImageSample
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval import query_sample
from pico_core.retrieval.comparing.chance import N_DRAWS
from pico_core.retrieval.comparing.paired import Move, pair_ranks
from pico_core.retrieval.scoring import WeightedPairs
from pico_core.retrieval.switching.column_sets import ColumnSet, axes_name, parse_columns
from pico_core.retrieval.switching.effect import ControlBand, SwitchEffect, control_band, switch_effect
from pico_core.retrieval.switching.setting import ColumnMeans, changes_nothing, column_means, switched
from pico_core.retrieval.switching.setting import query_move as moved_query

if TYPE_CHECKING:
    from pico_app.server.queue import Job

CONTROL = "switch-control"


def switch_columns(space: Workspace, choice: Switching, selected: int) -> tuple[int, ...]:
    """The columns of a choice, sorted; none where an own list is empty.

    Raises:
        DataError: an own list that is none, or names a column that does not exist.
    """
    construction = space.study.construction
    if choice.which == "own":
        return parse_columns(choice.typed, space.splits.test.n_columns)
    if choice.which == "lowest":
        return tuple(sorted(construction.probabilities.argsort(stable=True)[: choice.lowest].tolist()))
    if choice.which == "column":
        return (selected,)
    image = choice.which == "image-cluster"
    side = construction.prototypes.image if image else construction.prototypes.text
    nearest, _ = nearest_prototypes(construction.image_columns if image else construction.text_columns, side.centres)
    return tuple((nearest == nearest[selected]).nonzero()[:, 0].tolist())


def switch_title(space: Workspace, column: int) -> str:
    """A column in a sentence: its axis and number, without what the axis is made of."""
    return space.study.basis.title(column).split(" (")[0]


@answer(entries=4)
def _means(space: Workspace) -> ColumnMeans:
    return column_means(space.splits.fit)


@answer(entries=8)
def quick_sample(space: Workspace) -> ImageSample:
    """Test images that a quick answer can ask; all where all can be."""
    return query_sample.sample_images(space.splits.test)


@dataclass(frozen=True, eq=False)
class ColumnSwitch:
    """Columns of the open study, switched as a reader chose; two of one key have the same answers.

    Attributes:
        space: The open study.
        choice: What they are set to, and what everything is compared with.
        columns: Which, sorted.
    """

    space: Workspace
    choice: Switching
    columns: tuple[int, ...]

    @property
    def key(self) -> str:
        """Names the switch by all that goes into it; a mean of both sides ranks as off does: one answer for both."""
        return f"{self.base_key} {'off' if self.choice.setting == 'mean' else self.choice.setting} {self.columns}"

    @property
    def base_key(self) -> str:
        """Names what is scored before."""
        return f"{self.space.key} {self.choice.base} {self.space.strength if self.choice.base == 'weighted' else ''}"

    @property
    def base(self) -> WeightedPairs:
        """What is scored before."""
        test, weights = self.space.splits.test, self.space.weights
        return WeightedPairs(test, weights if self.choice.base == "weighted" else weights.new_ones(test.n_columns))

    @property
    def means(self) -> ColumnMeans | None:
        """Of the fit split, where the setting is made of them."""
        one_sided = self.choice.setting in ("image_mean", "text_mean")
        return _means(self.space) if one_sided else None

    @property
    def after(self) -> WeightedPairs:
        """What is scored after it.

        Raises:
            DataError: nothing would be left to rank by.
        """
        return switched(self.base, self.columns, self.choice.setting, means=self.means)

    @property
    def is_idle(self) -> bool:
        """Whether it sets what is already so."""
        return changes_nothing(self.base, self.columns, self.choice.setting)


@answer(entries=16)
def _base_ranks(base_key: str, _switch: ColumnSwitch) -> QueryRanks:
    base = _switch.base
    return query_sample.ranks_of(base.pairs, base.weights, images=quick_sample(_switch.space))


@answer(entries=64)
def quick_effect(switch: ColumnSwitch) -> SwitchEffect:
    """The effect on as many query images as a quick answer can afford; exact where all fit.

    Raises:
        DataError: nothing would be left to rank by.
    """
    images, after = quick_sample(switch.space), switch.after
    right = query_sample.ranks_of(after.pairs, after.weights, images=images)
    left = _base_ranks(switch.base_key, switch)
    return switch_effect(pair_ranks(after.pairs, left, right, images=images))


@answer(queue="answers", title="Asking every test image")
def exact_effect(job: "Job[SwitchEffect]", switch: ColumnSwitch) -> SwitchEffect:
    """The effect on every image of the test split."""
    left, right = (
        query_sample.ranks_of(side.pairs, side.weights, reporter=job.part(number / 2, (number + 1) / 2))
        for number, side in enumerate((switch.base, switch.after))
    )
    return switch_effect(pair_ranks(switch.base.pairs, left, right))


@answer(queue="answers", title=f"Switching random columns, {N_DRAWS} draws")
def _drawn_columns(job: "Job[ControlBand]", switch: ColumnSwitch, n_images: int, _effect: SwitchEffect) -> ControlBand:
    paired, base, setting = _effect.paired, switch.base, switch.choice.setting
    return control_band(paired, base, switch.columns, setting, means=switch.means, reporter=job)


def drawn_columns(switch: ColumnSwitch, effect: SwitchEffect) -> "Answer[ControlBand]":
    """As many random columns, switched the same way, on the queries of this effect: in the background."""
    n_images = len(effect.paired.images)
    follow(CONTROL, _drawn_columns.key(switch, n_images, effect))
    return _drawn_columns(switch, n_images, effect)


def ask_exact_effect(switch: ColumnSwitch) -> None:
    """Ask every image; the control of the sample is left alone from then on."""
    follow(CONTROL, None)
    exact_effect(switch)


def leave_other_control(switch: ColumnSwitch) -> None:
    """Stop the control of another switch: nobody looks at it any more, and it is in the way of this answer."""
    followed = visit().chosen.get(CONTROL)
    if not isinstance(followed, tuple) or switch.key not in followed:
        follow(CONTROL, None)


def follow(name: str, key: Hashable) -> None:
    """Remember the job that is looked at from now on, or none; the one before is stopped and forgotten."""
    before = visit().chosen.get(name)
    visit().chosen[name] = key
    job = None if before == key else queue_of("answers").find(before)
    if job is not None:
        job.forget()


@answer(entries=256)
def query_move(switch: ColumnSwitch, query: Query) -> Move:
    """One query exactly: only its row is scored."""
    return moved_query(switch.base, switch.after, query.index, kind=query.kind)


def column_set(space: Workspace, name: str, columns: tuple[int, ...]) -> ColumnSet:
    """Columns of the open study as a set with a name.

    Raises:
        DataError: no name, or one that cannot be shown.
    """
    return ColumnSet(
        name, columns, axes_name(space.study.config), space.dataset.pairs.digest, space.splits.test.n_columns
    )


def read_column_set(space: Workspace, data: bytes) -> ColumnSet:
    """A column set from a file.

    Raises:
        DataError: it is none, or belongs to other data or other axes.
    """
    column_set = ColumnSet.from_json(data)
    column_set.check_belongs(
        axes=axes_name(space.study.config), dataset=space.dataset.pairs.digest, n_columns=space.splits.test.n_columns
    )
    return column_set


def sets_here(space: Workspace, kept: Sequence[ColumnSet]) -> list[ColumnSet]:
    """Sets that a visit has kept and that belong to the open data and axes."""
    axes, digest = axes_name(space.study.config), space.dataset.pairs.digest
    return [column_set for column_set in kept if (column_set.axes, column_set.dataset) == (axes, digest)]
