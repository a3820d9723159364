"""One column in detail: its signs, what it goes with, the words and the places that drive it."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pico_app.figures.marks import add_box, add_note, dots, hover, name_rows
from pico_app.figures.theme import GAIN, GREY, IMAGE, LIGHT, LOSS, TEXT, Theme, blank, colour_bar, interval, verbatim
from pico_core.columns.detail.interaction import SignCell, SignTable
from pico_core.columns.detail.token_drivers import PatchDrivers, WordDrivers, WordValue
from pico_core.columns.style_shares import Association
from pico_core.retrieval.records import Estimate

ROW = 30
DIVERGING = ((0.0, LOSS), (0.5, "#F2F2F2"), (1.0, GAIN))  # as everywhere: blue above zero, vermillion below
SHAPES = {"image": ("circle", IMAGE), "text": ("diamond", TEXT)}


def sign_square(table: SignTable, *, theme: Theme = LIGHT) -> go.Figure:
    """Two by two: how often patch and word have which sign, darker the more often, with the null in each cell."""
    figure = blank(theme, height=300, x="patch value", y="word value", key="signs")
    # Left and below are below zero, as on every axis; a row is one sign of the word.
    rows = [[table.both_negative, table.image_only], [table.text_only, table.both_positive]]
    shares = [[cell.matched.value for cell in row] for row in rows]
    agree = [[True, False], [False, True]]
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            colour = "0,114,178" if agree[y][x] else "150,150,150"
            add_box(
                figure,
                (x - 0.48, x + 0.48),
                (y - 0.48, y + 0.48),
                line={"width": 0},
                fillcolor=f"rgba({colour},{0.12 + 0.75 * min(1.0, shares[y][x] / 0.6):.2f})",
            )
            add_note(figure, _cell_text(cell), x, y, colour=theme.ink)
    figure.add_scatter(
        x=[x for _ in rows for x in (0, 1)],
        y=[y for y in (0, 1) for _ in (0, 1)],
        mode="markers",
        marker={"opacity": 0},
        customdata=[
            [cell.matched.low, cell.matched.high, cell.null.low, cell.null.high] for row in rows for cell in row
        ],
        hovertemplate="matched [%{customdata[0]:.1%}, %{customdata[1]:.1%}]<br>"
        "mismatched [%{customdata[2]:.1%}, %{customdata[3]:.1%}]<extra></extra>",
    )
    ticks = {"tickvals": [0, 1], "ticktext": ["below 0", "above 0"], "showgrid": False, "zeroline": False}
    figure.layout.margin.l = 88  # its ticks are words
    figure.update_xaxes(range=[-0.5, 1.5], fixedrange=True, **ticks)
    figure.update_yaxes(range=[-0.5, 1.5], fixedrange=True, **ticks)
    return figure


def _cell_text(cell: SignCell) -> str:
    return f"<b>{cell.matched.value:.1%}</b><br><span style='font-size:12px'>null {cell.null.value:.1%}</span>"


def goes_with(found: Sequence[Association], *, theme: Theme = LIGHT) -> go.Figure:
    """Every label with its association and interval, style above content; chance as a grey bar."""
    figure = blank(theme, height=90 + ROW * len(found), x="association (η², or r for numbers)", key="goes-with")
    for place, one in enumerate(found):
        if one.kind == "eta²":
            add_box(
                figure,
                (0, one.chance),
                (place - 0.32, place + 0.32),
                fillcolor=GREY,
                opacity=0.45,
                line={"width": 1, "color": GREY},
                layer="below",
            )
    for modality, (symbol, colour) in SHAPES.items():
        part = [(place, one) for place, one in enumerate(found) if one.modality == modality]
        values = [one.value for _, one in part]
        figure.add_scatter(
            x=[value.value for value in values],
            y=[place for place, _ in part],
            name=f"{modality}s",
            **dots(colour, 11, [symbol if one.more_than_chance else f"{symbol}-open" for _, one in part], edge=1.5),
            error_x={**_ends(values), "color": colour},
            customdata=[[one.value.low, one.value.high, one.chance, one.n_values] for _, one in part],
            hovertemplate="%{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<br>chance %{customdata[2]:.3f}, "
            "%{customdata[3]} values<extra></extra>",
        )
    names = [f"{verbatim(one.label)} of {one.modality}s <b>· {one.role}</b>" for one in found]
    low = min([0.0, *(one.value.low for one in found)])
    figure.update_xaxes(range=[low - 0.02, max([0.3, *(one.value.high for one in found)]) + 0.03], zeroline=True)
    name_rows(figure, names)
    return figure


def word_ends(found: WordDrivers, *, theme: Theme = LIGHT) -> go.Figure:
    """Words at both ends of the column: mean token value with its interval, the mean of all tokens as a line."""
    words: list[WordValue] = [*found.highest, *reversed(found.lowest)]
    figure = blank(theme, height=90 + 24 * len(words), x="mean value of the word's tokens", key="words")
    values = [word.value for word in words]
    figure.add_vline(x=found.mean, line={"color": GREY, "dash": "dot", "width": 1.5})
    add_note(figure, "all tokens", found.mean, 1, opacity=0.75, paper="y", anchor="bottom")
    figure.add_scatter(
        x=[value.value for value in values],
        y=list(range(len(words))),
        **dots(TEXT, 10, "diamond"),
        error_x={**_ends(values), "color": TEXT},
        customdata=[[word.n_tokens, word.n_images, word.value.low, word.value.high] for word in words],
        hovertemplate="%{x:.3f} [%{customdata[2]:.3f}, %{customdata[3]:.3f}]<br>%{customdata[0]} times, texts of "
        "%{customdata[1]} images<extra></extra>",
    )
    name_rows(figure, [verbatim(word.word) for word in words])
    return figure


def places(found: PatchDrivers, *, theme: Theme = LIGHT) -> go.Figure:
    """Where in the picture the column is high: its mean at every place, zero in the middle of the scale."""
    assert found.place is not None
    assert found.half_width is not None
    mean, half = found.place.numpy(), found.half_width.numpy()
    reach = max(1e-6, float(np.abs(mean).max()))
    figure = blank(theme, height=300, x="place from left to right", y="from top to bottom", key="places")
    figure.add_heatmap(
        z=mean,
        zmin=-reach,
        zmax=reach,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        **hover("mean %{z:.3f} ± %{customdata:.3f}", half),
        colorbar=colour_bar("mean<br>value"),
    )
    bare = {"showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False, "constrain": "domain"}
    down, across = mean.shape  # to the edge of the outermost squares: the ground between them is no frame around them
    figure.update_xaxes(**bare, range=[-0.5, across - 0.5])
    figure.update_yaxes(**bare, range=[down - 0.5, -0.5], scaleanchor="x")
    figure.update_layout(margin={"l": 8, "r": 77, "b": 41})
    return figure


def _ends(values: Sequence[Estimate]) -> dict[str, object]:
    return interval([v.low for v in values], [v.high for v in values], [v.value for v in values])
