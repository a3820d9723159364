"""Figures of experiments show the numbers of the table, and tell verdicts by shape as well as by colour."""

from dataclasses import replace

import pytest

from pico_app.figures import experiments as draw
from pico_app.figures import learning
from pico_app.figures.experiments import costs, seed_pairs, swept
from pico_app.figures.feedback import MOST, gain_order
from pico_app.figures.row_plot import Band, Group, PlotRow, chosen_row, row_plot, span
from pico_app.figures.theme import DARK, GREY, LOSS, SEMANTIC
from pico_core.experiments.order import RecordedRun, recorded_runs
from pico_core.experiments.summary import VariantSummary, summarise
from pico_core.experiments.sweeps import sweeps_on
from pico_core.experiments.training_summary import LearningCurve, TrainingSummary
from pico_core.retrieval.records import Estimate, Verdict
from tests.grids import HELPS, HURTS, Line, grid
from tests.pico_app.reading import HOSTILE


def rows_of(figure):
    """Names of all rows with their places."""
    bars = next(trace for trace in figure.data if trace.type == "bar")
    return dict(zip([name for name, _, _ in bars.customdata], bars.y, strict=True))


def marks(figure):
    """The large mark of every row, by its place."""
    return {
        trace.y[0]: trace
        for trace in figure.data
        if trace.type == "scatter" and trace.mode == "markers" and len(trace.y) == 1 and trace.cliponaxis is False
    }


def lines_and_dots(figure):
    return [trace for trace in figure.data if trace.type == "scatter"]


def words(figure):
    return [note.text for note in figure.layout.annotations]


def forest(lines, **more):
    table = grid(lines)
    return draw.forest(summarise(table), table, **more)


def test_the_forest_has_a_row_per_variant_under_its_family_and_no_settings():
    figure = forest(HELPS, selected="p_hat")
    places = rows_of(figure)
    assert set(places) == {one.variant for one in HELPS} - {"unweighted", "gamma=1", "gamma=4"}
    ticks = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    heads = [text for place, text in ticks.items() if place not in places.values()]
    assert [text.split(">")[1].split("<")[0] for text in heads] == [
        "THE METHOD",
        "OTHER FEEDBACK",
        "SIMPLER WEIGHTS, AND PERMUTED ONES",
        "NO WEIGHTS, ANOTHER SPACE",
        "TOLD WHAT NOBODY KNOWS",
    ]
    assert ticks[places["pico"]] == "<b>PICO (best by feedback, no guard)</b>"
    assert [text.endswith("</b>") for place, text in ticks.items() if place in places.values()].count(True) == 1
    bars = next(trace for trace in figure.data if trace.type == "bar")
    tints = dict(zip(places, bars.marker.color, strict=True))
    assert tints["p_hat"] != tints["pico"] == tints["uniform"]


def test_values_intervals_and_seeds_are_those_of_the_table():
    table = grid(HELPS)
    found = {one.variant: one for one in summarise(table)}
    figure = draw.forest(summarise(table), table)
    place = rows_of(figure)["pico"]
    mark = marks(figure)[place]
    assert mark.x[0] == pytest.approx(41.0)
    line = next(trace for trace in lines_and_dots(figure) if trace.mode == "lines" and trace.y[0] == place)
    assert list(line.x) == pytest.approx([found["pico"].low, found["pico"].high])
    dots = next(
        trace
        for trace in lines_and_dots(figure)
        if trace.mode == "markers" and trace.y[0] == pytest.approx(place + 0.3)
    )
    assert sorted(dots.x) == pytest.approx([40.0, 41.0, 42.0])
    assert "<b>+41.0</b>" in words(figure)
    assert {"p̂ as weights", "All candidates alike"} <= set(figure.layout.yaxis.ticktext)
    assert f"[+{found['pico'].low:.1f}, +{found['pico'].high:.1f}]" in words(figure)


def test_verdicts_are_told_by_shape_and_colour():
    good, bad = forest(HELPS), forest(HURTS)
    mark = marks(good)[rows_of(good)["pico"]].marker
    assert (mark.symbol, mark.color) == ("triangle-right", SEMANTIC)
    mark = marks(bad)[rows_of(bad)["pico"]].marker
    assert (mark.symbol, mark.color) == ("triangle-left", LOSS)
    mark = marks(bad)[rows_of(bad)["p_hat"]].marker
    assert (mark.symbol, mark.color) == ("circle-open", GREY)
    told = forest([*HELPS[:2], Line("oracle_labels", (50.0, 51.0, 52.0))])
    assert marks(told)[rows_of(told)["oracle_labels"]].marker.symbol == "diamond-open"


def test_the_permuted_weights_are_a_grey_band():
    table = grid(HELPS)
    permuted = next(one for one in summarise(table) if one.variant == "permuted")
    (band,) = [shape for shape in draw.forest(summarise(table), table).layout.shapes if shape.type == "rect"]
    assert (band.x0, band.x1) == pytest.approx((permuted.low, permuted.high))
    assert not [shape for shape in forest(HURTS).layout.shapes if shape.type == "rect"]


