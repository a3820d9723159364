"""Figures and tables of all queries: moves, curves, labels, metrics."""

import polars as pl
import pytest

from pico_app.figures import comparing, ranks, theme
from pico_app.figures.theme import DARK
from pico_core.retrieval.comparing.by_label import GroupMetric, LabelColumn, LabelGroup, LabelTable
from pico_core.retrieval.comparing.metric_changes import METRICS, MetricChange
from pico_core.retrieval.comparing.recall_curves import RecallCurve
from pico_core.retrieval.records import Estimate


def frame(rows):
    return pl.DataFrame(rows, schema=["kind", "index", "before", "after"], orient="row")


MOVED = [("text", 7, 90, 3), ("image", 2, 5, 5), ("text", 9, 1, 8), ("text", 4, 90, 3)]


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_won_lies_below_the_line_with_its_own_symbol_and_colour():
    drawn = traces(ranks.rank_figure(frame(MOVED), selected=None))
    assert set(drawn) == {"won", "lost", "same"}
    assert (list(drawn["won"].x), list(drawn["won"].y)) == ([90], [3])
    assert (list(drawn["lost"].x), list(drawn["lost"].y)) == ([1], [8])
    assert (list(drawn["same"].x), list(drawn["same"].y)) == ([5], [5])
    assert drawn["won"].marker.color == theme.GAIN
    assert drawn["lost"].marker.color == theme.LOSS
    assert len({trace.marker.symbol for trace in drawn.values()}) == 3


def test_equal_places_share_a_mark_that_grows_and_leads_to_its_first_query():
    drawn = traces(ranks.rank_figure(frame(MOVED), selected=None))
    assert list(drawn["won"].customdata[0]) == ["text", 7, 2]
    assert drawn["won"].marker.size[0] > drawn["lost"].marker.size[0]
    assert ranks.chosen_query([{"customdata": ["text", 7, 2]}]) == ("text", 7)
    assert ranks.chosen_query([{"x": 1}]) is None
    assert ranks.chosen_query([]) is None


def test_every_query_is_behind_one_mark():
    many = frame([("text", i, 1 + i % 50, 1 + i % 37) for i in range(5000)])
    drawn = traces(ranks.rank_figure(many, selected=None))
    assert sum(int(point[2]) for trace in drawn.values() for point in trace.customdata) == 5000


def test_the_query_above_is_ringed_and_both_axes_are_logarithmic():
    figure = ranks.rank_figure(frame(MOVED), selected=("text", 9), theme=DARK)
    ring = figure.data[-1]
    assert (list(ring.x), list(ring.y), ring.marker.symbol) == ([1], [8], "circle-open")
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    assert figure.layout.xaxis.range == figure.layout.yaxis.range
    missing = ranks.rank_figure(frame(MOVED), selected=("image", 99))
    assert len(missing.data) == len(figure.data) - 1


def test_moves_of_rank_one_alone_can_be_drawn():
    figure = ranks.rank_figure(frame([("text", 0, 1, 1)]), selected=None)
    low, high = figure.layout.xaxis.range
    assert low < 0 < high


def curve():
    cuts = (1, 5, 10, 64)
    left = tuple(Estimate(value, value - 4.0, value + 4.0) for value in (20.0, 50.0, 70.0, 100.0))
    right = tuple(Estimate(value, value - 3.0, value + 3.0) for value in (30.0, 60.0, 75.0, 100.0))
    change = tuple(Estimate(value, value - 2.0, value + 2.0) for value in (10.0, 10.0, 5.0, 0.0))
    return RecallCurve("text", cuts, left, right, change)


def test_curves_stand_above_their_paired_change():
    figure = comparing.recall_figure(curve(), left="<b>Unweighted</b>", right="Weighted")
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert list(lines["Weighted"].y) == [30.0, 60.0, 75.0, 100.0]
    assert list(lines["&lt;b&gt;Unweighted&lt;/b&gt;"].y) == [20.0, 50.0, 70.0, 100.0]
    assert list(lines["right minus left"].y) == [10.0, 10.0, 5.0, 0.0]
    assert lines["right minus left"].yaxis == "y2"
    assert lines["Weighted"].line.color != lines["&lt;b&gt;Unweighted&lt;/b&gt;"].line.color
    assert lines["Weighted"].line.dash != lines["&lt;b&gt;Unweighted&lt;/b&gt;"].line.dash
    low, high = figure.layout.yaxis2.range
    assert low == -high
    assert high > 12
    assert figure.layout.xaxis2.title.text == "k, the first so many images (log scale)"
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(bands) == 3
    assert max(bands[0].y) == 104.0


