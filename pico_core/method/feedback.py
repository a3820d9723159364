"""Performance feedback: how much every candidate counts, and whether the weights may be used for retrieval.

The default gives candidate s the weight omega_s = exp(g_s / tau) / sum_r exp(g_r / tau).

Proposition. For all T and s, r <= T: g_s > g_r implies omega_s > omega_r, whatever the order in
which they came. Proof. Built one by one, mu_t = (Phi_{t-1} mu_{t-1} + phi_t mu^_t) / Phi_t with
phi = exp(g / tau) and Phi its running sum; the weight of mu^_s in mu_T is
(phi_s / Phi_s) prod_{r=s+1..T} Phi_{r-1} / Phi_r, which telescopes to phi_s / Phi_T, and phi is strictly
increasing in g. An exponential moving average lacks the property: there recency wins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns, PerImage
from pico_core.method.config import ConstructionConfig
from pico_core.method.history import GuardDecision
from pico_core.method.probabilities import weights_from

# Weights [d] in, performance of every feedback image out [n]; its mean is the performance R.
# The method knows no metric by name.
Feedback = Callable[[Columns], PerImage]


def memoize(feedback: Feedback) -> Feedback:
    """The same feedback, asked once only about the same weights: the guard asks again what iterations asked before.

    >>> asked = []
    >>> ask = memoize(lambda weights: asked.append(1) or weights.sum()[None])
    >>> ask(torch.ones(3)), ask(torch.ones(3)), len(asked)
    (tensor([3.]), tensor([3.]), 1)
    """
    known: dict[bytes, PerImage] = {}

    def performance(weights: Columns) -> PerImage:
        key = weights.detach().cpu().numpy().tobytes()
        if key not in known:
            known[key] = feedback(weights)
        return known[key]

    return performance


def relative_gain(performance: float, reference: float) -> float:
    """G = (R(p) - R(1)) / R(1): always against the same reference, on the same samples.

    Raises:
        ValueError: the unweighted performance is 0; a gain relative to it does not exist.

    >>> relative_gain(110.0, 100.0)
    0.1
    """
    if reference <= 0:
        raise ValueError(
            f"the unweighted performance on the feedback split is {reference:g}: a relative gain does not exist; "
            "give feedback more images, or another measure"
        )
    return (performance - reference) / reference


def candidate_shares(
    gains: Float[Tensor, " t"], *, config: ConstructionConfig, generator: torch.Generator
) -> Float[Tensor, " t"]:
    """Share of every candidate so far; not negative, sums to 1.

    softmax: exp(g / tau), numerically safe. uniform: all alike. ema: recency. best: the one of
    highest gain. last: the newest. shuffled: softmax of gains in random order (a control).
    accept: all alike among those of positive gain, the newest if none is.

    Source: that higher gain gets higher weight is the paper's; the function is a reconstruction.

    >>> rule = ConstructionConfig(tau=1.0)
    >>> candidate_shares(torch.tensor([0.0, 1.0986123]), config=rule, generator=torch.Generator())
    tensor([0.2500, 0.7500])
    """
    count = len(gains)
    if config.rule == "softmax":
        return (gains.double() / config.tau).softmax(dim=0).float()
    if config.rule == "shuffled":
        order = torch.randperm(count, generator=generator)
        return (gains.double()[order] / config.tau).softmax(dim=0).float()
    if config.rule == "uniform":
        return torch.full((count,), 1.0 / count)
    if config.rule == "ema":
        age = torch.arange(count - 1, -1, -1, dtype=torch.float32)
        share = (1 - config.ema_decay) * config.ema_decay**age
        share[0] = config.ema_decay ** (count - 1)
        return share
    if config.rule == "accept" and bool((gains > 0).any()):
        return (gains > 0).float() / (gains > 0).sum()
    chosen = int(gains.argmax()) if config.rule == "best" else count - 1
    return torch.nn.functional.one_hot(torch.tensor(chosen), count).float()


@dataclass(frozen=True, eq=False)
class Guarded:
    """The guard's decision, and the weights of its best candidate (used only if accepted)."""

    decision: GuardDecision
    unguarded_weights: Columns

    @property
    def weights(self) -> Columns:
        """What retrieval applies: those of the best candidate, or all ones."""
        return self.unguarded_weights if self.decision.accepted else torch.ones_like(self.unguarded_weights)


def guard_weights(
    visited: Sequence[Columns], *, reference: PerImage, feedback: Feedback, config: ConstructionConfig
) -> Guarded:
    """Take the best visited weights on the feedback split if their gain exceeds `margin` standard errors.

    Candidates are the visited probabilities at every strength. The gain is paired by image:
    mean of (R_i(P) - R_i(1)), its standard error the deviation of those differences / sqrt(n).

    Args:
        visited: Probabilities of every iteration.
        reference: Performance of every feedback image at P = 1.
        feedback: Weights to performance per image.
        config: `strengths` and `margin`.

    Source: beyond the paper.
    """
    best: tuple[GuardDecision, Columns] | None = None
    for index, probabilities in enumerate(visited):
        if index and torch.equal(probabilities, visited[index - 1]):
            continue
        for strength in config.strengths:
            weights = weights_from(probabilities, strength=strength)
            change = (feedback(weights) - reference).double()
            gain, error = float(change.mean()), float(change.std() / len(change) ** 0.5)
            if best is None or gain > best[0].gain:
                accepted = gain > 0 and gain > config.margin * error
                decision = GuardDecision(accepted, index, strength, gain, error, config.margin)
                best = decision, weights
    assert best is not None
    return Guarded(*best)
