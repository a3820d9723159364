"""The catalogue: every way to score that can be compared; its words stand in `schemes.toml`, its recipe here."""

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from pico_core.common.registry import Registry
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes import method, repairs, simple
from pico_core.retrieval.schemes.scheme import Change, Fitted, Scheme, SchemeContext, Transform

Recipe = Callable[[SchemeContext], Fitted]


def _repaired(repair: Callable[[PairedEmbeddings], Transform]) -> Recipe:
    return lambda context: Fitted(transform=repair(context.fit))


RECIPES: Final[dict[str, Recipe]] = {  # the others are constructions, with the changed settings that their words name
    "unweighted": lambda context: Fitted(),
    "pico_guarded": method.guarded,
    "pico_last": method.last_average,
    "uniform": method.uniform,
    "p_hat": lambda context: context.at_strength(context.pseudo_semantic),
    "p_chance_corrected": simple.p_hat_above_chance,
    "permuted": method.permuted,
    "ends_only": partial(method.part_of_the_axes, ends=True),
    "ends_spared": partial(method.part_of_the_axes, ends=False),
    "learned": simple.learned,
    "correlation": lambda context: context.at_strength(simple.column_correlation(context.fit).clamp_min(0.0)),
    "mean_removal": _repaired(repairs.mean_removal),
    "modality_mean_removal": _repaired(repairs.modality_mean_removal),
    "gap_removal": _repaired(repairs.gap_removal),
    "all_but_the_top": _repaired(repairs.all_but_the_top),
    "whitening": lambda context: context.at_shrinkage(lambda fit, s: repairs.whitening(fit, shrinkage=s)),
    "cca": lambda context: context.at_shrinkage(lambda fit, s: repairs.canonical_correlations(fit, shrinkage=s)),
    "oracle_labels": simple.style_labels,
    "oracle_truth": lambda context: context.at_strength(context.truth()),
}


def _schemes() -> tuple[Scheme, ...]:
    tables = tomllib.loads(Path(__file__).with_name("schemes.toml").read_text(encoding="utf-8"))
    schemes = []
    for name, words in tables.items():
        changes = tuple(Change(setting, value) for setting, value in words.pop("changes", {}).items())
        label = words.pop("label").replace("{draws}", str(method.N_PERMUTATIONS))
        schemes.append(Scheme(name, label, recipe=RECIPES.get(name), changes=changes, **words))
    return tuple(schemes)


SCHEMES: Final = Registry[Scheme](
    "scheme",
    _schemes(),
    old_names={
        "unguarded": "pico",
        "uniform_feedback": "uniform",
        "label_oracle": "oracle_labels",
        "oracle": "oracle_truth",
        "random": "permuted",
    },
)
REFERENCE: Final = "unweighted"
METHOD: Final = "pico"
SHUFFLED: Final = "shuffled"  # stands beside every result that used feedback
PERMUTED: Final = "permuted"
TRUTH: Final = "oracle_truth"
OF_THE_METHOD: Final = (PERMUTED, "ends_only", "ends_spared")  # controls made of its weights


def with_controls(names: tuple[str, ...], *, sweeps: bool = False) -> tuple[Scheme, ...]:
    """The schemes of these names in the order of the catalogue, with those that must stand beside them.

    The reference always is there. Wherever feedback chose something, so are the method and feedback in random order.

    >>> [scheme.name for scheme in with_controls(("p_hat", "best"))]
    ['unweighted', 'pico', 'best', 'shuffled', 'p_hat']
    """
    wanted = {REFERENCE} | {SCHEMES[name].name for name in names}
    if sweeps or any(SCHEMES[name].constructs or name in OF_THE_METHOD for name in wanted):
        wanted |= {METHOD, SHUFFLED}
    return tuple(scheme for scheme in SCHEMES if scheme.name in wanted)


def simpler_ideas() -> dict[str, str]:
    """What a reader would try first, without prototypes and feedback on them: by name, in words for a sentence."""
    return {scheme.name: scheme.simpler_idea for scheme in SCHEMES if scheme.simpler_idea}
