"""A study over several seeds is what single studies say, averaged."""

import json

import pytest
from scipy import stats

from pico_core.cli import app
from pico_core.common.errors import SettingError
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.seeds import report_over_seeds
from tests.reporters import Calls

CONFIG = StudyConfig(basis="cross", construction=ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=16))


def test_rows_are_means_of_single_studies(planted):
    studies = []
    found = report_over_seeds(planted.pairs, CONFIG, seeds=(1, 5, 6), reporter=Calls(record=studies.append))
    assert [study.config.seed for study in studies] == [1, 5, 6]
    changes = [study.report.weighted.difference.value for study in studies]
    row = found.row("weighted")
    assert row.difference.value == pytest.approx(sum(changes) / 3)
    share = found.n_images / (planted.pairs.n_images - found.n_images)
    error = stats.tstd(changes) * (1 / 3 + share) ** 0.5  # Nadeau and Bengio, 2003: the splits overlap
    low, high = stats.t.interval(0.95, 2, loc=sum(changes) / 3, scale=error)
    assert (row.difference.low, row.difference.high) == pytest.approx((low, high))
    for row, place in (
        (found.row("weighted"), None),
        (found.row("p_hat"), "p_hat"),
        (found.row("permuted"), "permuted"),
    ):
        scorings = [
            study.report.weighted
            if place is None
            else next(control for control in study.report.controls if control.name == place)
            for study in studies
        ]
        said = [scoring.verdict.value for scoring in scorings]
        assert row.verdicts == tuple(said.count(word) for word in ("helps", "hurts", "none"))
    assert found.row("unweighted").difference.value == 0
    assert [row.name for row in found.rows] == [
        "unweighted", "weighted", *(control.name for control in studies[0].report.controls)
    ]  # fmt: skip
    assert found.accepted == sum(study.construction.guard.accepted for study in studies)
    assert "over 3 seeds" in found.sentence


@pytest.mark.parametrize("seeds", [(1,), (2, 2)])
def test_too_few_seeds_are_refused(planted, seeds):
    with pytest.raises(SettingError, match="at least 2, all different"):
        report_over_seeds(planted.pairs, CONFIG, seeds=seeds)


def test_the_command_says_the_same(planted, tmp_path, capsys):
    save_pairs(planted.pairs, tmp_path / "data")
    settings = ["--set", "basis=cross", "--set", "n_prototypes=3", "--set", "n_iterations=2", "--set", "n_anchors=16"]
    app(["repeat", str(tmp_path / "data"), "--seeds", "2", "--json", *settings], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    found = report_over_seeds(planted.pairs, CONFIG, seeds=(0, 1))
    assert told["sentence"] == found.sentence
    assert told["rows"][1]["difference"]["value"] == found.row("weighted").difference.value
    app(["repeat", str(tmp_path / "data"), "--seeds", "2", *settings], standalone_mode=False)
    assert "2 seeds, " in capsys.readouterr().out


def test_an_unknown_scoring_is_named(planted):
    found = report_over_seeds(planted.pairs, CONFIG, seeds=(0, 1))
    with pytest.raises(SettingError, match="no scoring is called 'magic'; there are unweighted"):
        found.row("magic")
