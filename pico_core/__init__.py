"""PICO Lens: which feature columns of image-text embeddings carry meaning, and which carry style."""

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

__all__ = [
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
