"""An experiment is one TOML file: what it asks, on which datasets, with which variants, settings and seeds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pico_core.demo.catalogue import ASSETS, DEMOS
from pico_core.errors import SettingError
from pico_core.experiments.variants import NAMES, Change, Variant, setting_variant, variant_of, with_controls
from pico_core.method.config import StudyConfig

BUILT_IN: Final = ASSETS / "experiments"
KEYS: Final = ("name", "sentence", "datasets", "seeds", "variants", "settings", "sweep")
DATASET_KEYS: Final = ("data", "name", "settings", "sweep")
NOT_SWEPT: Final = ("seed", "fit", "feedback")  # they change the split, so nothing could be compared by pairs


@dataclass(frozen=True)
class DatasetChoice:
    """One dataset of an experiment.

    Attributes:
        name: What the table calls it.
        data: The name of a built-in demo, or a path as it was written.
        place: Where that path leads; None for a built-in demo.
        config: Settings of every variant on it (their seed is replaced).
        sweep: Whether settings are swept on it.
    """

    name: str
    data: str
    place: Path | None
    config: StudyConfig
    sweep: bool = True


@dataclass(frozen=True)
class ExperimentConfig:
    """What is compared.

    Attributes:
        name: Short and stable.
        sentence: What it asks.
        datasets: On which data, each with its own settings.
        seeds: Each decides a split, the batches, the starts of K-means and the permutation.
        variants: In the order of the catalogue.
        sweep: Settings changed one at a time, where a dataset is swept.
    """

    name: str
    sentence: str
    datasets: tuple[DatasetChoice, ...]
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...]
    sweep: tuple[Change, ...] = ()

    def variants_on(self, dataset: DatasetChoice) -> tuple[Variant, ...]:
        """Everything that is scored on a dataset: the variants, then one per swept value (shrinkage: of cross axes)."""
        asked = [one for one in self.sweep if one.setting != "shrinkage" or dataset.config.basis == "cross"]
        return (*self.variants, *(setting_variant(change) for change in asked if dataset.sweep))


def find_experiment(name: Path | str) -> Path:
    """The file of an experiment: a path, or the name of a built-in one.

    Raises:
        SettingError: neither; the message lists the built-in ones.
    """
    path = Path(name)
    if path.is_file():
        return path
    built_in = BUILT_IN / f"{name}.toml"
    if path.name == str(name) and built_in.is_file():
        return built_in
    known = ", ".join(sorted(file.stem for file in BUILT_IN.glob("*.toml")))
    raise SettingError(
        f"there is no experiment {str(name)!r}; name a TOML file that exists, or a built-in one: {known}"
    )


def read_experiment(path: Path | str) -> ExperimentConfig:
    """Read and check the file of an experiment; paths of datasets are relative to it.

    Raises:
        SettingError: not TOML, an unknown key, or a value that cannot be; says the file, the field and the mend.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path.name}: cannot be read ({error.strerror or error}); name a TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path.name}: is not TOML ({error}); correct it there") from None
    return _Reader(path).read(values)


