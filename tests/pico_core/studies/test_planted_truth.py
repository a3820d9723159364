"""On planted data the truth is known: the method must find it, and retrieval must profit."""

import math

import pytest
import torch
from scipy.stats import spearmanr

from pico_core.common.errors import SettingError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import StudyConfig
from pico_core.studies.study import evaluate_study, run_study, study_splits
from tests.marks import LONG


@pytest.mark.parametrize(("strength", "least_rho"), [(2.0, 0.7), pytest.param(3.0, 0.6, marks=LONG)])
def test_probabilities_find_the_planted_share_and_retrieval_profits(strength, least_rho):
    gains, oracle, rhos = [], [], []
    for seed in range(3):
        planted = planted_pairs(PlantedConfig(style_strength=strength), seed=seed)
        study = run_study(planted.pairs, StudyConfig(seed=seed), truth=planted.semantic_share)
        rhos.append(spearmanr(study.construction.probabilities, planted.semantic_share).statistic)
        gains.append(study.report.difference.value)
        oracle.append(next(c for c in study.report.controls if c.name == "oracle_truth").difference.value)
    assert min(rhos) >= least_rho
    assert sum(gains) >= 0.5 * sum(oracle)
    assert sum(oracle) > 0


def test_without_style_the_guard_or_the_interval_says_so():
    planted = planted_pairs(PlantedConfig(n_images=240, style_strength=0.0), seed=1)
    report = run_study(planted.pairs, StudyConfig(seed=1)).report
    assert report.verdict.value != "helps"


def test_splits_are_disjoint_by_image_and_reports_are_on_test():
    planted = planted_pairs(PlantedConfig(n_images=60), seed=0)
    config = StudyConfig(seed=4, basis="cross")
    splits = study_splits(planted.pairs, config)
    ids = [set(part.ids) for part in (splits.fit, splits.feedback, splits.test)]
    assert sum(len(part) for part in ids) == len(set.union(*ids)) == 60
    study = run_study(planted.pairs, config)
    assert (study.report.split, study.report.n_images) == ("test", len(ids[2]))
    again = evaluate_study(planted.pairs, study)
    assert again.difference == study.report.difference
    assert [c.name for c in again.controls] == [c.name for c in study.report.controls]


def test_the_generator_is_seeded_and_its_strength_matters():
    small = PlantedConfig(n_images=20, n_columns=16)
    assert planted_pairs(small, seed=1).pairs.digest == planted_pairs(small, seed=1).pairs.digest
    assert planted_pairs(small, seed=1).pairs.digest != planted_pairs(small, seed=2).pairs.digest


def test_coupling_ties_the_style_of_texts_to_images():
    tied = planted_pairs(PlantedConfig(n_images=50, coupling=1.0), seed=0).pairs
    image_style = {s: i for i, s in enumerate(dict.fromkeys(tied.images["style"]))}
    by_image = [image_style[tied.images["style"][i]] for i in tied.text_image.tolist()]
    assert len(set(zip(by_image, tied.texts["style"].to_list(), strict=True))) == len(image_style)
    assert torch.equal(tied.text_image, torch.arange(50).repeat_interleave(2))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_images": 10**22}, "plant fewer images"),
        ({"n_images": 0}, "at least 1"),
        ({"style_strength": math.nan}, "a finite number"),
        ({"noise": math.inf}, "a finite number"),
        ({"coupling": 1.5}, "a probability"),
    ],
)
def test_what_cannot_be_planted_is_refused_before_anything_is_made(wrong, message):
    with pytest.raises(SettingError, match=message):
        PlantedConfig(**wrong)
