"""Heads begin as the frozen score, give unit tokens of the asked width, and leave padding alone."""

import pytest
import torch

from pico_core.common.errors import SettingError
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.heads import AlignmentHeads, HeadConfig


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_before_training_the_score_is_the_frozen_one(tiny, kind):
    through = AlignmentHeads(tiny.n_columns, HeadConfig(kind), seed=4).through(tiny)
    torch.testing.assert_close(score_pairs(through), score_pairs(tiny.to(dtype=torch.float32)), atol=2e-3, rtol=0)


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_heads_may_have_another_width(tiny, kind):
    heads = AlignmentHeads(tiny.n_columns, HeadConfig(kind, width=5, hidden=7), seed=0)
    through = heads.through(tiny)
    assert (heads.n_columns, through.n_columns) == (5, 5)
    norms = through.text_tokens.norm(dim=2)
    torch.testing.assert_close(norms, tiny.text_mask.float())  # unit where real, zero where not


def test_the_hidden_layer_learns_though_it_adds_nothing_at_first(tiny):
    heads = AlignmentHeads(tiny.n_columns, HeadConfig("mlp"), seed=0)
    heads.image(tiny.image_tokens.float())[..., 0].sum().backward()
    assert float(heads.image.bent[2].weight.grad.abs().sum()) > 0


def test_a_seed_decides_the_first_weights():
    one, same, other = (AlignmentHeads(6, HeadConfig(width=3), seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one.text.straight.weight, same.text.straight.weight)
    assert not torch.equal(one.text.straight.weight, other.text.straight.weight)
    assert not torch.equal(one.text.straight.weight, one.image.straight.weight)


@pytest.mark.parametrize("wrong", [{"width": -1}, {"hidden": -2}])
def test_impossible_heads_are_refused(wrong):
    with pytest.raises(SettingError, match="expected 0 or more"):
        HeadConfig(**wrong)
