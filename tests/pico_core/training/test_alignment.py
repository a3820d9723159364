"""The loop: it learns, it is seeded, it goes on to the same bits, and it knows no test split."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training.alignment import align, epoch_batches
from pico_core.training.checkpoints import read_prototypes
from pico_core.training.records import TrainingEnd
from pico_core.training.settings import AlignmentConfig
from tests.reporters import Calls, stop_at


def state(made):
    return [*made.heads.state_dict().values(), made.weights, made.weights_by_epoch]


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(state(one), state(other), strict=True)) and [
        (epoch.loss, epoch.feedback_rsum, epoch.gain) for epoch in one.epochs
    ] == [(epoch.loss, epoch.feedback_rsum, epoch.gain) for epoch in other.epochs]


def noisy(n_images=120):
    """Six columns that images and texts share, six of louder noise of their own."""
    draw = torch.Generator().manual_seed(0)
    shared = torch.randn(n_images, 6, generator=draw)
    sides = [torch.cat([shared, 2 * torch.randn(n_images, 6, generator=draw)], dim=1) for _ in range(2)]
    return PairedEmbeddings.from_arrays(*sides)


def test_training_makes_pairs_with_noisy_columns_easier_to_find():
    parts = noisy().split(seed=0)
    config = AlignmentConfig(weighting="none", n_epochs=12, batch_size=16, learning_rate=1e-2)
    made = align(parts.fit, parts.feedback, measure=retrieval_feedback, config=config)
    frozen = float(retrieval_feedback(parts.test)(torch.ones(12)).mean())
    trained = float(retrieval_feedback(made.heads.through(parts.test))(made.weights).mean())
    assert trained > frozen + 50
    assert made.epochs[-1].loss < made.epochs[2].loss  # both by the hardest negatives


def test_the_best_epoch_is_the_first_of_highest_feedback(train):
    made = train(weighting="pico", n_epochs=4)
    scores = [epoch.feedback_rsum for epoch in made.epochs]
    assert made.best_epoch == scores.index(max(scores))
    assert torch.equal(made.weights, made.epochs[made.best_epoch].weights)


@pytest.mark.parametrize("weighting", ["pico", "learned"])
def test_a_seed_decides_everything(train, weighting):
    assert same(train(weighting=weighting, seed=5), train(weighting=weighting, seed=5))
    assert not same(train(weighting=weighting, seed=5), train(weighting=weighting, seed=6))


@pytest.mark.parametrize("weighting", ["pico", "learned", "none"])
def test_an_interrupted_training_goes_on_to_the_same_bits(train, tmp_path, weighting):
    whole = train(weighting=weighting)
    kept = tmp_path / "t.safetensors"
    with pytest.raises(Cancelled, match="after epoch 2 of 3"):
        train(weighting=weighting, checkpoint=kept, reporter=stop_at(2))
    seen = []
    again = train(weighting=weighting, checkpoint=kept, reporter=Calls(record=lambda record: seen.append(record.index)))
    assert seen == [3]
    assert same(whole, again)
    before, after = whole.prototypes.history.iterations, again.prototypes.history.iterations
    assert all(
        torch.equal(a.prototypes.text.centres, b.prototypes.text.centres) for a, b in zip(before, after, strict=True)
    )
    assert train(weighting=weighting, checkpoint=kept).best_epoch == whole.best_epoch  # finished: nothing to do


def test_what_is_kept_can_be_drawn_as_a_history(train, tmp_path):
    from pico_core.columns.trajectories import prototype_plane

    made = train(weighting="pico", checkpoint=tmp_path / "t.safetensors")
    kept = read_prototypes(tmp_path / "t.safetensors")
    assert kept.epochs == made.prototypes.epochs == (2, 3)
    steps = kept.history.iterations
    plane = prototype_plane(kept.image_columns, torch.stack([s.prototypes.image.centres for s in steps]))
    assert plane.centres.shape == (2, 2, 2)
    assert kept.history.frame().height == 2


@pytest.mark.parametrize("change", [{"seed": 1}, {"weighting": "p_hat"}, {"n_epochs": 4}, {"fit": "other"}])
def test_a_checkpoint_of_another_training_is_refused(train, parts, tmp_path, change):
    kept = tmp_path / "t.safetensors"
    train(weighting="none", checkpoint=kept)
    if "fit" in change:
        change = {"fit": parts.fit.select(range(parts.fit.n_images - 1))}
    with pytest.raises(DataError, match="other data or settings"):
        train(**({"weighting": "none", "checkpoint": kept} | change))


def test_a_damaged_checkpoint_is_refused(train, tmp_path):
    kept = tmp_path / "t.safetensors"
    train(weighting="none", checkpoint=kept)
    kept.write_bytes(kept.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"^t\.safetensors: "):
        train(weighting="none", checkpoint=kept)
    with pytest.raises(DataError, match=r"^t\.safetensors: "):
        read_prototypes(kept)


def test_a_failed_write_leaves_the_older_checkpoint(train, tmp_path, monkeypatch):
    from pico_core.training import checkpoints

    kept = tmp_path / "t.safetensors"
    with pytest.raises(Cancelled):
        train(weighting="none", checkpoint=kept, reporter=stop_at(1))
    before = load_file(kept)

    def fails(_arrays, path, **_named):
        path.write_bytes(b"half")
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save_file", fails)
        with pytest.raises(DataError, match="could not be kept"):
            train(weighting="none", checkpoint=kept)
    assert all(torch.equal(value, before[name]) for name, value in load_file(kept).items())


def test_patience_ends_a_training(train):
    made = train(weighting="none", n_epochs=30, epoch_patience=2, learning_rate=0.5)
    assert made.end is TrainingEnd.PATIENCE
    assert len(made.epochs) - 1 == made.best_epoch + 2 < 30


def test_all_variants_see_the_same_batches():
    for epoch in (1, 2):
        one, same = (epoch_batches(11, 4, seed=3, epoch=epoch) for _ in range(2))
        assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
        assert sorted(torch.cat(one).tolist()) == list(range(11))
    assert not torch.equal(epoch_batches(11, 4, seed=3, epoch=1)[0], epoch_batches(11, 4, seed=3, epoch=2)[0])


def test_few_images_are_a_part_of_the_fit_split(train, parts):
    few, many = train(weighting="none", n_training_images=6), train(weighting="none")
    assert few.epochs[0].feedback_rsum == many.epochs[0].feedback_rsum
    assert few.epochs[1].loss != many.epochs[1].loss


def test_feedback_without_a_hit_is_a_sentence(parts, small):
    def nothing(pairs):
        return lambda weights: torch.zeros(pairs.n_images)

    with pytest.raises(DataError, match="epoch 2: the unweighted performance"):
        align(parts.fit, parts.feedback, measure=nothing, config=replace(small, weighting="pico"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_heads_can_be_trained_on_a_gpu(train):
    made = train(weighting="pico", device="cuda")
    assert made.epochs[0].feedback_rsum == train(weighting="pico").epochs[0].feedback_rsum
    assert made.heads.image.straight.weight.device.type == "cpu"


@pytest.mark.parametrize(
    "wrong",
    [
        {"weighting": "magic"},
        {"kind": "conv"},
        {"n_epochs": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"strength": 0.0},
        {"hinge_margin": -1.0},
        {"n_training_images": -1},
        {"seed": -1},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(SettingError, match=next(iter(wrong))):
        AlignmentConfig().with_settings(wrong)


def test_unknown_settings_are_refused_with_the_known_ones():
    with pytest.raises(SettingError, match=r"no setting 'rate'.*learning_rate.*n_prototypes"):
        AlignmentConfig().with_settings({"rate": "1"})
