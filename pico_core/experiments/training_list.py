"""A list of trainings is one TOML file: comparisons of weightings in the loop, of heads or of the encoder."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pico_core.experiments.comparison import DECIDED, variants_named
from pico_core.experiments.config import built_in_files
from pico_core.experiments.heads import ComparisonConfig
from pico_core.experiments.scenes import SceneComparison
from pico_core.experiments.toml_reading import TomlReader, typed
from pico_core.training.schemes import LOOP_SCHEMES

KEYS: Final = ("name", "sentence", "seeds", "variants", "settings", "comparisons")
COMPARISON_KEYS: Final = ("name", "data", "few", "held_out", "settings")
SCENE_KEYS: Final = ("name", "scenes", "held_out", "settings")
SCENES: Final = "scenes"
Config = TypeVar("Config", ComparisonConfig, SceneComparison)
OWN_KEYS: Final = {"n_training_images": "few", **dict.fromkeys(DECIDED, "variants and seeds")}


@dataclass(frozen=True)
class ListedComparison:
    """One comparison of a list.

    Attributes:
        name: What the table calls it.
        data: The name of a built-in demo, or a path as it was written; of the encoder "scenes".
        path: Where it leads; None for a built-in demo, and for scenes.
        config: Its settings, with the variants and seeds of the list: of heads on data, or of the encoder on scenes.
    """

    name: str
    data: str
    path: Path | None
    config: ComparisonConfig | SceneComparison

    @property
    def folder(self) -> str:
        """The name of its folder.

        >>> ListedComparison("Given, few pairs", "shortcut", None, ComparisonConfig()).folder
        'given-few-pairs'
        """
        return re.sub(r"\W+", "-", self.name.casefold()).strip("-")

    @property
    def n_epochs(self) -> int:
        """Epochs of all its trainings, at most; the state before training counts as one."""
        return len(self.config.seeds) * len(self.config.ordered) * (self.config.n_epochs + 1)


@dataclass(frozen=True)
class TrainingList:
    """What is trained.

    Attributes:
        name: Short and stable.
        sentence: What it asks.
        comparisons: Each with a folder of its own.
    """

    name: str
    sentence: str
    comparisons: tuple[ListedComparison, ...]


def find_training_list(name: Path | str) -> Path | None:
    """The file of a list of trainings: a TOML file, or the name of a built-in one; None where it is neither.

    What lies there goes before a built-in name.

    >>> find_training_list("training").name, find_training_list("mydata")
    ('training.toml', None)
    """
    path = Path(name)
    if path.suffix == ".toml":
        return path
    return None if path.exists() else built_in_files("comparisons").get(str(name))


def read_training_list(path: Path | str) -> TrainingList:
    """Read and check the file of a list of trainings; paths of datasets are relative to it.

    Raises:
        SettingError: not TOML, an unknown key, or a value that cannot be; says the file, the field and the mend.
    """
    return _Reader(path).read()


@dataclass(frozen=True)
class _Shared:
    """What a list says of every comparison."""

    variants: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: object


class _Reader(TomlReader):
    """Reads one list."""

    def read(self) -> TrainingList:
        values = self.values
        self.known("", values, KEYS)
        shared = _Shared(
            seeds=self.seeds(values.get("seeds")),
            variants=self.variants(values.get("variants", list(ComparisonConfig().variants))),
            settings=values.get("settings", {}),
        )
        return TrainingList(
            name=self.text("name", values), sentence=self.text("sentence", values), comparisons=self.comparisons(shared)
        )

    def variants(self, value: object) -> tuple[str, ...]:
        names = self.names("variants", value, f"a list of {', '.join(LOOP_SCHEMES.names)}")
        with self.at("variants"):
            return variants_named(names)

    def comparisons(self, shared: _Shared) -> tuple[ListedComparison, ...]:
        listed = [self.comparison(field, values, shared) for field, values in self.tables("comparisons")]
        names, folders = [comparison.name for comparison in listed], [comparison.folder for comparison in listed]
        self.named_apart("comparisons", names, marks=folders, but=", capitals and signs aside")
        return tuple(listed)

    def comparison(self, field: str, values: object, shared: _Shared) -> ListedComparison:
        """Of heads on a dataset, or of the encoder on scenes."""
        if not isinstance(values, dict):
            raise self.wrong(field, values, "a table with data = '...'")
        if SCENES in values:
            self.known(field, values, SCENE_KEYS)
            scenes = self.configured(SceneComparison, field, values, shared)
            changes = values[SCENES]
            if not isinstance(changes, dict):
                raise self.wrong(f"{field}.{SCENES}", changes, "a table, such as { n_training = 1000, tie = 0.95 }")
            held_out = self.held_out(field, values)
            with self.at(f"{field}.{SCENES}"):
                scenes = scenes.with_scenes({name: typed(value) for name, value in changes.items()})
                scenes = replace(scenes, held_out=held_out)
            return ListedComparison(self.named(field, values, SCENES), SCENES, None, scenes)
        self.known(field, values, COMPARISON_KEYS)
        data, path = self.data(f"{field}.data", values.get("data"))
        few = values.get("few", 0)
        if type(few) is not int or not 0 <= few < 2**31:
            raise self.wrong(f"{field}.few", few, "a number of images to train on, or 0 for all")
        heads = self.configured(ComparisonConfig, field, values, shared)
        held_out = self.held_out(field, values)
        with self.at(field):
            heads = replace(heads.with_settings({"n_training_images": few}), held_out=held_out)
        return ListedComparison(self.named(field, values, Path(data).stem), data, path, heads)

    def configured(self, of: type[Config], field: str, values: dict[str, Any], shared: _Shared) -> Config:
        """Settings of the list, then those of the comparison."""
        config = of(variants=shared.variants, seeds=shared.seeds)
        for name, settings in (("settings", shared.settings), (f"{field}.settings", values.get("settings", {}))):
            config = self.settings_of(config.with_settings, name, settings, decided=OWN_KEYS)
        return config

    def named(self, field: str, values: dict[str, Any], otherwise: str) -> str:
        name = values.get("name", otherwise)
        if not isinstance(name, str) or not re.search(r"\w", name):
            raise self.wrong(f"{field}.name", name, "some text")
        return name.strip()

    def held_out(self, field: str, values: dict[str, Any]) -> tuple[str, ...]:
        styles = values.get("held_out", [])
        if not isinstance(styles, list) or not all(isinstance(style, str) for style in styles):
            raise self.wrong(f"{field}.held_out", styles, "a list of styles, such as ['blur', 'noise']")
        return tuple(styles)
