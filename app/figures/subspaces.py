"""Maps of the semantic and the style space, and how pure labels are in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from app.figures import theme
from pico_core.analysis.purity import Purity, SpacePurity
from pico_core.analysis.subspaces import Plane

MAP_HEIGHT = 440
ROW_HEIGHT = 62
MAX_GROUPS = 8
OTHER = "other"
UNLABELLED = "no label"
# Colour, symbol and vertical shift of a space.
SERIES = {
    "semantic": (theme.SEMANTIC, "circle", -0.2),
    "unweighted": (theme.GREY, "line-ns-open", 0.0),
    "style": (theme.STYLE, "square", 0.2),
}
SYMBOLS = {"image": "circle", "text": "diamond"}


@dataclass(frozen=True)
class Group:
    """One entry of the legend."""

    name: str
    colour: str
    count: int


def groups_of(items: pl.DataFrame) -> list[Group]:
    """The legend: the two modalities, or the most frequent labels in order, the rest as "other".

    Args:
        items: One row per point with `group` (null = no label).
    """
    counts = items["group"].drop_nulls().value_counts().sort("count", "group", descending=[True, False])
    names = counts["group"].to_list()
    if set(names) <= set(SYMBOLS):
        size = {row["group"]: row["count"] for row in counts.iter_rows(named=True)}
        return [Group(k, c, size[k]) for k, c in (("image", theme.IMAGE), ("text", theme.TEXT)) if k in size]
    kept = names if len(names) <= MAX_GROUPS else names[: MAX_GROUPS - 1]
    # By name, so that a label keeps its colour when the counts change a little.
    kept = sorted(kept)
    size = {row["group"]: row["count"] for row in counts.iter_rows(named=True)}
    groups = [Group(name, theme.CATEGORIES[i], size[name]) for i, name in enumerate(kept)]
    rest = sum(size[name] for name in names if name not in kept)
    missing = int(items["group"].null_count())
    if rest:
        groups.append(Group(OTHER, theme.GREY, rest))
    if missing:
        groups.append(Group(UNLABELLED, theme.GREY, missing))
    return groups


def map_figure(
    plane: Plane, items: pl.DataFrame, *, space: str, selected: Sequence[int] = (), hide: str = "", dark: bool = False
) -> go.Figure:
    """One map: every item a point, images circles, texts diamonds, the selection ringed.

    Args:
        plane: Coordinates of images, then texts.
        items: The same items in the same order: kind, index, group, hover.
        space: Which, for the zoom that survives a rerun.
        selected: Rows of `items`; with any, all others turn grey but stay.
        hide: A modality not to draw ("image" or "text").
        dark: For the dark theme.
    """
    points = np.concatenate([plane.image, plane.text])
    key = f"{space} {plane.method}"
    figure = theme.blank(height=MAP_HEIGHT, x=_axis(plane, 0), y=_axis(plane, 1), dark=dark, key=key)
    chosen = np.zeros(len(points), dtype=bool)
    chosen[list(selected)] = True
    groups = groups_of(items)
    named = {group.name for group in groups}
    label = np.array([UNLABELLED if g is None else g if g in named else OTHER for g in items["group"].to_list()])
    kinds = items["kind"].to_numpy()
    for group in groups:
        for kind, symbol in SYMBOLS.items():
            rows = np.flatnonzero((label == group.name) & (kinds == kind))
            if not len(rows) or kind == hide:
                continue
            figure.add_trace(
                go.Scattergl(
                    x=points[rows, 0],
                    y=points[rows, 1],
                    mode="markers",
                    name=f"{group.name} ({kind})",
                    marker={"symbol": symbol, "color": group.colour, "size": _size(len(points)), "opacity": 0.8},
                    selectedpoints=np.flatnonzero(chosen[rows]).tolist() if len(selected) else None,
                    selected={"marker": {"opacity": 1.0}},
                    unselected={"marker": {"opacity": 0.35, "color": theme.GREY}},
                    customdata=items[rows.tolist()].select("kind", "index").rows(),
                    text=[_hover(name) for name in items["hover"][rows.tolist()]],
                    hovertemplate="%{text}<extra></extra>",
                )
            )
    for kind, symbol in SYMBOLS.items():
        rows = np.flatnonzero(chosen & (kinds == kind))
        if len(rows) and kind != hide:
            # A ring of its own: WebGL cannot outline selected points only.
            ring = {
                "symbol": f"{symbol}-open",
                "size": _size(len(points)) + 5,
                "color": theme.ink(dark),
                "line_width": 1.5,
            }
            figure.add_trace(
                go.Scattergl(x=points[rows, 0], y=points[rows, 1], mode="markers", marker=ring, hoverinfo="skip")
            )
    figure.update_layout(dragmode="lasso", margin={"l": 4, "r": 4, "t": 34, "b": 4})
    figure.update_layout(
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": theme.GREY,
            "activecolor": theme.ink(dark),
            "remove": ["toImage", "zoomIn2d", "zoomOut2d", "autoScale2d"],
        }
    )
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False)
    return figure


def legend_html(groups: Sequence[Group]) -> str:
    """One legend for both maps: colours with counts, and what the symbols mean."""
    modalities = {group.name for group in groups} <= set(SYMBOLS)
    chips = []
    for group in groups:
        shape = _mark(group.name if modalities else "square", group.colour)
        chips.append(f"<span class='chip'>{shape} {escape(group.name)} <small>{group.count:,}</small></span>")
    if not modalities:
        chips.append(f"<span class='chip'>{_mark('image', 'currentColor')} image</span>")
        chips.append(f"<span class='chip'>{_mark('text', 'currentColor')} text</span>")
    return (
        "<style>.chips{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.875rem;line-height:1.6;"
        "font-variant-numeric:tabular-nums}.chip{white-space:nowrap}.chip small{opacity:.65}"
        ".chip i{display:inline-block;width:10px;height:10px;margin-right:.3rem}</style>"
        f"<div class='chips'>{''.join(chips)}</div>"
    )


def purity_figure(purities: Sequence[Purity], *, dark: bool = False) -> go.Figure:
    """Purity of every label in the semantic, the style and the unweighted space, with interval and control."""
    height = 90 + ROW_HEIGHT * len(purities)
    title = "share of the nearest neighbours with the same label (purity)"
    figure = theme.blank(height=height, x=title, y="", dark=dark, key="purity")
    places = list(range(len(purities)))
    for place, purity in zip(places, purities, strict=True):
        chance = [space.permuted for space in (purity.semantic, purity.style, purity.unweighted)]
        figure.add_shape(
            type="rect",
            x0=min(c.low for c in chance),
            x1=max(c.high for c in chance),
            y0=place - 0.38,
            y1=place + 0.38,
            fillcolor=theme.GREY,
            opacity=0.5,
            line_width=0,
            layer="below",
        )
    if purities:
        last = purities[-1].semantic.permuted
        figure.add_annotation(
            x=last.value, y=places[-1] + 0.38, text="permuted labels", showarrow=False, yanchor="top", opacity=0.75
        )
    for name, (colour, symbol, shift) in SERIES.items():
        spaces = [getattr(purity, name) for purity in purities]
        figure.add_trace(_purity_trace(spaces, places, name=name, colour=colour, symbol=symbol, shift=shift))
    titles = [
        "<b>modality</b><br>images and texts together"
        if p.role == "modality"
        else f"<b>{p.role}</b>, {p.items}<br>{escape(p.label)}, {p.n_values} values"
        for p in purities
    ]
    figure.update_yaxes(tickvals=places, ticktext=titles, range=[len(purities) - 0.3, -0.6], showgrid=False)
    figure.update_yaxes(zeroline=False, fixedrange=True)
    figure.update_xaxes(range=[-0.02, 1.04], zeroline=False, tickformat=".1f", fixedrange=True)
    figure.update_layout(
        showlegend=True,
        dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0, "xanchor": "left", "title_text": ""},
        margin={"l": 8, "r": 16, "t": 30, "b": 8},
    )
    return figure


def _purity_trace(
    spaces: Sequence[SpacePurity], places: Sequence[int], *, name: str, colour: str, symbol: str, shift: float
) -> go.Scatter:
    values = [space.purity for space in spaces]
    return go.Scatter(
        x=[v.value for v in values],
        y=[place + shift for place in places],
        mode="markers",
        name=f"{name} space" if name != "unweighted" else "unweighted",
        marker={
            "color": colour,
            "symbol": symbol,
            "size": 11 if name != "unweighted" else 16,
            "line": {"width": 2, "color": colour},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [v.high - v.value for v in values],
            "arrayminus": [v.value - v.low for v in values],
            "color": colour,
            "thickness": 2,
            "width": 4,
        },
        customdata=[(v.low, v.high, s.permuted.value) for v, s in zip(values, spaces, strict=True)],
        hovertemplate="%{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<br>permuted labels %{customdata[2]:.3f}"
        f"<extra>{name}</extra>",
    )


def selected_items(points: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    """Kind and index of the points that a selection names, sorted; rings and strangers are passed over.

    >>> selected_items([{"customdata": ["text", 4]}, {"customdata": ["image", 2]}, {}])
    (('image', 2), ('text', 4))
    """
    named = {
        (str(point["customdata"][0]), int(point["customdata"][1]))
        for point in points
        if len(point.get("customdata") or ()) == 2
    }
    return tuple(sorted(named))


def rows_of(items: pl.DataFrame, selection: Sequence[tuple[str, int]]) -> list[int]:
    """Rows of the selected items; those that are not on the map are passed over."""
    place = {key: row for row, key in enumerate(items.select("kind", "index").rows())}
    return [place[key] for key in selection if key in place]


def _hover(name: str) -> str:
    return escape(name if len(name) <= 90 else f"{name[:88]}…")


def _axis(plane: Plane, axis: int) -> str:
    if plane.method == "umap":
        return f"UMAP {axis + 1} (no unit)"
    assert plane.explained is not None
    return f"PC {axis + 1} ({plane.explained[axis]:.0%} of the variance)"


def _size(n_points: int) -> int:
    return 8 if n_points < 1500 else 6 if n_points < 6000 else 4


def _mark(shape: str, colour: str) -> str:
    # Plain boxes, because st.html drops inline SVG.
    bend = {"image": "border-radius:50%", "text": "transform:rotate(45deg) scale(.8)", "square": "border-radius:2px"}
    return f"<i style='background:{colour};{bend[shape]}'></i>"
