"""What every number of a column means, and one column's numbers side by side."""

from typing import Any

from markupsafe import Markup

from pico_app.templates import render

# Written once: the heads of the table and of one column's numbers explain themselves with it.
MEANING = {
    "title": "Which column, or which axis and of which given columns it is mostly made.",
    "probability": "Semantic probability p: (1 - style similarity in images) (1 - style similarity in texts).",
    "interval": "95 % interval of p: the whole construction on resampled images.",
    "lowest_share": "Share of the resamples in which the column is among the ten of lowest p.",
    "image_similarity": "Absolute cosine with the nearest style prototype of images; interval over resampled images.",
    "text_similarity": "Absolute cosine with the nearest style prototype of texts; interval over resampled images.",
    "p_hat": "Share of patch-word products of matched pairs that are positive; 95 % interval by image.",
    "null_mean": "The same share on mismatched pairs: mean and central 95 % over permutations.",
    "p_hat_corrected": "p̂ minus its null.",
    "p_value": "Of p̂ under its null, by permutation, two-sided; not corrected for many columns.",
    "differs": "Whether p̂ differs from its null at 5 % false discovery over all columns.",
    "correlation": "Pearson's, of the image value and the text value over matched pairs.",
    "shown_weight": "P at the strength on the left, mean 1.",
    "weight": "P that retrieval applies, after the guard; all 1 where it refused.",
    "offset": "Mean in images minus mean in texts: the modality offset, not style.",
    "semantic_share": "Planted truth: the share of the column that is meaning.",
}


def numbers_html(row: dict[str, Any]) -> Markup:
    """One column's numbers, each with its interval where one exists and its meaning behind its name."""
    said = "differs from its null" if row["differs"] else "does not differ from its null"
    resampled = {
        name: _span(row[f"{name}_low"], row[f"{name}_high"]) if row.get(f"{name}_low") is not None else "no interval"
        for name in ("image_similarity", "text_similarity", "probability")
    }
    among = "" if row.get("lowest_share") is None else f"; among the ten lowest in {row['lowest_share']:.0%}"
    cells = [
        ("p_hat", "p̂, matched pairs", f"{row['p_hat']:.3f}", _span(row["p_hat_low"], row["p_hat_high"])),
        ("null_mean", "null, mismatched", f"{row['null_mean']:.3f}", _span(row["null_low"], row["null_high"])),
        ("p_value", "p value", f"{row['p_value']:.3f}", said),
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