class _Reader:
    """Reads one file; every complaint begins with its name and the field."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, values: dict[str, Any]) -> ExperimentConfig:
        self.known("", values, KEYS)
        base = self.settings("settings", values.get("settings", {}), StudyConfig())
        sweep = self.sweep(values.get("sweep", {}), base)
        return ExperimentConfig(
            name=self.text("name", values),
            sentence=self.text("sentence", values),
            datasets=self.datasets(values.get("datasets"), base, sweep),
            seeds=self.seeds(values.get("seeds")),
            variants=with_controls(self.variants(values.get("variants", "all")), sweeps=bool(sweep)),
            sweep=sweep,
        )

    def wrong(self, field: str, found: object, expected: str) -> SettingError:
        return SettingError(f"{self.path.name}: {field} is {found!r}; expected {expected}")

    def known(self, field: str, values: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        for name in values:
            if name not in keys:
                place = f"{field}.{name}" if field else name
                raise SettingError(f"{self.path.name}: {place} is unknown; the keys are {', '.join(keys)}: correct it")

    def text(self, field: str, values: Mapping[str, Any]) -> str:
        found = values.get(field)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(field, found, f'some text: write {field} = "..."')
        return found.strip()

    def seeds(self, found: object) -> tuple[int, ...]:
        mend = "a number of seeds of at least 1, or a list of different ones: write seeds = 5 or seeds = [0, 1, 2]"
        if isinstance(found, int) and not isinstance(found, bool) and found >= 1:
            return tuple(range(found))
        if not isinstance(found, list) or not found or not all(type(seed) is int for seed in found):
            raise self.wrong("seeds", found, mend)
        if len(set(found)) < len(found) or not all(0 <= seed < 2**32 for seed in found):
            raise self.wrong("seeds", found, mend)
        return tuple(found)

    def variants(self, found: object) -> tuple[str, ...]:
        if found == "all":
            return NAMES
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found) or not found:
            raise self.wrong("variants", found, f'"all", or a list of {", ".join(NAMES)}')
        try:
            return tuple(variant_of(name).name for name in found)
        except SettingError as error:
            raise SettingError(f"{self.path.name}: variants: {error}") from None

    def settings(self, field: str, found: object, base: StudyConfig) -> StudyConfig:
        if not isinstance(found, dict):
            raise self.wrong(field, found, "a table of settings, such as { basis = 'cross' }")
        if "seed" in found:
            raise SettingError(f"{self.path.name}: {field}.seed cannot be set; name the seeds by seeds = [...]")
        try:
            return base.with_settings({name: _typed(value) for name, value in found.items()})
        except SettingError as error:
            raise SettingError(f"{self.path.name}: {field}: {error}") from None

    def sweep(self, found: object, base: StudyConfig) -> tuple[Change, ...]:
        if not isinstance(found, dict):
            raise self.wrong("sweep", found, "a table of lists, such as { gamma = [1, 4] }")
        changes = []
        for setting, values in found.items():
            field = f"sweep.{setting}"
            if setting in NOT_SWEPT:
                raise SettingError(
                    f"{self.path.name}: {field} would change the split, and no two results could be compared; give it "
                    "in the settings of a dataset of its own"
                )
            if not isinstance(values, list) or not values or any(isinstance(v, list | dict | bool) for v in values):
                raise self.wrong(field, values, "a list of single values, such as [1, 4]")
            texts = [_typed(value) for value in values]
            if len(set(texts)) < len(texts):
                raise self.wrong(field, values, "each value once")
            for text in texts:
                self.settings(field, {setting: text}, base)
                changes.append(Change(setting, text))
        return tuple(changes)

    def datasets(self, found: object, base: StudyConfig, sweep: tuple[Change, ...]) -> tuple[DatasetChoice, ...]:
        if not isinstance(found, list) or not found:
            raise self.wrong("datasets", found, "at least one: write a [[datasets]] table with data = '...'")
        chosen = [self.dataset(f"datasets[{place}]", one, base, sweep) for place, one in enumerate(found)]
        names = [one.name for one in chosen]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingError(
                f"{self.path.name}: two datasets are called {twice[0]!r}; give one of them a name = '...' of its own"
            )
        return tuple(chosen)

    def dataset(self, field: str, found: object, base: StudyConfig, sweep: tuple[Change, ...]) -> DatasetChoice:
        values = {"data": found} if isinstance(found, str) else found
        if not isinstance(values, dict):
            raise self.wrong(field, found, "a name, a path, or a table with data = '...'")
        self.known(field, values, DATASET_KEYS)
        built_in = [demo.name for demo in DEMOS]
        data = values.get("data")
        if not isinstance(data, str) or not data:
            raise self.wrong(f"{field}.data", data, f"one of {', '.join(built_in)}, or a path relative to this file")
        place = None if data in built_in else self.path.parent / data
        if place is not None and not place.exists():
            raise self.wrong(f"{field}.data", data, f"one of {', '.join(built_in)}, or a path relative to this file")
        swept = values.get("sweep", True)
        if not isinstance(swept, bool):
            raise self.wrong(f"{field}.sweep", swept, "true or false")
        name = values.get("name", Path(data).stem)
        if not isinstance(name, str) or not name.strip():
            raise self.wrong(f"{field}.name", name, "some text")
        config = self.settings(f"{field}.settings", values.get("settings", {}), base)
        if swept:
            for change in sweep:  # a value may be impossible only beside this dataset's other settings
                self.settings(f"{field}, sweep.{change.setting}", {change.setting: change.value}, config)
        return DatasetChoice(name.strip(), data, place, config, sweep=swept)


def _typed(value: object) -> str:
    """A value as it would be typed: 4.0 and 4 are the same setting.

    >>> _typed(4.0), _typed([0.25, 1]), _typed("cross")
    ('4', '0.25,1', 'cross')
    """
    if isinstance(value, list):
        return ",".join(_typed(one) for one in value)
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)
