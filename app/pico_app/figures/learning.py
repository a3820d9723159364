"""Learning curves of trainings with the weighting in the loop, and what came of them."""

from collections.abc import Sequence

import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import dots, hover
from pico_app.figures.row_plot import Group, PlotRow, row_plot, short
from pico_app.figures.theme import CATEGORIES, GREY, LIGHT, SYMBOLS, Theme, blank
from pico_app.templates import render
from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.training_summary import LearningCurve, TrainingSummary
from pico_core.retrieval.records import Verdict
from pico_core.training.schemes import LOOP_SCHEMES, PLAIN, loop_label


def learning_curves(curves: Sequence[LearningCurve], *, theme: Theme = LIGHT) -> go.Figure:
    """Learning curves: rSum on the feedback split after every epoch, a line per training, a mark at its best epoch.

    Args:
        curves: Of one comparison on one dataset.
        theme: Light or dark.
    """
    figure = blank(theme, height=380, x="epoch", y="rSum on the feedback split, of 600", key="learning")
    others = [name for name in dict.fromkeys(curve.variant for curve in curves) if name not in ("pico", PLAIN)]
    looks = {name: (CATEGORIES[k % 7 + 1], SYMBOLS[k % 7 + 1]) for k, name in enumerate(others)}
    looks |= {"pico": (theme.blue, SYMBOLS[0]), PLAIN: (GREY, "circle-open")}
    seen: set[str] = set()
    for curve in curves:
        colour, symbol = looks[curve.variant]
        name = short(curve.label, 50)
        brief = name if curve.variant not in LOOP_SCHEMES else loop_label(curve.variant, short=True)
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
            **dots(
                colour,
                11,
                symbol,
                line={"width": 2, "color": colour} if symbol.endswith("open") else {"width": 1, "color": theme.ink},
            ),
            name=brief,
            legendgroup=curve.variant,
            showlegend=curve.variant not in seen,
            **hover(f"{name}, seed {curve.seed}<br>best epoch %{{x}}: %{{y:.1f}}"),
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


def trained(rows: Sequence[VariantSummary], *, theme: Theme = LIGHT) -> go.Figure:
    """Test rSum of every training against that with P = 1.

    Args:
        rows: Of one comparison; training with P = 1 itself is the zero line.
        theme: Light or dark.
    """
    shown = tuple(
        PlotRow(
            name=row.variant,
            label=row.label,
            change=row.change,
            verdict=Verdict(row.verdict or "none"),
            about=_about(row),
            main=row.variant == "pico",
        )
        for row in rows
        if row.variant != PLAIN
    )
    return row_plot(
        [Group("", shown)], axis="change of test rSum against training with P = 1", key="trained", theme=theme
    )


def trained_html(summary: TrainingSummary) -> Markup:
    """The same as a table with PICO's lead over each; labels are escaped."""
    return render("trained", summary=summary, plain=PLAIN, signs=_signs)


def _signs(row: VariantSummary) -> str:
    """In how many seeds the paired interval leaves 0 out, and where: few words for a narrow column."""
    helps, hurts, _ = row.verdicts
    parts = [f"{word} in {n}" for word, n in (("helps", helps), ("hurts", hurts)) if n]
    return ", ".join(parts) or "no difference"


def _about(row: VariantSummary) -> str:
    adjusted = "" if row.p_adjusted is None else f"adjusted p = {row.p_adjusted:.2g}; "
    return f"{adjusted}within each seed: {row.within}"
