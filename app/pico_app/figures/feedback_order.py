"""Higher gain, higher weight? Every recorded construction as one line over its candidates, worst gain first."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pico_app.figures.marks import add_note, semantic_blue
from pico_app.figures.theme import GREY, blank, quiet
from pico_core.experiments.order import RecordedRun

MOST = 40  # lines that are drawn; more would be a smear


def gain_order(runs: Sequence[RecordedRun], *, dark: bool = False) -> go.Figure:
    """Feedback weight of every candidate against the rank of its gain; the equal share is 1.

    Args:
        runs: Of one rule.
        dark: Theme.
    """
    figure = blank(
        height=330,
        x="candidates of a run by their gain: lowest at the left, highest at the right",
        y="feedback weight (equal share = 1)",
        dark=dark,
        key="gain-order",
    )
    for run in runs[:MOST]:
        gains, shares = np.asarray(run.gains), np.asarray(run.shares)
        order = np.lexsort((shares, gains))
        where = np.linspace(0, 1, len(order)) if len(order) > 1 else np.array([0.5])
        figure.add_scatter(
            x=where,
            y=shares[order] * len(order),
            mode="lines+markers",
            line={"color": semantic_blue(dark), "width": 1},
            marker={"size": 5, "color": semantic_blue(dark)},
            opacity=0.55 if len(runs) > 3 else 1.0,
            customdata=np.column_stack([gains[order], np.full(len(order), run.seed)]),
            hovertemplate="gain %{customdata[0]:+.3f}, weight %{y:.2f} of an equal share, seed %{customdata[1]:.0f}"
            "<extra></extra>",
        )
    figure.add_hline(y=1, line={"color": GREY, "width": 1.5, "dash": "dot"})
    add_note(figure, "equal", 1, 1, size=12, colour=quiet(dark), xshift=4, paper="x", anchor="left")
    figure.update_xaxes(showticklabels=False, range=[-0.03, 1.03], showgrid=False, zeroline=False, fixedrange=True)
    figure.update_yaxes(rangemode="tozero", fixedrange=True)
    figure.update_layout(dragmode=False, margin_r=48)
    return figure
