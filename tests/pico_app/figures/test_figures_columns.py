"""Figures of the Columns and the Prototypes page, on small made-up records."""

import json

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest

from pico_app.figures import columns as draw
from pico_app.figures import feedback, probability
from pico_app.figures.detectors import lowest_ten
from pico_app.figures.overview import weights_at_a_glance
from pico_app.figures.theme import DARK, GREY, LIGHT, SEMANTIC, shades
from pico_app.figures.trajectories import Side, trajectories

D, T, K = 6, 4, 2


@pytest.fixture
def table():
    probability = [0.5, 0.1, 0.9, 0.3, 0.2, 0.4]
    return pl.DataFrame(
        {
            "column": list(range(D)),
            "title": [f"column {i}" for i in range(D)],
            "p_hat": [0.6, 0.5, 0.7, 0.5, 0.52, 0.58],
            "p_hat_low": [0.55, 0.45, 0.65, 0.45, 0.5, 0.5],
            "p_hat_high": [0.65, 0.55, 0.75, 0.55, 0.6, 0.6],
            "null_mean": [0.5, 0.49, 0.51, 0.5, 0.5, 0.53],
            "null_low": [0.45] * D,
            "null_high": [0.55] * D,
            "p_value": [0.01, 0.6, 0.002, 0.9, 0.5, 0.04],
            "differs": [True, False, True, False, False, False],
            "image_similarity": [0.2, 0.9, 0.1, 0.5, 0.6, 0.3],
            "text_similarity": [0.3, 0.8, 0.05, 0.4, 0.5, 0.4],
            "probability": probability,
            "shown_weight": [2 * p for p in probability],
            "weight": [1.0] * D,
            "offset": [0.01] * D,
            "semantic_share": pl.Series([None] * D, dtype=pl.Float64),
        }
    )


def bars_of(figure):
    return next(trace for trace in figure.data if trace.type == "bar")


def rings(figure):
    return [t for t in figure.data if t.type == "scatter" and str(t.marker.color) == "rgba(0,0,0,0)"]


def test_bars_are_sorted_or_by_index_and_stay_the_same_whatever_is_marked(table):
    by_value = draw.all_columns(table, measure="probability", by_value=True)
    assert list(bars_of(by_value).y) == sorted(table["probability"].to_list())
    assert [name[0] for name in bars_of(by_value).customdata] == ["1", "4", "3", "5", "0", "2"]
    by_index = draw.all_columns(table, measure="shown_weight", by_value=False)
    assert list(bars_of(by_index).y) == table["shown_weight"].to_list()
    assert not rings(by_value)
    assert not by_value.layout.shapes
    assert not by_value.layout.annotations  # the browser lays them over it


def test_the_mark_stands_at_its_column_in_every_form_of_the_figure(table):
    forms = {"a": draw.Shown("probability", True), "b": draw.Shown("shown_weight", False)}
    marks = json.loads(draw.marks_json(table, plots=forms, selected=3))
    for key, (x, y) in {"a": (2, 0.3), "b": (3, 0.6)}.items():
        shape, number = marks[key]["shape"], marks[key]["annotation"]
        assert (shape["xanchor"], shape["yanchor"]) == pytest.approx((x, y))
        assert (number["x"], number["y"], number["text"]) == (x, pytest.approx(y), "<b>3</b>")
        go.Figure(layout={"shapes": [shape], "annotations": [number]})  # Plotly knows all of it


def test_intervals_are_one_line_with_a_gap_after_each(table):
    low, high = [0.0] * D, [1.0] * D
    sure = table.with_columns(probability_low=pl.Series(low), probability_high=pl.Series(high))
    drawn = draw.all_columns(sure, measure="probability", by_value=True)
    lines = [trace for trace in drawn.data if trace.type == "scatter"]
    assert len(lines) == 1
    assert np.isnan(lines[0].y[2::3]).all()
    assert list(lines[0].y[:2]) == [0, 1]
    assert list(lines[0].x[0::3]) == list(range(D))
    assert not [t for t in draw.all_columns(table, measure="probability", by_value=True).data if t.type == "scatter"]


def test_the_distribution_at_the_side_counts_every_column_once(table):
    side = draw.all_columns(table, measure="probability", by_value=True).data[1]
    assert side.xaxis == "x2"
    assert sum(side.x) == D


def test_equal_weights_are_drawn_too(table):
    flat = table.with_columns(pl.lit(1.0).alias("shown_weight"), pl.lit(0.0).alias("probability"))
    for measure in draw.MEASURES:
        figure = draw.all_columns(flat, measure=measure, by_value=True)
        assert np.isfinite(figure.layout.yaxis.range).all()
    for figure in (draw.against_null(flat, selected=0), draw.two_sides(flat, selected=0)):
        assert np.isfinite(figure.layout.xaxis.range).all()


