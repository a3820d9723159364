"""Alignment heads on a dataset of frozen tokens as the subject of a comparison."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from pico_core.common.axes import TextImage
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.labels import style_labels
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.style_shift import style_shift_splits
from pico_core.experiments.comparison import DECIDED, Compared, Subject, refuse_decided
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.method.bases import BASES, fit_basis
from pico_core.method.config import StudyConfig, changed
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.alignment import align
from pico_core.training.heads import AlignmentHeads
from pico_core.training.records import Alignment, Training
from pico_core.training.settings import AlignmentConfig


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

    def of(self, variant: str, seed: int) -> AlignmentConfig:
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


@dataclass(frozen=True, eq=False)
class HeadTrial:
    """One seed: its splits in the basis."""

    parts: Splits
    config: ComparisonConfig
    seed: int

    @property
    def text_image(self) -> TextImage:
        """The image of every text of the test split."""
        return self.parts.test.text_image

    @property
    def n_train(self) -> int:
        """Images of fit and feedback together."""
        return self.parts.fit.n_images + self.parts.feedback.n_images

    def train(self, variant: str, *, checkpoint: Path, device: str = "cpu", reporter: Reporter = SILENT) -> Alignment:
        """Train heads, or go on with them."""
        return align(
            self.parts.fit,
            self.parts.feedback,
            measure=retrieval_feedback,
            config=self.config.of(variant, self.seed),
            checkpoint=checkpoint,
            device=device,
            reporter=reporter,
        )

    def ranks(self, training: Training | None) -> QueryRanks:
        """Ranks on the test split through trained heads, or of the frozen tokens as they are."""
        test = self.parts.test
        heads = training.heads if isinstance(training, Alignment) else AlignmentHeads(test.n_columns)
        weights = torch.ones(test.n_columns) if training is None else training.weights
        return query_ranks(score_pairs(heads.through(test), weights), test.text_image)


def head_subject(pairs: PairedEmbeddings, config: ComparisonConfig) -> Subject:
    """Heads on the splits of a whole dataset."""

    def trial(seed: int) -> HeadTrial:
        return HeadTrial(config.splits(pairs, seed), config, seed)

    return Subject(pairs.name, pairs.digest, False, config, trial)
