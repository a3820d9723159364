"""How every variant of the catalogue scores: its weights and its change of the tokens, from fit and feedback alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from pico_core.axes import Columns
from pico_core.data.label_shares import label_oracle
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import PicoError
from pico_core.experiments.bench import Built, Workbench
from pico_core.experiments.variants import N_PERMUTATIONS, Variant
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.controls import all_but_the_top
from pico_core.retrieval.schemes.repairs import (
    Transform,
    canonical_correlations,
    gap_removal,
    mean_removal,
    modality_mean_removal,
    whitening,
)
from pico_core.retrieval.uncertainty import mismatched_null
from pico_core.training.column_weights import learn_weights

SHRINKAGES: Final = (0.01, 0.1, 0.5)  # as many to choose from as there are strengths by default


class NotApplicable(PicoError):  # noqa: N818 (a finding, no error)
    """The variant has no meaning on this dataset; the message is the reason."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """One way to score the test split.

    Attributes:
        config: In whose basis.
        weights: One factor per column of that basis; None is P = 1.
        transform: Applied to the test split first.
        strength: At which exponent; None where there is none.
        built: The construction whose weights these are, or come from.
        note: What a reader has to know.
        redrawn: Further weights of the same kind, drawn anew; the score is the mean over all of them.
    """

    config: StudyConfig
    weights: Columns | None = None
    transform: Transform | None = None
    strength: float | None = None
    built: Built | None = None
    note: str | None = None
    redrawn: tuple[Columns, ...] = ()

    @property
    def draws(self) -> tuple[Columns | None, ...]:
        """All weights that are scored."""
        return (self.weights, *self.redrawn)


def changed_config(config: StudyConfig, variant: Variant) -> StudyConfig:
    """The settings under which a variant is made."""
    return config.with_settings({change.setting: change.value for change in variant.changes})


def scheme_of(bench: Workbench, variant: Variant) -> Scheme:
    """Make a variant on a workbench; nothing here sees the test split.

    Raises:
        NotApplicable: it has no meaning on this dataset.
        PicoError: its settings cannot be met here.
    """
    make = MAKERS.get(variant.name)
    return make(bench) if make is not None else _constructed(bench, changed_config(bench.config, variant))


def _constructed(bench: Workbench, config: StudyConfig) -> Scheme:
    """The best candidate by feedback, whether the guard would let it through or not."""
    built = bench.built(config)
    made = built.construction
    return Scheme(config, made.unguarded_weights, strength=made.guard.strength, built=built)


def _guarded(bench: Workbench) -> Scheme:
    built = bench.built(bench.config)
    made = built.construction
    if made.guard.accepted:
        return Scheme(bench.config, made.weights, strength=made.guard.strength, built=built)
    return Scheme(bench.config, made.weights, built=built, note="the guard kept equal weights")


def _last(bench: Workbench) -> Scheme:
    """The last prototypes at the best strength: as many tries on the feedback split as p̂ has."""
    built = bench.built(bench.config)
    chosen = bench.strongest(built.construction.history.iterations[-1].probabilities)
    return Scheme(bench.config, chosen.weights, strength=chosen.strength, built=built)


def _permuted(bench: Workbench) -> Scheme:
    """PICO's weights on other columns, several times: one permutation may close the axis of the common mean."""
    scheme = _constructed(bench, bench.config)
    own = scheme.weights
    assert own is not None
    generator = torch.Generator().manual_seed(bench.config.seed)
    first, *others = (own[torch.randperm(len(own), generator=generator)] for _ in range(N_PERMUTATIONS))
    return Scheme(bench.config, first, strength=scheme.strength, built=scheme.built, redrawn=tuple(others))


