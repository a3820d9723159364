"""The column switch on the test split: which columns, the quick answer, the exact one, the control."""

from typing import TYPE_CHECKING

import streamlit as st

from pico_app.server import background
from pico_app.state import queries, switch, widgets
from pico_app.state.switch_choice import Base, Switching
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
    SwitchSetting,
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


def switch_idle(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> bool:
    """Whether the switch sets what is already so."""
    return changes_nothing(_base(space, choice.base), columns, choice.setting)


def switch_quick(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> SwitchEffect:
    """The effect on as many query images as a quick answer can afford; exact where all fit.

    Raises:
        DataError: nothing would be left to rank by.
    """
    base, images = _base(space, choice.base), quick_sample(space.key, space.splits.test)
    after = switched(base, columns, choice.setting, means=_fit_means(space, choice.setting))
    before = _base_ranks(_base_key(space, choice.base), base, images)
    return _quick(_key(space, choice, columns), base, after, images, before)


def switch_exact(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> "Job[SwitchEffect] | None":
    """The exact answer on its way or there; None where nobody asked for it."""
    return background.find("exact " + _key(space, choice, columns))


def ask_switch_exact(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> None:
    """Ask every image of the test split, in the background."""
    base, means = _base(space, choice.base), _fit_means(space, choice.setting)

    def work(job: "Job[SwitchEffect]") -> SwitchEffect:
        after = switched(base, columns, choice.setting, means=means)
        ranks = [
            query_sample.ranks_of(one.pairs, one.weights, reporter=job.part(number / 2, (number + 1) / 2))
            for number, one in enumerate((base, after))
        ]
        return switch_effect(pair_ranks(base.pairs, *ranks))

    follow(CONTROL, "")
    background.ask("exact " + _key(space, choice, columns), "Asking every test image", work)


def switch_control(
    space: Workspace, choice: Switching, columns: tuple[int, ...], effect: SwitchEffect
) -> "Job[ControlBand]":
    """As many random columns, switched the same way, on the queries of this effect: in the background."""
    base, means = _base(space, choice.base), _fit_means(space, choice.setting)
    key = f"control {len(effect.paired.images)} {_key(space, choice, columns)}"
    follow(CONTROL, key)

    def work(job: "Job[ControlBand]") -> ControlBand:
        return control_band(effect.paired, base, columns, choice.setting, means=means, reporter=job)

    return background.ask(key, f"Switching random columns, {N_DRAWS} draws", work)


def leave_switch_control(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> None:
    """Stop the control of another switch: nobody looks at it any more, and it is in the way of this answer."""
    if not (widgets.wish(CONTROL) or "").endswith(_key(space, choice, columns)):
        follow(CONTROL, "")


def follow(name: str, key: str) -> None:
    """Remember the job that is looked at from now on, or none; the one before is stopped and forgotten."""
    before = widgets.replace_wish(name, key)
    if before and before != key:
        background.forget(before)


def switch_query(space: Workspace, choice: Switching, columns: tuple[int, ...], asked: queries.Query) -> Move:
    """One query exactly: only its row is scored."""
    base = _base(space, choice.base)
    after = switched(base, columns, choice.setting, means=_fit_means(space, choice.setting))
    return _one(_key(space, choice, columns), asked.index, asked.kind, base, after)


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


def _base(space: Workspace, base: Base) -> Scorable:
    weights = space.weights if base == "weighted" else space.weights.new_ones(space.splits.test.n_columns)
    return Scorable(space.splits.test, weights)


def _fit_means(space: Workspace, setting: SwitchSetting) -> ColumnMeans | None:
    return _means(space.key, space.splits.fit) if setting in ("image_mean", "text_mean") else None


def _base_key(space: Workspace, base: Base) -> str:
    return f"{space.key} {base} {space.strength if base == 'weighted' else ''}"


def _key(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> str:
    # A mean of both sides ranks as off does: one answer for both.
    setting = "off" if choice.setting == "mean" else choice.setting
    return f"{_base_key(space, choice.base)} {setting} {columns}"
