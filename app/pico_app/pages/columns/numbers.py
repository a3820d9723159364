"""What every number of a column means, and one column's numbers side by side."""

from typing import Any

from markupsafe import Markup

from pico_app.templates import render
from pico_app.words import read_words

# Written once: the heads of the table and of one column's numbers explain themselves with it.
MEANING: dict[str, str] = read_words("heads")["columns"]


def numbers_html(row: dict[str, Any]) -> Markup:
    """One column's numbers, each with its interval where one exists and its meaning behind its name."""
    verdict = "differs from its null" if row["differs"] else "does not differ from its null"
    resampled = {
        name: _span(row[f"{name}_low"], row[f"{name}_high"]) if row.get(f"{name}_low") is not None else "no interval"
        for name in ("image_similarity", "text_similarity", "probability")
    }
    among = "" if row.get("lowest_share") is None else f"; among the ten lowest in {row['lowest_share']:.0%}"
    cells = [
        ("p_hat", "p̂, matched pairs", f"{row['p_hat']:.3f}", _span(row["p_hat_low"], row["p_hat_high"])),
        ("null_mean", "null, mismatched", f"{row['null_mean']:.3f}", _span(row["null_low"], row["null_high"])),
        ("p_value", "p value", f"{row['p_value']:.3f}", verdict),
        (
            "image_similarity",
            "style similarity, images",
            f"{row['image_similarity']:.3f}",
            resampled["image_similarity"],
        ),
        ("text_similarity", "style similarity, texts", f"{row['text_similarity']:.3f}", resampled["text_similarity"]),
        ("probability", "semantic probability", f"{row['probability']:.3f}", resampled["probability"] + among),
        ("weight", "weight", f"{row['weight']:.3f}", "in retrieval, after the guard"),
        ("offset", "offset", f"{row['offset']:+.3f}", "images minus texts; not style"),
    ]
    if row["semantic_share"] is not None:
        cells.append(("semantic_share", "planted truth", f"{row['semantic_share']:.3f}", "share that is meaning"))
    named = [dict(zip(("key", "name", "digits", "note"), cell, strict=True)) for cell in cells]
    return render("column_numbers", cells=named, meaning=MEANING)


def _span(low: float, high: float) -> str:
    return f"[{low:.3f}, {high:.3f}]"
