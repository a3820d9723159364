"""What a stop of the tour teaches, computed from the study on the screen: words before digits, every number live."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pico_app.answers.column_detail import associations
from pico_app.answers.compare import Comparison, in_common_axes, lists_of, side
from pico_app.answers.datasets import open_dataset
from pico_app.answers.explain import column_titles, lead_change, shown
from pico_app.answers.maps import label_roles, purities, space_numbers
from pico_app.answers.readings import columns_summary, feedback, stability
from pico_app.answers.retrieval import most_moved
from pico_app.answers.side_ranks import by_label, changed_metrics, compared_ranks, query_label_columns
from pico_app.answers.studies import find_study, sibling, simpler_idea
from pico_app.answers.switch import ColumnSwitch, drawn_columns, quick_effect, switch_columns, switch_title
from pico_app.choices.query import Query
from pico_app.choices.sides import Sides
from pico_app.choices.switching import Switching
from pico_app.choices.tour_stops import Stop
from pico_app.words.columns import columns_sentence, feedback_sentence, stability_sentence
from pico_app.words.retrieval import (
    band_sentence,
    labels_sentence,
    lists_sentence,
    metrics_sentence,
    simpler_idea_sentence,
    split_sentence,
    switch_sentence,
)
from pico_app.words.spaces import separation_details, separation_sentence
from pico_app.workspace import Workspace
from pico_core.demo import DEMOS
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig
from pico_core.retrieval.records import Estimate, RetrievalReport, Verdict
from pico_core.retrieval.schemes.catalogue import simpler_ideas

if TYPE_CHECKING:
    from pico_core.columns.style_shares import Association

NAMED = 3  # columns that a sentence names


def on_course(space: Workspace | None, stop: Stop, *, wanted: StudyConfig) -> bool:
    """Whether the screen shows what a stop speaks about: the scenes, in its axes, with the default settings."""
    return (
        space is not None
        and space.dataset.demo is not None
        and space.dataset.demo.name == DEMOS[0].name
        and space.study.config == stop.config == wanted
    )


def tour_strength(stop: Stop) -> float:
    """Strength of the weights at a stop: what the guard judged where lists are compared, else the slider's start."""
    study = find_study(open_dataset(DEMOS[0].name), stop.config) if stop.page == "retrieval" else None
    return 1.0 if study is None else study.construction.guard.strength


def tour_query(space: Workspace, stop: Stop) -> Query | None:
    """The query of a stop: the caption whose right image the weights moved up most; None where a stop has none."""
    return most_moved(space, gains=True) if stop.moved_query else None


@dataclass(frozen=True)
class Looked:
    """What the reader looks at on the pages that takeaways follow.

    Attributes:
        column: On the Columns page; -1 where none was chosen.
        query: On the Retrieval page.
        switching: What the column switch is set to.
    """

    column: int
    query: Query
    switching: Switching


def takeaway(space: Workspace, stop: Stop, looked: Looked) -> str:
    """What a stop teaches, read from the study on the screen."""
    return TAKEAWAYS[stop.slug](space, looked)


def _verdict(space: Workspace, _looked: Looked) -> str:
    report = space.study.report
    lesson = {
        Verdict.NONE: "That is a result too: along these columns the weights find no style that stands in the way.",
        Verdict.HELPS: "The whole interval lies above zero: along these columns weighting earns its place.",
        Verdict.HURTS: "The whole interval lies below zero: along these columns weighting costs more than it brings.",
    }[report.verdict]
    return f"{report.sentence} {space.study.construction.guard.sentence} {lesson}"


def _axes(space: Workspace, _looked: Looked) -> str:
    report, simpler = space.study.report, simpler_idea(space)
    if simpler is None:
        return report.sentence
    lesson = ""
    if report.verdict is Verdict.HELPS:
        own = Verdict.of(simpler.lead) is Verdict.HELPS
        lesson = (
            " So style had other axes to lie on, and no simpler idea finds as much of it."
            if own
            else " So the axes matter, and the gain is there; but it takes no prototypes to have it."
        )
    return f"{report.sentence} {simpler_idea_sentence(simpler)}{lesson}"


