"""The column switch on the test split: which columns, the quick answer, the exact one, the control."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pico_app.server import background
from pico_app.state import queries, switch, widgets
from pico_app.state.switch_choice import Switching
from pico_app.workspace import Workspace
from pico_core.columns.detail.items import nearest_prototypes
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval import query_sample
from pico_core.retrieval.comparing.chance import N_DRAWS
from pico_core.retrieval.comparing.paired import Move, pair_ranks
from pico_core.retrieval.scoring import Scorable
from pico_core.retrieval.switching.column_sets import ColumnSet, axes_name, parse_columns
from pico_core.retrieval.switching.effect import ControlBand, SwitchEffect, control_band, switch_effect
from pico_core.retrieval.switching.setting import (
    ColumnMeans,
    changes_nothing,
    column_means,
    query_move,
    switched,
)

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

    from pico_app.server.queue import Job
    from pico_core.data.pairs import PairedEmbeddings

CONTROL = "switch-control"


def switch_columns(space: Workspace, choice: Switching, selected: int) -> tuple[int, ...]:
    """The columns of a choice, sorted; none where an own list is empty.

    Raises:
        DataError: an own list that is none, or names a column that does not exist.
    """
    made = space.study.construction
    if choice.which == "own":
        return parse_columns(choice.typed, space.splits.test.n_columns)
    if choice.which == "lowest":
        return tuple(sorted(made.probabilities.argsort(stable=True)[: choice.lowest].tolist()))
    if choice.which == "column":
        return (selected,)
    image = choice.which == "image-cluster"
    side = made.prototypes.image if image else made.prototypes.text
    nearest, _ = nearest_prototypes(made.image_columns if image else made.text_columns, side.centres)
    return tuple((nearest == nearest[selected]).nonzero()[:, 0].tolist())


def switch_title(space: Workspace, column: int) -> str:
    """A column in a sentence: its axis and number, without what the axis is made of."""
    return space.study.basis.title(column).split(" (")[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _means(key: str, _fit: "PairedEmbeddings") -> ColumnMeans:
    return column_means(_fit)


@st.cache_resource(max_entries=8, show_spinner=False)
def quick_sample(key: str, _test: "PairedEmbeddings") -> "Int[Tensor, ' q']":
    """Test images that a quick answer can ask; all where all can be."""
    return query_sample.sample_images(_test)


@st.cache_resource(max_entries=16, show_spinner=False)
def _base_ranks(key: str, _base: Scorable, _images: "Int[Tensor, ' q']") -> QueryRanks:
    return query_sample.ranks_of(_base.pairs, _base.weights, images=_images)


@st.cache_resource(max_entries=64, show_spinner=False)
def _quick(
    key: str, _base: Scorable, _after: Scorable, _images: "Int[Tensor, ' q']", _before: QueryRanks
) -> SwitchEffect:
    after = query_sample.ranks_of(_after.pairs, _after.weights, images=_images)
    return switch_effect(pair_ranks(_base.pairs, _before, after, images=_images))


@st.cache_data(max_entries=256, show_spinner=False)
def _one(key: str, index: int, kind: queries.QueryKind, _base: Scorable, _after: Scorable) -> Move:
    return query_move(_base, _after, index, kind=kind)


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
    def base(self) -> Scorable:
        """What is scored before."""
        test, weights = self.space.splits.test, self.space.weights
        return Scorable(test, weights if self.choice.base == "weighted" else weights.new_ones(test.n_columns))

    @property
    def means(self) -> ColumnMeans | None:
        """Of the fit split, where the setting is made of them."""
        one_sided = self.choice.setting in ("image_mean", "text_mean")
        return _means(self.space.key, self.space.splits.fit) if one_sided else None

    @property
    def after(self) -> Scorable:
        """What is scored after it.

        Raises:
            DataError: nothing would be left to rank by.
        """
        return switched(self.base, self.columns, self.choice.setting, means=self.means)

    @property
    def is_idle(self) -> bool:
        """Whether it sets what is already so."""
        return changes_nothing(self.base, self.columns, self.choice.setting)

    def quick(self) -> SwitchEffect:
        """The effect on as many query images as a quick answer can afford; exact where all fit.

        Raises:
            DataError: nothing would be left to rank by.
        """
        base, after, images = self.base, self.after, quick_sample(self.space.key, self.space.splits.test)
        return _quick(self.key, base, after, images, _base_ranks(self.base_key, base, images))

    def exact(self) -> "Job[SwitchEffect] | None":
        """The exact answer on its way or there; None where nobody asked for it."""
        return background.find(f"exact {self.key}")

    def ask_exact(self) -> None:
        """Ask every image of the test split, in the background."""
        base, columns, setting, means = self.base, self.columns, self.choice.setting, self.means

        def work(job: "Job[SwitchEffect]") -> SwitchEffect:
            sides = (base, switched(base, columns, setting, means=means))
            ranks = [
                query_sample.ranks_of(one.pairs, one.weights, reporter=job.part(number / 2, (number + 1) / 2))
                for number, one in enumerate(sides)
            ]
            return switch_effect(pair_ranks(base.pairs, *ranks))

        follow(CONTROL, "")
        background.ask(f"exact {self.key}", "Asking every test image", work)

    def control(self, effect: SwitchEffect) -> "Job[ControlBand]":
        """As many random columns, switched the same way, on the queries of this effect: in the background."""
        base, columns, setting, means = self.base, self.columns, self.choice.setting, self.means
        key = f"control {len(effect.paired.images)} {self.key}"
        follow(CONTROL, key)

        def work(job: "Job[ControlBand]") -> ControlBand:
            return control_band(effect.paired, base, columns, setting, means=means, reporter=job)

        return background.ask(key, f"Switching random columns, {N_DRAWS} draws", work)

    def leave_other_control(self) -> None:
        """Stop the control of another switch: nobody looks at it any more, and it is in the way of this answer."""
        if not (widgets.wish(CONTROL) or "").endswith(self.key):
            follow(CONTROL, "")

    def query(self, asked: queries.Query) -> Move:
        """One query exactly: only its row is scored."""
        return _one(self.key, asked.index, asked.kind, self.base, self.after)


def follow(name: str, key: str) -> None:
    """Remember the job that is looked at from now on, or none; the one before is stopped and forgotten."""
    before = widgets.replace_wish(name, key)
    if before and before != key:
        background.forget(before)


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
    found = ColumnSet.from_json(data)
    found.check_belongs(
        axes=axes_name(space.study.config), dataset=space.dataset.pairs.digest, n_columns=space.splits.test.n_columns
    )
    return found


def sets_here(space: Workspace) -> list[ColumnSet]:
    """Sets kept in this visit that belong to the open data and axes."""
    axes, digest = axes_name(space.study.config), space.dataset.pairs.digest
    return [one for one in switch.kept_sets() if (one.axes, one.dataset) == (axes, digest)]
