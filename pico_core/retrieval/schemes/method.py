"""PICO's own weights, with its choices changed, and controls made of them."""

from dataclasses import replace

import torch

from pico_core.method.construction import uniform_feedback_probabilities
from pico_core.method.history import Construction
from pico_core.retrieval.schemes.scheme import Change, Fitted, NotApplicable, Scheme, SchemeContext, permuted_weights

N_PERMUTATIONS = 8  # one alone may close the axis that holds the common mean, and then says little of others


def setting_scheme(change: Change) -> Scheme:
    """PICO with one setting changed and all else as the dataset has it.

    >>> setting_scheme(Change("gamma", "1")).name
    'gamma=1'
    """
    name, label = f"{change.setting}={change.value}", f"PICO, {change.setting} = {change.value}"
    sentence = "the method with this one setting changed"
    return Scheme(name, label, sentence, "setting", "reconstruction", changes=(change,))


def guarded(context: SchemeContext) -> Fitted:
    """PICO's weights where its guard saw a gain, equal weights elsewhere."""
    fitted, construction = _constructed(context)
    if construction.guard.accepted:
        return replace(fitted, weights=construction.weights)
    return replace(fitted, weights=construction.weights, strength=None, note="the guard kept equal weights")


def last_average(context: SchemeContext) -> Fitted:
    """The last prototypes at the best strength: as many tries on the feedback split as p̂ has."""
    fitted, construction = _constructed(context)
    return replace(context.at_strength(construction.history.iterations[-1].probabilities), construction=construction,
                   config=fitted.config)  # fmt: skip


def uniform(context: SchemeContext) -> Fitted:
    """All candidates alike: by a construction of its own, or, beside a finished study, by averaging those it has."""
    try:
        return context.construct((Change("rule", "uniform"),))
    except NotApplicable:
        return context.at_strength(uniform_feedback_probabilities(_constructed(context)[1]))


def permuted(context: SchemeContext) -> Fitted:
    """PICO's weights on other columns."""
    fitted = context.construct()
    assert fitted.weights is not None
    generator = torch.Generator().manual_seed(context.seed)
    first, *others = permuted_weights(fitted.weights, context.n_permutations, generator=generator)
    return replace(fitted, weights=first, redrawn=tuple(others))


def part_of_the_axes(context: SchemeContext, *, ends: bool) -> Fitted:
    """PICO's weights on the two axes that hold most of the common mean and of the modality gap, or on all others.

    The rest has one weight: that of the others on average, each by its share of the products of matched pairs.

    So either half stands to the other as it does in PICO's weights, and what is gained by repairing offsets, which
    are no style, is parted from what is gained elsewhere.
    """
    fitted, fit = context.construct(), context.fit
    assert fitted.weights is not None
    image, text = fit.image_means.mean(dim=0), fit.text_means.mean(dim=0)
    at_the_ends = torch.zeros(fit.n_columns, dtype=torch.bool)
    at_the_ends[[int((image + text).abs().argmax()), int((image - text).abs().argmax())]] = True
    energy = (fit.image_means[fit.text_image] * fit.text_means).abs().mean(dim=0)[~at_the_ends]
    level = (energy * fitted.weights[~at_the_ends]).sum() / energy.sum().clamp_min(1e-12)
    weights = torch.where(at_the_ends == ends, fitted.weights, level)
    return replace(fitted, weights=weights / weights.mean())


def _constructed(context: SchemeContext) -> tuple[Fitted, Construction]:
    fitted = context.construct()
    assert fitted.construction is not None
    return fitted, fitted.construction
