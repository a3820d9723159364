"""Nothing that is fitted has seen the test split, and nothing but feedback has seen feedback."""

import dataclasses

import torch

from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.studies.study import run_study

CONFIG = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=3, n_anchors=32), basis="cross")


def test_replacing_the_test_images_changes_the_report_and_nothing_before_it():
    pairs = planted_pairs(PlantedConfig(n_images=80, n_columns=24), seed=0).pairs
    hidden = {int(i) for i in pairs.split(seed=0).test.images["id"].str.strip_prefix("item ").cast(int)}
    of_test = torch.tensor([i in hidden for i in range(80)])
    tokens = pairs.image_tokens.clone()
    tokens[of_test] = tokens[of_test].flip(0)
    before, after = run_study(pairs, CONFIG), run_study(dataclasses.replace(pairs, image_tokens=tokens), CONFIG)
    torch.testing.assert_close(after.basis.matrix, before.basis.matrix, rtol=0, atol=0)
    for name in ("probabilities", "weights", "pseudo_semantic"):
        torch.testing.assert_close(
            getattr(after.construction, name), getattr(before.construction, name), rtol=0, atol=0
        )
    assert after.columns.equals(before.columns)
    assert after.report.baseline.metrics.rsum.value < before.report.baseline.metrics.rsum.value


def test_every_gain_is_that_of_its_own_candidate():
    pairs = planted_pairs(PlantedConfig(n_images=60, n_columns=24), seed=0).pairs
    slope = torch.linspace(0.5, 1.5, 24)

    def feedback(weights):  # smooth, so that no two candidates score alike
        return (weights * slope).sum().repeat(3)

    result = construct(pairs, feedback=feedback, config=CONFIG.construction)
    reference = float(slope.sum())
    for step in result.history.iterations:
        p = step.candidate_probabilities.clamp_min(1e-6)
        expected = float(((p / p.mean()) * slope).sum()) / reference - 1
        assert abs(step.candidate_gain - expected) < 1e-5
    assert len({round(s.candidate_gain, 7) for s in result.history.iterations}) == 3
