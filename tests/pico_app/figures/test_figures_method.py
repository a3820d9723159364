"""Figures of the later steps of the Method page: what is drawn is what was given."""

import numpy as np
import pytest

from pico_app.figures import clustering, feedback, probability, ranks
from pico_app.figures.theme import DARK


def side(name: str, *, groups: int, weights: np.ndarray) -> clustering.Side:
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(len(weights), 2)).astype(np.float32)
    centres = rng.normal(size=(groups, 2)).astype(np.float32)
    labels = np.arange(len(weights)) % groups
    every_centre = np.stack([centres, centres + 5])
    return clustering.Side(name, columns, weights, labels, centres, centres + 0.5, every_centre, 0.6)


def test_the_area_of_a_column_is_its_weight_and_the_axes_hold_every_centre():
    weights = np.array([1.0, 4.0, 1.0, 1.0, 2.0, 1.0], dtype=np.float32)
    across = clustering.sizes(weights)
    assert across[1] / across[0] == pytest.approx(2.0)
    assert clustering.sizes(7 * weights) == pytest.approx(across)
    both = [side(name, groups=2, weights=weights) for name in ("image", "text")]
    figure = clustering.clusters(both[0], both[1], selected=3)
    assert figure.layout.xaxis.range[1] > float(both[0].every_centre[..., 0].max())
    ring = next(trace for trace in figure.data if trace.marker.symbol == "circle-open")
    assert ring.x[0] == both[0].columns[3, 0]
    again = clustering.clusters(both[0], both[1], selected=-1, theme=DARK)
    assert len(again.data) == len(figure.data) == 12


def test_many_groups_are_told_apart_without_colour():
    many = side("image", groups=16, weights=np.ones(16, dtype=np.float32))
    figure = clustering.clusters(many, many, selected=-1)
    marks = next(trace for trace in figure.data if trace.customdata is not None and trace.mode == "markers")
    looks = list(zip(marks.marker.color, marks.marker.symbol, strict=True))
    assert len(set(looks)) == 16
    assert len(set(looks[:8])) == len({symbol for _, symbol in looks[:8]}) == 8
    numbers = next(trace for trace in figure.data if trace.mode == "markers+text")
    assert list(numbers.text) == [str(k) for k in range(16)]


def test_steps_that_fall_are_dashed_and_equal_gains_are_joined_in_grey():
    gains = np.array([0.0, 0.1, 0.1, 0.2], dtype=np.float32)
    kept = np.tile(np.array([0.1, 0.2, 0.2, 0.5], dtype=np.float32), (4, 1))
    broken = np.tile(np.array([0.1, 0.2, 0.4, 0.3], dtype=np.float32), (4, 1))
    rules = feedback.Rule("kept", kept), feedback.Rule("broken", broken)
    figure = feedback.two_rules(gains, np.arange(4), left=rules[0], right=rules[1], arrived=4)

    def steps(dash: str, width: float, axis: str) -> int:
        lines = [t for t in figure.data if t.mode == "lines" and (t.xaxis or "x") == axis]
        found = next(t for t in lines if t.line.dash == dash and t.line.width == width)
        return sum(x is None for x in found.x) if len(found.x) > 1 else 0

    assert [steps(*look, "x") for look in (("solid", 1), ("solid", 2.5), ("dash", 2))] == [1, 2, 0]
    assert [steps(*look, "x2") for look in (("solid", 1), ("solid", 2.5), ("dash", 2))] == [1, 1, 1]
    marks = next(t for t in figure.data if t.mode == "markers+text")
    assert list(marks.y) == pytest.approx([0.4, 0.8, 0.8, 2.0])
    assert list(marks.text) == ["0", "1, 2", "", "3"]
    # A number stands off the step that leaves its mark: in the broken order 2 lies above 3.
    moving = [t for t in figure.data if t.mode == "markers+text"][1]
    assert [moving.textposition[n] for n in (0, 2, 3)] == ["bottom right", "top right", "top center"]
    few = feedback.two_rules(gains, np.array([3, 0, 1, 2]), left=rules[0], right=rules[1], arrived=1, theme=DARK)
    assert list(next(t for t in few.data if t.mode == "markers+text").text) == ["3"]


def test_the_picked_column_is_led_to_both_axes():
    axis = np.linspace(0, 1, 5, dtype=np.float32)
    level = probability.Level(axis, np.outer(1 - axis, 1 - axis))
    s_v, s_t, p = (np.array(x, dtype=np.float32) for x in ([0.2, 0.9], [0.4, 0.1], [0.48, 0.09]))
    figure = probability.probability_plane(s_v, s_t, p, level=level, selected=1)
    lines = next(t for t in figure.data if t.type == "scatter" and t.mode == "lines")
    assert list(lines.x) == pytest.approx([0.9, 0.9, 0])
    assert list(lines.y) == pytest.approx([0, 0.1, 0.1])
    assert "column 1: p = 0.090" in figure.layout.annotations[0].text
    assert not probability.probability_plane(s_v, s_t, p, level=level, selected=-1).layout.annotations


def test_the_cosine_furthest_from_zero_is_filled_and_named_on_either_side():
    figure = probability.cosine_bars(np.array([0.2, -0.7, 0.1]), np.array([0.6, 0.0, -0.5]))
    image, text = figure.data
    labels = [(label.x, label.text, label.xanchor) for label in figure.layout.annotations]
    assert labels == [(1, "-0.700", "right"), (0, "+0.600", "left")]
    assert [shape != "" for shape in text.marker.pattern.shape] == [True, False, False]
    assert [colour == "rgba(0,0,0,0)" for colour in image.marker.color] == [True, False, True]


def test_the_rank_curve_has_the_best_rank_at_the_top_and_marks_the_strength():
    figure = ranks.rank_curve([0.0, 1.0, 2.0], [9, 2, 30], low=[9, 5, 6], high=[9, 40, 60], total=80, at=1.0)
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    band = figure.data[0]
    assert list(band.y) == [9, 40, 60, 6, 5, 9]
    ring = next(t for t in figure.data if t.mode == "markers+text")
    assert (ring.x[0], ring.y[0], ring.text[0]) == (1.0, 2, "rank 2")
    always = ranks.rank_curve([0.0, 1.0], [1, 1], low=[1, 1], high=[1, 1], total=80, at=0.0, theme=DARK)
    assert next(t for t in always.data if t.mode == "markers+text").text[0] == "rank 1"
