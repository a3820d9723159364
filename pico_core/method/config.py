"""The settings of the method. Every reconstructed choice is one of these, with named alternatives in words.

What each computes stands with its formula: `column_points`, `style_similarity`, `combine_modalities`,
`candidate_shares`. The first of each list is the default; all are reconstructions.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal, TypeVar, get_args

from pico_core.common.errors import SettingError
from pico_core.common.registry import Registry
from pico_core.method.bases import BASES

Representation = Literal["item", "token", "quantile"]
Similarity = Literal["cosine", "signed_cosine", "distance", "cluster"]
Combination = Literal["product", "mean", "minimum", "geometric"]
Rule = Literal["softmax", "uniform", "ema", "best", "last", "shuffled", "accept"]
Products = Literal["stored", "bfloat16"]
Settings = TypeVar("Settings")
SAMPLES = ("feedback_images", "report_images")  # settings that bound what is looked at
LATER = (*SAMPLES, "precision")  # settings that came after studies were kept without them
MAX_EXPONENT = 6  # a probability of 1e-6 to this power still fits into float32


@dataclass(frozen=True)
class ConstructionConfig:
    """How style prototypes are built and turned into probabilities.

    Attributes:
        n_prototypes: Style prototypes per modality, K. Paper: a setting; its value is not in
            readable material.
        gamma: Exponent of the K-means instance weight q̂ ** gamma. Paper: 1. Default 4: style
            columns pull harder (measured on planted data).
        representation: Coordinates of a column as a point (reconstruction): "item" = its token mean over
            fixed anchor items, "token" = its values over fixed anchor tokens, "quantile" = quantiles
            of its values.
        n_anchors: Items (or tokens, or quantiles) that span those coordinates.
        similarity: Style similarity of a column to the prototypes (reconstruction): "cosine" = largest
            |cos|, "signed_cosine" = largest cos, "distance" = exp(-d² / 2 sigma²) of the nearest,
            "cluster" = sum over prototypes of soft assignment x the cluster's mean q̂.
        sigma: Width for "distance" and temperature for "cluster".
        combination: How the two modalities' (1 - s) combine (reconstruction).
        n_iterations: Upper bound on t.
        batch_share: Share of the fit images drawn (without replacement) for one iteration.
        rule: How candidates are averaged (reconstruction of performance feedback): see `construction`.
        tau: Temperature of the softmax rule, in units of relative gain.
        ema_decay: Share of the old prototypes kept by the "ema" rule.
        patience: Stop after this many iterations without a better feedback score; 0 = never.
        tol: Stop when no prototype coordinate moves more than this; 0 = never.
        strengths: Exponents lambda that the guard tries for the retrieval weights.
        margin: Standard errors by which the guard wants the gain to exceed zero.

    >>> ConstructionConfig().gamma, ConstructionConfig.preset("paper").gamma
    (4.0, 1.0)
    """

    n_prototypes: int = 8
    gamma: float = 4.0
    representation: Representation = "item"
    n_anchors: int = 256
    similarity: Similarity = "cosine"
    sigma: float = 0.5
    combination: Combination = "product"
    n_iterations: int = 16
    batch_share: float = 0.5
    rule: Rule = "softmax"
    tau: float = 0.05
    ema_decay: float = 0.5
    patience: int = 0
    tol: float = 0.0
    strengths: tuple[float, ...] = (0.25, 0.5, 1.0)
    margin: float = 1.0

    def __post_init__(self) -> None:
        _check_choices(self)
        for name in ("n_prototypes", "n_anchors", "n_iterations"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "a whole number of at least 1")
        for name in ("gamma", "margin", "patience", "tol"):
            _require(0 <= getattr(self, name) < math.inf, name, getattr(self, name), "a finite number, 0 or more")
        # Smaller widths and temperatures overflow float32 once squared or exponentiated.
        for name in ("sigma", "tau"):
            _require(1e-4 <= getattr(self, name) < math.inf, name, getattr(self, name), "0.0001 or more, and finite")
        _require(0 < self.batch_share <= 1, "batch_share", self.batch_share, "more than 0 and at most 1")
        _require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "at least 0 and less than 1")
        _require(
            len(self.strengths) > 0 and all(0 < s <= MAX_EXPONENT for s in self.strengths),
            "strengths",
            self.strengths,
            f"one or more exponents above 0 and at most {MAX_EXPONENT}",
        )

    @classmethod
    def preset(cls, name: str) -> "ConstructionConfig":
        """`default` (what was measured to work here) or `paper` (what is stated there, as far as known).

        Raises:
            SettingError: no such preset.
        """
        if name == "default":
            return cls()
        if name == "paper":
            return cls(gamma=1.0)
        raise SettingError(f"there is no preset {name!r}; choose default or paper")


@dataclass(frozen=True)
class StudyConfig:
    """A whole study: how the dataset is split, in which basis, and how the construction goes.

    Attributes:
        seed: Decides the split, the batches and the starts of K-means and of independent components.
        basis: Axes in which columns are read: "given" (the paper's), or another name in `BASES`.
        shrinkage: Draws "cross" axes to principal ones, 0 = not at all, 1 = fully; other axes do not ask for it.
        fit: Share of the images for fitting.
        feedback: Share for feedback; the rest is test.
        feedback_images: At most so many images of the feedback split give feedback, drawn by the seed; 0 = all. Every
            iteration scores them all, and of many more the cost grows with their square.
        report_images: At most so many images of the test split (with their texts) are queries of the report, drawn by
            the seed, among all its images and texts; 0 = all.
        precision: What is multiplied when the feedback and test splits are scored: "stored", float32 for float32
            tokens, or "bfloat16", twice as fast where the processor has it; the report then says how far they agree.
        construction: The method's settings.

    >>> StudyConfig().with_settings({"basis": "cross", "gamma": "2"}).construction.gamma
    2.0
    """

    seed: int = 0
    basis: str = "given"
    shrinkage: float = 0.0
    fit: float = 0.45
    feedback: float = 0.15
    feedback_images: int = 1000
    report_images: int = 5000
    precision: Products = "stored"
    construction: ConstructionConfig = field(default_factory=ConstructionConfig)

    def __post_init__(self) -> None:
        _check_choices(self)
        object.__setattr__(self, "basis", BASES.current_name(self.basis))  # an old name becomes the one of today
        _require(0 <= self.seed < 2**32, "seed", self.seed, f"0 to {2**32 - 1}")
        _require(0 <= self.shrinkage <= 1, "shrinkage", self.shrinkage, "a number from 0 to 1")
        for name in SAMPLES:
            size = getattr(self, name)
            _require(size == 0 or size >= 2, name, size, "0 (all), or a whole number of at least 2")
        _require(0 < self.fit < 1, "fit", self.fit, "a share between 0 and 1")
        _require(0 < self.feedback < 1, "feedback", self.feedback, "a share between 0 and 1")
        _require(self.fit + self.feedback < 1, "fit + feedback", self.fit + self.feedback, "less than 1")

    def with_settings(self, settings: dict[str, Any]) -> "StudyConfig":
        """Change settings by name, of the study or of the construction; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have. The message lists the names.
        """
        own = {f.name for f in fields(self)} - {"construction"}
        inner = {f.name for f in fields(self.construction)}
        unknown = sorted(set(settings) - own - inner)
        if unknown:
            raise SettingError(f"there is no setting {unknown[0]!r}; the settings are {', '.join(sorted(own | inner))}")
        construction = changed(self.construction, {k: v for k, v in settings.items() if k in inner})
        return replace(changed(self, {k: v for k, v in settings.items() if k in own}), construction=construction)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the inverse of `from_dict`.

        Later settings are named where they were changed: keys of studies that never met them stay as they are.
        """
        return {k: v for k, v in asdict(self).items() if k not in LATER or v != getattr(StudyConfig(), k)}

    def identity(self) -> dict[str, Any]:
        """`to_dict` under the names of the first version: what keys of files are made of, so that they stay valid."""
        return self.to_dict() | {"basis": BASES.first_name(self.basis)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "StudyConfig":
        """Read what `to_dict` wrote.

        Raises:
            SettingError: a name or a value that does not exist.
        """
        flat = {k: v for k, v in values.items() if k != "construction"} | dict(values.get("construction", {}))
        return cls().with_settings(flat)


def changed(config: Settings, values: Mapping[str, Any]) -> Settings:
    """A frozen settings class with some of its own settings changed by name; texts are parsed as their defaults are.

    Raises:
        SettingError: a value that the setting cannot have.

    >>> changed(ConstructionConfig(), {"tau": "0.1"}).tau
    0.1
    """
    parsed = {name: _parse(value, getattr(config, name), name) for name, value in values.items()}
    _check_given(config, parsed)
    return replace(config, **parsed)  # type: ignore[type-var]


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingError(f"{name} is {value}; expected {expected}")


def _check_choices(config: object) -> None:
    _check_given(config, {f.name: getattr(config, f.name) for f in fields(config)})  # type: ignore[arg-type]


def _check_given(config: object, values: dict[str, Any]) -> None:
    """Refuse a value that is not among the named alternatives of its setting."""
    types = {f.name: f.type for f in fields(config)}  # type: ignore[arg-type]  # those of its parents too
    for name, value in values.items():
        choices = BASES.names if name == "basis" else get_args(types[name])
        if choices and isinstance(choices[0], str) and BASES.current_name(value) not in choices:
            raise SettingError(f"{name} is {value!r}; choose one of {', '.join(choices)}")


def _parse(value: Any, default: Any, name: str) -> Any:
    """Read a setting given as text (or as JSON gives it) in the type of its default."""
    try:
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(float(part) for part in parts)
        if isinstance(default, int):
            if float(value) != int(float(value)):
                raise ValueError
            return int(float(value))
        if isinstance(default, float):
            return float(value)
        return str(value)
    except (TypeError, ValueError, OverflowError):
        raise SettingError(f"{name} is {value!r}; expected a value like {default!r}") from None


@dataclass(frozen=True)
class Choice:
    """One alternative of a setting: its name in settings, and what people call it."""

    name: str
    title: str


RULES: Final = Registry(
    "feedback rule",
    (
        Choice("softmax", "softmax of the gains"),
        Choice("uniform", "uniform, no feedback"),
        Choice("ema", "moving average"),
        Choice("best", "best candidate only"),
        Choice("last", "last candidate only"),
        Choice("accept", "accept if better"),
        Choice("shuffled", "shuffled feedback"),
    ),
)
SIMILARITIES: Final = Registry(
    "similarity",
    (
        Choice("cosine", "|cosine|"),
        Choice("signed_cosine", "signed cosine"),
        Choice("distance", "distance"),
        Choice("cluster", "soft groups"),
    ),
)
COMBINATIONS: Final = Registry(
    "combination",
    (
        Choice("product", "product"),
        Choice("mean", "mean"),
        Choice("minimum", "minimum"),
        Choice("geometric", "geometric mean"),
    ),
)
