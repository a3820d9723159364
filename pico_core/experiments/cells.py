"""One scored cell of the grid: one scheme on one dataset under one seed."""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from typing import Final

from pico_core.common.errors import PicoError
from pico_core.experiments.bench import Workbench, changed_config
from pico_core.experiments.rows import CellRow
from pico_core.kernels.metrics import QueryRanks
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig
from pico_core.retrieval.metrics import image_rsum, mean_paired_difference
from pico_core.retrieval.ranker import ranker_for
from pico_core.retrieval.schemes.catalogue import PERMUTED, REFERENCE
from pico_core.retrieval.schemes.method import N_PERMUTATIONS
from pico_core.retrieval.schemes.scheme import Fitted, Scheme

VERSION: Final = 1  # of what a cell holds and how it is computed: a new one makes all cells anew
# What else decides the numbers of single variants; a change makes their cells anew, and no other ones.
RECIPES: Final = {PERMUTED: f"mean of {N_PERMUTATIONS}"}


@dataclass(frozen=True)
class PlannedCell:
    """What is to be computed.

    Attributes:
        key: Names its file: a hash of everything that decides its numbers.
        dataset: What the experiment calls the dataset.
        digest: Of its content.
        variant: How it is scored.
        config: All settings, the seed among them, those of the variant included.
    """

    key: str
    dataset: str
    digest: str
    variant: Scheme
    config: StudyConfig

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.dataset}, seed {self.config.seed}: {self.variant.label}"


def plan_cell(dataset: str, digest: str, variant: Scheme, config: StudyConfig, *, truth: str = "") -> PlannedCell:
    """A cell and its key.

    Args:
        dataset: What the experiment calls it; no part of the key.
        digest: Of its content.
        variant: How it is scored.
        config: Settings of the dataset under a seed.
        truth: What else decides the numbers: the planted truth, where it is known.
    """
    settings = changed_config(config, variant.changes)
    recipe = [RECIPES[variant.name]] if variant.name in RECIPES else []
    setting, _, value = variant.name.partition("=")
    name = f"basis={BASES.first_name(value)}" if setting == "basis" else variant.name
    identity = json.dumps([VERSION, digest, name, settings.identity(), truth, *recipe], sort_keys=True)
    return PlannedCell(hashlib.sha256(identity.encode()).hexdigest()[:24], dataset, digest, variant, settings)


def compute_cell(bench: Workbench, cell: PlannedCell, *, experiment: str) -> CellRow:
    """Score the test split as the variant does. What does not apply gives a row without numbers, and the reason."""
    test = bench.splits().test
    plain = bench.unweighted
    began, built_before = bench.clock(), bench.building
    fitted, difference, rsum = Fitted(), None, None
    try:
        fitted = cell.variant.fit(bench)
    except PicoError as error:
        note: str | None = str(error)
    else:
        note = fitted.note
        drawn = [plain] if cell.variant.name == REFERENCE else _test_ranks(bench, fitted)
        difference = mean_paired_difference(drawn, plain, test.text_image)
        rsum = math.fsum(float(image_rsum(ranks, test.text_image).double().mean()) for ranks in drawn) / len(drawn)
    # Constructions made in this cell are taken out, and the one that it uses is counted whole.
    seconds = bench.clock() - began - (bench.building - built_before)
    if fitted.construction is not None:
        seconds += bench.built(fitted.config or bench.config).seconds
    steps = None if fitted.construction is None else fitted.construction.history
    baseline = float(image_rsum(plain, test.text_image).double().mean())
    return CellRow(
        experiment=experiment,
        dataset=cell.dataset,
        digest=cell.digest,
        variant=cell.variant.name,
        label=cell.variant.label,
        family=cell.variant.family,
        seed=cell.config.seed,
        basis=cell.config.basis,
        n_images=test.n_images,
        n_texts=test.n_texts,
        baseline=baseline,
        rsum=rsum,
        difference=None if rsum is None else rsum - baseline,
        low=None if difference is None else difference.low,
        high=None if difference is None else difference.high,
        strength=fitted.strength,
        seconds=seconds,
        note=note,
        gains=None if steps is None else steps.candidate_gains.tolist(),
        feedback_weights=None if steps is None else steps.final_shares.tolist(),
        n_train=bench.parts.fit.n_images + bench.parts.feedback.n_images,
        settings=json.dumps(cell.config.to_dict()),
    )


def _test_ranks(bench: Workbench, fitted: Fitted) -> list[QueryRanks]:
    ranker = ranker_for(bench.splits(fitted.config).test)
    return [ranker.ranks_of(replace(fitted, weights=weights)) for weights in fitted.draws]
