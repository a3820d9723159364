"""Figures of one column in detail, of uncertainty and of the detectors, on small made-up records."""

import numpy as np
import polars as pl
import pytest
import torch

from pico_app.figures import column_detail, detectors
from pico_app.figures import detectors as compare
from pico_app.figures.columns import chosen_column
from pico_app.figures.theme import DARK, GREY, LIGHT, scale_top
from pico_core.columns.detail.interaction import SignCell, SignTable
from pico_core.columns.detail.token_drivers import PatchDrivers, WordDrivers, WordValue
from pico_core.columns.detectors import DETECTORS, Trust
from pico_core.columns.stability import Stability
from pico_core.columns.style_shares import Association
from pico_core.retrieval.records import Estimate

D = 30


def around(value, low=0.02, high=0.03):
    return Estimate(value, value - low, value + high)


SIGNS = SignTable(*(SignCell(around(v), around(v + 0.1)) for v in (0.4, 0.1, 0.2, 0.3)))


@pytest.fixture
def table():
    """Thirty columns in which each detector has an order of its own."""
    generator = np.random.default_rng(0)
    numbers = {detector.name: generator.uniform(-0.5, 1, D) for detector in DETECTORS}
    numbers["probability"] = generator.permutation(D) / D
    return pl.DataFrame(
        {
            "column": range(D),
            "title": [f"column {i}" for i in range(D)],
            "lowest_share": generator.permutation(D) / D,
            **numbers,
        }
    )


def markers(figure):
    return [t for t in figure.data if t.type == "scatter" and t.mode == "markers"]


def rings(figure):
    return [t for t in figure.data if t.type == "scatter" and str(t.marker.color) == "rgba(0,0,0,0)"]


def ends(trace):
    """Value, low and high of everything that a trace draws with error bars along x."""
    x = np.array(trace.x)
    return list(zip(x, x - trace.error_x.arrayminus, x + trace.error_x.array, strict=True))


def of(*values):
    return [pytest.approx((v.value, v.low, v.high)) for v in values]


def test_every_cell_stands_where_its_signs_are():
    figure = column_detail.sign_square(SIGNS)
    cells = {
        (0, 0): SIGNS.both_negative,
        (1, 0): SIGNS.image_only,
        (0, 1): SIGNS.text_only,
        (1, 1): SIGNS.both_positive,
    }
    told = {(note.x, note.y): note.text for note in figure.layout.annotations}
    points = figure.data[0]
    data = dict(zip(zip(points.x, points.y, strict=True), points.customdata, strict=True))
    assert set(told) == set(data) == set(cells)
    for place, cell in cells.items():
        assert f"<b>{cell.matched.value:.1%}</b>" in told[place]
        assert f"null {cell.null.value:.1%}" in told[place]
        assert list(data[place]) == [cell.matched.low, cell.matched.high, cell.null.low, cell.null.high]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("patch value", "word value")
    assert list(figure.layout.xaxis.ticktext) == list(figure.layout.yaxis.ticktext) == ["below 0", "above 0"]


def test_a_cell_is_darker_the_more_often_and_agreement_has_its_own_colour():
    colours = {
        ((s.x0 + s.x1) / 2, (s.y0 + s.y1) / 2): s.fillcolor for s in column_detail.sign_square(SIGNS).layout.shapes
    }
    hue = {place: colour.rsplit(",", 1)[0] for place, colour in colours.items()}
    depth = {place: float(colour.rsplit(",", 1)[1].rstrip(")")) for place, colour in colours.items()}
    assert hue[0, 0] == hue[1, 1] != hue[1, 0] == hue[0, 1]
    assert sorted(depth, key=depth.get) == [(1, 0), (0, 1), (0, 0), (1, 1)]
    dark = column_detail.sign_square(SIGNS, theme=DARK)
    assert {note.font.color for note in dark.layout.annotations} == {DARK.ink}
    assert {note.font.color for note in column_detail.sign_square(SIGNS).layout.annotations} == {LIGHT.ink}


FOUND = (
    Association("tone", "text", "style", "eta²", around(0.5), 0.1, 4),
    Association("<b>kind", "image", "content", "eta²", around(0.06), 0.05, 3),
    Association("size", "image", "content", "r", around(-0.6), 0.0, 40),
)


def test_labels_are_drawn_in_their_order_with_intervals_and_are_escaped():
    figure = column_detail.goes_with(FOUND)
    images, texts = markers(figure)
    assert (list(images.y), list(texts.y)) == ([1, 2], [0])
    assert ends(images) == of(FOUND[1].value, FOUND[2].value)
    assert ends(texts) == of(FOUND[0].value)
    assert list(images.customdata[1]) == [FOUND[2].value.low, FOUND[2].value.high, 0.0, 40]
    assert list(figure.layout.yaxis.ticktext) == [
        "tone of texts <b>· style</b>",
        "&lt;b&gt;kind of images <b>· content</b>",
        "size of images <b>· content</b>",
    ]
    low, high = figure.layout.xaxis.range
    assert low < FOUND[2].value.low
    assert high > FOUND[0].value.high
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first is at the top
    assert "association" in figure.layout.xaxis.title.text


