"""Feedback weights under different orders of arrival: the proposition as something that can be watched."""

from dataclasses import dataclass
from math import exp
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.columns.trajectories import OrderCheck, order_check
from pico_core.common.errors import DataError
from pico_core.method.config import ConstructionConfig
from pico_core.method.feedback import candidate_shares
from pico_core.teaching.digits import Printed, agreeing

Averaging = Literal["softmax", "ema"]
VISIBLE = 1e-4  # a difference of gains that their usual digits show
LARGEST_EXPONENT = 12  # e ** 12 is 162,755: larger numbers are no reading matter


@dataclass(frozen=True, eq=False)
class Arrival:
    """Candidates arriving one by one, and the weight of each of them after every arrival.

    Attributes:
        gains: Of every candidate, by its number.
        order: The numbers in their order of arrival.
        softmax: Row s: weights by number after s + 1 arrivals; 0 for who has not arrived. In float64: gains
            that differ in their last digit still differ in weight.
        ema: The same for the exponential moving average.
    """

    gains: Float[Tensor, " t"]
    order: Int[Tensor, " t"]
    softmax: Float[Tensor, "t t"]
    ema: Float[Tensor, "t t"]

    def weights(self, rule: Averaging) -> Float[Tensor, "t t"]:
        """Of one rule."""
        return self.softmax if rule == "softmax" else self.ema

    def check(self, rule: Averaging, *, arrived: int) -> OrderCheck:
        """The proposition, checked on the candidates that have arrived."""
        here = self.order[:arrived]
        return order_check(self.gains[here], self.weights(rule)[arrived - 1, here])


@dataclass(frozen=True)
class ManyOrders:
    """How often both rules order pairs wrongly, over many random orders of arrival.

    Attributes:
        n_orders: Orders drawn.
        n_pairs: Pairs of candidates that differ in gain.
        softmax_most: The most pairs that the softmax had wrong in any order.
        ema_mean: Pairs that the moving average had wrong, on average.
        ema_low: In all but the lowest 2.5 % of the orders at least so many.
        ema_high: In all but the highest 2.5 % at most so many.
    """

    n_orders: int
    n_pairs: int
    softmax_most: int
    ema_mean: float
    ema_low: int
    ema_high: int


def feedback_orders(
    gains: Float[Tensor, " t"], *, tau: float, ema_decay: float = 0.5, order: Int[Tensor, " t"] | None = None
) -> Arrival:
    """Average candidates one by one in a given order, by the softmax rule and by an exponential moving average.

    The softmax is built up as the construction builds it, mu_t = (Phi_{t-1} mu_{t-1} + phi_t mu^_t) / Phi_t
    with phi = exp(g / tau): that the order does not matter is a result here, not an assumption.

    Args:
        gains: Of every candidate.
        tau: Temperature of the softmax.
        ema_decay: Share of the old average that the moving average keeps.
        order: Numbers of the candidates in their order of arrival; default as they came.

    Raises:
        DataError: no candidate, or an order that does not name each of them once.

    Source: higher gain, higher weight is the paper's, with a proof; the softmax is a reconstruction.

    >>> late = feedback_orders(torch.tensor([0.0, 1.0986123]), tau=1.0, order=torch.tensor([1, 0]))
    >>> late.softmax[-1], late.ema[-1]
    (tensor([0.2500, 0.7500], dtype=torch.float64), tensor([0.5000, 0.5000], dtype=torch.float64))
    """
    count = len(gains)
    arrivals = torch.arange(count) if order is None else order
    if count == 0 or sorted(arrivals.tolist()) != list(range(count)):
        raise DataError(
            f"an order of {count} candidates names each of 0 to {count - 1} once; found {arrivals.tolist()}"
        )
    softmax, ema = (torch.zeros(count, count, dtype=torch.float64) for _ in range(2))
    config = ConstructionConfig(rule="ema", ema_decay=ema_decay)
    size = gains.double() / tau  # the logarithm of phi: phi itself may be too large for a number
    total = torch.tensor(-torch.inf, dtype=torch.float64)
    for position, number in enumerate(arrivals.tolist()):
        grown = torch.logaddexp(total, size[number])
        if position:
            softmax[position] = softmax[position - 1] * (total - grown).exp()
        softmax[position, number] = (size[number] - grown).exp()
        total = grown
        here = arrivals[: position + 1]
        ema[position, here] = candidate_shares(gains[here], config=config, generator=torch.Generator()).double()
    return Arrival(gains, arrivals, softmax, ema)