def test_what_differs_is_told_by_colour_and_by_shape(table):
    figure = draw.against_null(table, selected=2)
    same, differs = (t for t in figure.data if t.mode == "markers" and t.error_y.array is not None)
    assert (same.marker.color, same.marker.symbol, len(same.x)) == (GREY, "circle-open", 4)
    assert (differs.marker.color, differs.marker.symbol, len(differs.x)) == (SEMANTIC, "circle", 2)
    np.testing.assert_allclose(differs.error_y.array, [0.05, 0.05])
    assert (rings(figure)[0].x[0], rings(figure)[0].y[0]) == (0.51, 0.7)


def test_the_null_is_a_grey_bar_per_column(table):
    band = draw.against_null(table, selected=-1).data[0]
    assert band.line.width > 5
    assert int(np.isfinite(band.x).sum()) == 3 * D - int(np.isnan(band.x).sum())
    np.testing.assert_allclose(np.asarray(band.y).reshape(D, 3)[:, :2], [[0.45, 0.55]] * D)


def test_two_sides_are_coloured_by_probability(table):
    points = draw.two_sides(table, selected=-1).data[0]
    assert list(points.marker.color) == table["probability"].to_list()
    assert (points.marker.cmin, points.marker.cmax) == (0, 0.9)


def test_hovering_tells_the_truth_where_it_is_planted(table):
    assert draw.two_sides(table, selected=-1).data[0].customdata[0][2] == ""
    planted = table.with_columns(pl.Series("semantic_share", [0.25] * D))
    assert "planted truth 0.25" in draw.two_sides(planted, selected=-1).data[0].customdata[0][2]


def test_histograms_share_their_axis_and_are_shares():
    generator = np.random.default_rng(0)
    images, texts = generator.normal(size=300).astype("float32"), generator.normal(2, 1, 900).astype("float32")
    figure = draw.values(images, texts)
    first, second = figure.data
    np.testing.assert_array_equal(first.x, second.x)
    assert sum(first.y) == pytest.approx(1)
    assert sum(second.y) == pytest.approx(1)
    constant = draw.values(np.ones(3, "float32"), np.ones(4, "float32"))
    assert sum(constant.data[0].y) == pytest.approx(1)


def test_a_click_is_read_as_a_column_or_not_at_all():
    assert draw.chosen_column([{"customdata": ["4", "column 4", ""]}]) == 4
    assert draw.chosen_column([{"customdata": {"0": "4", "1": "column 4", "2": ""}}]) == 4
    # A bar of the distribution carries its ends, not a column.
    assert draw.chosen_column([{"customdata": [0.1, 0.2]}, {}]) is None
    assert draw.chosen_column([]) is None


@pytest.fixture
def side():
    generator = np.random.default_rng(1)
    return Side(
        name="image",
        columns=generator.normal(size=(D, 2)).astype("float32"),
        centres=generator.normal(size=(T, K, 2)).astype("float32"),
        labels=generator.integers(0, K, size=(T, D)),
        explained=(0.4, 0.2),
    )


def test_every_iteration_is_a_frame_of_all_moving_traces(side):
    probabilities = np.linspace(0, 1, T * D, dtype="float32").reshape(T, D)
    figure = trajectories(side, side, probabilities, selected=2)
    assert [frame.name for frame in figure.frames] == [str(t) for t in range(T)]
    for step, frame in enumerate(figure.frames):
        assert list(frame.traces) == list(range(8))
        np.testing.assert_array_equal(frame.data[1].marker.color, probabilities[step])
        np.testing.assert_array_equal(frame.data[3].x, side.centres[step, :, 0])
        walked = np.asarray(frame.data[2].x).reshape(K, step + 2)
        np.testing.assert_array_equal(walked[:, : step + 1], side.centres[: step + 1, :, 0].T)
    # It opens at the end of the construction.
    np.testing.assert_array_equal(figure.data[3].x, side.centres[-1, :, 0])
    assert figure.layout.sliders[0].active == T - 1
    assert len(rings(figure)) == 2


def test_every_column_is_tied_to_its_nearest_prototype(side):
    figure = trajectories(side, side, np.zeros((T, D), "float32"), selected=-1)
    ties = np.asarray(figure.frames[1].data[0].x).reshape(D, 3)
    np.testing.assert_array_equal(ties[:, 0], side.columns[:, 0])
    np.testing.assert_array_equal(ties[:, 1], side.centres[1, side.labels[1], 0])
    trained = trajectories(side, side, np.zeros((T, D), "float32"), selected=-1, epochs=range(5, 5 + T))
    (slider,) = trained.layout.sliders
    assert (slider.currentvalue.prefix, slider.active) == ("epoch ", T - 1)
    assert [(step.label, step.args[0][0]) for step in slider.steps] == [(str(5 + n), str(n)) for n in range(T)]
    loose = trajectories(side, side, np.zeros((T, D), "float32"), selected=-1, with_lines=False)
    assert list(loose.frames[1].data[0].x) == [None]


