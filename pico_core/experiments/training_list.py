"""A list of trainings is one TOML file: comparisons of weightings in the loop, each with its own data and settings."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pico_core.errors import SettingError
from pico_core.experiments.config import built_in_files
from pico_core.experiments.toml_reading import TomlReader
from pico_core.training.settings import RULES, WeightingRule
from pico_core.trainings.settings import DECIDED, ComparisonConfig, variants_named

KEYS: Final = ("name", "sentence", "seeds", "variants", "settings", "comparisons")
COMPARISON_KEYS: Final = ("name", "data", "few", "held_out", "settings")
OWN_KEYS: Final = {"n_training_images": "few", **dict.fromkeys(DECIDED, "variants and seeds")}


@dataclass(frozen=True)
class ListedComparison:
    """One comparison of a list.

    Attributes:
        name: What the table calls it.
        data: The name of a built-in demo, or a path as it was written.
        place: Where that path leads; None for a built-in demo.
        config: Its settings, with the variants and seeds of the list.
    """

    name: str
    data: str
    place: Path | None
    config: ComparisonConfig

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
        return len(self.config.seeds) * len(self.config.ordered) * (self.config.alignment.n_epochs + 1)


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


class _Reader(TomlReader):
    """Reads one list."""

    def read(self) -> TrainingList:
        values = self.values
        self.known("", values, KEYS)
        base = replace(ComparisonConfig(), seeds=self.seeds(values.get("seeds")))
        base = replace(base, variants=self.variants(values.get("variants", list(base.variants))))
        base = self.settings("settings", values.get("settings", {}), base)
        return TrainingList(
            name=self.text("name", values),
            sentence=self.text("sentence", values),
            comparisons=self.comparisons(values.get("comparisons"), base),
        )

    def variants(self, found: object) -> tuple[WeightingRule, ...]:
        if not isinstance(found, list) or not all(isinstance(name, str) for name in found) or not found:
            raise self.wrong("variants", found, f"a list of {', '.join(RULES)}")
        try:
            return variants_named(found)
        except SettingError as error:
            raise SettingError(f"{self.path.name}: variants: {error}") from None

    def settings(self, field: str, found: object, base: ComparisonConfig) -> ComparisonConfig:
        return self.settings_of(base.with_settings, field, found, decided=OWN_KEYS)

    def comparisons(self, found: object, base: ComparisonConfig) -> tuple[ListedComparison, ...]:
        if not isinstance(found, list) or not found:
            raise self.wrong("comparisons", found, "at least one: write a [[comparisons]] table with data = '...'")
        listed = [self.comparison(f"comparisons[{place}]", one, base) for place, one in enumerate(found)]
        folders = [one.folder for one in listed]
        twice = [one.name for one in listed if folders.count(one.folder) > 1]
        if twice:
            raise SettingError(
                f"{self.path.name}: two comparisons are called {twice[0]!r}, capitals and signs aside; give one of "
                "them a name = '...' of its own"
            )
        return tuple(listed)

    def comparison(self, field: str, values: object, base: ComparisonConfig) -> ListedComparison:
        if not isinstance(values, dict):
            raise self.wrong(field, values, "a table with data = '...'")
        self.known(field, values, COMPARISON_KEYS)
        data, place = self.data(f"{field}.data", values.get("data"))
        name = values.get("name", Path(data).stem)
        if not isinstance(name, str) or not re.search(r"\w", name):
            raise self.wrong(f"{field}.name", name, "some text")
        few = values.get("few", 0)
        if type(few) is not int or few < 0:
            raise self.wrong(f"{field}.few", few, "a number of images to train on, or 0 for all")
        held_out = values.get("held_out", [])
        if not isinstance(held_out, list) or not all(isinstance(style, str) for style in held_out):
            raise self.wrong(f"{field}.held_out", held_out, "a list of styles, such as ['blur', 'noise']")
        config = self.settings(f"{field}.settings", values.get("settings", {}), base)
        config = replace(config.with_settings({"n_training_images": few}), held_out=tuple(held_out))
        return ListedComparison(name.strip(), data, place, config)
