"""What a way to score is, and what it is fitted with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import torch

from pico_core.common.axes import Columns
from pico_core.common.errors import PicoError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction

Family = Literal["reference", "method", "feedback", "control", "transform", "oracle", "setting"]
Transform = Callable[[PairedEmbeddings], PairedEmbeddings]


class NotApplicable(PicoError):  # noqa: N818 (a finding, no error)
    """The scheme has no meaning here; the message is the reason."""


@dataclass(frozen=True)
class Change:
    """One setting with another value than the dataset's own.

    Attributes:
        setting: Its name.
        value: As it would be typed.
    """

    setting: str
    value: str

    def __post_init__(self) -> None:
        if self.setting == "basis":  # an old name becomes the one of today
            object.__setattr__(self, "value", BASES.current_name(self.value))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A scheme fitted on some data: how to score any split of it.

    Attributes:
        name: Of the scheme.
        label: The same for people.
        weights: One factor per column; None is P = 1.
        transform: Applied to the scored split first.
        strength: The exponent of the weights; None where there is none.
        construction: Whose weights these are, or come from.
        config: The settings of that construction; None: those of the dataset.
        note: What a reader has to know.
        redrawn: Further weights of the same kind, drawn anew; the score is the mean over all of them.
    """

    name: str = ""
    label: str = ""
    weights: Columns | None = None
    transform: Transform | None = None
    strength: float | None = None
    construction: Construction | None = None
    config: StudyConfig | None = None
    note: str | None = None
    redrawn: tuple[Columns, ...] = ()

    @property
    def draws(self) -> tuple[Columns | None, ...]:
        """All weights that are scored."""
        return (self.weights, *self.redrawn)


@runtime_checkable
class SchemeContext(Protocol):
    """What a scheme may look at, and how its strength is chosen; never the test split.

    In an experiment feedback chooses the strength, in a report the guard did, on a page the reader does.
    """

    @property
    def fit(self) -> PairedEmbeddings:
        """The fit split, in the axes of the dataset."""

    @property
    def pseudo_semantic(self) -> Columns:
        """p̂ over all pairs of the fit split."""

    @property
    def n_permutations(self) -> int:
        """How often permuted weights are drawn."""

    @property
    def seed(self) -> int:
        """Of everything random."""

    def construct(self, changes: tuple[Change, ...] = ()) -> Fitted:
        """The weights of a construction, past its guard; with changed settings where the context can construct anew.

        Raises:
            NotApplicable: settings are changed, and it cannot.
        """

    def at_strength(self, scores: Columns) -> Fitted:
        """Weights from scores of the columns."""

    def feedback(self) -> Feedback:
        """Weights to the performance of every feedback image.

        Raises:
            NotApplicable: the feedback split is not at hand.
        """

    def at_shrinkage(self, repair: Callable[[PairedEmbeddings, float], Transform]) -> Fitted:
        """A repair of the fit split at the shrinkage that the feedback split likes best.

        Raises:
            NotApplicable: the feedback split is not at hand.
        """

    def truth(self) -> Columns:
        """The planted semantic share of the columns.

        Raises:
            NotApplicable: it is not known.
        """


@dataclass(frozen=True)
class Scheme:
    """One way to score.

    Attributes:
        name: Short and stable: it stands in tables, files and links.
        label: The same for people.
        sentence: What it is, without a capital and a full stop.
        family: What kind of comparison it is.
        source: Whose idea it is.
        recipe: How it is fitted; None: as a construction with changed settings.
        changes: Settings of the construction that it changes.
        simpler_idea: How a sentence calls it as a simpler idea that the method has to beat; empty: it is none.
        in_report: What the report of a study calls it, with `{strength}`; empty: no report scores it.
        on_side: What the Retrieval page calls it; empty: it cannot be chosen there.
    """

    name: str
    label: str
    sentence: str
    family: Family
    source: str
    recipe: Callable[[SchemeContext], Fitted] | None = None
    changes: tuple[Change, ...] = ()
    simpler_idea: str = ""
    in_report: str = ""
    on_side: str = ""

    @property
    def constructs(self) -> bool:
        """Whether its weights are those of a construction, so that feedback chose them."""
        return self.family in ("method", "feedback", "setting")

    def fit(self, context: SchemeContext) -> Fitted:
        """Fit it; nothing here sees the test split.

        Raises:
            NotApplicable: it has no meaning here.
            PicoError: its settings cannot be met here.
        """
        fitted = context.construct(self.changes) if self.recipe is None else self.recipe(context)
        strength = "" if fitted.strength is None else f"{fitted.strength:g}"
        label = self.in_report.replace("{strength}", strength) or self.label
        return replace(fitted, name=self.name, label=label)


def permuted_weights(weights: Columns, n_draws: int = 1, *, generator: torch.Generator) -> tuple[Columns, ...]:
    """The same weights (or probabilities) on other columns, drawn a few times: what their spread alone does.

    >>> permuted_weights(torch.tensor([1.0, 1.0]), 2, generator=torch.Generator())
    (tensor([1., 1.]), tensor([1., 1.]))
    """
    return tuple(weights[torch.randperm(len(weights), generator=generator)] for _ in range(n_draws))
