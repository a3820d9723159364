"""Rows of named numbers around zero: value, interval, one dot per seed, the digits at the right; a click chooses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from pico_app.figures.columns import undimmed
from pico_app.figures.marks import add_box, add_note, add_zero, dots
from pico_app.figures.theme import GREY, LIGHT, LOSS, Theme, add_notes, blank, verbatim
from pico_core.retrieval.records import Estimate, Verdict

STEP = 24  # pixels of a row
HEAD = 1.0  # rows from the first one up to the heads of the digits
LEAST = 4.0  # points to either side of zero: a change of nothing is not blown up
FAR = 2.5  # an interval end further out than so many largest values does not decide the axis
LONGEST = 46  # letters of a label
NAMED = {Verdict.HELPS: "helps", Verdict.HURTS: "hurts", Verdict.NONE: "no difference can be told"}


@dataclass(frozen=True)
class PlotRow:
    """One row.

    Attributes:
        name: What a click on it chooses.
        label: For people; it may come from a file.
        change: Its value and interval; None where there is nothing to draw.
        verdict: What is known of it.
        dots: One value per seed.
        about: A few words for hovering.
        main: Whether it is the row that all others stand beside.
        bold: Whether its name is set in bold; that of the main row is.
        hollow: Whether it is told what nobody knows, so that it is no simpler idea.
        decides: Whether the axis has to hold it; what lies outside is shown by an arrow at the edge.
        missing: Why there is nothing to draw.
    """

    name: str
    label: str
    change: Estimate | None
    verdict: Verdict
    dots: tuple[float, ...] = ()
    about: str = ""
    main: bool = False
    bold: bool = False
    hollow: bool = False
    decides: bool = True
    missing: str = ""


@dataclass(frozen=True)
class Group:
    """Rows under a small heading; an empty heading takes no room."""

    title: str
    rows: tuple[PlotRow, ...]


@dataclass(frozen=True)
class Band:
    """A grey range behind all rows, and what it is."""

    low: float
    high: float
    words: str


def row_plot(
    groups: Sequence[Group],
    *,
    axis: str,
    key: str,
    selected: str = "",
    band: Band | None = None,
    number: str = "change",
    verdicts: tuple[str, str, str] = ("helps", "hurts", "no difference can be told"),
    theme: Theme = LIGHT,
) -> go.Figure:
    """Draw the rows.

    Args:
        groups: In order, the first on top.
        axis: Title of the axis, with its unit.
        key: Keeps a zoom through reruns.
        selected: Name of the row to mark.
        band: Drawn behind everything; left out where it is wider than all that decides the axis: it would fill the
            figure and squeeze every row.
        number: What the digits at the right are called.
        verdicts: The three verdicts in words, for hovering: better, worse, none.
        theme: Light or dark.
    """
    places, heads, height = _places(groups)
    rows = [row for group in groups for row in group.rows]
    deciding = [row for row in rows if row.decides] or rows
    band = _narrow(band, deciding)
    low, high = span(deciding, band)
    figure = blank(theme, height=round(80 + STEP * height), x=axis, key=key)
    if band is not None:
        _shade(figure, band, low, high, theme=theme)
    words = dict(zip((Verdict.HELPS, Verdict.HURTS, Verdict.NONE), verdicts, strict=True))
    _hits(figure, rows, places, (low, high), words, selected=selected, theme=theme)
    notes = [
        note
        for row, row_place in zip(rows, places, strict=True)
        for note in _draw(figure, row, row_place, (low, high), theme=theme)
    ]
    for text, right in ((number, 46), ("95 % interval", 150)):
        notes.append(_word(text, -HEAD, right=right, colour=theme.quiet, size=11))
    add_notes(figure, notes)
    add_zero(figure, theme)
    figure.update_xaxes(range=[low, high], fixedrange=True, zeroline=False, showline=False, tickangle=0, nticks=6)
    ticks = {
        **{row_place: _tick(row) for row, row_place in zip(rows, places, strict=True)},
        **_headings(heads, theme=theme),
    }
    figure.update_yaxes(
        range=[height - 0.45, -HEAD - 0.45],
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        showline=False,
        title={"text": None, "standoff": 0},
        tickvals=list(ticks),
        ticktext=list(ticks.values()),
    )
    figure.update_layout(margin={"l": 8, "r": 156, "t": 8, "b": 8}, bargap=0, dragmode=False, hovermode="closest")
    return figure


def chosen_row(points: Sequence[object]) -> str | None:
    """The name of the first selected row, if there is one.

    >>> chosen_row([{"customdata": ["cca", "..."]}])
    'cca'
    """
    for point in points:
        data = point.get("customdata") if isinstance(point, dict) else None
        if isinstance(data, dict):
            data = list(data.values())
        if isinstance(data, list | tuple) and data and isinstance(data[0], str):
            return data[0]
    return None


def span(rows: Sequence[PlotRow], band: Band | None = None) -> tuple[float, float]:
    """Ends of an axis around zero that hold every value and dot, and the intervals as far as they are not huge."""
    values = [value for row in rows if row.change is not None for value in (row.change.value, *row.dots)]
    ends = [end for row in rows if row.change is not None for end in (row.change.low, row.change.high)]
    ends += [] if band is None else [band.low, band.high]
    most = FAR * max([LEAST, *(abs(value) for value in values)])
    low = min([-LEAST, *values, *(max(end, -most) for end in ends)])
    high = max([LEAST, *values, *(min(end, most) for end in ends)])
    room = 0.05 * (high - low)
    return low - room, high + room


def signed(value: float) -> str:
    """A change with a true minus sign; nothing has no sign.

    >>> signed(-3.14), signed(0.04)
    ('−3.1', '0.0')
    """
    return "0.0" if round(value, 1) == 0 else f"{value:+.1f}".replace("-", "−")


def short(text: str, most: int = LONGEST) -> str:
    """A label that cannot be taken for markup and does not push the figure aside.

    >>> short("<b>a</b>")
    '&lt;b&gt;a&lt;/b&gt;'
    """
    return verbatim(text if len(text) <= most else f"{text[: most - 1]}…")


def colour_of(verdict: Verdict, *, main: bool, theme: Theme) -> str:
    """Blue for a gain and for the method itself, vermillion for a loss, grey for what cannot be told."""
    if verdict is Verdict.HURTS:
        return LOSS
    return theme.blue if main or verdict is Verdict.HELPS else GREY


def _places(groups: Sequence[Group]) -> tuple[list[float], dict[float, str], float]:
    """Where every row lies, where every heading, and how high all is, in rows."""
    places, heads, at = [], {}, 0.0
    for group in groups:
        if not group.rows:
            continue
        if group.title:
            heads[at], at = group.title, at + 0.9
        for _ in group.rows:
            places.append(at)
            at += 1.0
        at += 0.2
    return places, heads, at


def _headings(heads: dict[float, str], *, theme: Theme) -> dict[float, str]:
    return {
        height: f"<span style='font-size:10px;color:{theme.quiet}'>{verbatim(text)}</span>"
        for height, text in heads.items()
    }


def _tick(row: PlotRow) -> str:
    return f"<b>{short(row.label)}</b>" if row.main or row.bold else short(row.label)


def _narrow(band: Band | None, rows: Sequence[PlotRow]) -> Band | None:
    low, high = span(rows)
    return None if band is None or band.high - band.low > high - low else band


def _shade(figure: go.Figure, band: Band, low: float, high: float, *, theme: Theme) -> None:
    add_box(
        figure,
        (max(low, band.low), min(high, band.high)),
        (0, 1),
        yref="paper",
        fillcolor=GREY,
        opacity=0.16,
        line_width=0,
        layer="below",
    )
    left = band.low + band.high < 0  # its words stand beside the line at zero, not across it
    add_note(
        figure,
        verbatim(band.words),
        min(high, band.high, 0.0) if left else max(low, band.low, 0.0),
        -HEAD,
        size=11,
        colour=theme.quiet,
        xanchor="right" if left else "left",
    )


def _hits(
    figure: go.Figure,
    rows: Sequence[PlotRow],
    places: Sequence[float],
    ends: tuple[float, float],
    words: dict[Verdict, str],
    *,
    selected: str,
    theme: Theme,
) -> None:
    """A pane over every row: it can be pointed at and clicked anywhere, and is tinted where the row is chosen."""
    tint = "rgba(86,180,233,0.22)" if theme.is_dark else "rgba(0,114,178,0.11)"
    figure.add_bar(
        orientation="h",
        base=[ends[0]] * len(rows),
        x=[ends[1] - ends[0]] * len(rows),
        y=list(places),
        width=0.96,
        marker={
            "color": [tint if row.name == selected else "rgba(128,128,128,0.001)" for row in rows],
            "line": {"width": 0},
        },
        customdata=[[row.name, short(row.label, 80), _hover(row, words)] for row in rows],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
        **undimmed(),
    )


def _hover(row: PlotRow, words: dict[Verdict, str]) -> str:
    if row.change is None:
        return short(row.missing or "does not apply", 90)
    change = row.change
    about = f"<br>{short(row.about, 90)}" if row.about else ""
    return f"{words[row.verdict]}: {signed(change.value)} [{signed(change.low)}, {signed(change.high)}]{about}"


def _draw(
    figure: go.Figure, row: PlotRow, height: float, ends: tuple[float, float], *, theme: Theme
) -> list[dict[str, Any]]:
    """Draw a row; returns its digits, to be added with those of all others."""
    if row.change is None:
        return [_word("not here", height, right=46, colour=theme.quiet, size=12)]
    change, colour = row.change, colour_of(row.verdict, main=row.main, theme=theme)
    line = {"color": colour, "width": 4 if row.main else 2.5, "dash": "dot" if row.hollow else "solid"}
    figure.add_scatter(
        x=[max(change.low, ends[0]), min(change.high, ends[1])],
        y=[height, height],
        mode="lines",
        line=line,
        hoverinfo="skip",
    )
    if len(row.dots) > 1:
        figure.add_scatter(
            x=list(row.dots), y=[height + 0.3] * len(row.dots), **dots(theme.ink, 4, opacity=0.45), hoverinfo="skip"
        )
    figure.add_scatter(
        x=[min(max(change.value, ends[0]), ends[1])],
        y=[height],
        mode="markers",
        marker=_marker(row, colour, ends, theme=theme),
        cliponaxis=False,
        hoverinfo="skip",
    )
    bold = f"<b>{signed(change.value)}</b>" if row.main else signed(change.value)
    return [
        _word(bold, height, right=46, colour=theme.ink, size=13),
        _word(f"[{signed(change.low)}, {signed(change.high)}]", height, right=150, colour=theme.quiet, size=12),
    ]


def _marker(row: PlotRow, colour: str, ends: tuple[float, float], *, theme: Theme) -> dict[str, Any]:
    """Direction and filling say what colour says; an arrow at the edge says that the value lies further out."""
    assert row.change is not None
    if not ends[0] <= row.change.value <= ends[1]:
        out = "arrow-bar-right" if row.change.value > ends[1] else "arrow-bar-left"
        return {"symbol": out, "color": colour, "size": 13, "line": {"width": 0}}
    if row.hollow:
        symbol = "diamond-open"
    elif row.verdict is Verdict.NONE:
        symbol = "circle-open"
    else:
        symbol = "triangle-right" if row.verdict is Verdict.HELPS else "triangle-left"
    ring = theme.ink if row.main and not symbol.endswith("open") else colour
    return {"symbol": symbol, "color": colour, "size": 15 if row.main else 11, "line": {"width": 2, "color": ring}}


def _word(text: str, height: float, *, right: int, colour: str, size: int) -> dict[str, Any]:
    """Digits in a column right of the axis, ending at the same place in every row."""
    return {
        "text": text,
        "x": 1,
        "xref": "paper",
        "y": height,
        "xanchor": "right",
        "xshift": right,
        "showarrow": False,
        "font": {"size": size, "color": colour},
    }
