"""The style probe: what style explains in every column against its probability, and which style moves one column."""

from typing import Any

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.columns import hover_data, undimmed
from pico_app.figures.halves import lines_of
from pico_app.figures.marks import add_note, add_ring, dots, hover
from pico_app.figures.theme import GREY, IMAGE, LIGHT, TEXT, Theme, blank, interval, verbatim
from pico_core.columns.detectors import ProbeAgreement
from pico_core.columns.probe import PLURAL, Modality, ProbeSide, StyleProbe

LOOK: dict[str, tuple[str, str]] = {"image": (IMAGE, "circle"), "text": (TEXT, "diamond")}
GAP = 0.05  # half of the room between two panels
NAMES = 0.17  # the same with names of styles in it
ROW = 25  # pixels of one perturbation


def against_probability(
    probe: StyleProbe, table: pl.DataFrame, agreement: ProbeAgreement, *, selected: int, theme: Theme = LIGHT
) -> go.Figure:
    """Share of variance that style explains, with its interval, against the semantic probability; a panel per modality.

    Args:
        probe: In the axes of the table.
        table: The column table: `column`, `title`, `probability`.
        agreement: The rank correlations that are written above the panels; says which shares are drawn.
        selected: Column to ring; -1 for none.
        theme: Light or dark.
    """
    figure = blank(
        theme, height=458, x="semantic probability p", y="share of variance that style explains", key="probe"
    )
    figure.update_layout(margin={"t": 84})
    for panel, side in enumerate(probe.sides, 1):
        _panel(figure, panel, len(probe.sides), theme=theme)
        _level(figure, side, panel, agreement.which, theme=theme)
        _points(figure, _of(probe, side.modality, table, agreement.which), side, panel)
        rho, level = agreement.of(side.modality), side.level(agreement.which)
        correlation = "" if rho is None else f"rank correlation {rho.value:+.2f} [{rho.low:+.2f}, {rho.high:+.2f}]"
        span = f"{100 * level.value:.0f} % [{100 * level.low:.0f}, {100 * level.high:.0f}]"
        chance = f"chance {100 * side.chance:.0f} %" if side.chance > 0 else ""
        words = lines_of(PLURAL[side.modality], correlation, f"grey: all columns together {span}", chance)
        _head(figure, panel, words, theme=theme)
        if selected >= 0:
            row = _of(probe, side.modality, table, agreement.which).row(
                by_predicate=pl.col("column") == selected, named=True
            )
            axes: dict[str, Any] = {"xaxis": _axis("x", panel), "yaxis": _axis("y", panel)}
            add_ring(figure, theme, row["probability"], row["share"], **axes)
    return figure


def drivers(probe: StyleProbe, column: int, *, theme: Theme = LIGHT) -> go.Figure:
    """Every perturbation alone on one column: its share with interval, beside that of the middle column.

    Args:
        probe: Any.
        column: Which column.
        theme: Light or dark.
    """
    kind = "style of the item" if probe.source == "encoder" else "style label"
    rows = max(len(probe.perturbations(side.modality)) for side in probe.sides)
    figure = blank(theme, height=110 + ROW * rows, x="share explained alone", y=kind, key="drive")
    for panel, side in enumerate(probe.sides, 1):
        colour, symbol = LOOK[side.modality]
        shares = probe.drivers(column, side.modality).reverse()  # Plotly counts upwards
        names = [_named(name, side) for name in shares["perturbation"]]
        counted = [name not in (*side.aside, *side.without_effect) for name in shares["perturbation"]]
        middle = probe.frame.filter(pl.col("modality") == side.modality).group_by("perturbation").agg(
            pl.col("share").median()
        )  # fmt: skip
        medians = dict(middle.iter_rows())
        axes = {"xaxis": _axis("x", panel), "yaxis": _axis("y", panel)}
        _panel(figure, panel, len(probe.sides), theme=theme, top=1.0, gap=NAMES)
        figure.add_scatter(
            x=[medians[name] for name in shares["perturbation"]],
            y=names,
            mode="markers",
            marker={"symbol": "line-ns", "size": 13, "line": {"color": GREY, "width": 3}},
            hovertemplate="%{y}: %{x:.1%} in the middle column<extra></extra>",
            **axes,
        )
        figure.add_scatter(
            x=shares["share"].to_list(),
            y=names,
            error_x=interval(shares["low"].to_list(), shares["high"].to_list(), shares["share"].to_list()),
            **dots(colour, 10, [symbol if counts else f"{symbol}-open" for counts in counted], edge=1.5),
            **hover("%{y}: %{x:.1%}"),
            **axes,
        )
        _head(figure, panel, lines_of(PLURAL[side.modality]), theme=theme)
        figure.update_layout({_axis("yaxis", panel, long=True): {"title": {"text": kind if panel == 1 else ""}}})
    return figure


