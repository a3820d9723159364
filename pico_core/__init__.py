"""PICO Lens: which feature columns of image-text embeddings carry meaning, and which carry style.

    from pico_core import construct, open_pairs, retrieval_report

A public name is imported when it is first asked for (PEP 562): `import pico_core` alone loads neither torch nor data.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pico_core.data.pairs import PairedEmbeddings
    from pico_core.data.planted import planted_pairs
    from pico_core.formats import open_pairs
    from pico_core.formats.native import save_pairs
    from pico_core.method.config import ConstructionConfig
    from pico_core.method.construction import construct
    from pico_core.method.probabilities import pseudo_semantic_probabilities
    from pico_core.method.prototypes import style_prototypes
    from pico_core.retrieval.best_candidates import top_candidates
    from pico_core.retrieval.evaluation import retrieval_report
    from pico_core.retrieval.scoring import weighted_scores
    from pico_core.studies.runs import load_run, save_run

_MODULES = {
    "ConstructionConfig": "method.config",
    "PairedEmbeddings": "data.pairs",
    "construct": "method.construction",
    "load_run": "studies.runs",
    "open_pairs": "formats",
    "planted_pairs": "data.planted",
    "pseudo_semantic_probabilities": "method.probabilities",
    "retrieval_report": "retrieval.evaluation",
    "save_pairs": "formats.native",
    "save_run": "studies.runs",
    "style_prototypes": "method.prototypes",
    "top_candidates": "retrieval.best_candidates",
    "weighted_scores": "retrieval.scoring",
}
__all__ = [  # as a literal, which type checkers read
    "ConstructionConfig",
    "PairedEmbeddings",
    "construct",
    "load_run",
    "open_pairs",
    "planted_pairs",
    "pseudo_semantic_probabilities",
    "retrieval_report",
    "save_pairs",
    "save_run",
    "style_prototypes",
    "top_candidates",
    "weighted_scores",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