@dataclass(frozen=True)
class Share:
    """The final weight of one candidate in its parts: omega = exp((g - level) / tau) / sum_r exp((g_r - level) / tau).

    Attributes:
        number: Of the candidate.
        gain: g.
        level: Taken off every gain above and below the line, which changes nothing: 0, or the highest gain where
            its exponential would be too large a number to print.
        size: exp((g - level) / tau).
        total: The same, summed over all candidates.
        weight: omega.
    """

    number: int
    gain: float
    level: float
    size: float
    total: float
    weight: float

    def printed(self, *, tau: float) -> Printed:
        """The gain, and the level if there is one, with digits enough to give the size that `printed_weight` has."""
        ratio = self.printed_weight()
        parts = (self.gain, self.level) if self.level else (self.gain,)
        return agreeing(
            parts,
            self.size,
            combine=lambda gain, level=0.0: exp((gain - level) / tau),
            digits=ratio.digits,
            significant=True,
        )

    def printed_weight(self) -> Printed:
        """Size and total with digits enough to give the weight."""
        return agreeing(
            (self.size, self.total), self.weight, combine=lambda size, total: size / total, significant=True
        )


def heaviest_shares(gains: Float[Tensor, " t"], *, tau: float) -> tuple[Share, ...]:
    """The candidate of highest gain and the next one whose gain is visibly lower, with their softmax weights.

    >>> [round(share.weight, 2) for share in heaviest_shares(torch.tensor([0.0, 1.0986123]), tau=1.0)]
    [0.75, 0.25]
    """
    exact = gains.double()
    level = float(exact.max()) if float(exact.abs().max()) / tau > LARGEST_EXPONENT else 0.0
    sizes = ((exact - level) / tau).exp()
    weights = feedback_orders(gains, tau=tau).softmax[-1]
    return tuple(
        Share(number, float(exact[number]), level, float(sizes[number]), float(sizes.sum()), float(weights[number]))
        for number in _two_apart(exact)
    )


def _two_apart(gains: Float[Tensor, " t"]) -> list[int]:
    order = gains.argsort(descending=True, stable=True).tolist()
    lower = [number for number in order if float(gains[order[0]] - gains[number]) > VISIBLE]
    return [order[0], *lower[:1]]


def shuffled_order(count: int, *, draw: int) -> Int[Tensor, " t"]:
    """The order of arrival in one draw; draw 0 is as they came.

    >>> shuffled_order(3, draw=0).tolist()
    [0, 1, 2]
    """
    if draw == 0:
        return torch.arange(count)
    return torch.randperm(count, generator=torch.Generator().manual_seed(draw))


def many_orders(gains: Float[Tensor, " t"], *, tau: float, ema_decay: float = 0.5, n_orders: int = 100) -> ManyOrders:
    """Count wrongly ordered pairs over random orders of arrival; two weights that are the same count as wrong.

    Args:
        gains: Of every candidate.
        tau: Temperature of the softmax.
        ema_decay: Of the moving average.
        n_orders: Orders drawn, seeds 1 to n_orders.
    """
    wrong: dict[Averaging, list[int]] = {"softmax": [], "ema": []}
    n_pairs = 0
    for draw in range(1, n_orders + 1):
        arrival = feedback_orders(gains, tau=tau, ema_decay=ema_decay, order=shuffled_order(len(gains), draw=draw))
        for rule, counted in wrong.items():
            check = arrival.check(rule, arrived=len(gains))
            counted.append(check.n_pairs - check.n_ordered)
            n_pairs = check.n_pairs
    ema = torch.tensor(wrong["ema"], dtype=torch.float64)
    low, high = (int(torch.quantile(ema, q, interpolation="nearest")) for q in (0.025, 0.975))
    return ManyOrders(n_orders, n_pairs, max(wrong["softmax"]), float(ema.mean()), low, high)
