"""An experiment as the TOML file that does it again: the inverse of `config.read_experiment`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pico_core.experiments.config import DatasetChoice, ExperimentConfig
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.scheme import Change

WIDTH = 100  # of a line of names


def experiment_toml(config: ExperimentConfig) -> str:
    """The file of an experiment.

    A dataset that is not built in is named by its path, so that the file may lie anywhere.
    """
    counted = list(config.seeds) == list(range(len(config.seeds)))
    variants = [variant.name for variant in config.variants]
    lines = [
        f"name = {_text(config.name)}",
        f"sentence = {_text(config.sentence)}",
        f"seeds = {len(config.seeds) if counted else list(config.seeds)}",
        f"variants = {_texts(variants) if set(variants) != set(SCHEMES.names) else _text('all')}",
    ]
    for dataset in config.datasets:
        data = dataset.data if dataset.path is None else str(dataset.path.absolute())
        lines += ["", "[[datasets]]", f"name = {_text(dataset.name)}", f"data = {_text(data)}"]
        settings = ", ".join(f"{key} = {_value(value)}" for key, value in _changed(dataset.config))
        lines += [f"settings = {{ {settings} }}"] if settings else []
        lines += [] if dataset.sweep or not config.sweep else ["sweep = false"]
    if config.sweep:
        lines += ["", "[sweep]"]
        for setting in dict.fromkeys(change.setting for change in config.sweep):
            values = [change.value for change in config.sweep if change.setting == setting]
            lines.append(f"{setting} = [{', '.join(_value(value) for value in values)}]")
    return "\n".join([*lines, ""])


def recorded_toml(about: Mapping[str, Any]) -> str:
    """The file of the experiment that a folder records.

    Args:
        about: From `grid.read_about`; a dataset of one's own is named as its file named it, relative to that.

    Raises:
        SettingError: settings or variants that this version does not know.
        KeyError: something is missing.
    """
    datasets = [
        DatasetChoice(
            dataset["name"], dataset["data"], None, StudyConfig.from_dict(dataset["config"]), sweep=dataset["sweep"]
        )
        for dataset in about["datasets"]
    ]
    return experiment_toml(
        ExperimentConfig(
            name=about["name"],
            sentence=about["sentence"],
            datasets=tuple(datasets),
            seeds=tuple(about["seeds"]),
            variants=tuple(SCHEMES[variant["name"]] for variant in about["variants"]),
            sweep=tuple(Change(change["setting"], change["value"]) for change in about["sweep"]),
        )
    )


def _changed(config: StudyConfig) -> list[tuple[str, str]]:
    """Settings that are not at their defaults, as they would be typed; the seed is the experiment's own."""

    def flat(of: StudyConfig) -> dict[str, Any]:
        values = of.to_dict()
        return {key: value for key, value in (values | values["construction"]).items() if key != "construction"}

    usual = flat(StudyConfig())
    return [
        (key, ",".join(map(repr, value)) if isinstance(value, list | tuple) else str(value))
        for key, value in flat(config).items()
        if key != "seed" and value != usual[key]
    ]


def _value(text: str) -> str:
    """A number as a number, everything else as text.

    >>> _value("4"), _value("0.25"), _value("cross"), _value("nan")
    ('4', '0.25', '"cross"', '"nan"')
    """
    try:
        number = float(text)
    except ValueError:
        return _text(text)
    return text if f"{number:.12g}" == text and "n" not in text else _text(text)


def _texts(values: Iterable[str]) -> str:
    whole = f"[{', '.join(_text(value) for value in values)}]"
    if len(whole) <= WIDTH:
        return whole
    return "[\n" + "".join(f"    {_text(value)},\n" for value in values) + "]"


def _text(value: str) -> str:
    """A text in quotes: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
