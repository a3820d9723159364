"""Maps of the semantic and the style space, the numbers under a map, and how pure labels are in each space."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
from markupsafe import Markup
from numpy.typing import NDArray

from pico_app.figures.marks import hover
from pico_app.figures.theme import CATEGORIES, GAIN, GREY, IMAGE, LIGHT, LOSS, SEQUENTIAL, TEXT, Theme, blank, verbatim
from pico_app.templates import render
from pico_core.spaces.items import Colouring, Joins
from pico_core.spaces.maps import Plane

HEIGHT = 440
MAX_GROUPS = 8
OTHER = "other"
UNLABELLED = "no label"
SYMBOLS = {"image": "circle", "text": "diamond"}
DIVERGING = ((0.0, LOSS), (0.5, "#D9D9D9"), (1.0, GAIN))
FEW = 60  # selected points up to which their rings are bold
MANY = 6000  # points beyond which hover text is short: it is most of what is sent
Words = list[str]


@dataclass(frozen=True)
class Group:
    """One entry of the legend."""

    name: str
    colour: str
    count: int


@dataclass(frozen=True)
class Scale:
    """A colour scale: where its ends lie, and what stands there."""

    colours: str | tuple[tuple[float, str], ...]
    low: float
    high: float
    low_text: str
    high_text: str


def groups_of(groups: Sequence[str | None]) -> list[Group]:
    """The legend: the two modalities, or the most frequent labels in order, the rest as "other".

    Args:
        groups: A name per point, None where there is none.
    """
    names = pl.Series("group", list(groups), dtype=pl.String)
    counts = names.drop_nulls().value_counts().sort("count", "group", descending=[True, False])
    size = dict(counts.rows())
    if set(size) <= set(SYMBOLS):
        return [Group(k, c, size[k]) for k, c in (("image", IMAGE), ("text", TEXT)) if k in size]
    kept = list(size) if len(size) <= MAX_GROUPS else list(size)[: MAX_GROUPS - 1]
    # By name, so that a label keeps its colour when the counts change a little.
    entries = [Group(name, CATEGORIES[i], size[name]) for i, name in enumerate(sorted(kept))]
    rest = sum(count for name, count in size.items() if name not in kept)
    missing = int(names.null_count())
    if rest:
        entries.append(Group(OTHER, GREY, rest))
    if missing:
        entries.append(Group(UNLABELLED, GREY, missing))
    return entries


def scale_of(colouring: Colouring) -> Scale:
    """The colour scale of numbers; diverging ones are symmetric about 0, ranks are read as logarithms.

    The outermost 2 per cent share the end colours, so that one far value does not flatten all others.
    """
    assert colouring.values is not None
    known = colouring.values[~np.isnan(colouring.values)]
    if not len(known):
        return Scale(SEQUENTIAL, 0.0, 1.0, "0", "1")
    if colouring.scale == "rank":
        high = float(known.max())
        return Scale(SEQUENTIAL, 0.0, float(np.log10(max(high, 2.0))), "1", f"{high:,.0f} (logarithmic)")
    if colouring.scale == "diverging":
        end = float(np.quantile(np.abs(known), 0.98)) or float(np.abs(known).max()) or 1.0
        return Scale(DIVERGING, -end, end, f"≤ {-end:+.3g}", f"≥ {end:+.3g}")
    low, high = (float(end) for end in np.quantile(known, [0.01, 0.99]))
    if low == high:
        low, high = float(known.min()), float(known.max())
    return Scale(SEQUENTIAL, low, high if high > low else low + 1.0, f"{low:.3g}", f"{high:.3g}")


def map_figure(
    plane: Plane,
    items: pl.DataFrame,
    colouring: Colouring,
    *,
    space: str,
    selected: Sequence[int] = (),
    joins: Joins | None = None,
    mouse: str = "lasso",
    theme: Theme = LIGHT,
) -> go.Figure:
    """One map: every item a point, images circles, texts diamonds, the selection ringed.

    Every point carries the row of its item and nothing else: what is sent stays small.

    Args:
        plane: Coordinates of images, then texts.
        items: The same items in the same order: kind, index, image, name.
        colouring: Of the same items.
        space: Which, for the zoom that survives a rerun.
        selected: Rows of `items`; with any, all others turn grey but stay.
        joins: Lines between matched points.
        mouse: "lasso" draws around points, "pan" clicks them: the browser takes clicks only then.
        theme: Light or dark.
    """
    points = plane.stacked
    figure = blank(theme, height=HEIGHT, x=_axis(plane, 0), y=_axis(plane, 1), key=f"{space} {plane.method}")
    if joins is not None and joins.pairs:
        figure.add_trace(_lines(points, joins, theme=theme))
    words = _hover(items, colouring)
    chosen = np.zeros(len(points), dtype=bool)
    chosen[list(selected)] = True
    kinds = items["kind"].to_numpy()
    for rows, colour in _layers(colouring, kinds):
        kind = kinds[rows[0]]
        figure.add_trace(
            go.Scattergl(
                x=points[rows, 0],
                y=points[rows, 1],
                mode="markers",
                marker={"symbol": SYMBOLS[kind], "size": _size(len(points)), "opacity": 0.85, **colour},
                selectedpoints=np.flatnonzero(chosen[rows]).tolist() if len(selected) else None,
                selected={"marker": {"opacity": 1.0}},
                unselected={"marker": {"opacity": 0.3, "color": GREY}},
                text=[words[row] for row in rows],
                **hover("%{text}", rows.astype(np.int32)),
            )
        )
    for kind, symbol in SYMBOLS.items():
        rows = np.flatnonzero(chosen & (kinds == kind))
        if len(rows):
            # A ring of its own: WebGL cannot outline selected points only.
            ring = {"symbol": f"{symbol}-open", "size": _size(len(points)) + 5, "color": theme.ink}
            figure.add_trace(
                go.Scattergl(
                    x=points[rows, 0],
                    y=points[rows, 1],
                    mode="markers",
                    marker={**ring, "line_width": 1.5 if len(selected) <= FEW else 0.8},
                    hoverinfo="skip",
                )
            )
    figure.update_layout(dragmode=mouse, margin={"l": 36, "r": 4, "t": 34, "b": 32})
    figure.update_layout(
        modebar={
            "bgcolor": "rgba(0,0,0,0)",
            "color": GREY,
            "activecolor": theme.ink,
            "remove": ["toImage", "zoomIn2d", "zoomOut2d", "autoScale2d"],
        }
    )
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False)
    if plane.method == "pca":
        figure.update_yaxes(scaleanchor="x", scaleratio=1)  # turned, not stretched: also on the screen
    return figure


def legend_html(colouring: Colouring) -> Markup:
    """One legend for both maps: colours with counts or a scale, and what the symbols mean."""
    if colouring.scale == "groups":
        named = groups_of(colouring.groups)
        modalities = {group.name for group in named} <= set(SYMBOLS)
        groups = [(group.name if modalities else "square", group) for group in named]
        kinds, scale, gradient = () if modalities else tuple(SYMBOLS), None, ""
    else:
        missing = int(np.isnan(colouring.values).sum()) if colouring.values is not None else 0
        groups = [("square", Group("without a value", GREY, missing))] if missing else []
        kinds, scale = tuple(SYMBOLS), scale_of(colouring)
        gradient = _gradient(scale)
    return render("legend", title=colouring.title, groups=groups, kinds=kinds, scale=scale, gradient=gradient)


def selected_items(points: Sequence[Any], items: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    """Kind and index of the points that a selection names, sorted; rings and strangers are passed over.

    >>> items = pl.DataFrame({"kind": ["image", "text"], "index": [2, 4]})
    >>> selected_items([{"customdata": 1}, {"customdata": [0]}, {}, {"customdata": 9}], items)
    (('image', 2), ('text', 4))
    """
    rows = set()
    for point in points:
        held = point.get("customdata")
        row = held[0] if isinstance(held, list | tuple) and held else held
        if isinstance(row, int | float) and 0 <= row < items.height:
            rows.add(int(row))
    return tuple(sorted(items[sorted(rows)].select("kind", "index").rows()))


def rows_of(items: pl.DataFrame, selection: Sequence[tuple[str, int]]) -> list[int]:
    """Rows of the selected items; those that are not on the map are passed over."""
    row_of = {key: row for row, key in enumerate(items.select("kind", "index").rows())}
    return [row_of[key] for key in selection if key in row_of]


def _layers(colouring: Colouring, kinds: NDArray[Any]) -> list[tuple[NDArray[np.int64], dict[str, object]]]:
    """Rows that are drawn together and how they are coloured, what is grey first."""
    parts: list[tuple[NDArray[np.bool_], dict[str, object]]]
    if colouring.scale == "groups":
        groups = groups_of(colouring.groups)
        named = {group.name for group in groups}
        label = np.array([UNLABELLED if g is None else g if g in named else OTHER for g in colouring.groups])
        parts = [(label == group.name, {"color": group.colour}) for group in groups[::-1]]
    else:
        assert colouring.values is not None
        scale, missing = scale_of(colouring), np.isnan(colouring.values)
        look: dict[str, object] = {"colorscale": scale.colours, "cmin": scale.low, "cmax": scale.high}
        parts = [(missing, {"color": GREY}), (~missing, look)]
    layers = []
    for among, colour in parts:
        for kind in SYMBOLS:
            rows = np.flatnonzero(among & (kinds == kind))
            if len(rows):
                layers.append((rows, {"color": _shades(colouring, rows), **colour}))
    return layers


def _shades(colouring: Colouring, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
    if colouring.values is None:
        return None
    values = colouring.values[rows]
    return (np.log10(values) if colouring.scale == "rank" else values).astype(np.float32)


def _lines(points: NDArray[np.float32], joins: Joins, *, theme: Theme) -> go.Scattergl:
    ends = points[np.array(joins.pairs)]  # [lines, 2 ends, 2 coordinates]
    gaps = np.full((len(ends), 1, 2), np.nan, dtype=np.float32)
    path = np.concatenate([ends, gaps], axis=1).reshape(-1, 2)
    return go.Scattergl(
        x=path[:, 0], y=path[:, 1], mode="lines", line={"color": theme.ink, "width": 1}, opacity=0.35, hoverinfo="skip"
    )


def _hover(items: pl.DataFrame, colouring: Colouring) -> Words:
    letters = 80 if items.height <= MANY else 28
    names = [verbatim(n if len(n) <= letters else f"{n[: letters - 2]}…") for n in items["name"].to_list()]
    if items.height > MANY or colouring.title == "modality":
        return names
    if colouring.scale == "groups":
        return [n if g is None else f"{n}<br>{verbatim(g[:40])}" for n, g in zip(names, colouring.groups, strict=True)]
    assert colouring.values is not None
    digits = ",.0f" if colouring.scale == "rank" else ".3g"
    return [n if np.isnan(v) else f"{n}<br>{v:{digits}}" for n, v in zip(names, colouring.values.tolist(), strict=True)]


def _axis(plane: Plane, axis: int) -> str:
    if plane.method == "umap":
        return f"UMAP {axis + 1} (no unit)"
    assert plane.explained is not None
    if plane.aligned:
        return f"aligned axis {axis + 1} (both axes: {sum(plane.explained):.0%} of the variance)"
    return f"PC {axis + 1} ({plane.explained[axis]:.0%} of the variance)"


def _size(n_points: int) -> int:
    return 8 if n_points < 1500 else 6 if n_points < 6000 else 4


def _gradient(scale: Scale) -> str:
    stops = ("#00224E", "#575D6D", "#A59C74", "#FEE838")
    colours = stops if isinstance(scale.colours, str) else tuple(colour for _, colour in scale.colours)
    return f"linear-gradient(to right,{','.join(colours)})"
