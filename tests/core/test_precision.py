"""How far bfloat16 agrees with float32, in the report and in words."""

import pytest
import torch

from pico_core.analysis.evaluation import retrieval_report
from pico_core.analysis.precision import _agreement
from pico_core.analysis.records import PrecisionAgreement
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.reports import report_json


def test_agreement_is_by_query():
    exact = torch.arange(20.0)[None]
    same, turned = _agreement(exact, exact * 3), _agreement(exact, -exact)
    assert same == pytest.approx((1.0, 1.0))
    assert turned == pytest.approx((0.0, -1.0))
    swapped = exact.clone()
    swapped[0, 9], swapped[0, 10] = 10.0, 9.0  # the last outside and the first inside of the ten best
    assert _agreement(exact, swapped).overlap == pytest.approx(0.9)


def test_the_report_publishes_it_where_the_switch_is_on():
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16)).pairs
    plain = retrieval_report(pairs, weights=torch.ones(16), n_draws=20)
    found = retrieval_report(pairs, weights=torch.ones(16), n_draws=20, arithmetic=Arithmetic(precision="bfloat16"))
    assert plain.agreement is None
    assert "agreement" not in report_json(plain)
    assert found.agreement.precision == report_json(found)["agreement"]["precision"] == "bfloat16"
    assert 0.9 < found.agreement.top10_overlap <= 1


def test_too_little_agreement_is_said():
    assert "float32." not in PrecisionAgreement("bfloat16", 0.995, 0.999).sentence.replace("with float32.", "")
    assert PrecisionAgreement("bfloat16", 0.95, 0.999).sentence.endswith("score this dataset in float32.")
