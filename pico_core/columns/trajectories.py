"""What the record of the iterations shows: where prototypes went, and how feedback weighed them.

Beyond the paper, except where a docstring says so.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.method.history import Construction, History
from pico_core.retrieval.metrics import paired_difference
from pico_core.retrieval.records import Estimate, RetrievalReport

HALF = 0.5
SAME_GAIN = 1e-7  # relative gains closer than this differ by rounding: one query moves a gain by more


@dataclass(frozen=True, eq=False)
class PrototypePlane:
    """Columns and prototypes of one modality in one plane that stays the same for all iterations.

    Attributes:
        columns: Every column [d, 2].
        centres: Every prototype at every iteration [t, k, 2].
        explained: Share of the variance along both axes.
    """

    columns: Float[Tensor, "d 2"]
    centres: Float[Tensor, "t k 2"]
    explained: tuple[float, float]

    @property
    def movement(self) -> float:
        """Longest way from first to last place of a prototype, in units of the columns' spread."""
        spread = float((self.columns - self.columns.mean(dim=0)).square().sum(dim=1).mean().sqrt())
        furthest = float((self.centres[-1] - self.centres[0]).norm(dim=1).max())
        return furthest / spread if spread > 0 else 0.0

    def magnified(self, factor: float) -> "PrototypePlane":
        """The same plane with every prototype's way to its last place drawn `factor` times as long."""
        last = self.centres[-1:]
        return replace(self, centres=last + factor * (self.centres - last))


@dataclass(frozen=True, eq=False)
class PrototypePlanes:
    """The planes of both modalities, and the nearest prototype of every column at every iteration."""

    image: PrototypePlane
    text: PrototypePlane
    image_labels: Int[Tensor, "t d"]
    text_labels: Int[Tensor, "t d"]

    def magnified(self, factor: float) -> "PrototypePlanes":
        """Both planes, magnified alike."""
        return replace(self, image=self.image.magnified(factor), text=self.text.magnified(factor))


def prototype_plane(points: Float[Tensor, "d a"], centres: Float[Tensor, "t k a"]) -> PrototypePlane:
    """The plane of largest variance of columns and of the prototypes of all iterations together.

    Fitted once, so that a point that moves between two iterations has really moved.

    Args:
        points: Columns in anchor coordinates.
        centres: Prototypes in the same coordinates.

    Returns:
        Coordinates; with fewer than two directions of spread the missing axis is zero.

    >>> points = torch.tensor([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.1, 0.0]])
    >>> plane = prototype_plane(points, torch.tensor([[[-1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]]]))
    >>> round(plane.movement * float(plane.columns.square().sum(dim=1).mean().sqrt()), 3)
    2.0
    """
    together = torch.cat([points, centres.flatten(0, 1)]).double().cpu().numpy()
    flat = np.zeros((len(together), 2))
    explained = (0.0, 0.0)
    if float(np.ptp(together, axis=0).max()) > 1e-9:
        from sklearn.decomposition import PCA  # half a second to import

        model = PCA(n_components=min(2, *together.shape), svd_solver="full")
        coordinates = model.fit_transform(together)
        flat[:, : coordinates.shape[1]] = coordinates
        shares = [*model.explained_variance_ratio_.tolist(), 0.0]
        explained = (float(shares[0]), float(shares[1]))
    placed = torch.from_numpy(flat).float()
    return PrototypePlane(placed[: len(points)], placed[len(points) :].reshape(*centres.shape[:2], 2), explained)


def prototype_planes(construction: Construction) -> PrototypePlanes:
    """The averaged prototypes of every iteration, in one plane per modality."""
    return history_planes(
        construction.history, image_columns=construction.image_columns, text_columns=construction.text_columns
    )


def history_planes(
    history: History, *, image_columns: Float[Tensor, "d a"], text_columns: Float[Tensor, "d b"]
) -> PrototypePlanes:
    """The averaged prototypes of every record, of a construction or of the epochs of a training.

    Args:
        history: At least one record.
        image_columns: The columns as points, in the coordinates of the image prototypes.
        text_columns: The same for the text prototypes.
    """
    steps = [step.prototypes for step in history.iterations]
    return PrototypePlanes(
        image=prototype_plane(image_columns, torch.stack([s.image.centres for s in steps])),
        text=prototype_plane(text_columns, torch.stack([s.text.centres for s in steps])),
        image_labels=torch.stack([s.image.labels for s in steps]),
        text_labels=torch.stack([s.text.labels for s in steps]),
    )


