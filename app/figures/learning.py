"""Learning curves of trainings with the weighting in the loop, and what came of them."""

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from app.figures.row_plot import Group, PlotRow, row_plot, short
from app.figures.theme import CATEGORIES, GREY, SEMANTIC, SKY, SYMBOLS, blank, ink
from pico_core.analysis.records import Verdict
from pico_core.experiments.training_tables import PLAIN, LearningCurve, TrainedVariant


def learning_curves(curves: Sequence[LearningCurve], *, dark: bool = False) -> go.Figure:
    """Learning curves: rSum on the feedback split after every epoch, a line per training, a mark at its best epoch.

    Args:
        curves: Of one comparison on one dataset.
        dark: Theme.
    """
    figure = blank(height=380, x="epoch", y="rSum on the feedback split, of 600", dark=dark, key="learning")
    others = [name for name in dict.fromkeys(curve.variant for curve in curves) if name not in ("pico", PLAIN)]
    looks = {name: (CATEGORIES[k % 7 + 1], SYMBOLS[k % 7 + 1]) for k, name in enumerate(others)}
    looks |= {"pico": (SKY if dark else SEMANTIC, SYMBOLS[0]), PLAIN: (GREY, "circle-open")}
    seen: set[str] = set()
    for curve in curves:
        colour, symbol = looks[curve.variant]
        name = short(curve.label, 50)
        figure.add_scatter(
            x=list(curve.epochs),
            y=list(curve.feedback),
            mode="lines",
            line={"color": colour, "width": 3 if curve.variant == "pico" else 1.3},
            opacity=1.0 if curve.variant == "pico" else 0.65,
            legendgroup=curve.variant,
            hovertemplate=f"{name}, seed {curve.seed}<br>epoch %{{x}}: %{{y:.1f}}<extra></extra>",
            showlegend=False,
        )
        best = curve.best
        figure.add_scatter(
            x=[curve.epochs[best]],
            y=[curve.feedback[best]],
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 11,
                "color": colour,
                "line": {"width": 2, "color": colour} if symbol.endswith("open") else {"width": 1, "color": ink(dark)},
            },
            name=name,
            legendgroup=curve.variant,
            showlegend=curve.variant not in seen,
            hovertemplate=f"{name}, seed {curve.seed}<br>best epoch %{{x}}: %{{y:.1f}}<extra></extra>",
        )
        seen.add(curve.variant)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "xanchor": "left"},
        dragmode=False,
    )
    figure.update_xaxes(fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, zeroline=False)
    return figure


def trained(rows: Sequence[TrainedVariant], *, dark: bool = False) -> go.Figure:
    """Test rSum of every training against that with P = 1.

    Args:
        rows: Of one comparison; training with P = 1 itself is the zero line.
        dark: Theme.
    """
    shown = tuple(
        PlotRow(
            name=row.variant,
            label=row.label,
            change=row.change,
            verdict=Verdict.of(row.change),
            main=row.variant == "pico",
        )
        for row in rows
        if row.variant != PLAIN
    )
    return row_plot(
        [Group("", shown)], axis="change of test rSum against training with P = 1", key="trained", dark=dark
    )


def trained_html(rows: Sequence[TrainedVariant]) -> str:
    """The same as a table with PICO's lead over each; labels are escaped."""
    head = "<tr><th></th><th>seeds</th><th>test rSum</th><th>against P = 1</th><th>PICO minus it</th></tr>"
    body = "".join(
        f"<tr><td>{escape(row.label)}</td><td>{row.n_seeds}</td><td>{row.rsum:.1f}</td>"
        f"<td>{row.change.value:+z.1f}<small>{row.change.low:+z.1f} to {row.change.high:+z.1f}</small></td>"
        + (
            "<td></td>"
            if row.lead is None
            else f"<td>{row.lead.value:+z.1f}<small>{row.lead.low:+z.1f} to {row.lead.high:+z.1f}</small></td>"
        )
        + "</tr>"
        for row in rows
    )
    return (
        "<style>.trained{overflow-x:auto;max-width:56rem}.trained table{border-collapse:collapse;width:100%;"
        "font-variant-numeric:tabular-nums}.trained th,.trained td{text-align:right;padding:.28rem .6rem}"
        ".trained th:first-child,.trained td:first-child{text-align:left}.trained td small{opacity:.72;"
        "margin-left:.45rem}.trained tr{border-bottom:1px solid rgba(128,128,128,.2)}</style>"
        f"<div class='trained'><table><thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )
