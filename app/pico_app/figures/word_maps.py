"""What the maps of a pair need in the browser: both tables, winners, parts of the score, one scale, colours."""

import json
from collections.abc import Sequence
from math import isnan

import plotly.graph_objects as go
from plotly.colors import sequential
from plotly.subplots import make_subplots

from pico_app.figures.theme import GAIN, LIGHT, LOSS, SEQUENTIAL, Theme, blank, colour_bar, verbatim
from pico_core.retrieval.token_maps import PatchPlaces, TokenMap, TwoMaps

DIGITS = 4  # of every number that is sent
HINT = (
    "Words of the caption, each with what it adds to the score on the right less what it adds on the left. Hover a "
    "word or a patch; a click keeps it; arrow keys move."
)


def word_maps_json(
    maps: TwoMaps,
    *,
    places: PatchPlaces,
    words: Sequence[str],
    labels: tuple[str, str],
    picture: str | None,
    key: str,
    theme: Theme = LIGHT,
) -> str:
    """The maps of one pair as compact JSON; numbers are whole, in units of the last of `DIGITS` digits.

    Args:
        maps: Both sides.
        places: Of the patches.
        words: What the real words are called.
        labels: What the sides are called.
        picture: A data address, or None.
        key: Names the pair: what a reader chose in it is kept as long as it is the same.
        theme: Light or dark.
    """
    low, high = maps.limits
    return json.dumps(
        {
            "key": key,
            "digits": DIGITS,
            "picture": picture,
            "hint": HINT,
            "words": list(words),
            "names": [places.name(patch) for patch in range(places.n_patches)],
            "rows": places.rows,
            "columns": places.columns,
            "leading": places.leading,
            "isGrid": places.is_grid,
            "real": "".join("1" if real else "0" for real in maps.left.real.tolist()),
            "first": maps.changed_most,
            "scale": {
                "low": round(low, DIGITS),
                "high": round(high, DIGITS),
                "reach": round(maps.largest_change, DIGITS),
            },
            "sides": [
                _side(token_map, label) for token_map, label in zip((maps.left, maps.right), labels, strict=True)
            ],
            "colours": {
                "sequential": list(sequential.Cividis),
                "gain": GAIN,
                "loss": LOSS,
                "gainInk": theme.gain_ink,
                "lossInk": theme.loss_ink,
            },
        },
        separators=(",", ":"),
    )


def maps_figure(
    maps: TwoMaps,
    *,
    places: PatchPlaces,
    words: Sequence[str],
    labels: tuple[str, str],
    picture: str | None,
    theme: Theme = LIGHT,
) -> go.Figure:
    """The maps of the word that changed most, left, right and their difference, without the browser piece.

    A token before the grid, such as a class token, is left out of this figure.
    """
    word = maps.changed_most
    low, high = maps.limits
    titles = [f"Left: {verbatim(labels[0])}", f"Right: {verbatim(labels[1])}", "Right minus left"]
    figure = make_subplots(rows=1, cols=3, subplot_titles=titles, horizontal_spacing=0.05)
    frame = blank(theme, height=430, key="maps")
    figure.update_layout(frame.layout)
    cover = 0.8 if picture and places.is_grid else 1.0
    for column, table in enumerate((maps.left.table, maps.right.table, maps.difference), start=1):
        values = _rows(table[places.leading :, word].tolist(), places)
        is_change = column == 3
        figure.add_heatmap(
            row=1,
            col=column,
            z=values,
            x=list(range(1, places.columns + 1)),
            y=list(range(1, places.rows + 1)),
            zmin=-maps.largest_change if is_change else low,
            zmax=maps.largest_change if is_change else high,
            colorscale=((0.0, LOSS), (0.5, "#F4F4F4"), (1.0, GAIN)) if is_change else SEQUENTIAL,
            opacity=cover,
            xgap=1,
            ygap=1,
            showscale=column > 1,
            colorbar=colour_bar("change of s" if is_change else "similarity s, both sides")
            | {"orientation": "h", "y": -0.04, "yanchor": "top", "len": 0.3 if is_change else 0.65}
            | {"x": 0.85 if is_change else 0.325},
            hovertemplate="row %{y}, column %{x}: %{z:.3f}<extra></extra>",
        )
        if picture and places.is_grid:
            figure.add_layout_image(
                source=picture,
                row=1,
                col=column,
                x=0.5,
                y=0.5,
                sizex=places.columns,
                sizey=places.rows,
                xanchor="left",
                yanchor="top",
                sizing="stretch",
                layer="below",
            )
        winners = [maps.left.patch_of_word, maps.right.patch_of_word][column == 2 :][: 1 + is_change]
        for winner in winners:
            cell = places.cell(int(winner[word]))
            if cell is not None:
                edge = {"x0": cell[1] + 0.5, "x1": cell[1] + 1.5, "y0": cell[0] + 0.5, "y1": cell[0] + 1.5}
                figure.add_shape(row=1, col=column, type="rect", line={"color": theme.ink, "width": 3}, **edge)
    bare = {"showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(constrain="domain", range=[0.5, places.columns + 0.5], **bare)
    for column in (1, 2, 3):
        anchor = "x" if column == 1 else f"x{column}"
        reverse = [places.rows + 0.5, 0.5]
        figure.update_yaxes(col=column, scaleanchor=anchor, constrain="domain", range=reverse, **bare)
    figure.update_layout(title={"text": f"“{verbatim(words[word])}”"}, margin={"t": 80, "b": 70})
    return figure


def _rows(values: Sequence[float], places: PatchPlaces) -> list[list[float | None]]:
    """Values row by row; None where a patch is masked or the last row ends."""
    known = [None if isnan(value) else value for value in values]
    known += [None] * (places.rows * places.columns - len(known))
    return [known[start : start + places.columns] for start in range(0, len(known), places.columns)]


def _side(token_map: TokenMap, label: str) -> dict[str, object]:
    return {
        "label": label,
        "table": _whole(token_map.table.nan_to_num().flatten().tolist()),
        "fromWords": _whole(token_map.from_words.tolist()),
        "fromPatches": _whole(token_map.from_patches.tolist()),
        "patchOfWord": token_map.patch_of_word.tolist(),
        "wordOfPatch": token_map.word_of_patch.tolist(),
    }


def _whole(values: Sequence[float]) -> str:
    return ",".join(str(round(value * 10**DIGITS)) for value in values)
