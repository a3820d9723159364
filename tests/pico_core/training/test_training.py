"""The loss against a plain loop, and the loop: it learns, it is seeded, and it goes on to the same bits."""

import pytest
import torch

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.encoders import SmallClipConfig, load_small, save_small, vocabulary_of
from pico_core.encoders.small import small_pixels
from pico_core.kernels.losses import contrastive_loss, late_interaction_loss
from pico_core.training.encoder import drawn_pairs, train_encoder
from pico_core.training.settings import TrainingConfig
from tests.reporters import Calls, stop_at

TINY = SmallClipConfig(
    image_size=32, patch_size=16, vision_width=64, vision_layers=1, text_width=64, text_layers=1, embed_dim=16
)
CONFIG = TrainingConfig(model=TINY, n_epochs=3, batch_size=8, learning_rate=2e-3)


@pytest.fixture(scope="module")
def scenes():
    return render_scenes(ScenesConfig(n_images=24, size=32, styles=("flat",)), seed=5)


@pytest.fixture(scope="module")
def vocabulary(scenes):
    return vocabulary_of(scenes.captions)


@pytest.mark.parametrize("weights", [None, [2.0, 0.0, 0.5, 1.5, 1.0]])
def test_the_loss_is_what_a_plain_loop_makes_of_it(weights):
    draw = torch.Generator().manual_seed(0)
    images, texts = torch.randn(4, 3, 5, generator=draw), torch.randn(4, 6, 5, generator=draw)
    mask = torch.arange(6)[None] < torch.tensor([6, 2, 4, 1])[:, None]
    scores = torch.zeros(4, 4)
    for i in range(4):
        for j in range(4):
            patches, words = (x / x.norm(dim=-1, keepdim=True) for x in (images[i], texts[j][mask[j]]))
            table = patches @ words.T if weights is None else patches @ torch.diag(torch.tensor(weights)) @ words.T
            scores[i, j] = table.max(dim=1).values.mean() + table.max(dim=0).values.mean()
    losses = []
    for i in range(4):
        for row in (scores[i], scores[:, i]):
            losses.append(-(row[i] / 0.5 - torch.logsumexp(row / 0.5, dim=0)))
    given = None if weights is None else torch.tensor(weights)
    found = late_interaction_loss(images, texts, text_mask=mask, temperature=0.5, weights=given)
    torch.testing.assert_close(found, torch.stack(losses).mean())


def test_what_lies_under_the_mask_has_no_gradient():
    draw = torch.Generator().manual_seed(1)
    images, texts = torch.randn(3, 2, 4, generator=draw), torch.randn(3, 5, 4, generator=draw, requires_grad=True)
    mask = torch.arange(5)[None] < torch.tensor([5, 2, 3])[:, None]
    late_interaction_loss(images, texts, text_mask=mask, temperature=1.0).backward()
    reached = texts.grad.abs().sum(dim=2) > 0
    assert not bool(reached[~mask].any())
    assert bool(reached[mask].all())


def test_a_colder_temperature_punishes_a_wrong_partner_more():
    scores = torch.tensor([[1.0, 2.0], [0.0, 1.0]])
    assert contrastive_loss(scores, temperature=0.1) > contrastive_loss(scores, temperature=1.0)


def test_it_learns(scenes, vocabulary):
    losses = []
    config = TrainingConfig(model=TINY, n_epochs=12, batch_size=8, learning_rate=2e-3)
    train_encoder(scenes, vocabulary, config=config, reporter=Calls(record=lambda record: losses.append(record.loss)))
    assert len(losses) == 36
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])


def test_the_same_seed_gives_the_same_weights_and_another_does_not(scenes, vocabulary):
    once, again, other = (
        train_encoder(scenes, vocabulary, config=TrainingConfig(model=TINY, n_epochs=1, batch_size=8, seed=seed))
        for seed in (0, 0, 1)
    )
    for name, value in once.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)
    assert not torch.equal(once.visual.proj, other.visual.proj)


def test_every_epoch_draws_another_order_and_other_captions():
    captions = torch.arange(60).view(20, 3)
    first, second = (drawn_pairs(captions, seed=4, epoch=epoch) for epoch in (0, 1))
    for drawn in (first, second):
        assert drawn[:, 0].sort().values.tolist() == list(range(20))
        assert (drawn[:, 1] // 3).tolist() == drawn[:, 0].tolist()
    assert first[:, 0].tolist() != second[:, 0].tolist()
    kept = {int(image): int(text) for image, text in first}
    assert sum(kept[int(image)] != int(text) for image, text in second) > 5


def test_an_interrupted_training_ends_in_the_same_bits(scenes, vocabulary, tmp_path):
    kept = tmp_path / "tiny.training"
    whole = train_encoder(scenes, vocabulary, config=CONFIG)
    with pytest.raises(Cancelled, match="stopped after 5 of 9 steps"):
        train_encoder(scenes, vocabulary, config=CONFIG, checkpoint=kept, reporter=stop_at(5))
    steps = []
    resumed = train_encoder(
        scenes,
        vocabulary,
        config=CONFIG,
        checkpoint=kept,
        reporter=Calls(record=lambda record: steps.append(record.index)),
    )
    assert steps == [4, 5, 6, 7, 8, 9]  # the epoch that was cut short is done again
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=0, atol=0)


def test_a_checkpoint_of_another_training_is_refused(scenes, vocabulary, tmp_path):
    kept = tmp_path / "tiny.training"
    train_encoder(scenes, vocabulary, config=TrainingConfig(model=TINY, n_epochs=1, batch_size=8), checkpoint=kept)
    with pytest.raises(DataError, match="other data or settings"):
        train_encoder(scenes, vocabulary, config=CONFIG, checkpoint=kept)
    kept.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"tiny\.training"):
        train_encoder(scenes, vocabulary, config=CONFIG, checkpoint=kept)


def test_pictures_of_another_size_and_too_few_are_refused(scenes, vocabulary):
    with pytest.raises(DataError, match="32x32 pixels; the model sees 64x64"):
        train_encoder(scenes, vocabulary, config=TrainingConfig(batch_size=8))
    with pytest.raises(DataError, match="24 pictures do not fill one batch of 128"):
        train_encoder(scenes, vocabulary, config=TrainingConfig(model=TINY))
    with pytest.raises(SettingError, match="batch_size 1"):
        TrainingConfig(batch_size=1)


def test_training_sees_the_pixels_that_the_encoder_sees(scenes, vocabulary, tmp_path):
    model = train_encoder(scenes, vocabulary, config=TrainingConfig(model=TINY, n_epochs=1, batch_size=8))
    encoder = load_small(save_small(model, vocabulary, tmp_path / "tiny.safetensors", config=TINY))
    scenes.picture(3).save(tmp_path / "3.png")
    torch.testing.assert_close(encoder._pixels(tmp_path / "3.png"), small_pixels(scenes.pixels[3:4])[0])
