"""The commands that do a run again, from its settings alone."""

from collections.abc import Sequence
from dataclasses import fields

from pico_core.method.config import StudyConfig

DATA, RUN = "DATASET", "RUN"  # stand for places on the reader's machine
WIDTH = 92  # of a line of code on a page


def construct_arguments(config: StudyConfig) -> tuple[str, ...]:
    """Every setting by name, so that the command holds even where another version has other defaults.

    >>> construct_arguments(StudyConfig(seed=7))[:8]
    ('construct', 'DATASET', '--out', 'RUN', '--seed', '7', '--set', 'basis=given')
    """
    arguments = ["construct", DATA, "--out", RUN, "--seed", str(config.seed)]
    for name, value in named_settings(config):
        arguments += ["--set", f"{name}={value}"]
    return tuple(arguments)


def named_settings(config: StudyConfig) -> list[tuple[str, str]]:
    """Every setting but the seed, as the command line reads it."""
    own = [field.name for field in fields(config) if field.name not in ("seed", "construction")]
    inner = [field.name for field in fields(config.construction)]
    values = [getattr(config, name) for name in own] + [getattr(config.construction, name) for name in inner]
    return [(name, _written(value)) for name, value in zip([*own, *inner], values, strict=True)]


def changed_settings(config: StudyConfig) -> list[tuple[str, str, str]]:
    """Name, value and default of every setting that is not at its default."""
    usual = dict(named_settings(StudyConfig()))
    return [(name, value, usual[name]) for name, value in named_settings(config) if value != usual[name]]


def shell(arguments: Sequence[str], *, width: int = WIDTH) -> str:
    r"""A command over several lines, an option never parted from its value; the lines are one for a shell.

    >>> print(shell(["replay", "RUN", "DATASET"]))
    pico-lens replay RUN DATASET
    >>> print(shell(["x", "--set", "a=1", "--set", "b=2"], width=20))
    pico-lens x \
        --set a=1 \
        --set b=2
    """
    words = ["pico-lens"]
    for word in arguments:
        if words[-1].startswith("--") and " " not in words[-1]:
            words[-1] += f" {word}"
        else:
            words.append(word)
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) + 2 > width:
            lines.append(f"    {word}")
        else:
            lines[-1] += f" {word}"
    return " \\\n".join(lines)


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(repr(part) for part in value)
    return value if isinstance(value, str) else repr(value)
