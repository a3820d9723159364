"""How far bfloat16 agrees with float32, in the report and in words."""

import pytest
import torch

from pico_core.common.errors import SettingError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.kernels.similarity import score_packed
from pico_core.method.config import StudyConfig
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.precision import _agreement
from pico_core.retrieval.ranker import ranker_for
from pico_core.retrieval.records import PrecisionAgreement
from pico_core.retrieval.scoring import retrieval_index
from pico_core.studies.plain_values import report_json
from pico_core.studies.runs import load_run, replay, save_run
from pico_core.studies.study import run_study


def test_agreement_is_by_query():
    exact = torch.arange(20.0)[None]
    same, turned = _agreement(exact, exact * 3), _agreement(exact, -exact)
    assert same == pytest.approx((1.0, 1.0))
    assert turned == pytest.approx((0.0, -1.0))
    swapped = exact.clone()
    swapped[0, 9], swapped[0, 10] = 10.0, 9.0  # the last outside and the first inside of the ten best
    assert _agreement(exact, swapped)[0] == pytest.approx(0.9)


def test_the_report_publishes_it_where_the_switch_is_on():
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16)).pairs
    plain = retrieval_report(pairs, weights=torch.ones(16), n_draws=20)
    found = retrieval_report(
        pairs, weights=torch.ones(16), ranker=ranker_for(pairs, arithmetic=Arithmetic(precision="bfloat16")), n_draws=20
    )
    assert plain.agreement is None
    assert "agreement" not in report_json(plain)
    assert found.agreement.precision == report_json(found)["agreement"]["precision"] == "bfloat16"
    assert 0.9 < found.agreement.top10_overlap <= 1


def test_too_little_agreement_is_said():
    assert "float32." not in PrecisionAgreement("bfloat16", 0.995, 0.999).sentence.replace("with float32.", "")
    assert PrecisionAgreement("bfloat16", 0.95, 0.999).sentence.endswith("score this dataset in float32.")


def test_a_study_can_score_in_bfloat16_and_says_so(tmp_path, monkeypatch):
    pairs = planted_pairs(PlantedConfig(n_images=60, n_columns=16)).pairs
    config = StudyConfig().with_settings({"n_iterations": 2, "n_prototypes": 2, "precision": "bfloat16"})
    asked = []

    def scores(index, weights=None, *, arithmetic, reporter):
        asked.append(arithmetic.precision)
        return score_packed(index.images, index.texts, weights=weights, arithmetic=arithmetic)

    monkeypatch.setattr("pico_core.retrieval.scoring.RetrievalIndex.scores", scores)
    study = run_study(pairs, config)
    assert set(asked) == {"bfloat16"}  # the feedback too
    assert study.report.agreement.precision == "bfloat16"
    save_run(study, tmp_path / "run")
    assert load_run(tmp_path / "run", pairs).config.precision == "bfloat16"
    assert replay(tmp_path / "run", pairs).identical
    with pytest.raises(SettingError, match="precision is 'float8'; choose one of stored, bfloat16"):
        config.with_settings({"precision": "float8"})


def test_scores_of_an_index_are_coarser_where_that_is_asked_for():
    index = retrieval_index(planted_pairs(PlantedConfig(n_images=40, n_columns=16)).pairs)
    exact, rough = index.scores(), index.scores(arithmetic=Arithmetic(precision="bfloat16"))
    assert 1e-5 < float((exact - rough).abs().max()) < 0.02
