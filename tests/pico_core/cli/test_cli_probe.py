"""The probe command: a demo in small, labels, refusals."""

import polars as pl
import pytest

from pico_core.demo import demo_of
from pico_core.studies.probes import load_probe

SHORTCUT, CLEAN, PLANTED = (demo_of(name) for name in ("shortcut", "clean", "planted"))


def test_a_few_items_of_a_demo_are_perturbed_and_told_with_their_verdict(pico, tmp_path):
    target = tmp_path / "probe.parquet"
    run = ("--run", SHORTCUT.run("cross"))
    said = pico("probe", SHORTCUT.dataset, *run, "--items", 6, "--out", target, "--json")
    assert said.code == 0
    values = said.json
    probe = load_probe(target)
    assert values["sentence"] == probe.sentence
    assert (values["basis"], values["part"]) == ("cross", probe.part)
    assert probe.part.startswith("fit split")
    assert [side.n_items for side in probe.sides] == [6, 6]
    assert set(values["rank_correlation"]) == {"image", "text", "both"}
    assert "The style probe" in values["verdict"]
    assert values["verdict_at_fixed_style"] is None, "six items are too few for ten styles"
    assert len(values["sides"]["image"]["strongest"]) == 5


def test_with_enough_items_of_every_style_the_verdict_is_also_told_at_fixed_style(pico, tmp_path):
    run = ("--run", SHORTCUT.run("cross"))
    said = pico("probe", SHORTCUT.dataset, *run, "--items", 60, "--out", tmp_path / "p.parquet")
    assert said.code == 0
    assert "verdict          The style probe " in said.out
    assert "With the style label held fixed, the style probe " in said.out


def test_without_a_run_the_given_columns_are_probed_and_nothing_is_compared(pico, tmp_path):
    said = pico("probe", SHORTCUT.dataset, "--items", 4, "--out", tmp_path / "p.parquet")
    assert said.code == 0
    assert "Style explains" in said.out
    assert "rank correlation" not in said.out
    assert "mostly" in said.out
    probe = load_probe(tmp_path / "p.parquet")
    assert (probe.basis, probe.part) == ("given", "all")


def test_labels_need_no_encoder(pico, tmp_path):
    target = tmp_path / "p.parquet"
    run = ("--run", PLANTED.run("given"))
    said = pico("probe", PLANTED.dataset, *run, "--labels", "--out", target, "--json")
    assert said.json["source"] == "labels"
    assert said.json["sides"]["image"]["chance"] > 0
    assert said.json["rank_correlation"]["both"]["low"] > 0
    assert pl.read_parquet(target)["chance"].min() > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((CLEAN.dataset, "--items", 5), "did not make these embeddings"),
        ((PLANTED.dataset,), "did not make these embeddings"),
        ((CLEAN.dataset, "--run", SHORTCUT.run("given")), "belongs to"),
        ((SHORTCUT.dataset, "--model", "ViT-B-32"), "needs weights"),
    ],
)
def test_a_wrong_encoder_or_run_is_refused_and_nothing_is_written(pico, tmp_path, arguments, words):
    said = pico("probe", *arguments, "--out", tmp_path / "p.parquet")
    assert said.code == 2
    assert words in said.err
    assert not list(tmp_path.iterdir())


def test_the_place_is_judged_before_the_work(pico, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    said = pico("probe", SHORTCUT.dataset, "--out", tmp_path / "mine.txt")
    assert said.code == 2
    assert "choose another name" in said.err
    assert (tmp_path / "mine.txt").read_text() == "mine"
