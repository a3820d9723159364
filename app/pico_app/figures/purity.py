"""How pure labels are in each space, and the numbers under a map."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import BARE, add_box, add_note, dots, legend, spread
from pico_app.figures.theme import GREY, LIGHT, SEMANTIC, STYLE, Theme, blank, verbatim
from pico_app.templates import render
from pico_core.retrieval.records import Estimate
from pico_core.spaces.purity import Purity, SpacePurity

ROW_HEIGHT = 62
# Colour, symbol and vertical shift of a space.
SERIES = {
    "semantic": (SEMANTIC, "circle", -0.2),
    "unweighted": (GREY, "line-ns-open", 0.0),
    "style": (STYLE, "square", 0.2),
}


def purity_figure(purities: Sequence[Purity], *, theme: Theme = LIGHT) -> go.Figure:
    """Purity of every label in the semantic, the style and the unweighted space, with interval and control."""
    height = 90 + ROW_HEIGHT * len(purities)
    title = "share of the nearest neighbours with the same label (purity)"
    figure = blank(theme, height=height, x=title, key="purity")
    places = list(range(len(purities)))
    for row, purity in zip(places, purities, strict=True):
        chance = [space.permuted for space in (purity.semantic, purity.style, purity.unweighted)]
        ends, up = (min(c.low for c in chance), max(c.high for c in chance)), (row - 0.38, row + 0.38)
        add_box(figure, ends, up, fillcolor=GREY, opacity=0.5, line_width=0, layer="below")
    if purities:
        last = purities[-1].semantic.permuted
        add_note(figure, "permuted labels", last.value, places[-1] + 0.38, opacity=0.75, anchor="top")
    for name, (colour, symbol, shift) in SERIES.items():
        spaces = [getattr(purity, name) for purity in purities]
        figure.add_trace(_purity_trace(spaces, places, name=name, colour=colour, symbol=symbol, shift=shift))
    titles = [
        "<b>modality</b><br>images and texts together"
        if p.role == "modality"
        else f"<b>{p.role}</b>, {p.items}<br>{verbatim(p.label)}, {p.n_values} values"
        for p in purities
    ]
    figure.update_yaxes(tickvals=places, ticktext=titles, range=[len(purities) - 0.3, -0.6], fixedrange=True, **BARE)
    figure.update_xaxes(range=[-0.02, 1.04], zeroline=False, tickformat=".1f", fixedrange=True)
    margin = {"l": 8, "r": 16, "t": 30, "b": 8}
    figure.update_layout(dragmode=False, margin=margin, **legend(0.0, 1.0, "left bottom"), legend_title_text="")
    return figure


def _purity_trace(
    spaces: Sequence[SpacePurity], places: Sequence[int], *, name: str, colour: str, symbol: str, shift: float
) -> go.Scatter:
    values = [space.purity for space in spaces]
    return go.Scatter(
        x=[v.value for v in values],
        y=[row + shift for row in places],
        name=f"{name} space" if name != "unweighted" else "unweighted",
        **dots(colour, 11 if name != "unweighted" else 16, symbol, edge=2),
        error_x=spread(values, color=colour, thickness=2, width=4),
        customdata=[(v.low, v.high, s.permuted.value) for v, s in zip(values, spaces, strict=True)],
        hovertemplate="%{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<br>permuted labels %{customdata[2]:.3f}"
        f"<extra>{name}</extra>",
    )


@dataclass(frozen=True)
class NumberRow:
    """One number of a space.

    Attributes:
        name: What it is.
        definition: Opened by a click on the name.
        value: With its interval; None while it is not there, or cannot be.
        control: The same with random weights; None where it was not measured.
        pending: What stands in place of a value that is not there.
    """

    name: str
    definition: str
    value: Estimate | None
    control: Estimate | None
    pending: str = ""


def numbers_html(rows: Sequence[NumberRow]) -> Markup:
    """The table; click a name for its definition."""
    return render("space_numbers", rows=rows)
