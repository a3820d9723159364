"""What is compared: which weightings, over which seeds, on which split."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pico_core.common.errors import DataError, SettingError
from pico_core.data.labels import style_labels
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.style_shift import style_shift_splits
from pico_core.method.bases import BASES, fit_basis
from pico_core.method.config import StudyConfig, changed
from pico_core.training.settings import RULES, AlignmentConfig, LoopConfig, WeightingRule

DECIDED = ("weighting", "seed")  # by the comparison, not by a setting


@dataclass(frozen=True)
class Compared:
    """What every comparison of trainings is asked.

    Attributes:
        variants: Weightings of the loop; "none" is trained in any case, as everything is measured against it.
        seeds: Each decides the split, the first weights, the batches and the construction, for all variants alike.
        held_out: Styles that only the test split has; none = an ordinary split.
        basis: Axes in which tokens are read; fitted on the fit split.
    """

    variants: tuple[WeightingRule, ...] = ("none", "pico", "after", "p_hat", "learned", "shuffled", "permuted")
    seeds: tuple[int, ...] = (0, 1, 2)
    held_out: tuple[str, ...] = ()
    basis: str = "given"

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise SettingError(f"the seeds are {list(self.seeds)}; expected at least one, all different")

    @property
    def ordered(self) -> tuple[WeightingRule, ...]:
        """The variants, P = 1 first, each once."""
        return tuple(dict.fromkeys(("none", *self.variants)))

    @property
    def without(self) -> str:
        """The styles that are held out, as they end the name of a comparison."""
        return f", held out: {', '.join(self.held_out)}" if self.held_out else ""

    @property
    def experiment(self) -> str:
        """What people call the comparison."""
        raise NotImplementedError

    @property
    def loop(self) -> LoopConfig:
        """How every training goes; its weighting and seed are replaced."""
        raise NotImplementedError

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Every setting but variants and seeds, as JSON can hold it: they may become more later."""
        raise NotImplementedError


@dataclass(frozen=True)
class ComparisonConfig(Compared):
    """Settings of a comparison of trainings of alignment heads.

    Attributes:
        fit: Share of the images for training.
        feedback: Share for feedback; the rest is test.
        alignment: How every training goes; its weighting and seed are replaced.

    >>> ComparisonConfig(alignment=AlignmentConfig(n_training_images=100)).experiment
    'training, 100 images'
    """

    fit: float = 0.45
    feedback: float = 0.15
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "basis", BASES[self.basis].name)
        StudyConfig(basis=self.basis, fit=self.fit, feedback=self.feedback)  # the same bounds as those of a study

    @property
    def experiment(self) -> str:
        """What people call it."""
        few = self.alignment.n_training_images
        return "training" + (f", {few} images" if few else "") + self.without

    @property
    def loop(self) -> AlignmentConfig:
        """How every training goes."""
        return self.alignment

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""
        return self.alignment.n_epochs

    def of(self, variant: WeightingRule, seed: int) -> AlignmentConfig:
        """The settings of one training."""
        return replace(self.alignment, weighting=variant, seed=seed)

    def splits(self, pairs: PairedEmbeddings, seed: int) -> Splits:
        """The splits of one seed, in the basis.

        Raises:
            DataError: too few images, or nothing that could be held out.
        """
        shares = {"seed": seed, "fit": self.fit, "feedback": self.feedback}
        if self.held_out:
            labels = style_labels(pairs.images, pairs.image_labels)
            if not labels:
                raise DataError(
                    f"{pairs.name}: no label of the images speaks of style, so no style can be held out; add a "
                    "label column such as style"
                )
            parts = style_shift_splits(pairs, label=labels[0], held_out=self.held_out, **shares)  # type: ignore[arg-type]
        else:
            parts = pairs.split(**shares)  # type: ignore[arg-type]
        axes = fit_basis(parts.fit, self.basis, seed=seed)
        return Splits(axes.apply(parts.fit), axes.apply(parts.feedback), axes.apply(parts.test))

    def with_settings(self, settings: dict[str, Any]) -> "ComparisonConfig":
        """Change settings by name, of the comparison or of its trainings; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have.
        """
        refuse_decided(settings)
        own = {name: value for name, value in settings.items() if name in ("basis", "fit", "feedback")}
        inner = {name: value for name, value in settings.items() if name not in own}
        return replace(changed(self, own), alignment=self.alignment.with_settings(inner))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without variants and seeds: a comparison may be given more of both later.

        They name its folder, so the basis is called what the first version called it.
        """
        values = asdict(self) | {"basis": BASES.first_name(self.basis)}
        del values["variants"], values["seeds"]
        for name in DECIDED:
            del values["alignment"][name]
        return values


def refuse_decided(settings: Iterable[str]) -> None:
    """Refuse settings of a single training.

    Raises:
        SettingError: the comparison decides one of them.
    """
    decided = sorted(set(settings) & set(DECIDED))
    if decided:
        raise SettingError(f"{decided[0]} is decided by the comparison; name variants and seeds instead")


def variants_named(names: Sequence[str]) -> tuple[WeightingRule, ...]:
    """Names as variants.

    Raises:
        SettingError: there is none of this name.

    >>> variants_named(["pico", "p_hat"])
    ('pico', 'p_hat')
    """
    unknown = [name for name in names if name not in RULES]
    if unknown:
        raise SettingError(f"there is no variant {unknown[0]!r}; choose among {', '.join(RULES)}")
    return tuple(rule for name in names for rule in RULES if rule == name)