def _signs(space: Workspace, _looked: Looked) -> str:
    table, summary = space.study.columns, columns_summary(space)
    chance = table.filter(~pl.col("differs"))
    verdict = (
        f"{summary.n_differ} of {summary.n_columns} columns agree more or less often than with other pictures (at 5 % "
        "false discovery)."
    )
    if chance.is_empty():
        return f"{verdict} Every other stop asks what it is that they share."
    row = chance.sort((pl.col("p_hat") - 0.5).abs(), descending=True).row(0, named=True)
    return (
        f"{verdict} Of the others {row['title']} is farthest from one half, with p̂ {row['p_hat']:.2f} "
        f"[{row['p_hat_low']:.2f}, {row['p_hat_high']:.2f}], and with other pictures "
        f"{row['null_mean']:.2f} [{row['null_low']:.2f}, {row['null_high']:.2f}]: p̂ alone says "
        f"little, and only what exceeds the null can be shared content."
    )


def _column(space: Workspace, looked: Looked) -> str:
    column = columns_summary(space).lowest if looked.column < 0 else looked.column
    of_labels = [association for association in associations(space, column) if association.kind == "eta²"]
    style, content = (_strongest(of_labels, role) for role in ("style", "content"))
    name = switch_title(space, column)
    name = f"{name[0].upper()}{name[1:]}"
    if style is None or content is None:
        return f"{name} cannot be named: these data have no labels of style and of content."
    if style.value.low > content.value.high:
        lesson = "So this one varies with style, as its low probability says. A label told us so, not the method."
    elif content.value.low > style.value.high:
        lesson = "So this one varies with content: a low probability is no proof of style."
    else:
        lesson = "The two intervals overlap: whether this is style or content is not settled."
    return f"{name} goes with {_said(style)}, and of the labels of content most with {_said(content)}. {lesson}"


def _strongest(candidates: "list[Association]", role: str) -> "Association | None":
    of_role = (association for association in candidates if association.role == role)
    return max(of_role, key=lambda association: association.value.value, default=None)


def _said(association: "Association") -> str:
    value = association.value
    return (
        f"{association.label} of {association.modality}s (η² {value.value:.2f} [{value.low:.2f}, {value.high:.2f}], "
        f"by chance {association.chance:.2f})"
    )


def _sure(space: Workspace, _looked: Looked) -> str:
    summary, stable = columns_summary(space), stability(space).value
    again = "" if stable is None else f" {stability_sentence(stable)}"
    lesson = ""
    if summary.sure is not None and summary.sure < min(10, summary.n_columns):
        lesson = " So read a low probability as a hint to follow, not as a list of style columns."
    return f"{columns_sentence(summary)}{again}{lesson}"


def _switch(space: Workspace, looked: Looked) -> str:
    choice = Switching(which="lowest", lowest=10)
    columns = switch_columns(space, choice, 0)
    switch = ColumnSwitch(space, choice, columns)
    effect = quick_effect(switch)
    axes = switch_title(space, columns[0]).rpartition(" ")[0].replace("axis", "axes").replace("column", "columns")
    summary = switch_sentence(effect, f"without the {len(columns)} lowest {axes}")
    if looked.switching != choice:
        return summary  # the control belongs to what is switched on the page
    band = drawn_columns(switch, effect).value
    if band is None:
        return f"{summary} What random columns do is on its way."
    lesson = ""
    if effect.rsum.change.low > max(0.0, band.ends(-1)[1]):
        lesson = " These columns stood in the way of retrieval; columns chosen by chance do not."
    return f"{summary} {band_sentence(band, effect)}{lesson}"


def _feedback(space: Workspace, _looked: Looked) -> str:
    reading = feedback(space)
    if reading.over_uniform is None:
        return feedback_sentence(reading)
    lesson = {
        Verdict.NONE: "Where the prototypes come from matters more here than which of them the feedback prefers.",
        Verdict.HELPS: "Here feedback earns its place beside the simpler average.",
        Verdict.HURTS: "Here the simpler average is the better one.",
    }[Verdict.of(reading.over_uniform)]
    return f"{feedback_sentence(reading)} {lesson}"


