"""The encoder in the loop: P = 1 changes no bit, P has no gradient, the first epoch is common, a kill loses nothing."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.encoders import SmallClipConfig, vocabulary_of
from pico_core.method.config import ConstructionConfig
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training import encoder
from pico_core.training.checkpoints import read_prototypes
from pico_core.training.encoder import train_encoder
from pico_core.training.encoder_loop import EncoderLearner, train_weighted_encoder
from pico_core.training.settings import EncoderConfig, TrainingConfig
from pico_core.training.weighting import Weigher
from tests.reporters import Calls, stop_at

SHAPE = SmallClipConfig(
    image_size=32, patch_size=16, vision_width=64, vision_layers=1, text_width=64, text_layers=1, embed_dim=16
)
CONFIG = EncoderConfig(
    training=TrainingConfig(model=SHAPE, n_epochs=3, batch_size=8, learning_rate=2e-3),
    construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8),
)
HINGE = replace(CONFIG, training=replace(CONFIG.training, loss="hinge"))


@pytest.fixture(scope="module")
def scenes():
    return render_scenes(ScenesConfig(n_images=24, size=32, tie=0.95), seed=5)


@pytest.fixture(scope="module")
def vocabulary(scenes):
    return vocabulary_of(scenes.captions)


@pytest.fixture(scope="module")
def train(scenes, vocabulary):
    feedback = render_scenes(ScenesConfig(n_images=10, size=32, tie=0.95), seed=6)

    def run(config=CONFIG, weighting="pico", **more):
        config = replace(config, weighting=weighting)
        asked = {"measure": retrieval_feedback, "config": config} | more
        return train_weighted_encoder(scenes, asked.pop("feedback", feedback), vocabulary, **asked)

    return run


def told(made):
    return [(epoch.loss, epoch.feedback_rsum, epoch.gain, epoch.weights.tolist()) for epoch in made.epochs]


def same(one, other):
    pairs = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return told(one) == told(other) and all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("config", [CONFIG, HINGE], ids=["contrastive", "hinge"])
def test_equal_weights_are_the_training_without_weights_to_the_bit(train, scenes, vocabulary, tmp_path, config):
    losses = []
    plain = train_encoder(
        scenes, vocabulary, config=config.training, reporter=Calls(record=lambda record: losses.append(record.loss))
    )
    made = train(config, "none", checkpoint=tmp_path / "t")
    kept = load_file(tmp_path / "t")
    assert all(torch.equal(value, kept[f"model.{name}"]) for name, value in plain.state_dict().items())
    assert [epoch.loss for epoch in made.epochs[1:]] == [sum(losses[k : k + 3]) / 3 for k in (0, 3, 6)]


def test_the_hinge_sums_in_the_first_epoch_and_takes_the_hardest_after_it(train, monkeypatch):
    seen = []
    real = encoder.hinge_loss

    def watched(scores, owners, *, margin, hardest):
        seen.append((margin, hardest))
        return real(scores, owners, margin=margin, hardest=hardest)

    monkeypatch.setattr(encoder, "hinge_loss", watched)
    train(HINGE, "none")
    assert seen == [(0.2, False)] * 3 + [(0.2, True)] * 6
    seen.clear()
    train(HINGE.with_settings({"loss": "hinge_sum"}), "none")
    assert seen == [(0.2, False)] * 9


def test_a_step_sees_the_weights_of_its_epoch_as_constants(train, monkeypatch):
    seen = []
    real = encoder.late_interaction_loss

    def watched(*tokens, weights, **named):
        seen.append(weights)
        return real(*tokens, weights=weights, **named)

    monkeypatch.setattr(encoder, "late_interaction_loss", watched)
    made = train()
    assert not any(weights.requires_grad for weights in seen)
    assert all(torch.equal(weights, made.epochs[1 + k // 3].weights) for k, weights in enumerate(seen))
    assert not torch.equal(seen[3], torch.ones(16))
    seen.clear()
    train(weighting="after")
    assert all(torch.equal(weights, torch.ones(16)) for weights in seen)
    seen.clear()
    train(weighting="learned")
    assert [weights.requires_grad for weights in seen] == [False] * 3 + [True] * 6


def test_anchors_come_from_the_encoder_as_it_is_and_are_always_the_same_scenes(train, scenes, vocabulary):
    config = replace(CONFIG, anchor_images=6, feedback_images=3)
    feedback = render_scenes(ScenesConfig(n_images=10, size=32), seed=6)
    learner = EncoderLearner.over(scenes, feedback, vocabulary, config)
    before, asked = learner.anchors(), learner.asked()
    assert (before.n_images, asked.n_images, learner.feedback().n_images) == (6, 3, 10)
    assert all(name.startswith("seed 5 ") for name in before.ids)
    assert all(name.startswith("seed 6 ") for name in asked.ids)
    first = Weigher(retrieval_feedback, config).weights(learner, epoch=2).weights
    learner.train_epoch(lambda: torch.ones(16), epoch=1)
    after = learner.anchors()
    assert after.ids == before.ids
    assert not torch.equal(after.image_tokens, before.image_tokens)
    assert not after.image_tokens.requires_grad
    assert learner.model.training  # looking leaves the training as it was
    assert not torch.equal(Weigher(retrieval_feedback, config).weights(learner, epoch=2).weights, first)


def test_the_first_epoch_is_trained_once_and_is_that_of_everyone(train, tmp_path):
    first, seen = tmp_path / "first", []
    train(weighting="none", first=first, checkpoint=tmp_path / "none")
    for weighting in ("pico", "learned"):
        seen.clear()
        shared = train(
            weighting=weighting, first=first, reporter=Calls(record=lambda record: seen.append(record.index))
        )
        assert seen == [2, 3]
        assert same(shared, train(weighting=weighting))
    with pytest.raises(DataError, match="other data or settings"):
        train(replace(CONFIG, seed=1), first=first)


@pytest.mark.parametrize(("config", "weighting"), [(CONFIG, "pico"), (CONFIG, "learned"), (HINGE, "pico")])
def test_a_kill_in_the_middle_of_an_epoch_loses_nothing(train, tmp_path, monkeypatch, config, weighting):
    whole, kept, count = train(config, weighting), tmp_path / "t.safetensors", []
    real = encoder.batch_scores if config is HINGE else encoder.late_interaction_loss

    def killed(*tokens, **named):
        count.append(1)
        if len(count) == 8:  # the second step of the third epoch
            raise KeyboardInterrupt
        return real(*tokens, **named)

    with monkeypatch.context() as patch:
        patch.setattr(encoder, real.__name__, killed)
        with pytest.raises(KeyboardInterrupt):
            train(config, weighting, checkpoint=kept)
    seen = []
    again = train(config, weighting, checkpoint=kept, reporter=Calls(record=lambda record: seen.append(record.index)))
    assert seen == [3]
    assert same(whole, again)
    with pytest.raises(DataError, match="other data or settings"):
        train(config, "p_hat", checkpoint=kept)


def test_a_training_that_was_asked_to_stop_goes_on(train, tmp_path):
    with pytest.raises(Cancelled, match="after epoch 1 of 3"):
        train(checkpoint=tmp_path / "t", reporter=stop_at(1))
    assert same(train(checkpoint=tmp_path / "t"), train())


def test_what_is_kept_can_be_drawn_as_the_prototypes_of_its_epochs(train, tmp_path):
    from pico_app.answers.trained import trained_prototypes

    made = train(checkpoint=tmp_path / "pico.safetensors")
    kept = read_prototypes(tmp_path / "pico.safetensors")
    assert kept.epochs == made.prototypes.epochs == (2, 3)
    assert kept.image_columns.shape == (16, 8)
    view = trained_prototypes(str(tmp_path / "pico.safetensors"))
    assert view.epochs == (2, 3)
    assert view.probabilities.shape == (2, 16)


def test_the_best_epoch_is_the_first_of_highest_feedback(train):
    made = train()
    scores = [epoch.feedback_rsum for epoch in made.epochs]
    assert made.best_epoch == scores.index(max(scores))
    assert torch.equal(made.weights, made.epochs[made.best_epoch].weights)
    assert not made.model.training


def test_what_cannot_be_is_refused(train, scenes):
    with pytest.raises(DataError, match="same seed 5"):
        train(feedback=scenes)
    with pytest.raises(SettingError, match="loss is 'l2'; choose one of contrastive, hinge, hinge_sum"):
        CONFIG.with_settings({"loss": "l2"})
    with pytest.raises(SettingError, match="there is no setting 'kind' of a training"):
        CONFIG.with_settings({"kind": "mlp"})
    wide = replace(CONFIG, training=replace(CONFIG.training, model=replace(SHAPE, image_size=64)))
    with pytest.raises(DataError, match="32x32 pixels; the model sees 64x64"):
        train(wide)
