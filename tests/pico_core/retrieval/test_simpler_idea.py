"""The weights against simpler ideas: the best of them is found, and the verdict follows the paired interval."""

import pytest
import torch

from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.records import Verdict
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.simpler_idea import best_simpler_idea


@pytest.fixture(scope="module")
def known():
    """Pairs for which the planted truth helps a lot, and its reverse hurts."""
    return planted_pairs(PlantedConfig(n_images=300, style_strength=3.0), seed=0)


def report_of(known, weights, **controls):
    listed = [Fitted(name, name, factor) for name, factor in controls.items()]
    return retrieval_report(known.pairs, weights=weights, controls=listed, n_draws=200)


def test_the_best_simpler_idea_is_compared(known):
    good, none, bad = known.semantic_share, torch.ones(96), 1 - known.semantic_share
    report = report_of(known, good, p_hat=bad, correlation=none, permuted=good)
    rival = best_simpler_idea(report, known.pairs.text_image)
    assert (rival.name, rival.n_simpler) == ("correlation", 2)  # permuted weights are a null, not an idea
    assert rival.lead.value == pytest.approx(report.difference.value)
    assert Verdict.of(rival.lead) is Verdict.HELPS


def test_as_well_and_better_are_said(known):
    good, none = known.semantic_share, torch.ones(96)
    alike = best_simpler_idea(report_of(known, good, correlation=good), known.pairs.text_image)
    assert (alike.lead.low, alike.lead.high) == (0.0, 0.0)
    assert Verdict.of(alike.lead) is Verdict.NONE
    behind = best_simpler_idea(report_of(known, none, correlation=good), known.pairs.text_image)
    assert Verdict.of(behind.lead) is Verdict.HURTS


def test_without_controls_nothing_is_claimed(known):
    assert best_simpler_idea(report_of(known, torch.ones(96)), known.pairs.text_image) is None