def _spaces(space: Workspace, _looked: Looked) -> str:
    counted = space_numbers(space, "weighted").value
    if counted is None:
        return "The neighbours are still being counted; the takeaway comes with them."
    roles = label_roles(space)
    purity = purities(space, counted, content=roles.content, style=roles.style)
    style = [label for label in purity.labels if label.role == "style"]
    if not style:
        return separation_sentence(purity)
    first = max(style, key=lambda label: abs(label.difference.value))
    if first.as_hoped is None:
        lesson = "No difference can be detected between the spaces."
    elif not first.as_hoped:
        lesson = "Style gathers in the wrong space: the columns called semantic hold more of it."
    elif first.beyond_random:
        lesson = "Style gathers in the style space, by more than random weights bring about."
    else:
        lesson = "Style gathers in the style space, but random weights bring about as much."
    return f"{lesson} {separation_details(purity)}"


def _query(space: Workspace, looked: Looked) -> str:
    usual = Sides()
    comparison = Comparison(side(space, usual.left), side(space, usual.right))
    both = lists_of(space, comparison, looked.query, top_k=10)
    common, target = in_common_axes(comparison), both.target_before
    wrong = next((item.index for item in both.left if not item.relevant), None)
    why = ""
    if common is not None and target is not None and wrong is not None:
        split = shown(lead_change(common, looked.query, target.index, wrong), top=NAMED)
        why = " " + split_sentence(split, column_titles(common.right), subject="Its lead over the strongest rival")
    alone = "One query is an example and has no interval: it was picked because it moved. The next stop counts all."
    return f"{lists_sentence(both)}{why} {alone}"


def _where(space: Workspace, _looked: Looked) -> str:
    columns = query_label_columns(space)
    usual = Sides()
    comparison = Comparison(side(space, usual.left), side(space, usual.right))
    now = compared_ranks(space, comparison)
    sentence = metrics_sentence(changed_metrics(now), comparison.left.label, comparison.right.label)
    if not columns:
        return f"{sentence} These data have no labels to part the queries by."
    table = by_label(space, now, columns[0])
    name, title = ("rsum", "rSum") if "rsum" in table.names else (table.names[0], "recall at 1")
    return f"{sentence} {labels_sentence(table, name, title)} Ask of every gain who pays for it."


def _own(space: Workspace, _looked: Looked) -> str:
    given, cross = sibling(space, "given"), sibling(space, "cross")
    parts = [
        f"{BASES[study.config.basis].title} {_change(study.report)}" for study in (given, cross) if study is not None
    ]
    simpler = None if cross is None else _best_simpler(cross.report)
    if simpler is not None:
        parts.append(f"the best simpler idea there {_digits(simpler)}")
    return (
        f"On the scenes, change of rSum against equal weights: {', '.join(parts)}. Three things to ask for anywhere: "
        "an interval that keeps clear of zero, on images that nothing was fitted on; shuffled weights that gain "
        "nothing; and a simpler idea that gains less."
    )


def _best_simpler(report: RetrievalReport) -> Estimate | None:
    """Change of rSum of the best control without prototypes."""
    controls = [control for control in report.controls if control.name in simpler_ideas()]
    return max((control.difference for control in controls), key=lambda change: change.value, default=None)


def _change(report: RetrievalReport) -> str:
    return _digits(report.difference)


def _digits(change: Estimate) -> str:
    return f"{change.value:+z.1f} [{change.low:+z.1f}, {change.high:+z.1f}]"


TAKEAWAYS: dict[str, Callable[[Workspace, Looked], str]] = {
    "verdict": _verdict,
    "axes": _axes,
    "signs": _signs,
    "column": _column,
    "sure": _sure,
    "switch": _switch,
    "feedback": _feedback,
    "spaces": _spaces,
    "query": _query,
    "where": _where,
    "own": _own,
}
