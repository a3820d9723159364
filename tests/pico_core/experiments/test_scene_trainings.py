"""The encoder on scenes compared: parts that share no scene, a common first epoch, and a test that decides nothing."""

from dataclasses import replace

import polars as pl
import pytest

from pico_core.common.errors import DataError, SettingError
from pico_core.data.scenes.dataset import ALL_STYLES
from pico_core.encoders import SmallClipConfig
from pico_core.experiments import scenes
from pico_core.experiments.rows import CURVES, TRAINED_SCHEMA
from pico_core.experiments.scenes import SceneComparison, SceneParts, SceneTrial, scene_subject
from pico_core.experiments.training_list import read_training_list
from pico_core.experiments.trainings import run_comparison, run_training_list
from pico_core.method.config import ConstructionConfig
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.checkpoints import read_prototypes
from pico_core.training.settings import EncoderConfig, TrainingConfig
from tests.reporters import told

SHAPE = SmallClipConfig(
    image_size=32, patch_size=16, vision_width=64, vision_layers=1, text_width=64, text_layers=1, embed_dim=16
)
CONFIG = SceneComparison(
    variants=("pico", "shuffled"),
    seeds=(0,),
    scenes=SceneParts(n_training=24, n_feedback=8, n_test=10),
    encoder=EncoderConfig(
        training=TrainingConfig(model=SHAPE, n_epochs=2, batch_size=8, learning_rate=2e-3),
        construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8),
    ),
)
HEAD = 'name = "n"\nsentence = "Does it run?"\nseeds = 1\nvariants = ["pico", "shuffled"]\n'
FAST = """[settings]
image_size = 32
patch_size = 16
vision_width = 64
vision_layers = 1
text_width = 64
text_layers = 1
embed_dim = 16
n_epochs = 2
batch_size = 8
learning_rate = 0.002
n_prototypes = 2
n_iterations = 2
n_anchors = 8
"""
ONE = "[[comparisons]]\nscenes = { n_training = 24, n_feedback = 8, n_test = 10 }\n"
HELD = (
    '[[comparisons]]\nname = "held out, hinge"\nscenes = { n_training = 24, tie = 0.5, test_tie = 1 }\n'
    'held_out = ["blur"]\nsettings = { loss = "hinge" }\n'
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("scenes") / "t", []
    return folder, run_comparison(scene_subject(CONFIG), folder, reporter=told(seen)), seen


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "mine.toml").write_text(text)
        return read_training_list(tmp_path / "mine.toml")

    return write


def test_no_part_and_no_seed_shares_a_scene():
    trials = [SceneTrial(CONFIG, seed) for seed in (0, 1)]
    parts = [part for trial in trials for part in (trial.training, trial.feedback, trial.test)]
    assert len({part.seed for part in parts}) == 6
    assert min(part.seed for part in parts) >= 1000  # the demos' scenes have other seeds
    pictures = [picture.numpy().tobytes() for part in parts for picture in part.pixels]
    assert len(set(pictures)) == len(pictures) == 2 * (24 + 8 + 10)


def test_the_shift_is_between_training_and_test_and_feedback_does_not_know_it():
    held = replace(CONFIG, held_out=("blur", "noise"))
    training, feedback, test = (held.config_of(part) for part in ("training", "feedback", "test"))
    assert (training.tie, feedback.tie, test.tie) == (0.95, 0.95, 0.0)
    assert training.styles == feedback.styles == tuple(s for s in ALL_STYLES if s not in ("blur", "noise"))
    assert test.styles == ("blur", "noise")
    assert CONFIG.config_of("test").styles == ALL_STYLES


def test_shuffled_feedback_stands_beside_pico(finished):
    found = finished[1]
    assert found.table.schema == TRAINED_SCHEMA
    assert found.curves.schema == CURVES
    rows = found.table.filter(family="training")
    assert rows["variant"].to_list() == ["frozen", "none", "pico", "shuffled"]
    assert found.table.filter(family="training lead")["variant"].to_list() == ["shuffled"]
    assert set(found.table["n_images"]) == {10}
    assert set(found.table["experiment"]) == {"encoder, 24 scenes"}
    assert read_prototypes(finished[0] / "seed-0" / "pico.safetensors").epochs == (2,)


