"""What changes for a query, and why?"""

import secrets

import streamlit as st

from app import services, state
from app.figures import ranked_lists as lists
from app.figures import retrieval as draw
from app.markup import plain
from app.views.empty import workspace_or_say
from app.views.parts import figure, question
from pico_core.errors import DataError

TITLE = "What changes for a query, and why?"
TOP = 10
MANY = 5000  # beyond this a selectbox would send too much to the browser
KINDS: dict[state.QueryKind, str] = {"text": "Caption", "image": "Image"}


def render() -> None:
    """Draw the page."""
    space = workspace_or_say(TITLE)
    if space is None:
        return
    test = space.splits.test
    head = st.container()
    asked = _choose(space, state.query(test.n_images, test.n_texts))
    found = services.ranking(space, asked, top_k=TOP)
    with head:
        question(TITLE, found.sentence)
        _say_weights(space)
    _query(space, asked)
    _lists(space, asked, found)
    _why(space, asked)
    _table(space)


def _say_weights(space: services.Workspace) -> None:
    guard = space.study.construction.guard
    where = f"The lists use the weights at strength λ = {space.strength:g} (the slider on the left)"
    if guard.accepted:
        st.markdown(f"{where}; the guard chose λ = {guard.strength:g} for the table below.")
    else:
        st.markdown(f"{where}. **{guard.sentence}** So the table's weighted row equals the unweighted one.")


def _choose(space: services.Workspace, asked: state.Query) -> state.Query:
    test = space.splits.test
    kind, item, chance, gain, loss = st.columns([2.3, 5, 1.4, 1.6, 1.6], vertical_alignment="bottom")
    # Keys carry the query, so that a query set elsewhere (a button, the address) shows in the widgets.
    wanted: state.QueryKind = kind.segmented_control(
        "Ask with",
        list(KINDS),
        default=asked.kind,
        format_func=KINDS.__getitem__,
        required=True,
        key=f"ask-{asked.kind}",
    )
    if wanted != asked.kind:
        return _ask(state.Query(wanted, 0))
    total = test.n_texts if asked.kind == "text" else test.n_images
    names = test.captions if asked.kind == "text" else services.image_names(space)
    key = f"query-{asked.kind}-{asked.index}"
    if total <= MANY:
        index = item.selectbox(
            f"Query (type to search {total:,} of the test split)",
            range(total),
            index=asked.index,
            format_func=lambda i: _called(names[i], asked.kind, i),
            key=key,
        )
    else:
        index = int(
            item.number_input(f"Query (0 to {total - 1:,} of the test split)", 0, total - 1, asked.index, key=key)
        )
    if index != asked.index:
        return _ask(state.Query(asked.kind, int(index)))
    if chance.button("Random", width="stretch"):
        return _ask(state.Query(asked.kind, secrets.randbelow(total)))
    for place, name, gains in ((gain, "Next gain", True), (loss, "Next loss", False)):
        moved = services.moved(space, asked.kind, gains=gains)
        tip = "Walks through the queries of the test split that the weights (without the guard) moved most."
        if place.button(name, width="stretch", disabled=not moved, help=tip):
            after = moved.index(asked.index) + 1 if asked.index in moved else 0
            return _ask(state.Query(asked.kind, moved[after % len(moved)]))
    return asked


def _ask(wanted: state.Query) -> state.Query:
    state.set_query(wanted)
    st.rerun()
    return wanted


def _query(space: services.Workspace, asked: state.Query) -> None:
    test = space.splits.test
    with st.container(border=True):
        if asked.kind == "text":
            st.markdown("**Asked: which images does this caption describe?**")
            st.text(_called(test.captions[asked.index], "text", asked.index))
            return
        st.markdown("**Asked: which captions describe this image?**")
        address = services.thumbnail(test.image_paths[asked.index], size=240)
        if address:
            st.image(address, width=200)
        st.text(services.image_names(space)[asked.index])


def _lists(space: services.Workspace, asked: state.Query, found: draw.SideBySide) -> None:
    test = space.splits.test
    names = services.image_names(space)

    def candidate(index: int) -> lists.Candidate:
        if asked.kind == "image":
            return lists.Candidate(_called(test.captions[index], "text", index))
        picture = services.thumbnail(test.image_paths[index], size=96)
        return lists.Candidate(test.ids[index] if picture else names[index], picture)

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
    shown = {item.index for item in (*found.left, *found.right, found.target_before, found.target_after)}
    with middle:
        st.plotly_chart(
            draw.flow_figure(found, names={index: candidate(index).name for index in shown}, dark=state.dark()),
            key="flow",
            config={"displayModeBar": False},
        )
    st.caption(
        "**Read it so:** a line leads from a candidate's place without weights to its place with them; blue rises, "
        "vermillion falls, grey stays. The right answer is thick and tinted, and has a row of its own below when it is "
        f"not among the first {len(found.left)}. Dotted ends leave the list or come from below it.  \n"
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
    rival = _called(captions[change.rival], "text", change.rival) if asked.kind == "image" else images[change.rival]
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


def _called(name: str | None, kind: str, index: int) -> str:
    return name or f"{kind} {index}, no caption"
