"""Alignment heads on a dataset of frozen tokens as the subject of a comparison."""

from dataclasses import dataclass
from pathlib import Path

import torch

from pico_core.common.axes import TextImage
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.experiments.trainings.settings import ComparisonConfig
from pico_core.experiments.trainings.subjects import Subject
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.alignment import align
from pico_core.training.heads import AlignmentHeads
from pico_core.training.records import Alignment, Training
from pico_core.training.settings import WeightingRule


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


def head_subject(pairs: PairedEmbeddings, config: ComparisonConfig) -> Subject:
    """Heads on the splits of a whole dataset."""

    def trial(seed: int) -> HeadTrial:
        return HeadTrial(config.splits(pairs, seed), config, seed)

    return Subject(pairs.name, pairs.digest, False, config, trial)
