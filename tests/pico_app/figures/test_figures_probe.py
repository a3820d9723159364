"""Figures of the style probe, on small made-up variants."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pico_app.figures import probe as draw
from pico_app.figures.columns import chosen_column
from pico_app.figures.theme import DARK, IMAGE, TEXT
from pico_core.columns.detectors import probe_agreement
from pico_core.columns.probe import FIXED, label_probe, style_probe
from pico_core.encoders.perturbations import StyleVariants, Variants
from pico_core.method.basis import Basis

D = 6


def variants(*, texts=True):
    torch.manual_seed(0)
    images, said = (torch.randn(12, 1, D) + 0.5 * torch.randn(12, 4, D) for _ in range(2))
    said[:, 3] = said[:, 0]
    return StyleVariants(
        Variants(images, ("blur", "grayscale", "noise"), ("grayscale",)),
        Variants(said, ("formal", "poetic", "upper case")) if texts else None,
        "e",
        "x",
        0,
    )


@pytest.fixture
def table():
    import polars as pl

    # In another order than the columns: a figure must join by number, not by place.
    order = [3, 0, 5, 1, 4, 2]
    return pl.DataFrame(
        {
            "column": order,
            "title": [f"column {i}" for i in order],
            "probability": [0.1 * (i + 1) for i in order],
            "semantic_share": pl.Series([None] * D, dtype=pl.Float64),
        }
    )


def drawn(table, **more):
    probe = style_probe(variants(**more), Basis("given"))
    values = torch.tensor([0.1 * (i + 1) for i in range(D)])
    return probe, draw.against_probability(probe, table, probe_agreement(probe, values), selected=5)


def test_every_column_stands_at_its_probability_and_its_share(table):
    probe, figure = drawn(table)
    points = [trace for trace in figure.data if trace.customdata is not None]
    assert [(trace.marker.color, trace.marker.symbol) for trace in points] == [(IMAGE, "circle"), (TEXT, "diamond")]
    for trace, modality in zip(points, ("image", "text"), strict=True):
        shares = probe.shares(modality).tolist()
        for x, y, name, up, down in zip(
            trace.x, trace.y, trace.customdata, trace.error_y.array, trace.error_y.arrayminus, strict=True
        ):
            column = chosen_column([{"customdata": name}])
            assert x == pytest.approx(0.1 * (column + 1))
            assert y == pytest.approx(shares[column], abs=1e-6)
            assert up > 0
            assert down > 0
    assert [trace.xaxis for trace in points] == ["x", "x2"]


def test_the_chosen_column_is_ringed_in_both_panels(table):
    probe, figure = drawn(table)
    rings = [trace for trace in figure.data if str(trace.marker.color) == "rgba(0,0,0,0)"]
    assert [(r.xaxis, r.yaxis) for r in rings] == [("x", "y"), ("x2", "y2")]
    for ring, modality in zip(rings, ("image", "text"), strict=True):
        assert (ring.x[0], ring.y[0]) == pytest.approx((0.6, float(probe.shares(modality)[5])), abs=1e-6)


def test_the_rank_correlation_and_the_level_are_written_above(table):
    probe, figure = drawn(table)
    heads = [note.text for note in figure.layout.annotations]
    assert heads[0].startswith("<b>images</b><br>")
    assert ">rank correlation " in heads[0]
    assert f"all columns together {100 * probe.side('text').overall.value:.0f} %" in heads[1]
    lines = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert [line.y0 for line in lines] == pytest.approx([side.overall.value for side in probe.sides])
    assert not [note for note in heads if "chance" in note]


def test_the_interval_of_the_probability_is_drawn_where_the_table_has_one(table):
    ends = table.with_columns(probability_low=table["probability"] - 0.02, probability_high=table["probability"] + 0.03)
    _, figure = drawn(ends)
    points = next(trace for trace in figure.data if trace.customdata is not None)
    np.testing.assert_allclose(points.error_x.array, [0.03] * D)
    np.testing.assert_allclose(points.error_x.arrayminus, [0.02] * D)
    _, bare = drawn(table)
    assert next(trace for trace in bare.data if trace.customdata is not None).error_x.array is None


def test_at_fixed_style_the_other_shares_and_levels_are_drawn(table):
    held = variants(texts=False)
    held = replace(held, images=replace(held.images, styles=tuple("ab" * 6)))
    probe = style_probe(held, Basis("given"))
    agreement = probe_agreement(probe, torch.linspace(0.1, 0.6, D), which=FIXED)
    figure = draw.against_probability(probe, table, agreement, selected=1)
    points = next(trace for trace in figure.data if trace.customdata is not None)
    for y, name in zip(points.y, points.customdata, strict=True):
        assert y == pytest.approx(float(probe.shares("image", FIXED)[int(name[0])]), abs=1e-6)
    line = next(shape for shape in figure.layout.shapes if shape.type == "line")
    assert line.y0 == pytest.approx(probe.side("image").fixed.value)
    assert line.y0 != pytest.approx(probe.side("image").overall.value, abs=1e-4)


def test_one_modality_alone_takes_the_whole_width(table):
    _, figure = drawn(table, texts=False)
    assert tuple(figure.layout.xaxis.domain) == (0, 1)
    assert len([trace for trace in figure.data if trace.customdata is not None]) == 1


def test_chance_is_a_band_for_labels(planted, table):
    probe = label_probe(planted.pairs, Basis("given"))
    everything = table.head(0).vstack(
        table.clear(24).with_columns(column=np.arange(24), probability=np.linspace(0, 1, 24)).cast(table.schema)
    )
    figure = draw.against_probability(
        probe, everything, probe_agreement(probe, torch.linspace(0, 1, 24)), selected=-1, theme=DARK
    )
    bands = [shape.y1 for shape in figure.layout.shapes if shape.type == "rect" and shape.y0 == 0]
    assert bands == pytest.approx([side.chance for side in probe.sides])
    for note, side in zip(figure.layout.annotations, probe.sides, strict=True):
        assert f">chance {100 * side.chance:.0f} %" in note.text


def test_what_moves_a_column_stands_by_strength_beside_the_middle_column():
    probe = style_probe(variants(), Basis("given"))
    figure = draw.drivers(probe, 2)
    ticks, dots, text_ticks, text_dots = figure.data
    assert list(dots.x) == sorted(dots.x), "the strongest is drawn last, so on top"
    found = probe.drivers(2, "image").reverse()
    assert list(dots.x) == pytest.approx(found["share"].to_list())
    assert list(dots.y) == [
        f"{name} (content too)" if name == "grayscale" else name for name in found["perturbation"].to_list()
    ]
    for name, tick in zip(found["perturbation"], ticks.x, strict=True):
        assert tick == pytest.approx(float(np.median(probe.shares("image", name))), abs=1e-6)
    symbols = dict(zip(dots.y, dots.marker.symbol, strict=True))
    assert (symbols["grayscale (content too)"], symbols["blur"]) == ("circle-open", "circle")
    assert dict(zip(text_dots.y, text_dots.marker.symbol, strict=True))["upper case (not seen)"] == "diamond-open"
    assert (text_ticks.xaxis, text_dots.xaxis) == ("x2", "x2")