def test_a_control_wider_than_all_that_decides_the_axis_is_no_band_and_squeezes_nothing():
    wide = swapped_permuted((-200.0, -1.0, 60.0))
    figure = forest(wide)
    assert not draw.banded(figure)
    assert draw.banded(forest(HELPS))
    assert figure.layout.xaxis.range == pytest.approx(forest(without_permuted()).layout.xaxis.range)
    assert figure.layout.xaxis.range[0] > -60


def swapped_permuted(changes):
    return [Line("permuted", changes) if line.variant == "permuted" else line for line in HELPS]


def without_permuted():
    return [line for line in HELPS if line.variant != "permuted"]


def test_one_huge_interval_does_not_flatten_the_panels_of_all_settings():
    table = grid([*HELPS[:2], Line("gamma=1", (20.0, 21.0, 22.0)), Line("tau=0.2", (-400.0, 400.0, 40.0))])
    figure = swept(sweeps_on(table, summarise(table), "toy").sweeps)
    low, high = figure.layout.yaxis.range
    assert -120 < low < 0 < 42 < high < 120


def test_a_row_far_out_does_not_squeeze_the_others_and_has_an_arrow_at_the_edge():
    figure = forest(HELPS)
    low, high = figure.layout.xaxis.range
    assert -60 < low < 0 < 41 < high
    mark = marks(figure)[rows_of(figure)["whitening"]]
    assert mark.x[0] == low
    assert mark.marker.symbol == "arrow-bar-left"
    assert "−201.0" in words(figure)


def test_what_does_not_apply_has_a_row_and_its_reason():
    figure = forest(HELPS)
    place = rows_of(figure)["oracle_truth"]
    assert place not in marks(figure)
    assert "not here" in words(figure)
    bars = next(trace for trace in figure.data if trace.type == "bar")
    assert [said for name, _, said in bars.customdata if name == "oracle_truth"] == ["no planted truth"]


def test_hostile_labels_stay_words_in_every_figure():
    lines = [
        *HELPS[:2],
        Line("p_hat", (1.0, 2.0), label=HOSTILE),
        Line("mine", (), label=HOSTILE, family=HOSTILE, note=HOSTILE),
    ]
    table = grid(lines)
    found = summarise(table)
    curve = LearningCurve(HOSTILE, HOSTILE, 0, (0, 1), (1.0, 2.0))
    one = trained_row(HOSTILE, HOSTILE, 1.0, Estimate(0.0, -1.0, 1.0))
    for figure in (
        draw.forest(found, table),
        draw.leads(found),
        costs(found),
        seed_pairs(table, "p_hat", HOSTILE),
        learning.learning_curves([curve]),
        learning.trained([one]),
    ):
        for name in ("text", "ticktext", "hovertemplate", "name"):
            for text in _values(figure.to_plotly_json(), name):
                assert "<script" not in text
                assert "<img" not in text
        names = [row for trace in figure.data for row in (trace.customdata if trace.customdata is not None else [])]
        assert not any("<img" in str(cell) for row in names for cell in row[1:])
    assert "<img" not in learning.trained_html(TrainingSummary(HOSTILE, HOSTILE, HOSTILE, 1, 2, False, 1.0, (one,), ()))


def _values(tree, name):
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == name:
                yield from [value] if isinstance(value, str) else [text for text in value if isinstance(text, str)]
            else:
                yield from _values(value, name)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _values(value, name)


def test_leads_are_sorted_and_simpler_ideas_bold():
    table = grid(HELPS)
    figure = draw.leads(summarise(table), theme=DARK)
    places = rows_of(figure)
    found = {one.variant: one.lead for one in summarise(table)}
    assert list(places) == sorted(places, key=found.__getitem__)
    assert "pico" not in places
    ticks = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert {name for name, place in places.items() if ticks[place].startswith("<b>")} == {
        "p_hat",
        "correlation",
        "whitening",
    }
    single = draw.leads(summarise(grid(HELPS, seeds=1)))
    assert {mark.marker.symbol for mark in marks(single).values()} == {"circle-open"}


def test_rules_hold_the_method_and_its_feedback_only():
    table = grid(HELPS)
    assert list(rows_of(draw.rules(summarise(table), table))) == ["pico", "uniform", "shuffled"]


def test_every_setting_has_a_panel_with_its_own_value_in_bold():
    table = grid([*HELPS, Line("rule=ema", (30.0, 31.0, 32.0))])
    figure = swept(sweeps_on(table, summarise(table), "toy").sweeps)
    assert words(figure) == ["gamma", "rule"]
    assert list(figure.layout.xaxis.ticktext) == ["1", "<b>4</b>"]
    assert list(figure.layout.xaxis2.ticktext) == ["ema"]
    joined = [trace for trace in figure.data if trace.mode == "lines" and len(set(trace.x)) > 1]
    assert [list(trace.x) for trace in joined] == [[0, 1]], "numbers are joined by a line, names are not"
    values = [trace.y[0] for trace in figure.data if trace.mode == "markers"]
    assert values == pytest.approx([21.0, 41.0, 31.0])
    sizes = [trace.marker.size for trace in figure.data if trace.mode == "markers"]
    assert sizes[1] > sizes[0]


