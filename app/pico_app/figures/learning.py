"""Learning curves of trainings with the weighting in the loop, and what came of them."""

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from pico_app.figures.row_plot import Group, PlotRow, row_plot, short
from pico_app.figures.theme import CATEGORIES, GREY, SEMANTIC, SKY, SYMBOLS, blank, ink
from pico_core.experiments.training_tables import LearningCurve
from pico_core.experiments.trainings.summary import PLAIN, TrainedOverSeeds, TrainingSummary
from pico_core.experiments.trainings.tables import SHORT
from pico_core.retrieval.records import Estimate, Verdict


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
        brief = SHORT.get(curve.variant, name)
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
            name=brief,
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


def trained(rows: Sequence[TrainedOverSeeds], *, dark: bool = False) -> go.Figure:
    """Test rSum of every training against that with P = 1.

    Args:
        rows: Of one comparison; training with P = 1 itself is the zero line.
        dark: Theme.
    """
    shown = tuple(
        PlotRow(
            name=row.variant,
            label=row.label,
            change=row.difference,
            verdict=Verdict(row.verdict),
            about=_about(row),
            main=row.variant == "pico",
        )
        for row in rows
        if row.variant != PLAIN
    )
    return row_plot(
        [Group("", shown)], axis="change of test rSum against training with P = 1", key="trained", dark=dark
    )


def trained_html(found: TrainingSummary) -> str:
    """The same as a table with PICO's lead over each; labels are escaped."""
    names = ("", "test rSum", "against P = 1", "adjusted p", "within seeds", "best epochs", "PICO minus it")
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(f"<tr>{_cells(row, found.lead(row.variant))}</tr>" for row in found.rows)
    return (
        "<style>.trained{overflow-x:auto;max-width:72rem}.trained table{border-collapse:collapse;width:100%;"
        "font-variant-numeric:tabular-nums}.trained th,.trained td{text-align:right;padding:.28rem .6rem;"
        "vertical-align:baseline}.trained th:first-child,.trained td:first-child{text-align:left}"
        ".trained td:first-child{min-width:11rem}.trained td small{opacity:.72;"
        "margin-left:.45rem;white-space:nowrap}.trained td:nth-child(6){white-space:nowrap}"
        "@media (max-width:1000px){.trained td small{display:block}"
        ".trained th,.trained td{padding:.28rem .3rem;font-size:.85rem}.trained td:first-child{min-width:8rem}}"
        ".trained tr{border-bottom:1px solid rgba(128,128,128,.2)}</style>"
        f"<div class='trained'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: TrainedOverSeeds, lead: Estimate | None) -> str:
    plain = row.variant == PLAIN
    epochs = ", ".join("-" if epoch is None else str(epoch) for epoch in row.best_epochs)
    cells = (
        escape(row.label),
        f"{row.rsum:.1f}",
        "" if plain else _interval(row.difference),
        "" if row.p_adjusted is None else f"{row.p_adjusted:.2g}",
        "" if plain else _signs(row),
        "" if row.variant == "frozen" else epochs,
        "" if lead is None else _interval(lead),
    )
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _signs(row: TrainedOverSeeds) -> str:
    """In how many seeds the paired interval leaves 0 out, and where: few words for a narrow column."""
    helps, hurts, _ = row.verdicts
    parts = [f"{word} in {n}" for word, n in (("helps", helps), ("hurts", hurts)) if n]
    return ", ".join(parts) or "no difference"


def _interval(change: Estimate) -> str:
    return f"{change.value:+z.1f}<small>{change.low:+z.1f} to {change.high:+z.1f}</small>"


def _about(row: TrainedOverSeeds) -> str:
    adjusted = "" if row.p_adjusted is None else f"adjusted p = {row.p_adjusted:.2g}; "
    return f"{adjusted}within each seed: {row.within}"