def test_chance_is_a_grey_bar_of_groups_and_what_does_not_exceed_it_is_hollow():
    figure = column_detail.goes_with(FOUND)
    bars = [((bar.y0 + bar.y1) / 2, bar.x0, bar.x1, bar.fillcolor) for bar in figure.layout.shapes]
    assert bars == [(0, 0, 0.1, GREY), (1, 0, 0.05, GREY)]
    images, texts = markers(figure)
    assert list(images.marker.symbol) == ["circle-open", "circle"]
    assert list(texts.marker.symbol) == ["diamond"]


HIGHEST = (WordValue("<i>star", around(0.3), 9, 6), WordValue("moon", around(0.2), 8, 5))
LOWEST = (WordValue("fox", around(-0.4), 7, 7), WordValue("tree", around(-0.1), 12, 11))


def test_words_run_from_the_highest_to_the_lowest_with_their_intervals():
    figure = column_detail.word_ends(WordDrivers(HIGHEST, LOWEST, 40, 0.07))
    (points,) = markers(figure)
    assert list(figure.layout.yaxis.ticktext) == ["&lt;i&gt;star", "moon", "tree", "fox"]
    shown = (*HIGHEST, LOWEST[1], LOWEST[0])
    assert list(points.y) == [0, 1, 2, 3]
    assert ends(points) == of(*(word.value for word in shown))
    assert [list(row) for row in points.customdata] == [
        [word.n_tokens, word.n_images, word.value.low, word.value.high] for word in shown
    ]
    line, name = figure.layout.shapes[0], figure.layout.annotations[0]
    assert (line.x0, line.x1, name.x, name.text) == (0.07, 0.07, 0.07, "all tokens")
    assert "mean value" in figure.layout.xaxis.title.text


def test_places_are_drawn_as_they_lie_and_zero_is_the_middle_of_the_scale():
    place, half = torch.tensor([[0.1, -0.4], [0.2, 0.3]]), torch.tensor([[0.01, 0.02], [0.03, 0.04]])
    figure = column_detail.places(PatchDrivers((), (), (2, 2), place, half))
    (heat,) = figure.data
    np.testing.assert_array_equal(heat.z, place.numpy())
    np.testing.assert_array_equal(heat.customdata, half.numpy())
    assert (heat.zmin, heat.zmax) == pytest.approx((-0.4, 0.4))
    assert list(figure.layout.yaxis.range) == [1.5, -0.5]  # the first row of patches is at the top
    assert figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text
    still = column_detail.places(PatchDrivers((), (), (2, 2), torch.zeros(2, 2), half)).data[0]
    assert still.zmin < still.zmax


def test_the_surest_columns_come_first_and_the_selected_one_is_ringed(table):
    surest = table.sort("lowest_share", descending=True).head(detectors.SHOWN)
    selected = surest["column"][3]
    figure = detectors.lowest_ten(table, selected=selected)
    bars = figure.data[0]
    assert list(bars.y) == surest["lowest_share"].to_list()
    assert [chosen_column([{"customdata": row}]) for row in bars.customdata] == surest["column"].to_list()
    assert list(bars.marker.color) == surest["probability"].to_list()
    assert list(figure.layout.xaxis.ticktext) == [str(column) for column in surest["column"].to_list()]
    assert (list(rings(figure)[0].x), list(rings(figure)[0].y)) == ([3], [surest["lowest_share"][3]])
    assert {note.text: note.y for note in figure.layout.annotations} == {
        "surely among them": 0.95,
        "chance": pytest.approx(1 / 3),
    }
    assert [line.y0 for line in figure.layout.shapes] == pytest.approx([0.95, 1 / 3])
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "column, surest first",
        "share of resamples",
    )
    hidden = table.sort("lowest_share")["column"][0]
    assert not rings(detectors.lowest_ten(table, selected=hidden))
    dark = rings(detectors.lowest_ten(table, selected=selected, theme=DARK))[0]
    assert (dark.marker.line.color, rings(figure)[0].marker.line.color) == (DARK.ink, LIGHT.ink)


def test_equally_sure_columns_keep_their_order(table):
    tied = table.with_columns(pl.lit(0.5).alias("lowest_share"))
    assert [row[0] for row in detectors.lowest_ten(tied, selected=-1).data[0].customdata][:3] == ["0", "1", "2"]


def test_agreements_are_dots_and_resamples_an_interval():
    found = Stability((0.9, 0.8), (0.2, -0.3), Estimate(0.7, 0.5, 0.85))
    figure = detectors.agreements(found)
    seeds, halves, line, middle = figure.data
    assert (list(seeds.x), list(seeds.y)) == ([0.9, 0.8], [0, 0])
    assert (list(halves.x), list(halves.y)) == ([0.2, -0.3], [1, 1])
    assert (list(line.x), list(line.y), line.mode) == ([0.5, 0.85], [2, 2], "lines")
    assert (list(middle.x), list(middle.y)) == ([0.7], [2])
    assert "[0.50, 0.85]" in middle.hovertemplate
    assert list(figure.layout.yaxis.ticktext) == list(detectors.ROWS)
    assert figure.layout.xaxis.range[0] < -0.3
    assert figure.layout.xaxis.range[1] > 1
    assert "rank correlation" in figure.layout.xaxis.title.text
    assert len(detectors.agreements(Stability((0.9,), (), None)).data) == 2
    assert seeds.marker.line.color != detectors.agreements(found, theme=DARK).data[0].marker.line.color