def test_the_first_epoch_is_common_and_trained_once(finished):
    _, found, seen = finished
    first = found.curves.filter(pl.col("epoch") <= 1).drop("variant")
    assert first.unique().height == 2  # seconds too: they are those of the one training
    assert seen == [
        *(("none, seed 0", epoch + 1, 9) for epoch in range(3)),
        ("pico, seed 0", 6, 9),  # its first epoch of its own is the third of three
        ("shuffled, seed 0", 9, 9),
    ]


def test_the_test_scenes_decide_nothing(finished, tmp_path, monkeypatch):
    real = SceneComparison.rendered

    def spoiled(self, part, seed):
        return real(self, part, seed + 70 if part == "test" else seed)

    monkeypatch.setattr(SceneComparison, "rendered", spoiled)
    found = run_comparison(scene_subject(CONFIG), tmp_path / "t")
    assert found.curves.drop("seconds").equals(finished[1].curves.drop("seconds"))
    assert found.table["note"].to_list() == finished[1].table["note"].to_list()
    assert found.table["rsum"].to_list() != finished[1].table["rsum"].to_list()


def test_the_test_is_scored_once_and_after_the_training(finished, tmp_path, monkeypatch):
    scored = []

    def watched(pairs, weights=None):
        scored.append(len(list(tmp_path.rglob("*.ranks.safetensors"))))
        return score_pairs(pairs, weights)

    monkeypatch.setattr(scenes, "score_pairs", watched)
    folder = tmp_path / "t"
    again = run_comparison(scene_subject(CONFIG), folder)
    assert scored == [0, 1, 2, 3]
    run_comparison(scene_subject(CONFIG), folder)
    assert len(scored) == 4
    assert again.table.drop("seconds").equals(finished[1].table.drop("seconds"))


def test_other_settings_are_refused_but_more_variants_are_welcome(finished, tmp_path):
    folder = finished[0]
    for other in (
        replace(CONFIG, held_out=("blur",)),
        CONFIG.with_settings({"loss": "hinge"}),
        CONFIG.with_scenes({"n_training": "25"}),
    ):
        with pytest.raises(DataError, match="other data or settings"):
            run_comparison(scene_subject(other), folder)
    with pytest.raises(DataError, match="do not fill one batch"):
        run_comparison(scene_subject(CONFIG.with_scenes({"n_training": "4"})), tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_a_list_trains_the_encoder_on_scenes(written, finished, tmp_path):
    listed = written(HEAD + FAST + ONE + HELD)
    assert [one.name for one in listed.comparisons] == ["scenes", "held out, hinge"]
    assert listed.comparisons[0].config == CONFIG
    held = listed.comparisons[1].config
    assert (held.held_out, held.scenes.tie, held.scenes.test_tie, held.encoder.training.loss) == (
        ("blur",),
        0.5,
        1.0,
        "hinge",
    )
    one = replace(listed, comparisons=listed.comparisons[:1])
    found = run_training_list(one, tmp_path / "t")
    names = ["experiment", "dataset", "seconds"]
    assert found.table.drop(names).equals(finished[1].table.drop(names))
    assert set(found.table["dataset"]) == {"scenes"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE.replace("n_training", "n_train"), ("comparisons[0].scenes", "no setting 'n_train'", "n_training")),
        (ONE.replace("24", "1"), ("comparisons[0].scenes", "n_training is 1")),
        ("[[comparisons]]\nscenes = 3\n", ("comparisons[0].scenes is 3", "a table")),
        (ONE + "few = 3\n", ("comparisons[0].few is unknown", "name, scenes, held_out, settings")),
        (ONE + 'held_out = ["wax"]\n', ("'wax' cannot be held out", "watercolour")),
        (ONE + "settings = { kind = 'mlp' }\n", ("comparisons[0].settings", "no setting 'kind'")),
        (ONE + "settings = { seed = 1 }\n", ("comparisons[0].settings.seed", "use variants and seeds")),
    ],
)
def test_errors_name_the_file_the_field_and_the_mend(written, text, words):
    with pytest.raises(SettingError) as refusal:
        written(HEAD + text)
    assert str(refusal.value).startswith("mine.toml: ")
    for word in words:
        assert word in str(refusal.value)
