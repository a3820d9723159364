"""The catalogue: every way to score that can be compared, one line each."""

from typing import Final

from pico_core.registry import Registry
from pico_core.retrieval.schemes.method import (
    ENDS_ONLY,
    ENDS_SPARED,
    GUARDED,
    LAST_AVERAGE,
    ONCE,
    PERMUTED,
    PICO,
    RULES,
    UNIFORM,
)
from pico_core.retrieval.schemes.repairs import REPAIRS
from pico_core.retrieval.schemes.scheme import Scheme
from pico_core.retrieval.schemes.simple import (
    ABOVE_CHANCE,
    CORRELATION,
    LEARNED,
    P_HAT,
    STYLE_LABELS,
    TRUTH,
    UNWEIGHTED,
)

SCHEMES: Final = Registry[Scheme](
    "scheme",
    (
        UNWEIGHTED,
        PICO,
        GUARDED,
        LAST_AVERAGE,
        ONCE,
        UNIFORM,
        *RULES,
        P_HAT,
        ABOVE_CHANCE,
        PERMUTED,
        ENDS_ONLY,
        ENDS_SPARED,
        LEARNED,
        CORRELATION,
        *REPAIRS,
        STYLE_LABELS,
        TRUTH,
    ),
    old_names={
        "unguarded": "pico",
        "uniform_feedback": "uniform",
        "label_oracle": "oracle_labels",
        "oracle": "oracle_truth",
        "random": "permuted",
    },
)
REFERENCE: Final = UNWEIGHTED.name
METHOD: Final = PICO.name
SHUFFLED: Final = "shuffled"  # stands beside every result that used feedback
OF_THE_METHOD: Final = (PERMUTED.name, ENDS_ONLY.name, ENDS_SPARED.name)  # controls made of its weights


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
    return {scheme.name: scheme.rival for scheme in SCHEMES if scheme.rival}
