"""An experiment is one TOML file: what it asks, on which datasets, with which variants, settings and seeds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pico_core.common.errors import SettingError
from pico_core.common.places import ASSETS
from pico_core.experiments.toml_reading import TomlReader, toml_values, typed
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES, with_controls
from pico_core.retrieval.schemes.method import setting_scheme
from pico_core.retrieval.schemes.scheme import Change, Scheme

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
        path: Where it leads; None for a built-in demo.
        config: Settings of every variant on it (their seed is replaced).
        sweep: Whether settings are swept on it.
    """

    name: str
    data: str
    path: Path | None
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
    variants: tuple[Scheme, ...]
    sweep: tuple[Change, ...] = ()

    def variants_on(self, dataset: DatasetChoice) -> tuple[Scheme, ...]:
        """Everything that is scored on a dataset: the variants, then one per swept value (shrinkage: of cross axes)."""
        shrinks = BASES[dataset.config.basis].takes_shrinkage
        changes = [change for change in self.sweep if change.setting != "shrinkage" or shrinks]
        return (*self.variants, *(setting_scheme(change) for change in changes if dataset.sweep))


def find_experiment(name: Path | str) -> Path:
    """The file of an experiment: a path, or the name of a built-in one.

    Raises:
        SettingError: neither; the message lists the built-in ones.
    """
    path = Path(name)
    if path.is_file():
        return path
    known = built_in_files("datasets")
    if str(name) in known:
        return known[str(name)]
    raise SettingError(
        f"there is no experiment {str(name)!r}; name a TOML file that exists, or a built-in one: {', '.join(known)}"
    )


def built_in_files(key: str) -> dict[str, Path]:
    """Built-in files that have this table, by name: "datasets" of experiments, "comparisons" of lists of trainings.

    >>> list(built_in_files("datasets"))
    ['choices', 'demo']
    """
    files = sorted(BUILT_IN.glob("*.toml"))
    return {file.stem: file for file in files if key in toml_values(file)}


def read_experiment(path: Path | str) -> ExperimentConfig:
    """Read and check the file of an experiment; paths of datasets are relative to it.

    Raises:
        SettingError: not TOML, an unknown key, or a value that cannot be; says the file, the field and the mend.
    """
    return _Reader(path).read()


class _Reader(TomlReader):
    """Reads one experiment."""

    def read(self) -> ExperimentConfig:
        values = self.values
        self.known("", values, KEYS)
        base = self.settings("settings", values.get("settings", {}), StudyConfig())
        sweep = self.sweep(values.get("sweep", {}), base)
        return ExperimentConfig(
            name=self.text("name", values),
            sentence=self.text("sentence", values),
            datasets=self.datasets(base, sweep),
            seeds=self.seeds(values.get("seeds")),
            variants=with_controls(self.variants(values.get("variants", "all")), sweeps=bool(sweep)),
            sweep=sweep,
        )

    def variants(self, value: object) -> tuple[str, ...]:
        if value == "all":
            return SCHEMES.names
        names = self.names("variants", value, f'"all", or a list of {", ".join(SCHEMES.names)}')
        with self.at("variants"):
            return tuple(SCHEMES[name].name for name in names)

    def settings(self, field: str, value: object, base: StudyConfig) -> StudyConfig:
        return self.settings_of(base.with_settings, field, value, decided={"seed": "seeds = [...]"})

    def sweep(self, table: object, base: StudyConfig) -> tuple[Change, ...]:
        if not isinstance(table, dict):
            raise self.wrong("sweep", table, "a table of lists, such as { gamma = [1, 4] }")
        changes = []
        for setting, values in table.items():
            field = f"sweep.{setting}"
            if setting in NOT_SWEPT:
                raise SettingError(
                    f"{self.path.name}: {field} would change the split, and no two results could be compared; give it "
                    "in the settings of a dataset of its own"
                )
            if not isinstance(values, list) or not values or any(isinstance(v, list | dict | bool) for v in values):
                raise self.wrong(field, values, "a list of single values, such as [1, 4]")
            texts = [Change(setting, typed(value)).value for value in values]
            if len(set(texts)) < len(texts):
                raise self.wrong(field, values, "each value once")
            for text in texts:
                self.settings(field, {setting: text}, base)
                changes.append(Change(setting, text))
        return tuple(changes)

    def datasets(self, base: StudyConfig, sweep: tuple[Change, ...]) -> tuple[DatasetChoice, ...]:
        chosen = [self.dataset(field, values, base, sweep) for field, values in self.tables("datasets")]
        self.named_apart("datasets", [dataset.name for dataset in chosen])
        return tuple(chosen)

    def dataset(self, field: str, value: object, base: StudyConfig, sweep: tuple[Change, ...]) -> DatasetChoice:
        values = {"data": value} if isinstance(value, str) else value
        if not isinstance(values, dict):
            raise self.wrong(field, value, "a name, a path, or a table with data = '...'")
        self.known(field, values, DATASET_KEYS)
        data, path = self.data(f"{field}.data", values.get("data"))
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
        return DatasetChoice(name.strip(), data, path, config, sweep=swept)
