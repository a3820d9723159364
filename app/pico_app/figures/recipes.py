"""The recipes of the small encoder beside each other, and a report over several seeds, as HTML tables."""

from collections.abc import Sequence
from html import escape

from pico_app.figures.ranked_lists import TABLE_STYLE
from pico_core.demo import MeasuredRecipe
from pico_core.demo.measures import EncoderMeasures, StyleKept
from pico_core.retrieval.records import Estimate
from pico_core.studies.seeds import ScoringOverSeeds, SeedsReport

BASES = {"given": "columns as given", "cross": "cross axes"}


def recipes_html(recipes: Sequence[MeasuredRecipe], *, shown: str) -> str:
    """One row per recipe, measured on the development scenes.

    Args:
        recipes: All that were compared.
        shown: Name of the demo on the screen; its row stands out.
    """
    head = (
        "<thead><tr><th></th><th class='group' colspan='2'>R@1, plain scenes</th>"
        "<th class='group' colspan='2'>R@1, all styles</th><th class='group' colspan='2'>style kept, largest η²</th>"
        "<th class='group' colspan='2'>change of rSum</th><th></th></tr><tr><th>Training data</th>"
        + 2
        * "<th>image<br>to text</th><th>text<br>to image</th>"
        + "<th>image<br>style</th><th>text<br>register</th><th>as<br>given</th><th>cross<br>axes</th>"
        "<th>words look<br>at their thing</th></tr></thead>"
    )
    rows = "".join(_recipe_row(recipe, main=recipe.demo == shown) for recipe in recipes)
    return f"<style>{TABLE_STYLE}</style><div class='report'><table>{head}<tbody>{rows}</tbody></table></div>"


def seeds_html(report: SeedsReport) -> str:
    """One row per scoring: mean over seeds, change, and what the single seeds said."""
    names = ("Scoring", "rSum", "change", "helps", "hurts", "neither")
    head = f"<thead><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr></thead>"
    rows = "".join(_seeds_row(row, main=row.name in ("unweighted", "weighted")) for row in report.rows)
    return f"<style>{TABLE_STYLE}</style><div class='report'><table>{head}<tbody>{rows}</tbody></table></div>"


def _recipe_row(recipe: MeasuredRecipe, *, main: bool) -> str:
    found: EncoderMeasures = recipe.development
    cells = [_cell(e) for e in (found.plain_i2t, found.plain_t2i, found.mixed_i2t, found.mixed_t2i)]
    cells += [_kept(found.style), _kept(found.register)]
    cells += [_change(report.row("pico").difference) for report in found.seeds]
    lift = next(hits.lift for hits in found.peaks if hits.kind == "all")
    cells.append(f"{lift.value:.1f} × chance<small>{lift.low:.1f}–{lift.high:.1f}</small>")
    became = f" <b>The demo {escape(recipe.demo)}.</b>" if recipe.demo else ""
    name = f"<td style='min-width:15rem'>{escape(recipe.sentence)}{became}</td>"
    return f"<tr{' class=main' if main else ''}>{name}" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _seeds_row(row: ScoringOverSeeds, *, main: bool) -> str:
    change = "–" if row.name == "unweighted" else _change(row.difference)
    counts = ("–",) * 3 if row.name == "unweighted" else tuple(str(count) for count in row.verdicts)
    cells = (_cell(row.rsum), change, *counts)
    kind = " class='main'" if main else ""
    return f"<tr{kind}><td>{escape(row.label)}</td>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _cell(estimate: Estimate) -> str:
    return f"{estimate.value:.1f}<small>{estimate.low:.1f}–{estimate.high:.1f}</small>"


def _change(estimate: Estimate) -> str:
    return f"{estimate.value:+.1f}<small>{estimate.low:+.1f} … {estimate.high:+.1f}</small>"


def _kept(kept: StyleKept) -> str:
    return f"{kept.largest:.2f}<small>mean {kept.mean:.2f}</small>"
