"""All queries of the test split: every metric on both sides, recall at every k, and the report of the study."""

from typing import Any

import streamlit as st

from pico_app.answers import compare, side_ranks
from pico_app.answers.documents import PageSection
from pico_app.figures import comparing
from pico_app.figures import rankings as lists
from pico_app.figures.theme import Theme
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.pages.retrieval import ranked
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.state import screen
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.retrieval.comparing.recall_curves import RecallCurve

DIRECTIONS = {"image": "Image to text", "text": "Text to image"}


def render(space: Workspace, comparison: compare.Comparison, shown: Shown | None) -> list[PageSection]:
    """Draw the instrument."""
    now = ranked.verdict(space, comparison)
    under = st.container()
    ranked.follow(now)
    table = side_ranks.changed_metrics(now)
    prose("Recall at k, median rank and MRR on both sides; below a recall curve of either direction.")
    st.html(comparing.metrics_html(table.rows, left=comparison.left.label, right=comparison.right.label))
    st.caption(
        f"{len(now.paired.images):,} images and {len(now.paired.texts):,} texts ask, among all {now.paired.n_images:,} "
        f"and {now.paired.n_texts:,} of the {now.paired.split} split. Recall and MRR in per cent, rSum of 600, median "
        "ranks in places; small print: 95 % interval, resampled by image.  \n"
        "**Read it so:** the change is right minus left, query by query; its interval is the one to trust. Of a median "
        "rank, less is better.  \n**Do not read it so:** overlapping intervals of left and right do not show that they "
        "are equal; and of ten verdicts one may be chance. rSum is the one that was chosen before looking."
    )
    late = ranked.control(space, comparison, now, under=under)
    pieces = [PageSection("metrics", "All metrics of all queries", table.frame, words=ranked.sentence(now, comparison))]
    for container, curve in zip(st.columns(2, gap="medium"), side_ranks.recall_curves(now), strict=True):
        with container:
            pieces.append(_curve(curve, comparison))
    _report(space)
    ranked.come(now, late=late)
    return pieces


def _curve(curve: RecallCurve, comparison: compare.Comparison) -> PageSection:
    def drawn(theme: Theme) -> Any:
        return comparing.recall_figure(curve, left=comparison.left.label, right=comparison.right.label, theme=theme)

    title = DIRECTIONS[curve.kind]
    st.subheader(title, anchor=False)
    figure(drawn(screen.theme()), key=f"recall-{curve.kind}", caption=caption_of("recall"))
    return PageSection(
        f"recall-{curve.kind}", f"Recall at every k, {title.lower()}", curve.frame, drawn, caption=caption_of("recall")
    )


def _report(space: Workspace) -> None:
    """The fixed report: guarded weights and controls, whatever the sides above are."""
    report, guard = space.study.report, space.study.construction.guard
    with st.expander("The report of the study, with its controls", icon=":material/lab_profile:"):
        st.markdown(f"**At the weights of the guard, not at the slider's strength.** {plain(report.sentence)}")
        same = "" if guard.accepted else " So the table's weighted row equals the unweighted one."
        st.markdown(f"{plain(guard.sentence)}{same}")
        st.html(lists.report_html(report))
        st.caption(
            f"{report.n_images:,} images and {report.n_texts:,} texts of the {report.split} split. Weighted: what the "
            f"guard let through; controls at λ = {guard.strength:g}, its best candidate. Recall, rSum and MRR in per "
            "cent (rSum of 600), small print: 95 % interval, resampled by image.  \n"
            "**Read it so:** the change is paired, query by query, against the unweighted row; it is the number to "
            "trust.  \n**Do not read it so:** overlapping intervals of two rows do not show that they are equal."
        )


INSTRUMENT: RetrievalInstrument = Instrument(
    name="all",
    title="All queries",
    question="What changes over all queries?",
    about="Every metric on both sides, recall at every k, and the report of the study.",
    render=render,
)
