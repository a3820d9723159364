"""One column in detail: its signs, what it goes with, the words and the places that drive it."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pico_app.figures.marks import BARE, add_box, add_note, add_trace, dots, hover, name_rows, spread
from pico_app.figures.theme import GAIN, GREY, IMAGE, LIGHT, LOSS, TEXT, Theme, blank, colour_bar, verbatim
from pico_core.columns.detail.interaction import SignCell, SignTable
from pico_core.columns.detail.token_drivers import PatchDrivers, WordDrivers, WordValue
from pico_core.columns.style_shares import Association

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
            fill = f"rgba({colour},{0.12 + 0.75 * min(1.0, shares[y][x] / 0.6):.2f})"
            add_box(figure, (x - 0.48, x + 0.48), (y - 0.48, y + 0.48), line={"width": 0}, fillcolor=fill)
            add_note(figure, _cell_text(cell), x, y, colour=theme.ink)
    ends = [[cell.matched.low, cell.matched.high, cell.null.low, cell.null.high] for row in rows for cell in row]
    matched, null = "[%{customdata[0]:.1%}, %{customdata[1]:.1%}]", "[%{customdata[2]:.1%}, %{customdata[3]:.1%}]"
    words = hover(f"matched {matched}<br>mismatched {null}", ends)
    add_trace(figure, [0, 1, 0, 1], [0, 0, 1, 1], words, mode="markers", marker={"opacity": 0})
    axis = {"tickvals": [0, 1], "ticktext": ["below 0", "above 0"], "range": [-0.5, 1.5], "fixedrange": True, **BARE}
    figure.layout.margin.l = 88  # its ticks are words
    figure.update_layout(xaxis=axis, yaxis=axis)
    return figure


def _cell_text(cell: SignCell) -> str:
    return f"<b>{cell.matched.value:.1%}</b><br><span style='font-size:12px'>null {cell.null.value:.1%}</span>"


def goes_with(associations: Sequence[Association], *, theme: Theme = LIGHT) -> go.Figure:
    """Every label with its association and interval, style above content; chance as a grey bar."""
    figure = blank(theme, height=90 + ROW * len(associations), x="association (η², or r for numbers)", key="goes-with")
    for row, link in enumerate(associations):
        if link.kind == "eta²":
            up, edge = (row - 0.32, row + 0.32), {"width": 1, "color": GREY}
            add_box(figure, (0, link.chance), up, fillcolor=GREY, opacity=0.45, line=edge, layer="below")
    interval = "%{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]"
    words = f"{interval}<br>chance %{{customdata[2]:.3f}}, %{{customdata[3]}} values"
    for modality, (symbol, colour) in SHAPES.items():
        part = [(row, link) for row, link in enumerate(associations) if link.modality == modality]
        values = [link.value for _, link in part]
        add_trace(
            figure,
            [value.value for value in values],
            [row for row, _ in part],
            dots(colour, 11, [symbol if link.more_than_chance else f"{symbol}-open" for _, link in part], edge=1.5),
            hover(words, [[link.value.low, link.value.high, link.chance, link.n_values] for _, link in part]),
            name=f"{modality}s",
            error_x=spread(values, color=colour),
        )
    names = [f"{verbatim(link.label)} of {link.modality}s <b>· {link.role}</b>" for link in associations]
    low = min([0.0, *(link.value.low for link in associations)])
    figure.update_xaxes(
        range=[low - 0.02, max([0.3, *(link.value.high for link in associations)]) + 0.03], zeroline=True
    )
    name_rows(figure, names)
    return figure


def word_ends(drivers: WordDrivers, *, theme: Theme = LIGHT) -> go.Figure:
    """Words at both ends of the column: mean token value with its interval, the mean of all tokens as a line."""
    words: list[WordValue] = [*drivers.highest, *reversed(drivers.lowest)]
    figure = blank(theme, height=90 + 24 * len(words), x="mean value of the word's tokens", key="words")
    values = [word.value for word in words]
    figure.add_vline(x=drivers.mean, line={"color": GREY, "dash": "dot", "width": 1.5})
    add_note(figure, "all tokens", drivers.mean, 1, opacity=0.75, paper="y", anchor="bottom")
    interval = "%{x:.3f} [%{customdata[2]:.3f}, %{customdata[3]:.3f}]"
    template = f"{interval}<br>%{{customdata[0]}} times, texts of %{{customdata[1]}} images"
    counts = [[word.n_tokens, word.n_images, word.value.low, word.value.high] for word in words]
    at = [value.value for value in values], list(range(len(words)))
    add_trace(figure, *at, dots(TEXT, 10, "diamond"), hover(template, counts), error_x=spread(values, color=TEXT))
    name_rows(figure, [verbatim(word.word) for word in words])
    return figure


def places(drivers: PatchDrivers, *, theme: Theme = LIGHT) -> go.Figure:
    """Where in the picture the column is high: its mean at every place, zero in the middle of the scale."""
    assert drivers.mean is not None
    assert drivers.half_width is not None
    mean, half = drivers.mean.numpy(), drivers.half_width.numpy()
    highest = max(1e-6, float(np.abs(mean).max()))
    figure = blank(theme, height=300, x="place from left to right", y="from top to bottom", key="places")
    figure.add_heatmap(
        z=mean,
        zmin=-highest,
        zmax=highest,
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
