"""What the maps of a pair need in the browser: both tables, winners, parts of the score, one scale, colours."""

import json
from collections.abc import Sequence

from plotly.colors import sequential

from app.figures import theme
from pico_core.analysis.token_maps import PatchPlaces, TokenMap, TwoMaps

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
    dark: bool = False,
) -> str:
    """The maps of one pair as compact JSON; numbers are whole, in units of the last of `DIGITS` digits.

    Args:
        maps: Both sides.
        places: Of the patches.
        words: What the real words are called.
        labels: What the sides are called.
        picture: A data address, or None.
        key: Names the pair: what a reader chose in it is kept as long as it is the same.
        dark: For the dark theme.
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
            "scale": {"low": round(low, DIGITS), "high": round(high, DIGITS), "reach": round(maps.reach, DIGITS)},
            "sides": [_side(one, label) for one, label in zip((maps.left, maps.right), labels, strict=True)],
            "colours": {
                "sequential": list(sequential.Cividis),
                "gain": theme.GAIN,
                "loss": theme.LOSS,
                "gainInk": "#7CC4F2" if dark else "#005B8E",
                "lossInk": "#FF9A56" if dark else "#A34700",
            },
        },
        separators=(",", ":"),
    )


def _side(one: TokenMap, label: str) -> dict[str, object]:
    return {
        "label": label,
        "table": _whole(one.table.nan_to_num().flatten().tolist()),
        "fromWords": _whole(one.from_words.tolist()),
        "fromPatches": _whole(one.from_patches.tolist()),
        "patchOfWord": one.patch_of_word.tolist(),
        "wordOfPatch": one.word_of_patch.tolist(),
    }


def _whole(values: Sequence[float]) -> str:
    return ",".join(str(round(value * 10**DIGITS)) for value in values)