def test_axes_hold_every_frame(side):
    figure = trajectories(side, side, np.zeros((T, D), "float32"), selected=-1)
    low, high = figure.layout.xaxis.range
    assert low < min(side.centres[..., 0].min(), side.columns[:, 0].min())
    assert high > max(side.centres[..., 0].max(), side.columns[:, 0].max())


def test_the_map_of_probabilities_keeps_the_order_and_marks_the_result():
    probabilities = np.array([[0.1, 0.8, 0.4], [0.2, 0.9, 0.3]], "float32")
    figure = probability.probability_map(probabilities, [0, 2, 1], best=1, selected=2)
    np.testing.assert_array_equal(figure.data[0].z, probabilities[:, [0, 2, 1]])
    assert figure.layout.shapes[0].x0 == 0.5
    change = probability.probability_map(probabilities, [0, 2, 1], best=1, selected=-1, change=True).data[0]
    np.testing.assert_allclose(change.z[1], 0)
    np.testing.assert_allclose(change.z[0], [0.1, -0.1, 0.1], atol=1e-6)
    assert change.zmin == -change.zmax


def test_gain_against_weight_draws_the_rule_only_where_there_is_one():
    gains, weights = np.array([0.1, 0.3, 0.2], "float32"), np.array([0.2, 0.5, 0.3], "float32")
    bare = feedback.gain_against_weight(gains, weights, curve=None)
    curve = (np.array([0.0, 0.4], "float32"), np.array([0.1, 0.7], "float32"))
    ruled = feedback.gain_against_weight(gains, weights, curve=curve)
    assert len(ruled.data) == len(bare.data) + 1
    np.testing.assert_array_equal(bare.data[-1].x, gains)
    tied = feedback.gain_against_weight(np.zeros(3, "float32"), np.full(3, 1 / 3, "float32"), curve=None)
    low, high = tied.layout.xaxis.range
    assert low < high


def test_gains_over_time_always_show_the_zero_line():
    figure = feedback.gains_over_time(
        np.array([0.2, 0.3], "float32"), np.array([0.2, 0.25], "float32"), best=1, theme=DARK
    )
    low, high = figure.layout.yaxis.range
    assert low < 0 < high
    assert rings(figure)[0].y[0] == np.float32(0.25)


def test_one_scale_of_colours_in_all_figures_of_a_study(table):
    """A study whose probabilities are all small is not drawn in the dark end of a scale to 1."""
    small = table.with_columns(probability=0.19 * pl.col("probability") / pl.col("probability").max())
    found = small["probability"].to_numpy().astype("float32")
    history = np.stack([4 * found, found])  # the first iteration lies beyond the scale; it has the colour of the end
    still = Side(
        "image", np.eye(D, 2, dtype="float32"), np.zeros((2, K, 2), "float32"), np.zeros((2, D), int), (0.4, 0.2)
    )
    moving = trajectories(still, still, history, selected=-1, result=1)
    ends = {
        draw.two_sides(small, selected=-1).data[0].marker.cmax,
        probability.probability_map(history, list(range(D)), best=1, selected=-1).data[0].zmax,
        weights_at_a_glance(small).data[0].marker.cmax,
        moving.data[1].marker.cmax,
        lowest_ten(small.with_columns(lowest_share=pl.lit(0.5)), selected=-1).data[0].marker.cmax,
    }
    assert ends == {0.2}
    sorted_bars = bars_of(draw.all_columns(small, measure="probability", by_value=True)).marker.color
    assert sorted_bars[-1] == shades(np.array([0.95]))[0]


def test_the_edge_of_dark_bars_is_seen_on_a_dark_ground_only(table):
    light, dark = (
        draw.all_columns(table, measure="probability", by_value=False, theme=theme) for theme in (LIGHT, DARK)
    )
    assert [trace.type for trace in light.data] == ["bar", "bar"]
    edge = dark.data[2]
    assert list(edge.y[1:-1:2]) == table["probability"].to_list()
    assert edge.hoverinfo == "skip"


def test_the_ring_of_a_column_of_probability_zero_is_not_cut_off(table):
    figure = draw.all_columns(table, measure="probability", by_value=True)
    low, high = figure.layout.yaxis.range
    room = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    assert -low / (high - low) * room >= draw.RING / 2