def _points(figure: go.Figure, held: pl.DataFrame, side: ProbeSide, panel: int) -> None:
    colour, symbol = LOOK[side.modality]
    bars = interval(held["low"].to_list(), held["high"].to_list(), held["share"].to_list())
    figure.add_scatter(
        x=held["probability"].to_list(),
        y=held["share"].to_list(),
        error_y={**bars, "thickness": 1.1},
        error_x=_across(held),
        **dots(colour, 8, symbol),
        **hover("%{customdata[1]}<br>style explains %{y:.1%}, probability %{x:.3f}%{customdata[2]}", hover_data(held)),
        xaxis=_axis("x", panel),
        yaxis=_axis("y", panel),
        **undimmed(),
    )


def _level(figure: go.Figure, side: ProbeSide, panel: int, which: str, *, theme: Theme) -> None:
    """The share over all columns as a dotted line in a grey band, and what chance gives as a band at the bottom."""
    level = side.level(which)
    across = {"xref": f"{_axis('x', panel)} domain", "yref": _axis("y", panel), "x0": 0, "x1": 1}
    grey = {"fillcolor": "rgba(150,150,150,0.22)", "line": {"width": 0}, "layer": "below"}
    figure.add_shape(type="rect", y0=level.low, y1=level.high, **grey, **across)
    figure.add_shape(type="line", y0=level.value, y1=level.value, line={"color": GREY, "dash": "dot"}, **across)
    if side.chance > 0:
        figure.add_shape(type="rect", y0=0, y1=side.chance, **grey, **across)


def _across(held: pl.DataFrame) -> dict[str, object] | None:
    """Intervals of the probabilities, where the table has them."""
    if "probability_low" not in held.columns or held["probability_low"].null_count():
        return None
    ends = (held[name].to_list() for name in ("probability_low", "probability_high", "probability"))
    return {**interval(*ends), "thickness": 0.5}


def _panel(figure: go.Figure, panel: int, panels: int, *, theme: Theme, top: float = 1.02, gap: float = GAP) -> None:
    """Axes of one panel, shares from 0 to 1 on both sides so that they can be compared."""
    start = 0.0 if panel == 1 else 0.5 + gap
    end = 0.5 - gap if panel == 1 and panels == 2 else 1.0
    share = {"range": [-0.02, top], "tickformat": ".0%"}
    line = {"gridcolor": theme.faint, "zerolinecolor": theme.faint, "linecolor": theme.faint, "automargin": True}
    upright = top > 1
    x, y = _axis("xaxis", panel, long=True), _axis("yaxis", panel, long=True)
    figure.update_layout(
        {
            x: {
                "domain": [start, end],
                "anchor": _axis("y", panel),
                "title": {"text": figure.layout.xaxis.title.text},
                **line,
                **({} if upright else share),
            },
            y: {"anchor": _axis("x", panel), "title": {"text": ""}, **line, **(share if upright else {})},
        }
    )
    if upright and panel == 1:
        figure.layout.yaxis.title.text = "share of variance that style explains"


def _head(figure: go.Figure, panel: int, text: str, *, theme: Theme) -> None:
    add_note(
        figure,
        text,
        0,
        1,
        size=14,
        colour=theme.ink,
        xref=f"{_axis('x', panel)} domain",
        yref=f"{_axis('y', panel)} domain",
        align="left",
        anchor="left bottom",
    )


def _of(probe: StyleProbe, modality: Modality, table: pl.DataFrame, which: str) -> pl.DataFrame:
    shares = probe.frame.filter((pl.col("modality") == modality) & (pl.col("perturbation") == which))
    return table.join(shares.select("column", "share", "low", "high"), on="column", how="inner", maintain_order="left")


def _named(name: str, side: ProbeSide) -> str:
    if name in side.without_effect:
        return f"{verbatim(name)} (not seen)"
    return f"{verbatim(name)} (content too)" if name in side.aside else verbatim(name)


def _axis(kind: str, panel: int, *, long: bool = False) -> str:
    """Plotly's name of the axis of a panel."""
    return kind if panel == 1 else f"{kind}{panel}"