def _part_of_the_axes(bench: Workbench, *, ends: bool) -> Scheme:
    """PICO's weights on the two axes that hold most of the common mean and of the modality gap, or on all others.

    The rest has one weight: that of the others on average, each by its share of the products of matched pairs. So
    either half stands to the other as it does in PICO's weights, and what is gained by repairing offsets, which
    are no style, is parted from what is gained elsewhere.
    """
    scheme = _constructed(bench, bench.config)
    assert scheme.weights is not None
    fit = bench.splits().fit
    image, text = fit.image_means.mean(dim=0), fit.text_means.mean(dim=0)
    at_the_ends = torch.zeros(fit.n_columns, dtype=torch.bool)
    at_the_ends[[int((image + text).abs().argmax()), int((image - text).abs().argmax())]] = True
    energy = (fit.image_means[fit.text_image] * fit.text_means).abs().mean(dim=0)[~at_the_ends]
    level = (energy * scheme.weights[~at_the_ends]).sum() / energy.sum().clamp_min(1e-12)
    weights = torch.where(at_the_ends == ends, scheme.weights, level)
    return Scheme(bench.config, weights / weights.mean(), strength=scheme.strength, built=scheme.built)


def _learned(bench: Workbench) -> Scheme:
    learned = learn_weights(
        bench.splits().fit,
        feedback=bench.feedback(),
        generator=torch.Generator().manual_seed(bench.config.seed),
    )
    return Scheme(bench.config, learned.weights)


def _scored(bench: Workbench, scores: Columns) -> Scheme:
    chosen = bench.strongest(scores)
    return Scheme(bench.config, chosen.weights, strength=chosen.strength)


def _p_hat(bench: Workbench) -> Scheme:
    return _scored(bench, bench.pseudo_semantic)


def _p_chance_corrected(bench: Workbench) -> Scheme:
    null = mismatched_null(bench.splits().fit).mean
    return _scored(bench, (bench.pseudo_semantic - null).clamp_min(0.0))


def _oracle_labels(bench: Workbench) -> Scheme:
    known = label_oracle(bench.splits().fit)
    if known is None:
        raise NotApplicable("no style labels")
    return _scored(bench, known)


def _oracle_truth(bench: Workbench) -> Scheme:
    if bench.dataset.truth is None:
        raise NotApplicable("no planted truth")
    if bench.config.basis != "given":
        raise NotApplicable("the truth is planted in the given columns")
    return _scored(bench, bench.dataset.truth)


def _repaired(repair: Callable[[PairedEmbeddings], Transform]) -> Callable[[Workbench], Scheme]:
    return lambda bench: Scheme(bench.config, transform=repair(bench.splits().fit))


def _shrunk(repair: Callable[[PairedEmbeddings, float], Transform]) -> Callable[[Workbench], Scheme]:
    def make(bench: Workbench) -> Scheme:
        best = bench.best_shrinkage(repair, SHRINKAGES)
        return Scheme(bench.config, transform=best.transform, note=f"shrinkage {best.shrinkage:g}")

    return make


# All others are constructions with changed settings.
MAKERS: Final[dict[str, Callable[[Workbench], Scheme]]] = {
    "unweighted": lambda bench: Scheme(bench.config),
    "pico_guarded": _guarded,
    "pico_last": _last,
    "p_hat": _p_hat,
    "p_chance_corrected": _p_chance_corrected,
    "permuted": _permuted,
    "ends_only": lambda bench: _part_of_the_axes(bench, ends=True),
    "ends_spared": lambda bench: _part_of_the_axes(bench, ends=False),
    "learned": _learned,
    "correlation": lambda bench: _scored(bench, bench.correlation),
    "mean_removal": _repaired(mean_removal),
    "modality_mean_removal": _repaired(modality_mean_removal),
    "gap_removal": _repaired(gap_removal),
    "all_but_the_top": _repaired(all_but_the_top),
    "whitening": _shrunk(lambda fit, shrinkage: whitening(fit, shrinkage=shrinkage)),
    "cca": _shrunk(lambda fit, shrinkage: canonical_correlations(fit, shrinkage=shrinkage)),
    "oracle_labels": _oracle_labels,
    "oracle_truth": _oracle_truth,
}