def group(value, change, *, differs=False, few=False, n_values=1):
    interval = None if few else Estimate(change, change - 5.0, change + 5.0)
    metric = GroupMetric("rsum", 300.0, 300.0 + change, change, interval, None if few else 0.01, differs)
    return LabelGroup(value, n_values, 5 if few else 20, 20, 40, (metric,))


def labels(*groups):
    return LabelTable(LabelColumn("style", True), groups, ("rsum",))


def test_what_differs_is_filled_and_points_to_its_side():
    table = labels(group("night", 9.0, differs=True), group("plain", 1.0), group("sepia", -8.0, differs=True))
    figure = comparing.label_figure(table, "rsum", title="rSum")
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [mark.marker.symbol for mark in marks] == ["triangle-right", "circle-open", "triangle-left"]
    assert [mark.marker.color for mark in marks] == [theme.GAIN, theme.GREY, theme.LOSS]
    assert len([trace for trace in figure.data if trace.mode == "lines"]) == 3
    assert list(figure.layout.yaxis.ticktext) == ["night", "plain", "sepia"]
    low, high = figure.layout.xaxis.range
    assert low == -high
    assert high > 14


def test_a_small_group_is_a_cross_without_an_interval():
    table = labels(
        group("<i>night</i>", 3.0, few=True), group("other", 1.0, n_values=4), group("no label", 0.0, n_values=0)
    )
    figure = comparing.label_figure(table, "rsum", title="rSum")
    assert list(figure.layout.yaxis.ticktext) == [
        "&lt;i&gt;night&lt;/i&gt;",
        "<i>4 other values</i>",
        "<i>no label</i>",
    ]
    assert len([trace for trace in figure.data if trace.mode == "lines"]) == 2
    first = next(trace for trace in figure.data if trace.mode == "markers")
    assert first.marker.symbol == "x-thin-open"
    assert "no interval: fewer than 8 images" in first.hovertemplate


def test_the_table_of_labels_escapes_and_marks_what_differs():
    html = comparing.label_html(
        labels(group("<b>x", 9.0, differs=True), group("plain", 1.0), group("z", 2.0, few=True))
    )
    assert "<b>x" not in html
    assert "&lt;b&gt;x" in html
    assert "<b>▲ +9.0 [+4.0, +14.0]</b>" in html
    assert "<small>+1.0 [-4.0, +6.0]</small>" in html
    assert "<small>+2.0</small>" in html


def rows(change):
    made = []
    for name in METRICS:
        made.append(MetricChange(name, Estimate(40.0, 30.0, 50.0), Estimate(41.0, 31.0, 51.0), change))
    return made


@pytest.mark.parametrize(
    ("change", "recall", "median"),
    [
        (Estimate(2.0, 1.0, 3.0), "▲ better", "▼ worse"),
        (Estimate(-2.0, -3.0, -1.0), "▼ worse", "▲ better"),
        (Estimate(1.0, -1.0, 3.0), "no detectable difference", "no detectable difference"),
    ],
)
def test_the_table_of_metrics_says_the_verdict_in_words(change, recall, median):
    html = comparing.metrics_html(rows(change), left="<i>a", right="b")
    assert "<i>a" not in html
    assert html.count(recall) >= 8 if recall != median else html.count(recall) == 10
    assert html.count(median) >= 2
    for title in ("image to text", "text to image", "both directions"):
        assert title in html


def test_an_interval_of_no_width_from_a_sample_is_no_verdict():
    row = MetricChange(
        "rsum", Estimate(4.0, 3.0, 5.0), Estimate(4.0, 3.0, 5.0), Estimate(0.0, 0.0, 0.0), conclusive=False
    )
    html = comparing.metrics_html([row], left="a", right="b")
    assert "no change seen" in html
    assert "<td>0<small>0 to 0</small></td>" in html


def test_the_sum_stands_first_and_what_never_changes_claims_no_interval():
    still = GroupMetric("t2i_r1", 100.0, 100.0, 0.0, Estimate(0.0, 0.0, 0.0), 1.0, differs=False)
    moved = GroupMetric("rsum", 300.0, 301.0, 1.0, Estimate(1.0, -1.0, 3.0), 0.5, differs=False)
    table = LabelTable(
        LabelColumn("style", True), (LabelGroup("night", 1, 9, 9, 45, (still, moved)),), ("t2i_r1", "rsum")
    )
    html = comparing.label_html(table)
    assert html.index("rSum") < html.index("R@1")
    assert html.index("300.0 → 301.0") < html.index("100.0 → 100.0<small>no change</small>")
