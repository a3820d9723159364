"""A small experiment on one dataset: families of variants to choose from, and a few seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pico_core.common.errors import SettingError
from pico_core.experiments.bench import changed_config
from pico_core.experiments.config import DatasetChoice, ExperimentConfig
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES, with_controls
from pico_core.retrieval.schemes.scheme import Change, Family

FAMILIES: Final[tuple[Family, ...]] = ("method", "feedback", "control", "transform", "oracle", "setting")
MOST_SEEDS: Final = 5
# One at a time: what the reconstruction leaves open and a reader asks about first.
SWEPT: Final = (
    Change("gamma", "1"),
    Change("gamma", "4"),
    Change("n_prototypes", "4"),
    Change("n_prototypes", "8"),
    Change("n_prototypes", "16"),
    Change("combination", "product"),
    Change("combination", "mean"),
    Change("combination", "minimum"),
)


def small_experiment(
    data: str,
    config: StudyConfig,
    *,
    families: Sequence[Family],
    n_seeds: int,
    name: str = "",
    path: Path | None = None,
) -> ExperimentConfig:
    """An experiment on one dataset; whatever used feedback has its controls beside it.

    Args:
        data: Name of a built-in demo, or what the dataset is called.
        config: Settings of every variant; their seed is replaced.
        families: Which variants.
        n_seeds: From seed 0 on, 1 to 5.
        name: What the table calls the dataset; default as `data`.
        path: Where the dataset lies; None for a built-in demo.

    Raises:
        SettingError: no family, or too many seeds.

    >>> made = small_experiment("planted", StudyConfig(), families=["oracle"], n_seeds=2)
    >>> [variant.name for variant in made.variants], made.seeds
    (['unweighted', 'pico', 'shuffled', 'oracle_labels', 'oracle_truth'], (0, 1))
    """
    unknown = [family for family in families if family not in FAMILIES]
    if not families or unknown:
        raise SettingError(f"the families are {list(families)}; choose at least one of {', '.join(FAMILIES)}")
    if not 1 <= n_seeds <= MOST_SEEDS:
        raise SettingError(f"{n_seeds} seeds; choose 1 to {MOST_SEEDS}")
    names = ("pico", *(scheme.name for scheme in SCHEMES if scheme.family in families))
    sweep = tuple(change for change in SWEPT if _possible(config, change)) if "setting" in families else ()
    return ExperimentConfig(
        name="own",
        sentence="Is it the method, or something simpler?",
        datasets=(DatasetChoice(name or data, data, path, config, sweep=bool(sweep)),),
        seeds=tuple(range(n_seeds)),
        variants=with_controls(names, sweeps=bool(sweep)),
        sweep=sweep,
    )


def _possible(config: StudyConfig, change: Change) -> bool:
    """Whether a value can stand beside the dataset's other settings."""
    try:
        changed_config(config, (change,))
    except SettingError:
        return False
    return True
