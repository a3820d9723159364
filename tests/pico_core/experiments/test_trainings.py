"""Trainings compared: paired with P = 1 of the same seed, resumable, and blind to the test split until the end."""

from dataclasses import replace

import polars as pl
import pytest
import torch

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.experiments import heads
from pico_core.experiments.comparison import variants_named
from pico_core.experiments.heads import ComparisonConfig
from pico_core.experiments.rows import CURVES, TRAINED_SCHEMA
from pico_core.experiments.training_summary import training_summaries
from pico_core.experiments.trainings import run_training_comparison
from pico_core.method.config import ConstructionConfig
from pico_core.training.checkpoints import read_prototypes
from pico_core.training.settings import AlignmentConfig
from tests.reporters import stop_at, told

CONFIG = ComparisonConfig(
    variants=("pico", "permuted", "learned"),
    seeds=(0, 1),
    alignment=AlignmentConfig(
        n_epochs=3,
        batch_size=16,
        learning_rate=5e-3,
        construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8),
    ),
)


@pytest.fixture(scope="module")
def finished(planted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trainings") / "t"
    seen = []
    found = run_training_comparison(planted.pairs, CONFIG, folder, reporter=told(seen))
    return folder, found, seen


def test_every_variant_and_seed_has_a_row_against_equal_weights(finished, planted):
    folder, found, _ = finished
    parts = CONFIG.splits(planted.pairs, 0)
    assert set(found.table["n_train"]) == {parts.fit.n_images + parts.feedback.n_images}
    rows = found.table.filter(family="training")
    assert rows.select("seed", "variant").rows() == [
        (seed, name) for seed in (0, 1) for name in ("frozen", "none", "pico", "permuted", "learned")
    ]
    for seed in (0, 1):
        own = rows.filter(seed=seed)
        plain = own.filter(variant="none")["rsum"].item()
        assert own["baseline"].to_list() == [plain] * 5
        torch.testing.assert_close(
            torch.tensor(own["difference"].to_list()), torch.tensor((own["rsum"] - plain).to_list()), atol=1e-3, rtol=0
        )
        assert ((own["low"] <= own["difference"] + 1e-3) & (own["difference"] <= own["high"] + 1e-3)).all()
    assert found.table.schema == TRAINED_SCHEMA
    assert found.table.equals(pl.read_parquet(folder / "table.parquet"))
    assert not list(folder.rglob(".*"))


def test_pico_is_set_against_every_control(finished):
    leads = finished[1].table.filter(family="training lead", seed=1)
    own = finished[1].table.filter(family="training", seed=1)
    assert leads["variant"].to_list() == ["permuted", "learned"]
    assert leads["baseline"].to_list() == [own.filter(variant=v)["rsum"].item() for v in ("permuted", "learned")]
    assert set(leads["rsum"]) == {own.filter(variant="pico")["rsum"].item()}


def test_curves_hold_every_epoch_and_no_test_number(finished):
    _, found, seen = finished
    assert found.curves.schema == CURVES
    assert found.curves.height == 2 * 4 * 4 == len(seen)
    assert seen[-1] == ("learned, seed 1", 32, 32)
    assert found.curves.filter(epoch=0)["loss"].null_count() == 8
    assert not any("test" in name for name in found.curves.columns)


def test_prototypes_of_a_training_are_kept(finished):
    assert read_prototypes(finished[0] / "seed-0" / "pico.safetensors").epochs == (2, 3)


def test_what_is_finished_is_not_done_again(finished, planted, monkeypatch):
    folder, found, _ = finished
    monkeypatch.setattr(heads, "score_pairs", lambda *_: pytest.fail("the test split is scored again"))
    seen = []
    again = run_training_comparison(planted.pairs, CONFIG, folder, reporter=told(seen))
    assert seen == []
    assert again.table.equals(found.table)


def test_a_stopped_comparison_goes_on_to_the_same_numbers(finished, planted, tmp_path):
    with pytest.raises(Cancelled):
        run_training_comparison(planted.pairs, CONFIG, tmp_path / "t", reporter=stop_at(7))
    assert pl.read_parquet(tmp_path / "t" / "table.parquet")["variant"].to_list() == ["frozen", "none"]
    again = run_training_comparison(planted.pairs, CONFIG, tmp_path / "t")
    assert again.table.drop("seconds").equals(finished[1].table.drop("seconds"))


def test_the_test_split_decides_nothing_before_the_end(finished, planted, tmp_path, monkeypatch):
    real = ComparisonConfig.splits

    def spoiled(self, pairs, seed):
        parts = real(self, pairs, seed)
        noise = torch.randn(parts.test.image_tokens.shape, generator=torch.Generator().manual_seed(9))
        return replace(parts, test=replace(parts.test, image_tokens=torch.nn.functional.normalize(noise, dim=2)))

    monkeypatch.setattr(ComparisonConfig, "splits", spoiled)
    found = run_training_comparison(planted.pairs, replace(CONFIG, seeds=(0,)), tmp_path / "t")
    assert found.curves.drop("seconds").equals(finished[1].curves.filter(seed=0).drop("seconds"))
    assert found.table["rsum"].to_list() != finished[1].table.filter(seed=0)["rsum"].to_list()


def test_other_data_or_settings_are_refused_but_more_seeds_are_welcome(finished, planted, tmp_path):
    folder = finished[0]
    with pytest.raises(DataError, match="other data or settings"):
        run_training_comparison(planted.pairs, replace(CONFIG, basis="cross"), folder)
    with pytest.raises(DataError, match="other data or settings"):
        run_training_comparison(planted.pairs.select(range(60)), CONFIG, folder)
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(DataError, match=r"holds mine\.txt, which no training wrote"):
        run_training_comparison(planted.pairs, CONFIG, tmp_path)
    with pytest.raises(DataError, match="is a file"):
        run_training_comparison(planted.pairs, CONFIG, tmp_path / "mine.txt")


def test_held_out_styles_and_few_images_are_told_in_the_table(planted, tmp_path):
    style = planted.pairs.images["style"][0]
    config = replace(
        CONFIG,
        variants=("none",),
        seeds=(0,),
        held_out=(style,),
        alignment=replace(CONFIG.alignment, n_epochs=1, n_training_images=20),
    )
    found = run_training_comparison(planted.pairs, config, tmp_path / "t")
    assert set(found.table["experiment"]) == {f"training, 20 images, held out: {style}"}
    assert found.table["n_images"][0] == (planted.pairs.images["style"] == style).sum()


def test_the_summary_says_the_verdict_before_digits(finished):
    (summary,) = training_summaries(finished[1].table)
    said = summary.sentence.removeprefix(f"In training on “{summary.dataset}” PICO in the loop ")
    assert said.startswith(("helps", "hurts", "makes no "))
    assert [row.variant for row in summary.rows] == ["frozen", "none", "pico", "permuted", "learned"]
    assert all(sum(row.verdicts) == 2 for row in summary.rows)
    mean = finished[1].table.filter(family="training", variant="pico")["difference"].mean()
    assert summary.rows[2].difference == pytest.approx(mean)


def test_impossible_comparisons_are_refused():
    with pytest.raises(SettingError, match="no variant"):
        variants_named(["pico", "magic"])
    with pytest.raises(SettingError, match="all different"):
        replace(CONFIG, seeds=(1, 1))
    with pytest.raises(SettingError, match="seed is decided by the comparison"):
        CONFIG.with_settings({"seed": "3"})
