"""The record of the iterations: planes, the proposition's check, concentration; and the column table in words."""

import math
from dataclasses import replace

import polars as pl
import pytest
import torch

from pico_core.columns.summary import rank_agreement, summarise
from pico_core.columns.trajectories import (
    concentration,
    order_check,
    prototype_plane,
    prototype_planes,
    read_feedback,
    softmax_curve,
)
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.feedback import candidate_shares
from pico_core.studies.study import run_study


@pytest.fixture
def cloud():
    generator = torch.Generator().manual_seed(3)
    points = torch.randn(30, 7, generator=generator) * torch.tensor([5.0, 3.0, 0.2, 0.2, 0.2, 0.2, 0.2])
    return points, torch.randn(4, 3, 7, generator=generator)


def weights_of(gains, rule):
    config = ConstructionConfig(rule=rule)
    return candidate_shares(torch.tensor(gains), config=config, generator=torch.Generator().manual_seed(0))


def test_the_plane_keeps_distances_that_lie_in_it(cloud):
    points, centres = cloud
    flat = points.clone()
    flat[:, 2:] = 0
    centres = centres.clone()
    centres[..., 2:] = 0
    plane = prototype_plane(flat, centres)
    # 1e-2: cdist on float32 expands the square, so that a distance of 0 comes out as 0.004.
    torch.testing.assert_close(torch.cdist(plane.columns, plane.columns), torch.cdist(flat, flat), rtol=1e-4, atol=1e-2)
    torch.testing.assert_close(
        torch.cdist(plane.centres[2], plane.columns), torch.cdist(centres[2], flat), rtol=1e-4, atol=1e-4
    )
    assert sum(plane.explained) == pytest.approx(1.0, abs=1e-6)


def test_the_plane_is_fitted_once_so_equal_points_coincide(cloud):
    points, centres = cloud
    centres = centres.clone()
    centres[:, 0] = points[4]
    plane = prototype_plane(points, centres)
    for step in range(4):
        torch.testing.assert_close(plane.centres[step, 0], plane.columns[4])
    assert plane.columns.shape == (30, 2)
    assert plane.centres.shape == (4, 3, 2)


def test_the_plane_sees_the_prototypes_too():
    # Columns vary along the first axis only; the prototypes travel along the third.
    points = torch.zeros(6, 3)
    points[:, 0] = torch.linspace(-1, 1, 6)
    centres = torch.zeros(3, 1, 3)
    centres[:, 0, 2] = torch.tensor([0.0, 5.0, 10.0])
    travelled = prototype_plane(points, centres).centres[:, 0]
    assert float((travelled[2] - travelled[0]).norm()) == pytest.approx(10.0, abs=1e-4)


def test_movement_is_in_units_of_the_columns_spread():
    points = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    centres = torch.tensor([[[0.0, 0.0]], [[0.0, 0.5]]])
    assert prototype_plane(points, centres).movement == pytest.approx(0.5, abs=1e-5)
    assert prototype_plane(points, 10 * points[:1].expand(2, 1, 2)).movement == pytest.approx(0.0, abs=1e-6)


def test_a_plane_without_spread_is_all_zero():
    plane = prototype_plane(torch.ones(5, 4), torch.ones(2, 1, 4))
    assert plane.explained == (0.0, 0.0)
    assert plane.movement == 0.0
    assert not plane.columns.any()


def test_softmax_weights_are_ordered_whatever_the_order_of_arrival():
    generator = torch.Generator().manual_seed(1)
    for _ in range(20):
        gains = (0.2 * torch.randn(9, generator=generator)).tolist()
        found = order_check(torch.tensor(gains), weights_of(gains, "softmax"))
        assert found.holds
        assert found.n_pairs == 36


def test_recency_breaks_the_proposition():
    gains = [0.3, 0.2, 0.1]  # the best came first, an average that forgets weighs the last most
    found = order_check(torch.tensor(gains), weights_of(gains, "ema"))
    assert not found.holds
    assert found.n_reversed == 2
    assert found.n_equal == 1


def test_equal_shares_break_it_and_equal_gains_are_no_pairs():
    assert order_check(torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.5])).n_equal == 1
    assert not order_check(torch.tensor([0.1, 0.2]), torch.tensor([0.5, 0.5])).holds
    assert order_check(torch.tensor([0.1, 0.1]), torch.tensor([0.4, 0.6])).n_pairs == 0


def test_gains_apart_by_rounding_alone_are_equal_and_one_query_is_more_than_that():
    rounded = torch.tensor(
        [-0.0009345780, -0.0009345755]
    )  # of the shortcut demo: the same ranks, summed in another order
    assert rounded[0] != rounded[1]
    assert order_check(rounded, torch.tensor([0.5, 0.5])).n_pairs == 0
    one_query_of_many = torch.tensor([0.0, 100 / 100_000 / 600])  # in per cent of 100,000 queries, relative to 600
    assert order_check(one_query_of_many, torch.tensor([0.4, 0.6])).n_ordered == 1


