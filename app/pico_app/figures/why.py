"""What every column contributes to a change of score or of lead: bars that add up as printed."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pico_app.figures.theme import GAIN, LIGHT, LOSS, Theme, blank
from pico_core.retrieval.explain import ShownPart, ShownSplit

SHARE = 12  # columns with a bar of their own


def split_figure(shown: ShownSplit, *, titles: Sequence[str], what: str, theme: Theme = LIGHT) -> go.Figure:
    """Bars of the parts, then of all together.

    Args:
        shown: Rounded so that it adds up.
        titles: What people call the columns, all of them.
        what: What is split, for the axis.
        theme: Light or dark.
    """
    labels = [_label(part, titles) for part in shown.parts] + ["<b>all</b>"]
    values = [part.value for part in shown.parts] + [shown.change]
    colours = [GAIN if value > 0 else LOSS for value in values[:-1]] + [theme.ink]
    hatched = ["/" if part.is_alignment else "" for part in shown.parts] + [""]
    figure = blank(theme, height=330, x=_kind(titles), y=f"{what} (score)", key="why")
    figure.add_trace(
        go.Bar(
            x=list(range(len(labels))),
            y=values,
            marker={
                "color": colours,
                "line_width": 0,
                "pattern": {"shape": hatched, "fgcolor": "rgba(255,255,255,0.65)", "size": 6},
            },
            text=[f"{value:+.{shown.digits}f}".replace("-", "−") for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertext=labels,
            customdata=[-1 if part.column is None else part.column for part in shown.parts] + [-1],
            hovertemplate="%{hovertext}: %{text}<extra></extra>",
        )
    )
    edge = 1.25 * max((abs(value) for value in values), default=0.0) or 1.0
    figure.update_yaxes(range=[min(0.0, *values) - 0.15 * edge, max(0.0, *values) + 0.15 * edge], zeroline=True)
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels, tickangle=0)
    figure.update_layout(showlegend=False, margin={"l": 82, "r": 8, "t": 16, "b": 77})
    return figure


def _label(part: ShownPart, titles: Sequence[str]) -> str:
    if part.column is not None:
        return titles[part.column].split(" (")[0].rpartition(" ")[2]
    return "new<br>partners" if part.is_alignment else f"other<br>{part.others}"


def _kind(titles: Sequence[str]) -> str:
    """What all titles have before their number: "column", "cross axis"."""
    return titles[0].split(" (")[0].rpartition(" ")[0] if titles else "column"
