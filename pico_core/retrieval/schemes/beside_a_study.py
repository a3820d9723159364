"""Schemes beside a finished study: in its report, at the strength of its guard, or on a page, at the reader's."""

from collections.abc import Callable
from dataclasses import dataclass

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction
from pico_core.method.probabilities import weights_from
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.scheme import Change, Fitted, NotApplicable, Transform


@dataclass(frozen=True, eq=False)
class StudyContext:
    """A finished construction; nothing is constructed anew, and the feedback split is not at hand.

    Attributes:
        fit: The fit split in its basis.
        construction: Whose weights are under question.
        seed: Of the permutation.
        strength: Of all weights; None: that of the guard's best candidate.
        planted: Planted semantic share, where it is known.
    """

    fit: PairedEmbeddings
    construction: Construction
    seed: int = 0
    strength: float | None = None
    planted: Columns | None = None

    n_permutations = 1

    @property
    def pseudo_semantic(self) -> Columns:
        """p̂ over all pairs of the fit split."""
        return self.construction.pseudo_semantic

    def construct(self, changes: tuple[Change, ...] = ()) -> Fitted:
        """The weights of the construction, past its guard."""
        if changes:
            raise NotApplicable("it needs a construction of its own")
        construction = self.construction
        if self.strength is None:
            return Fitted(
                weights=construction.unguarded_weights, strength=construction.guard.strength, construction=construction
            )
        weights = weights_from(construction.probabilities, strength=self.strength)
        return Fitted(weights=weights, strength=self.strength, construction=construction)

    def at_strength(self, scores: Columns) -> Fitted:
        """Weights from scores of the columns."""
        strength = self.construction.guard.strength if self.strength is None else self.strength
        return Fitted(weights=weights_from(scores, strength=strength), strength=strength)

    def feedback(self) -> Feedback:
        """There is none."""
        raise NotApplicable("it needs the feedback split")

    def at_shrinkage(self, repair: Callable[[PairedEmbeddings, float], Transform]) -> Fitted:
        """Nothing can choose a shrinkage."""
        raise NotApplicable("it needs the feedback split")

    def truth(self) -> Columns:
        """The planted share."""
        if self.planted is None:
            raise NotApplicable("no planted truth")
        return self.planted


def report_controls(
    fit: PairedEmbeddings, construction: Construction, *, seed: int = 0, truth: Columns | None = None
) -> tuple[Fitted, ...]:
    """The schemes that every report scores, at the strength of the guard's best candidate; those that apply.

    Args:
        fit: The fit split in its basis; nothing else is looked at.
        construction: Whose weights are under question.
        seed: Of the permutation.
        truth: Planted semantic share, where it is known.
    """
    context = StudyContext(fit, construction, seed=seed, planted=truth)
    fitted = []
    for scheme in SCHEMES:
        if scheme.in_report:
            try:
                fitted.append(scheme.fit(context))
            except NotApplicable:
                continue
    return tuple(fitted)
