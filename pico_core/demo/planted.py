"""Make the demo of planted columns anew."""

from typing import Final

from pico_core.data.compact import rounded_to_bytes
from pico_core.data.files import save_pairs
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.data.truth import write_truth
from pico_core.demo.catalogue import Demo
from pico_core.demo.runs import save_runs

PLANTED: Final = PlantedConfig(n_images=160, n_columns=64, style_strength=2.0)
SEED: Final = 0


def build_planted(demo: Demo) -> None:
    """Make planted pairs, their truth, both runs and the maps; the same code and versions give the same files."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    planted = planted_pairs(PLANTED, seed=SEED)
    pairs = rounded_to_bytes(planted.pairs)
    save_pairs(pairs, demo.dataset, packed=True)
    write_truth(planted.semantic_share, demo.truth)
    save_runs(pairs, demo, truth=planted.semantic_share)
