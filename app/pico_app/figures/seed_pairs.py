"""The method and one variant, split by split: two dots on a line for every seed."""

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.row_plot import short, signed
from pico_app.figures.theme import GAIN, GREY, LOSS, SEMANTIC, SKY, blank, ink, quiet
from pico_core.retrieval.schemes.catalogue import METHOD


def seed_pairs(table: pl.DataFrame, variant: str, label: str, *, dark: bool = False) -> go.Figure:
    """Change of rSum of both in every split; the line between them is blue where the method is ahead.

    Args:
        table: Cells of one dataset.
        variant: What stands beside the method.
        label: What people call it.
        dark: Theme.
    """
    own, other = (
        table.filter((pl.col("variant") == name) & pl.col("difference").is_not_null()).select("seed", "difference")
        for name in (METHOD, variant)
    )
    both = own.join(other, on="seed", suffix="_other").sort("seed")
    figure = blank(
        height=110 + 34 * max(2, both.height),
        x="change of rSum against equal weights, points of 600",
        y="",
        dark=dark,
        key="seed-pairs",
    )
    blue = SKY if dark else SEMANTIC
    for place, (seed, ours, theirs) in enumerate(both.iter_rows()):
        ahead = ours > theirs
        figure.add_scatter(
            x=[ours, theirs],
            y=[place, place],
            mode="lines",
            line={"color": GREY if ours == theirs else (blue if ahead else LOSS), "width": 3},
            hoverinfo="skip",
        )
        said = f"seed {seed}: the weights minus it {signed(ours - theirs)}"
        for value, name, symbol, colour in (
            (theirs, label, "diamond-open", ink(dark)),
            (ours, "PICO", "circle", SKY if dark else GAIN),
        ):
            figure.add_scatter(
                x=[value],
                y=[place],
                mode="markers",
                marker={"symbol": symbol, "size": 12, "color": colour, "line": {"width": 2, "color": colour}},
                hovertemplate=f"{short(name, 60)} {signed(value)}<br>{said}<extra></extra>",
            )
        figure.add_annotation(
            text=signed(ours - theirs), x=1, xref="paper", xanchor="right", xshift=56, y=place, showarrow=False,
            font={"size": 13, "color": ink(dark)},
        )  # fmt: skip
    for text, x, shift in (
        ("lead", 1.0, 56),
        (f"<span style='color:{blue}'>●</span> PICO&nbsp;&nbsp;◇ {short(label, 40)}", 0.0, 12),
    ):
        figure.add_annotation(
            text=text, x=x, xref="paper", xanchor="right" if x else "left", xshift=shift, y=-0.85, showarrow=False,
            font={"size": 12, "color": quiet(dark)},
        )  # fmt: skip
    figure.add_shape(
        type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", line={"color": ink(dark), "width": 1, "dash": "dot"}
    )
    figure.update_xaxes(zeroline=False, fixedrange=True)
    figure.update_yaxes(
        range=[max(1, both.height) - 0.4, -1.2],
        tickvals=list(range(both.height)),
        ticktext=[f"seed {seed}" for seed in both["seed"]],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )
    figure.update_layout(margin={"l": 8, "r": 66, "t": 8, "b": 8}, dragmode=False)
    return figure