def test_strips_have_one_order_of_columns_and_mark_the_selected_in_each(table):
    ordered = table.sort("probability")
    figure = compare.strips(table, selected=ordered["column"][7])
    assert len(figure.data) == len(DETECTORS)
    for bars, detector in zip(figure.data, DETECTORS, strict=True):
        assert list(bars.x) == list(range(D))
        assert list(bars.y) == ordered[detector.name].to_list()
        assert [chosen_column([{"customdata": row}]) for row in bars.customdata] == ordered["column"].to_list()
        # The same end of the scale is style everywhere.
        style = ordered[detector.name].to_numpy() * (1 if detector.rises_with_style else -1)
        assert np.argmin(bars.marker.color) == np.argmax(style)
        assert np.argmax(bars.marker.color) == np.argmin(style)
    assert [line.x0 for line in figure.layout.shapes] == [7] * len(DETECTORS)
    assert len({line.xref for line in figure.layout.shapes}) == len(DETECTORS)
    assert not compare.strips(table, selected=-1).layout.shapes
    names = [note.text for note in figure.layout.annotations]
    assert names[0] == "semantic probability p"
    assert names[-2:] == ["style similarity,<br>images", "style similarity,<br>texts"]
    assert figure.layout[f"xaxis{len(DETECTORS)}"].title.text == "30 columns, lowest semantic probability first"
    dark = compare.strips(table, selected=0, theme=DARK)
    assert dark.layout.shapes[0].line.color == DARK.ink != figure.layout.shapes[0].line.color


@pytest.mark.parametrize("value", [-0.4, 0.0, 0.6])
def test_strips_show_where_bars_begin_and_end(table, value):
    figure = compare.strips(table.with_columns(pl.lit(value).alias("correlation")), selected=-1)
    low, high = figure.layout.yaxis4.range
    assert low <= min(0, value)
    assert high >= max(0, value)
    assert low < high


def test_every_detector_meets_every_other_and_the_selected_column_is_larger(table):
    matrix = compare.scatter_matrix(table, selected=4).data[0]
    assert len(matrix.dimensions) == len(DETECTORS)
    for dimension, detector in zip(matrix.dimensions, DETECTORS, strict=True):
        assert list(dimension.values) == table[detector.name].to_list()
    assert len({dimension.label for dimension in matrix.dimensions}) == len(DETECTORS)
    assert [chosen_column([{"customdata": row}]) for row in matrix.customdata] == list(range(D))
    assert list(matrix.marker.color) == table["probability"].to_list()
    assert (matrix.marker.cmin, matrix.marker.cmax) == (0, scale_top(table["probability"].to_numpy()))
    assert list(matrix.selectedpoints) == [4]
    assert matrix.selected.marker.size > matrix.marker.size
    backwards = compare.scatter_matrix(table.reverse(), selected=4).data[0]
    assert list(backwards.selectedpoints) == [D - 5]
    bare = compare.scatter_matrix(table, selected=-1, theme=DARK)
    assert bare.data[0].selectedpoints is None
    assert bare.layout.xaxis3.gridcolor != compare.scatter_matrix(table, selected=-1).layout.xaxis3.gridcolor


def test_detectors_stand_beside_every_yardstick_with_their_intervals():
    one = Trust("the truth", tuple(around(0.1 * i) for i in range(len(DETECTORS))), D)
    two = Trust("the probe", tuple(around(-0.1 * i) for i in range(len(DETECTORS))), D)
    figure = compare.against_yardsticks([one, two])
    traces = markers(figure)
    assert [trace.name for trace in traces] == ["the truth", "the probe"]
    for trace, trust in zip(traces, (one, two), strict=True):
        assert ends(trace) == of(*trust.rho)
        assert [list(row) for row in trace.customdata] == [[rho.low, rho.high] for rho in trust.rho]
        assert np.round(trace.y).tolist() == list(range(len(DETECTORS)))
    assert (np.array(traces[0].y) < np.array(traces[1].y)).all()
    np.testing.assert_allclose((np.array(traces[0].y) + traces[1].y) / 2, range(len(DETECTORS)))
    assert traces[0].marker.color != traces[1].marker.color
    assert traces[0].marker.symbol != traces[1].marker.symbol
    assert figure.layout.shapes[0].x0 == 0
    assert figure.layout.yaxis.ticktext[0] == DETECTORS[0].title
    assert "rank correlation" in figure.layout.xaxis.title.text
    assert figure.layout.showlegend
    alone = compare.against_yardsticks([one], theme=DARK)
    assert list(alone.data[0].y) == list(range(len(DETECTORS)))
    assert not alone.layout.showlegend
    assert (alone.layout.font.color, figure.layout.font.color) == (DARK.ink, LIGHT.ink)
