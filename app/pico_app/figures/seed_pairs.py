"""The method and one variant, split by split: two dots on a line for every seed."""

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.marks import add_line, add_note, add_zero, name_rows, semantic_blue
from pico_app.figures.row_plot import short, signed
from pico_app.figures.theme import GAIN, GREY, LOSS, SKY, blank, ink, quiet
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
    blue = semantic_blue(dark)
    for place, (seed, ours, theirs) in enumerate(both.iter_rows()):
        ahead = ours > theirs
        add_line(
            figure,
            [ours, theirs],
            [place, place],
            colour=GREY if ours == theirs else (blue if ahead else LOSS),
            width=3,
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
        add_note(
            figure, signed(ours - theirs), 1, place, size=13, colour=ink(dark), xshift=56, paper="x", anchor="right"
        )
    for text, x, shift in (
        ("lead", 1.0, 56),
        (f"<span style='color:{blue}'>●</span> PICO&nbsp;&nbsp;◇ {short(label, 40)}", 0.0, 12),
    ):
        add_note(
            figure,
            text,
            x,
            -0.85,
            size=12,
            colour=quiet(dark),
            xanchor="right" if x else "left",
            xshift=shift,
            paper="x",
        )
    add_zero(figure, dark=dark)
    figure.update_xaxes(zeroline=False, fixedrange=True)
    name_rows(figure, [f"seed {seed}" for seed in both["seed"]], top=-1.2, fewest=1)
    figure.update_layout(margin={"l": 8, "r": 66, "t": 8, "b": 8}, dragmode=False)
    return figure
