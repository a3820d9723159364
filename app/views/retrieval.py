"""What changes for a query, and why?"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import services, state
from app.figures import ranked_lists as lists
from app.figures import retrieval as draw
from app.markup import plain
from app.views import asking
from app.views.asking import called
from app.views.empty import workspace_or_say
from app.views.parts import figure, question
from pico_core.errors import DataError

TITLE = "What changes for a query, and why?"
TOP = 10


def render() -> None:
    """Draw the page."""
    space = workspace_or_say(TITLE)
    if space is None:
        return
    head = st.container()
    asked = asking.choose(space)
    if isinstance(asked, str):
        _typed(space, asked, head)
    else:
        found = services.ranking(space, asked, top_k=TOP)
        with head:
            question(TITLE, found.sentence)
            _say_weights(space)
        asking.say_query(space, asked)
        _lists(space, asked.kind, found)
        _why(space, asked)
    _table(space)


def _typed(space: services.Workspace, words: str, head: DeltaGenerator) -> None:
    """The images for a typed caption; no answer is known to be right."""
    if not words:
        with head:
            question(TITLE, "Describe a scene, and see which images come first without and with the weights.")
        asking.offer_examples()
        return
    try:
        found = services.rank_typed(space, words, top_k=TOP)
    except DataError as error:
        with head:
            question(TITLE, "These words cannot be looked up.")
        st.info(plain(str(error)), icon=":material/keyboard:")
        asking.offer_examples()
        return
    with head:
        question(TITLE, found.lists.sentence)
        _say_weights(space)
    asking.say_words(found)
    _lists(space, "text", found.lists)


def _say_weights(space: services.Workspace) -> None:
    guard = space.study.construction.guard
    where = f"The lists use the weights at strength λ = {space.strength:g} (the slider on the left)"
    if guard.accepted:
        st.markdown(f"{where}; the guard chose λ = {guard.strength:g} for the table below.")
    else:
        st.markdown(f"{where}. **{guard.sentence}** So the table's weighted row equals the unweighted one.")


def _lists(space: services.Workspace, kind: state.QueryKind, found: draw.SideBySide) -> None:
    test = space.splits.test
    names = services.image_names(space)

    def candidate(index: int) -> lists.Candidate:
        if kind == "image":
            return lists.Candidate(called(test.captions[index], "text", index))
        return lists.Candidate(names[index], services.thumbnail(space.dataset, test.image_paths[index], size=96))

    left, middle, right = st.columns([5, 3, 5], gap=None)
    with left:
        first = lists.list_html(
            found.left, title="Unweighted", target=found.target_before, candidate=candidate, weighted=False
        )
        st.html(first)
    with right:
        title = f"Weighted, λ = {space.strength:g}"
        st.html(
            lists.list_html(found.right, title=title, target=found.target_after, candidate=candidate, weighted=True)
        )
    targets = [target for target in (found.target_before, found.target_after) if target is not None]
    shown = {item.index for item in (*found.left, *found.right, *targets)}
    with middle:
        st.plotly_chart(
            draw.flow_figure(found, names={index: candidate(index).name for index in shown}, dark=state.dark()),
            key="flow",
            config={"displayModeBar": False},
        )
    right_answer = (
        "The right answer is thick and tinted, and has a row of its own below when it is not among the first "
        f"{len(found.left)}."
        if targets
        else "No image is marked as right: nobody has said which ones your words describe."
    )
    st.caption(
        "**Read it so:** a line leads from a candidate's place without weights to its place with them; blue rises, "
        f"vermillion falls, grey stays. {right_answer} Dotted ends leave the list or come from below it.  \n"
        "**Do not read it so:** one query is an example, not evidence; the table below counts all of them. Scores of "
        "the two lists are not comparable, only their order."
    )


def _why(space: services.Workspace, asked: state.Query) -> None:
    st.subheader("Why: which columns moved the right answer")
    try:
        change = services.lead(space, asked)
    except DataError as error:
        st.info(str(error))
        return
    titles = [space.study.basis.title(column) for column in range(space.splits.test.n_columns)]
    test = space.splits.test
    captions, images = test.captions, services.image_names(space)
    rival = called(captions[change.rival], "text", change.rival) if asked.kind == "image" else images[change.rival]
    st.markdown(change.sentence(titles))
    st.caption(f"The strongest rival is the best wrong candidate of the unweighted list: {plain(rival)}")
    figure(
        draw.margin_figure(change, titles=titles, dark=state.dark()),
        key="lead",
        read="what every column adds to the right answer's lead over that rival, weighted minus unweighted. The bars "
        "sum exactly to the last one.",
        beware="a large bar is a cause within this score only; it says nothing of what the column means elsewhere. A "
        "larger lead over one rival need not be a better rank.",
    )


def _table(space: services.Workspace) -> None:
    report = space.study.report
    st.subheader("All queries of the test split")
    st.markdown(report.sentence)
    st.html(lists.report_html(report))
    st.caption(
        f"{report.n_images:,} images and {report.n_texts:,} texts of the {report.split} split, at the guarded "
        "weights; the lists above use the slider's strength instead. Recall, rSum and MRR in per cent (rSum of 600), "
        "small print: 95 % interval, resampled by image.  \n"
        "**Read it so:** the change is paired, query by query, against the unweighted row; it is the number to "
        "trust.  \n**Do not read it so:** overlapping intervals of two rows do not show that they are equal."
    )
