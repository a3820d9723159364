"""Figures of the Subspaces page: maps, legend, purity, and the table of numbers."""

import base64

import numpy as np
import polars as pl
import pytest

from pico_app.figures import spaces as draw
from pico_app.figures import theme
from pico_app.figures.purity import NumberRow, numbers_html, purity_figure
from pico_app.figures.theme import DARK
from pico_core.retrieval.records import Estimate
from pico_core.spaces.items import Colouring, Joins, by_label, item_frame
from pico_core.spaces.maps import Plane, pca_pair
from pico_core.spaces.neighbours import Neighbourhoods
from pico_core.spaces.purity import separation
from pico_core.spaces.subspaces import sample_items, subspace


@pytest.fixture
def sample(planted):
    return sample_items(80, planted.pairs.n_texts)


@pytest.fixture
def items(planted, sample):
    return item_frame(planted.pairs, sample)


@pytest.fixture
def style(planted, sample):
    return by_label(planted.pairs, sample, "style")


@pytest.fixture
def planes(planted):
    return pca_pair(*(subspace(planted.pairs, planted.semantic_share, name=name) for name in ("semantic", "style")))


def points_of(figure):
    return [trace for trace in figure.data if trace.customdata is not None]


def test_every_item_is_drawn_once_with_its_symbol_and_row(planes, items, style):
    traces = points_of(draw.map_figure(planes.semantic, items, style, space="semantic"))
    assert sorted(row for trace in traces for row in trace.customdata) == list(range(items.height))
    for trace in traces:
        kinds = set(items[list(map(int, trace.customdata))]["kind"])
        assert kinds == {"image" if trace.marker.symbol == "circle" else "text"}
        np.testing.assert_array_equal(trace.x, planes.semantic.stacked[trace.customdata, 0])
    assert all(trace.type == "scattergl" for trace in traces)


def test_unselected_points_stay_and_turn_grey(planes, items, style):
    rows = draw.rows_of(items, (("image", 2), ("text", 5), ("text", 999)))
    assert items[rows].select("kind", "index").rows() == [("image", 2), ("text", 5)]
    figure = draw.map_figure(planes.style, items, style, space="style", selected=rows, theme=DARK)
    points, rings = points_of(figure), [trace for trace in figure.data if trace.customdata is None]
    assert sum(len(trace.x) for trace in points) == items.height
    assert sum(len(trace.selectedpoints) for trace in points) == 2
    assert all(trace.unselected.marker.color == theme.GREY for trace in points)
    assert {trace.marker.symbol for trace in rings} == {"circle-open", "diamond-open"}
    assert [rings[0].x[0], rings[0].y[0]] == pytest.approx(planes.style.image[2].tolist())


def test_axes_of_an_aligned_map_claim_only_what_both_show_together(planes, items, style):
    first = draw.map_figure(planes.semantic, items, style, space="semantic").layout
    assert first.xaxis.title.text == f"PC 1 ({planes.semantic.explained[0]:.0%} of the variance)"
    second = draw.map_figure(planes.style, items, style, space="style").layout
    both = f"{sum(planes.style.explained):.0%}"
    assert second.xaxis.title.text == f"aligned axis 1 (both axes: {both} of the variance)"
    assert second.yaxis.scaleanchor == "x"


def test_lines_run_from_image_to_text_beneath_the_points(planes, items, style):
    figure = draw.map_figure(planes.style, items, style, space="style", joins=Joins(((1, 90), (2, 95)), 2))
    lines = figure.data[0]
    assert lines.mode == "lines"
    flat = planes.style.stacked
    np.testing.assert_array_equal(lines.x[:2], flat[[1, 90], 0])
    np.testing.assert_array_equal(lines.y[3:5], flat[[2, 95], 1])
    assert np.isnan(lines.x[2])
    assert draw.map_figure(planes.style, items, style, space="style", joins=Joins((), 0)).data[0].mode == "markers"


def test_numbers_are_a_scale_and_what_has_none_is_grey(planes, items):
    values = np.linspace(-1.0, 3.0, items.height)
    values[5] = np.nan
    colours = Colouring("value", "diverging", values=values)
    traces = points_of(draw.map_figure(planes.style, items, colours, space="style"))
    assert [list(t.customdata) for t in traces if isinstance(t.marker.color, str)] == [[5]]
    scaled = next(t for t in traces if not isinstance(t.marker.color, str))
    assert scaled.marker.cmin == -scaled.marker.cmax
    legend = draw.legend_html(colours)
    assert "without a value <small>1</small>" in legend
    assert "linear-gradient" in legend


