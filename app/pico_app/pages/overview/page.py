"""Does weighting columns by their semantic probability help here?"""

from dataclasses import replace

import streamlit as st

from pico_app import sidebar, templates
from pico_app.answers import demos, drawn, readings, retrieval, studies
from pico_app.choices.query import QueryKind
from pico_app.figures import overview as draw
from pico_app.figures import rankings as lists
from pico_app.pages import parts, tour
from pico_app.pages.buttons import ask_button, report_button
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import figure, one_of, prose, question
from pico_app.state import queries, screen
from pico_app.words import PARAGRAPHS
from pico_app.words.captions import caption_of
from pico_app.words.retrieval import lists_sentence, simpler_idea_sentence
from pico_app.workspace import Frame, Workspace
from pico_core.method.bases import BASES

TITLE = "Does weighting columns by their semantic probability help here?"
KINDS = {"text": "which image does this caption describe?", "image": "which captions describe this image?"}
CHOICES = {"gained": "Gained most", "lost": "Lost most", "asked": "The one on the Retrieval page"}


def render(frame: Frame) -> None:
    """Draw the page."""
    space = workspace_or_say(frame, TITLE)
    if space is None:
        return
    demo = space.dataset.demo
    question(TITLE, space.study.report.sentence)
    prose(space.study.construction.guard.sentence)
    simpler = studies.simpler_idea(space)
    if simpler is not None:
        prose(simpler_idea_sentence(simpler))
        _go_to_experiments()
    with st.expander("New here? What this is about", icon=":material/school:", expanded=demo is not None):
        prose(PARAGRAPHS["newcomer"])
        if demo is not None:
            prose(f"{demo.title}. {demo.lesson}")
        tour.resume("overview")
    _bases(space)
    _over_seeds(space)
    _weights(space)
    _one_query(space)


def _go_to_experiments() -> None:
    """The way to everything that the method was compared with."""
    page = screen.page("experiments")
    if page is not None:
        st.page_link(page, label="Is it the method? See the experiments", icon=":material/science:")


def _bases(space: Workspace) -> None:
    wanted = ["given", "cross"]
    if space.study.config.basis not in wanted:
        wanted.append(space.study.config.basis)
    panels = []
    for container, basis in zip(st.columns(len(wanted)), wanted, strict=True):
        study, title = studies.sibling(space, basis), BASES[basis].title.capitalize()
        with container:
            st.subheader(title, anchor=False)
            st.caption(BASES[basis].sentence)
            if study is None:
                _offer(space, basis)
                continue
            panel = draw.Panel(title, study.report)
            st.html(draw.verdict_html(panel, current=basis == space.study.config.basis))
            panels.append(panel)
    figure(
        drawn.drawn(space, draw.differences, panels, also=tuple(panel.title for panel in panels), theme=screen.theme()),
        key=f"differences-{len(panels)}",
        caption=caption_of("differences"),
    )
    with st.expander("All measures, with their intervals"):
        st.html(lists.report_html(space.study.report))
    report_button(space, key="overview-report")


def _offer(space: Workspace, basis: str) -> None:
    config = replace(space.study.config, basis=basis)
    st.markdown("Not computed yet for these data and settings.")
    job = studies.job()
    under_way = job is not None and job.running and job.key == studies.study_key(space.dataset, config)
    label = "Computing, see the left" if under_way else f"Compute the {BASES[basis].title}"
    if st.button(label, disabled=under_way, key=f"offer-{basis}"):
        studies.start_job(space.dataset, config, title=sidebar.job_title(config))
        st.rerun()


def _over_seeds(space: Workspace) -> None:
    """For the scenes: one dataset and one seed prove little, so the same on other scenes over several seeds."""
    report, recipes = demos.over_seeds(space), demos.recipes(space)
    demo = space.dataset.demo
    if demo is None or not recipes:
        return
    if report is not None:
        prose(f"The same encoder on {report.n_images} other test scenes per seed: {report.sentence}")
        with st.expander(f"All scorings over {len(report.seeds)} seeds", icon=":material/functions:"):
            st.html(templates.render("seeds", report=report))
            st.caption(caption_of("seeds-table").markdown)
    with st.expander("How this encoder was made, and what else was tried", icon=":material/science:"):
        st.html(templates.render("recipes", recipes=recipes, shown=demo.name))
        st.caption(caption_of("recipes-table").markdown)


def _weights(space: Workspace) -> None:
    st.subheader(f"All weights at a glance, at strength λ = {space.strength:g}", anchor=False)
    figure(
        drawn.drawn(
            space, draw.weights_at_a_glance, readings.columns_frame(space), also=(space.strength,), theme=screen.theme()
        ),
        key="glance",
    )


@st.fragment
def _one_query(space: Workspace) -> None:
    test = space.splits.test
    own = queries.chosen_query(test.n_images, test.n_texts)
    title, choice = st.columns([3, 4], vertical_alignment="bottom")
    title.subheader("One query, before and after", anchor=False)
    options = {name: title for name, title in CHOICES.items() if name != "asked" or own is not None}
    picked = one_of("Which query", options, default="gained", key="overview-query", container=choice)
    query = own if picked == "asked" else retrieval.most_moved(space, gains=picked == "gained")
    if query is None:
        st.info("No caption of the test images changed its rank.", icon=":material/equal:")
        return
    ranking = retrieval.ranking(space, query, top_k=5)
    parts.query_head(KINDS[query.kind], retrieval.item_name(space, query.kind, query.index))
    prose(lists_sentence(ranking))
    other: QueryKind = "text" if query.kind == "image" else "image"

    def candidate(index: int) -> lists.Candidate:
        return retrieval.candidate(space, other, index)

    left, right = st.container(key="beside-overview-lists").columns(2)
    left.html(
        lists.list_html(
            ranking.left, title="Unweighted", target=ranking.target_before, candidate=candidate, weighted=False
        )
    )
    right.html(
        lists.list_html(
            ranking.right,
            title=f"Weighted, λ = {space.strength:g}",
            target=ranking.target_after,
            candidate=candidate,
            weighted=True,
        )
    )
    ask_button(space, query, key="overview-go", label="This query on the Retrieval page")
    st.caption(caption_of("one-query").markdown)


PAGE = Page("overview", "Overview", ":material/balance:", render)
