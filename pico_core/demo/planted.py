"""Make the demo of planted columns anew."""

from typing import Final

from pico_core.data.compact import rounded_to_bytes
from pico_core.data.planted import PlantedConfig, planted_pairs, write_truth
from pico_core.demo.catalogue import Demo, check_replaceable
from pico_core.demo.runs import save_runs
from pico_core.formats.native import save_pairs
from pico_core.storage.atomic import atomic_folder

PLANTED: Final = PlantedConfig(n_images=160, n_columns=64, style_strength=2.0)
SEED: Final = 0


def build_planted(demo: Demo) -> None:
    """Make planted pairs, their truth, both runs and the maps; the same code and versions give the same files.

    The demo's folder is replaced at the end, in one step.

    Raises:
        DataError: it holds something that no build wrote.
        SettingError: another process writes it.
    """
    check_replaceable(demo.folder, demo.parts)
    with atomic_folder(demo.folder) as fresh:
        draft = demo.within(fresh.parent, name=fresh.name)
        planted = planted_pairs(PLANTED, seed=SEED)
        pairs = rounded_to_bytes(planted.pairs)
        save_pairs(pairs, draft.dataset, packed=True)
        write_truth(planted.semantic_share, draft.truth)
        save_runs(pairs, draft, truth=planted.semantic_share)