def test_ranks_are_read_as_logarithms_and_hovered_as_ranks(planes, items):
    values = np.full(items.height, 10.0)
    values[0] = 1000.0
    colours = Colouring("rank", "rank", values=values)
    scale = draw.scale_of(colours)
    assert (scale.low, scale.high, scale.low_text) == (0.0, 3.0, "1")
    trace = points_of(draw.map_figure(planes.style, items, colours, space="style"))[0]
    assert trace.marker.color[0] == pytest.approx(3.0)
    assert trace.text[0].endswith("<br>1,000")


def test_scales_that_do_not_vary_still_have_two_ends():
    for scale in ("sequential", "diverging", "rank"):
        found = draw.scale_of(Colouring("x", scale, values=np.array([1.0, 1.0])))
        assert found.low < found.high
    assert draw.scale_of(Colouring("x", "sequential", values=np.array([np.nan]))).high == 1.0


def test_a_selection_read_from_the_chart_is_sorted_and_clean(items):
    points = [{"customdata": 84}, {"customdata": 2}, {"customdata": 84}, {"x": 1}, {"customdata": [3]}]
    assert draw.selected_items(points, items) == (("image", 2), ("image", 3), ("text", 4))
    assert draw.selected_items([{"customdata": -1}, {"customdata": 10**6}, {"customdata": "x"}], items) == ()


def test_many_labels_are_cut_to_the_most_frequent_and_the_missing_named():
    names = [f"label {i:02d}" for i in range(12) for _ in range(20 - i)]
    groups = draw.groups_of([*names, None, None])
    assert [g.name for g in groups] == [*(f"label {i:02d}" for i in range(7)), "other", "no label"]
    assert sum(g.count for g in groups) == len(names) + 2
    assert len({g.colour for g in groups[:7]}) == 7


def test_the_modality_keeps_its_colours_and_the_legend_is_escaped():
    assert [(g.name, g.colour, g.count) for g in draw.groups_of(["text", "image", "text"])] == [
        ("image", theme.IMAGE, 1),
        ("text", theme.TEXT, 2),
    ]
    hostile = Colouring("<i>title</i>", "groups", ("<b>bold</b>",))
    assert "<i>title" not in draw.legend_html(hostile)
    assert "<b>bold" not in draw.legend_html(hostile)


def test_hover_text_is_escaped_and_short():
    items = pl.DataFrame({"kind": ["text"], "index": [0], "image": [0], "name": ["<i>" + "x" * 200]})
    plane = Plane(np.zeros((0, 2), np.float32), np.zeros((1, 2), np.float32), None, "umap")
    text = draw.map_figure(plane, items, Colouring("m", "groups", ("<u>",)), space="style").data[0].text[0]
    assert text.startswith("&lt;i&gt;x")
    assert text.endswith("<br>&lt;u&gt;")
    assert len(text) < 110


def test_twenty_thousand_points_are_sent_in_a_few_megabytes():
    n = 20_000
    flat = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    plane = Plane(flat[: n // 4], flat[n // 4 :], None, "umap")
    kinds = ["image"] * (n // 4) + ["text"] * (n - n // 4)
    items = pl.DataFrame(
        {"kind": kinds, "index": range(n), "image": range(n), "name": ["a long caption of many words " * 4] * n}
    )
    figure = draw.map_figure(plane, items, Colouring("modality", "groups", tuple(kinds)), space="style")
    sent = figure.to_json()
    assert len(sent) < 1_600_000
    assert figure.data[0].x.dtype == np.float32
    assert base64.b64encode(np.zeros(3, np.int32).tobytes())[:4].decode() in sent


def test_purity_shows_intervals_and_control(planted):
    near = Neighbourhoods(planted.pairs, planted.semantic_share)
    found = separation(near, content=["first_concept"], style=["style"])
    purities = [*found.labels, found.modality]
    figure = purity_figure(purities)
    semantic = next(trace for trace in figure.data if trace.name == "semantic space")
    assert list(semantic.x) == [p.semantic.purity.value for p in purities]
    low = [p.semantic.purity.value - p.semantic.purity.low for p in purities]
    assert list(semantic.error_x.arrayminus) == pytest.approx(low)
    assert len(figure.layout.shapes) == len(purities)
    assert figure.layout.shapes[0].x0 <= purities[0].semantic.permuted.low


def test_the_table_of_numbers_says_what_is_missing_and_escapes():
    table = numbers_html(
        [
            NumberRow("<b>Gap", "What it <is>", Estimate(0.5, 0.25, 0.75), Estimate(0.1, 0.0, 0.2, 1.0)),
            NumberRow("Trust", "", Estimate(0.9, 0.8, 1.0), None),
            NumberRow("Few", "", None, None, pending="too few items"),
        ]
    )
    assert "<b>0.500</b> <small>[0.250, 0.750]</small>" in table
    assert "0.100 <small>(0.000 to 0.200)</small>" in table
    assert "<summary>&lt;b&gt;Gap</summary><p>What it &lt;is&gt;</p>" in table
    assert table.count("not measured") == 1
    assert "<small>too few items</small>" in table
