"""Alignment heads on a dataset of frozen tokens as the subject of a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pico_core.axes import TextImage
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.experiments.trainings.settings import ComparisonConfig
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.alignment import align
from pico_core.training.heads import AlignmentHeads
from pico_core.training.records import Alignment, Training
from pico_core.training.settings import LoopConfig, WeightingRule


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

    def train(
        self, variant: WeightingRule, *, checkpoint: Path, device: str = "cpu", reporter: Reporter = SILENT
    ) -> Alignment:
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

    def ranks(self, made: Training | None) -> QueryRanks:
        """Ranks on the test split through trained heads, or of the frozen tokens as they are."""
        test = self.parts.test
        heads = made.heads if isinstance(made, Alignment) else AlignmentHeads(test.n_columns)
        weights = torch.ones(test.n_columns) if made is None else made.weights
        return query_ranks(score_pairs(heads.through(test), weights), test.text_image)


@dataclass(frozen=True, eq=False)
class HeadSubject:
    """A whole dataset, and the settings of a comparison."""

    pairs: PairedEmbeddings
    compared: ComparisonConfig

    @property
    def name(self) -> str:
        """Of the dataset."""
        return self.pairs.name

    @property
    def digest(self) -> str:
        """Of the dataset."""
        return self.pairs.digest

    @property
    def fresh(self) -> bool:
        """Never: the splits are of one dataset."""
        return False

    @property
    def experiment(self) -> str:
        """What people call the comparison."""
        return self.compared.experiment

    @property
    def basis(self) -> str:
        """Axes in which the frozen tokens are read."""
        return self.compared.basis

    @property
    def loop(self) -> LoopConfig:
        """How every training goes."""
        return self.compared.alignment

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""
        return self.compared.alignment.n_epochs

    def to_dict(self) -> dict[str, Any]:
        """Every setting but variants and seeds."""
        return self.compared.to_dict()

    def trial(self, seed: int) -> HeadTrial:
        """The splits of a seed."""
        return HeadTrial(self.compared.splits(self.pairs, seed), self.compared, seed)
