"""How does PICO decide what is style?"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pico_app.answers import method
from pico_app.components.arrow_keys import arrow_keys
from pico_app.documents.standalone import Section, standalone
from pico_app.pages.method import (
    clustering,
    feedback,
    interaction,
    points,
    probabilities,
    pseudo_semantic,
    retrieval,
    signs,
)
from pico_app.pages.method.picking import choose_pick, current_pick
from pico_app.pages.method.step import Pick, Step, badge_html, on_paper
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import download, prose, question
from pico_app.state import columns, instruments, widgets
from pico_app.state import method as method_state
from pico_app.state import study as study_state
from pico_app.templates import render as render_template
from pico_app.templates import stylesheet
from pico_app.waiting import waiting
from pico_app.words.answers import ANSWERS
from pico_app.words.lessons import lesson_about, lesson_title, takeaway_sentence
from pico_app.words.markup import plain
from pico_app.workspace import Frame, Workspace
from pico_core.common.registry import Registry

TITLE = "How does PICO decide what is style?"
STEPS: Registry[Step] = Registry(
    "step",
    (
        interaction.STEP,
        signs.STEP,
        pseudo_semantic.STEP,
        points.STEP,
        clustering.STEP,
        feedback.STEP,
        probabilities.STEP,
        retrieval.STEP,
    ),
)
OWN = "Your data: the open study"
LEFT, RIGHT, RAIL = "method-previous", "method-next", "method-instrument"


def render(frame: Frame) -> None:
    """Draw the page."""
    names = [method_state.OWN_DATA, *(lesson.name for lesson in method.presets())]
    method_state.mirror_method(names)
    chosen = method_state.method_preset(names)
    if method_state.presenting():
        st.html(f"<style>{stylesheet('presenting')}</style>")
    preset = None if chosen == method_state.OWN_DATA else method.preset(chosen)
    taught = None if preset is None else preset.value
    if preset is not None and taught is None:
        question(TITLE, "A small dataset is planted and its study computed; that takes a few seconds.")
        _choose_preset(names)
        waiting(preset, key="preset")
        return
    space = (
        workspace_or_say(frame, TITLE)
        if taught is None
        else method.preset_space(taught, strength=study_state.strength())
    )
    if space is None:
        _choose_preset(names)
        return
    start = _first_column(space) if taught is None else taught.lesson.column
    pick = replace(current_pick(space, start), preset=taught is not None)
    method_state.mirror_pick(space.key)
    step = STEPS[instruments.opened_instrument("method", STEPS)]
    number = STEPS.names.index(step.name)
    question(TITLE, f"Step {number + 1} of {len(STEPS)}: {step.title}. {step.answer(space, pick)}")
    _rail(number)
    if method_state.presenting():
        left, right = st.columns([5, 8], gap="large")
        with left:
            _say(step, space, pick)
        with right:
            step.render(space, pick)
        with st.expander("Other numbers, other data", icon=":material/tune:"):
            choose_pick(space, pick)
            _choose_preset(names)
    else:
        _choose_preset(names)
        choose_pick(space, pick)
        _say(step, space, pick)
        step.render(space, pick)
    _end(step, space, pick, taught)
    arrow_keys(left=LEFT, right=RIGHT, rail=RAIL, key="method-arrows")
    method.prepare_presets()


def _first_column(space: Workspace) -> int:
    """The column that the Columns page looks at, else one of low probability."""
    seen = columns.column(space.study.columns.height)
    return seen if seen >= 0 else method.first_column(space)


def _rail(number: int) -> None:
    """Previous, all steps by name, next; they stay where they are from step to step."""
    widths = [1.4, 10.4, 1.15, 1.4] if method_state.presenting() else [1.4, 10.4, 1.15]
    before, rail, after, *leave = st.columns(widths, vertical_alignment="center", gap="xsmall")
    before.button(
        "Previous",
        icon=":material/chevron_left:",
        width="stretch",
        disabled=number == 0,
        key=LEFT,
        on_click=instruments.keep_instrument,
        args=("method", STEPS.names[max(0, number - 1)]),
        help="Left arrow key",
    )
    after.button(
        "Next",
        icon=":material/chevron_right:",
        icon_position="right",
        type="primary",
        width="stretch",
        disabled=number == len(STEPS) - 1,
        key=RIGHT,
        on_click=instruments.keep_instrument,
        args=("method", STEPS.names[min(len(STEPS) - 1, number + 1)]),
        help="Right arrow key",
    )
    if leave:
        leave[0].button(
            "Leave",
            icon=":material/close_fullscreen:",
            width="stretch",
            key="method-present-button",
            on_click=_present,
            args=(False,),
            help="Back to the page with its sidebar",
        )
    widgets.place_widget(RAIL, STEPS.names[number])
    rail.segmented_control(
        "Steps",
        STEPS.names,
        format_func=lambda name: f"{STEPS.names.index(name) + 1} {name.replace('-', ' ').capitalize()}",
        required=True,
        key=RAIL,
        on_change=_follow_rail,
        label_visibility="collapsed",
        width="stretch",
    )


def _follow_rail() -> None:
    name = widgets.widget(RAIL)
    if name in STEPS:
        instruments.keep_instrument("method", name)


def _choose_preset(names: Sequence[str]) -> None:
    chosen = method_state.method_preset(names)
    chooser, words, room = st.columns([5, 7, 2], vertical_alignment="bottom")
    widgets.place_widget("method-preset-choice", chosen)
    chooser.selectbox(
        "Whose numbers",
        names,
        format_func=lambda name: OWN if name == method_state.OWN_DATA else lesson_title(name),
        key="method-preset-choice",
        on_change=_follow_preset,
        help="Six small planted datasets teach a lesson each: what was put in is known, so the method can be marked.",
    )
    words.caption(
        plain(lesson_about(chosen))
        if chosen != method_state.OWN_DATA
        else "The live numbers come from the study that is open. Six planted datasets beside it teach a lesson each."
    )
    if not method_state.presenting():
        room.button(
            "Present",
            icon=":material/slideshow:",
            width="stretch",
            key="method-present-button",
            on_click=_present,
            args=(True,),
            help="Large type, one step per screen, no sidebar",
        )


def _follow_preset() -> None:
    method_state.set_method_preset(widgets.widget("method-preset-choice"))


def _present(wanted: bool) -> None:
    method_state.presenting.set(wanted)


def _say(step: Step, space: Workspace, pick: Pick) -> None:
    """Formula, numbers, words, and the question before the figure."""
    st.html(badge_html(step.provenance, step.source))
    st.latex(step.formula)
    st.caption(_numbers_of(step, pick))
    st.latex(step.substituted(space, pick))
    prose(step.about)
    prose(f"Your guess first: {step.question}")
    with st.expander("The answer", icon=":material/visibility:", key=f"method-reply-{step.name}"):
        prose(step.reply)


def _numbers_of(step: Step, pick: Pick) -> str:
    """Which of the picks the numbers of a step are taken from."""
    listed = ", ".join(f"{'caption' if name == 'text' else name} {getattr(pick, name)}" for name in step.picks)
    return f"The same with numbers: {listed}" if listed else "The same with numbers: those of the whole study"


def _questions() -> None:
    """What a reader can explain by now, and how it might be said."""
    with st.expander("Could you explain it now? Three questions", icon=":material/quiz:"):
        for answer in ANSWERS:
            st.markdown(f"**{answer.question}**")
            prose(answer.text)


def _end(step: Step, space: Workspace, pick: Pick, taught: method.Taught | None) -> None:
    """The takeaway of a preset, and the page to take home."""
    takeaway = "" if taught is None else takeaway_sentence(taught.lesson)
    if taught is not None:
        last = step.name == STEPS.names[-1]
        with st.expander(
            f"What to keep of “{lesson_title(taught.lesson.lesson.name)}”", icon=":material/flag:", expanded=last
        ):
            prose(takeaway)
    if step.name == STEPS.names[-1]:
        _questions()
    if method_state.presenting():
        return
    with st.expander("Take this home", icon=":material/download:"):
        words, button = st.columns([3, 2], vertical_alignment="center")
        words.markdown(
            "**All steps on paper**: formulas, the numbers above, words, questions with their answers, and figures. "
            "One file that opens without network and prints (HTML, 5 MB)."
        )
        download(
            "Save the handout",
            lambda: handout(space, pick, takeaway),
            file="pico-method.html",
            icon=":material/article:",
            key="save-handout",
            container=button,
        )


def handout(space: Workspace, pick: Pick, takeaway: str = "") -> str:
    """All steps with the numbers of a pick, as one HTML file."""
    pairs = space.dataset.pairs
    facts = [
        ("Dataset", f"{pairs.name}: {pairs.n_images:,} images, {pairs.n_texts:,} texts, {pairs.n_columns} columns"),
        (
            "Numbers of",
            f"caption {pick.text}, patch {pick.patch}, word {pick.word}, column {pick.column} of the fit split",
        ),
        ("Caption", method.caption_names(space)[pick.text]),
        ("Axes", space.study.basis.name),
        ("Weights", f"probabilities to the power {space.strength:g}"),
    ]
    sections = [part for number, step in enumerate(STEPS, start=1) for part in on_paper(number, step, space, pick)]
    if takeaway:
        sections.append(
            Section(title="What to keep", html=render_template("paragraph", kind="answer", lead="", text=takeaway))
        )
    return standalone(
        TITLE,
        answer=f"The method in {len(STEPS)} steps, with the numbers of one pair and one column.",
        facts=facts,
        sections=sections,
        kind="handout",
    )


PAGE = Page("method", "Method", ":material/function:", render, STEPS)