def test_candidates_are_sorted_by_their_gain():
    runs = [run for run in recorded_runs(grid(HELPS)) if run.rule == "softmax"]
    figure = gain_order(runs)
    assert len(figure.data) == len(runs)
    assert list(figure.data[0].y) == pytest.approx([0.6, 0.9, 1.5])
    assert [gain for gain, _ in figure.data[0].customdata] == [0.1, 0.2, 0.3]
    many = gain_order([RecordedRun("toy", seed, "ema", (0.1,), (1.0,)) for seed in range(MOST + 5)])
    assert len(many.data) == MOST


def test_pairs_of_seeds_are_joined_in_the_colour_of_who_is_ahead():
    figure = seed_pairs(grid(HELPS), "correlation", "the correlation")
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [[40.0, 40.6], [41.0, 40.8], [42.0, 42.5]]
    assert [trace.line.color for trace in lines] == [LOSS, SEMANTIC, LOSS]
    assert [text for text in words(figure) if text[0] in "+−"] == ["−0.6", "+0.2", "−0.5"]
    assert not seed_pairs(grid(HELPS), "nobody", "nobody").data


def test_learning_curves_mark_the_best_epoch_and_name_every_variant_once():
    curves = [
        LearningCurve("none", "P = 1", 0, (0, 1, 2), (1.0, 3.0, 2.0)),
        LearningCurve("pico", "PICO", 0, (0, 1, 2), (1.0, 2.0, 4.0)),
        LearningCurve("pico", "PICO", 1, (0, 1, 2), (5.0, 2.0, 4.0)),
    ]
    figure = learning.learning_curves(curves)
    best = [(trace.x[0], trace.y[0]) for trace in figure.data if trace.mode == "markers"]
    assert best == [(1, 3.0), (2, 4.0), (0, 5.0)]
    assert [trace.name for trace in figure.data if trace.showlegend] == ["P = 1", "PICO"]
    symbols = {trace.legendgroup: trace.marker.symbol for trace in figure.data if trace.mode == "markers"}
    assert len(set(symbols.values())) == 2


def trained_row(variant, label, rsum, change, *, verdict="none", p=None, epochs=(1, 5)):
    ends = (change.value, change.low, change.high)
    of = VariantSummary("toy", variant, label, "training", 2, rsum - change.value, *ends, p, p, verdict)
    return replace(of, rsum=rsum, verdicts=(1, 0, 1), best_epochs=epochs)


def test_trained_rows_leave_out_the_zero_line_and_their_verdict_is_the_adjusted_one():
    rows = (
        trained_row("none", "P = 1", 400.0, Estimate(0.0, 0.0, 0.0)),
        trained_row("pico", "PICO", 406.0, Estimate(6.0, 1.0, 11.0), p=0.2),
        trained_row("p_hat", "p̂", 401.0, Estimate(1.0, -1.0, 3.0)),
    )
    figure = learning.trained(rows)
    assert list(rows_of(figure)) == ["pico", "p_hat"]
    assert marks(figure)[rows_of(figure)["pico"]].marker.symbol == "circle-open"  # its interval alone would say more
    leads = (trained_row("p_hat", "PICO minus p̂", 406.0, Estimate(5.0, -1.0, 11.0)),)
    html = learning.trained_html(TrainingSummary("training", "toy", "given", 40, 2, False, 400.0, rows, leads))
    assert "<td>406.0</td><td>+6.0<small>+1.0 to +11.0</small></td><td>0.2</td>" in html
    assert "<td>helps in 1</td><td>1, 5</td><td></td>" in html
    assert "+5.0<small>-1.0 to +11.0</small>" in html


def test_costs_are_sorted_on_a_log_scale():
    figure = costs(summarise(grid(HELPS)), selected="p_hat")
    (bars,) = figure.data
    assert list(bars.x) == sorted(bars.x, reverse=True)
    assert figure.layout.xaxis.type == "log"
    assert "oracle_truth" not in [name for name, _ in bars.customdata]
    assert dict(zip([name for name, _ in bars.customdata], bars.text, strict=True))["pico"] == "250 ms"


def test_an_axis_holds_values_and_is_not_blown_up_by_a_huge_interval():
    row = PlotRow("a", "a", Estimate(10.0, -500.0, 520.0), Verdict.NONE)
    low, high = span([row])
    assert -30 < low < 0
    assert 10 < high < 30
    small = PlotRow("a", "a", Estimate(0.0, 0.0, 0.0), Verdict.NONE)
    assert span([small])[0] < -3.9
    assert span([small], Band(-50.0, 3.0, "band"))[0] <= -10


def test_a_click_is_read_and_nonsense_is_not():
    assert chosen_row([]) is None
    assert chosen_row([{"customdata": {"0": "cca", "1": "x"}}]) == "cca"
    assert chosen_row([{"x": 1}, {"customdata": [3]}, "nonsense"]) is None
    assert row_plot([Group("", ())], axis="x", key="k").data[0].type == "bar"