@dataclass(frozen=True)
class OrderCheck:
    """Whether more gain means more weight, pair by pair of candidates.

    Attributes:
        n_pairs: Pairs whose gains differ.
        n_ordered: Of these, the one of more gain has more weight.
        n_equal: Both have the same weight.
        n_reversed: The one of less gain has more weight.
    """

    n_pairs: int
    n_ordered: int
    n_equal: int
    n_reversed: int

    @property
    def holds(self) -> bool:
        """Whether every pair is ordered as the proposition says."""
        return self.n_ordered == self.n_pairs


def order_check(gains: Float[Tensor, " t"], weights: Float[Tensor, " t"]) -> OrderCheck:
    """Check the proposition g_s > g_r implies omega_s > omega_r on a record, not on the formula.

    It reads stored numbers only, so it fails for a rule without the property (an exponential
    moving average, equal shares). Gains that differ by rounding alone are equal: they are no pair.

    Args:
        gains: Gain of every candidate.
        weights: Its final weight.

    >>> order_check(torch.tensor([0.1, 0.3, 0.2]), torch.tensor([0.2, 0.5, 0.3])).holds
    True
    """
    more = gains[:, None] - gains[None, :] > SAME_GAIN
    heavier = weights[:, None] > weights[None, :]
    equal = weights[:, None] == weights[None, :]
    return OrderCheck(
        n_pairs=int(more.sum()),
        n_ordered=int((more & heavier).sum()),
        n_equal=int((more & equal).sum()),
        n_reversed=int((more & ~heavier & ~equal).sum()),
    )


@dataclass(frozen=True)
class Concentration:
    """How unevenly feedback weighed the candidates.

    Attributes:
        n_candidates: All of them.
        n_heaviest: The fewest that hold at least half of the weight.
        share: What these hold.
    """

    n_candidates: int
    n_heaviest: int
    share: float


def concentration(weights: Float[Tensor, " t"]) -> Concentration:
    """The fewest candidates that together hold half of the final weight.

    >>> concentration(torch.tensor([0.125, 0.625, 0.25]))
    Concentration(n_candidates=3, n_heaviest=1, share=0.625)
    """
    heaviest = weights.double().sort(descending=True).values.cumsum(dim=0)
    # A hair of tolerance: eight float32 shares of 1/16 must count as half.
    number = int((heaviest < HALF - 1e-6).sum()) + 1
    return Concentration(len(weights), number, float(heaviest[number - 1]))


@dataclass(frozen=True, eq=False)
class WeightCurve:
    """The weight that the softmax rule gives to a gain: pairs of `gain` and `weight` along a line."""

    gain: Float[Tensor, " points"]
    weight: Float[Tensor, " points"]


def softmax_curve(gains: Float[Tensor, " t"], *, tau: float, n_points: int = 80) -> WeightCurve:
    """omega(g) = exp(g / tau) / sum_r exp(g_r / tau) over the range of the gains, and a little beyond.

    Source: the softmax rule is a reconstruction; that higher gain gets higher weight is the paper's.
    """
    exact = gains.double()
    margin = max(0.08 * float(exact.max() - exact.min()), 0.02 * tau)
    grid = torch.linspace(float(exact.min()) - margin, float(exact.max()) + margin, n_points, dtype=torch.float64)
    weight = (grid / tau - (exact / tau).logsumexp(dim=0)).exp()
    return WeightCurve(grid.float(), weight.float())


@dataclass(frozen=True)
class FeedbackReading:
    """What performance feedback did to the prototypes.

    Attributes:
        n_prototypes: Style prototypes per modality.
        concentration: How unevenly the candidates were weighed.
        order: The proposition, checked on the record.
        over_uniform: rSum of this feedback minus rSum of uniform averaging, paired, on the split of the
            report; None where the report holds no such control.
    """

    n_prototypes: int
    concentration: Concentration
    order: OrderCheck
    over_uniform: Estimate | None


def read_feedback(
    construction: Construction, report: RetrievalReport, text_image: Int[Tensor, " m"]
) -> FeedbackReading:
    """Collect what feedback did: concentration, the proposition's check, and the comparison with uniform averaging.

    Both sides of the comparison are without the guard and at the same strength.

    Args:
        construction: With its history.
        report: Of the same study, with the controls "pico" and "uniform".
        text_image: The image of each text of the split that was reported on.
    """
    history = construction.history
    ranks = {scoring.name: scoring.ranks for scoring in report.controls}
    both = "pico" in ranks and "uniform" in ranks
    return FeedbackReading(
        n_prototypes=construction.config.n_prototypes,
        concentration=concentration(history.final_shares),
        order=order_check(history.candidate_gains, history.final_shares),
        over_uniform=paired_difference(ranks["pico"], ranks["uniform"], text_image) if both else None,
    )