@pytest.mark.parametrize(("weights", "heaviest", "share"), [([1 / 16] * 16, 8, 0.5), ([0.1, 0.2, 0.7], 1, 0.7)])
def test_concentration_counts_from_the_heaviest(weights, heaviest, share):
    found = concentration(torch.tensor(weights))
    assert found.n_heaviest == heaviest
    assert found.share == pytest.approx(share, abs=1e-6)


def test_the_curve_goes_through_the_candidates():
    gains = torch.tensor([0.0, 0.04, 0.1, -0.03])
    curve = softmax_curve(gains, tau=0.05, n_points=2001)
    for gain, weight in zip(gains, weights_of(gains.tolist(), "softmax"), strict=True):
        nearest = int((curve.gain - gain).abs().argmin())
        assert float(curve.weight[nearest]) == pytest.approx(float(weight), rel=2e-3)
    assert bool((curve.weight.diff() > 0).all())
    assert bool(torch.isfinite(softmax_curve(torch.tensor([0.2, 0.2]), tau=1e-4).weight).all())


def test_magnified_ways_end_where_they_ended(cloud):
    plane = prototype_plane(*cloud)
    large = plane.magnified(10.0)
    torch.testing.assert_close(large.centres[-1], plane.centres[-1])
    torch.testing.assert_close(large.movement, 10 * plane.movement, rtol=1e-4, atol=0)
    torch.testing.assert_close(plane.magnified(1.0).centres, plane.centres)


@pytest.fixture(scope="module")
def study():
    small = PlantedConfig(n_images=80, n_columns=16, n_patches=2, n_words=3, n_concepts=8, concepts_per_image=2)
    settings = {"n_prototypes": 3, "n_iterations": 4, "n_anchors": 12}
    return run_study(planted_pairs(small).pairs, StudyConfig().with_settings(settings))


def test_a_study_is_read_as_a_whole(study):
    made = study.construction
    report = study.report
    owner = torch.arange(report.n_images).repeat_interleave(2)
    found = read_feedback(made, report, owner)
    assert found.n_prototypes == 3
    assert found.order.holds
    sums = {scoring.name: scoring.metrics.rsum.value for scoring in report.controls}
    assert found.over_uniform is not None
    assert found.over_uniform.value == pytest.approx(sums["pico"] - sums["uniform"], abs=1e-3)
    assert read_feedback(made, replace(report, controls=()), owner).over_uniform is None
    planes = prototype_planes(made)
    assert planes.image.centres.shape == (4, 3, 2)
    assert planes.text_labels.shape == (4, 16)
    assert planes.magnified(5.0).text.movement == pytest.approx(5 * planes.text.movement, rel=1e-4)


def table(**changes):
    columns = {
        "title": ["column 0", "column 1", "column 2", "column 3"],
        "p_hat": [0.4, 0.6, 0.7, 0.5],
        "null_mean": [0.5, 0.5, 0.5, 0.5],
        "differs": [True, True, True, False],
        "probability": [0.3, 0.1, 0.8, 0.4],
        "lowest_share": pl.Series([None] * 4, dtype=pl.Float64),
        "semantic_share": pl.Series([None] * 4, dtype=pl.Float64),
    }
    return pl.DataFrame(columns | changes)


def test_the_summary_counts_and_names():
    found = summarise(table())
    assert (found.lowest, found.lowest_title, found.n_lowest) == (1, "column 1", 1)
    assert found.lowest_probability == pytest.approx(0.1)
    assert (found.n_columns, found.n_differ, found.n_below) == (4, 3, 1)
    assert found.agreement is None
    assert summarise(table(probability=[0.1, 0.1, 0.8, 0.4])).n_lowest == 2


@pytest.mark.parametrize("sure", [0, 3, 10])
def test_the_summary_counts_the_columns_that_surely_stay_among_the_lowest(sure):
    many = pl.concat([table()] * 5).with_columns(
        pl.Series("lowest_share", [1.0] * sure + [0.5] * (20 - sure)), pl.int_range(20).cast(pl.String).alias("title")
    )
    assert summarise(many).sure == sure
    assert summarise(table()).sure is None


def test_the_truth_is_compared_by_rank():
    found = summarise(table(semantic_share=[0.3, 0.0, 1.0, 0.31])).agreement
    assert found is not None
    assert found.rho.value == 1.0
    assert summarise(table(semantic_share=[0.6, 0.9, 0.0, 0.5])).agreement.rho.value < -0.2


def test_the_interval_of_rank_agreement_covers_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(300):
        pair = rank_agreement(torch.randn(40, generator=generator), torch.randn(40, generator=generator))
        covered += pair.rho.low <= 0 <= pair.rho.high
    assert 0.91 < covered / 300 < 0.985


def test_nothing_to_rank_is_said_not_computed():
    found = rank_agreement(torch.ones(5), torch.arange(5.0))
    assert math.isnan(found.rho.value)
