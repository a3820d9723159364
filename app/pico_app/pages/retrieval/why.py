"""Why an item moved, and why one stands above another: the exact split into columns."""

from functools import cache
from typing import Any

import streamlit as st

from pico_app.answers import compare, documents, explain, retrieval
from pico_app.answers.documents import PageSection
from pico_app.choices.query import Query, QueryKind
from pico_app.figures import why as draw
from pico_app.figures.theme import Theme
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, verdict
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.state import columns, queries, screen
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.words.retrieval import listed_columns, lists_sentence, split_sentence
from pico_app.workspace import Workspace
from pico_core.retrieval.explain import DIGITS, Split
from pico_core.retrieval.rankings import RankedItem, SideBySide

NOTHING = -1
NAMED = 3  # columns that a sentence names
CHANGE, LEFT, RIGHT = "What changed, left to right", "Who leads on the left", "Who leads on the right"


def answer(space: Workspace, comparison: compare.Comparison, query: compare.Asked, both: SideBySide) -> str:
    """The answer of the page: where the right answer went, and by which columns."""
    common = compare.in_common_axes(comparison)
    target, rival = both.target_before, _rival(both)
    if target is None or target.rank == (both.target_after or target).rank or common is None or rival is None:
        return lists_sentence(both)
    before, after = _printed(both, item=target.index, rival=rival, where=CHANGE)
    split = explain.lead_change(common, query, target.index, rival)
    shown = explain.shown(split, top=NAMED, before=before, after=after)
    whose = "Its" if target.index == (both.target_after or target).index else "On the left another is best: its"
    sentence = split_sentence(shown, _titles(common), subject=f"{whose} lead over the strongest rival")
    return f"{lists_sentence(both)} {sentence}"


def render(space: Workspace, comparison: compare.Comparison, shown: Shown | None) -> list[PageSection]:
    """Draw the instrument; nothing while nothing is asked."""
    if shown is None:
        return []
    query, both = shown.query, shown.lists
    common = compare.in_common_axes(comparison)
    places = [CHANGE, LEFT, RIGHT] if common is not None else [LEFT, RIGHT]
    ranks_of = items_shown(both)
    other: QueryKind = "text" if query.kind == "image" else "image"

    @cache  # two choosers ask for every name, several times each
    def called(index: int) -> str:
        if index == NOTHING:
            return "nothing: its own score"
        ranks = ranks_of[index]
        return f"{retrieval.item_name(space, other, index)} · rank {ranks[0]:,} to {ranks[1]:,}"

    first, second = st.columns(2)
    target, rival = both.target_before, _rival(both)
    start = target.index if target is not None else both.right[0].index
    suffix = f"{comparison.key}-{query.key}"
    item = first.selectbox(
        "Explain", list(ranks_of), index=list(ranks_of).index(start), format_func=called, key=f"why-item-{suffix}"
    )
    against = [NOTHING, *(index for index in ranks_of if index != item)]
    default = against.index(rival) if rival is not None and rival in against else 0
    compared = second.selectbox(
        "Compared with", against, index=default, format_func=called, key=f"why-rival-{suffix}-{item}"
    )
    if compared == NOTHING:
        places = [option for option in places if option == CHANGE]
    asks = Query(other, item)
    first.button(
        "Ask with it",
        icon=":material/swap_vert:",
        key="why-ask",
        help="The explained item becomes the query.",
        on_click=queries.set_query,
        args=(asks,),
    )
    where = st.segmented_control(
        "Split",
        places,
        default=places[0] if places else None,
        required=bool(places),
        key="why-where",
        label_visibility="collapsed",
    )
    if common is None:
        st.info(
            "The two sides are weighted in different axes: what changed between them has no split by columns. The "
            "lead of one item over another has one, on either side in its own axes.",
            icon=":material/rotate_90_degrees_ccw:",
        )
    if where is None or (common is None and where == CHANGE):
        return []
    return _draw(space, common or comparison, query, both, item=item, rival=compared, where=where)


def _draw(
    space: Workspace,
    comparison: compare.Comparison,
    query: compare.Asked,
    both: SideBySide,
    *,
    item: int,
    rival: int,
    where: str,
) -> list[PageSection]:
    alone = rival == NOTHING
    if where == CHANGE:
        titles = _titles(comparison)
        split = (
            explain.item_split(comparison, query, item)
            if alone
            else explain.lead_change(comparison, query, item, rival)
        )
        subject = "Its score" if alone else "Its lead over the other"
        axis = "change of the score" if alone else "change of the lead"
    else:
        side = comparison.left if where == LEFT else comparison.right
        titles = explain.column_titles(side)
        split = explain.lead_split(comparison, query, item, rival, side="left" if where == LEFT else "right")
        axis = "part of the lead"
    before, after = _printed(both, item=item, rival=rival, where=where)
    shown, short = (explain.shown(split, top=top, before=before, after=after) for top in (draw.SHARE, NAMED))
    if where == CHANGE:
        what = split_sentence(short, titles, subject=subject)
    else:
        above = "above" if shown.change > 0 else "below"
        strongest = listed_columns([titles[column] for column in split.strongest()])
        what = f"It stands {above} the other by {abs(shown.change):.3f}; {strongest} speak loudest."
    verdict(what)
    names = [retrieval.item_name(space, "text" if query.kind == "image" else "image", i) for i in (rival, item)]
    if where == CHANGE:
        number = "score" if alone else "lead"
        ends = [f"{number}, {comparison.left.label}", f"{number}, {comparison.right.label}"]
    else:
        ends = [f"score of {names[0][:60]}", f"score of {names[1][:60]}"]
    st.markdown(
        f"**{shown.before:+.3f}** ({plain(ends[0])}) **{shown.change:+.3f}** (all parts) = **{shown.after:+.3f}** "
        f"({plain(ends[1])})"
    )
    caption = caption_of("why-change" if where == CHANGE else "why-lead")

    def drawn(theme: Theme) -> Any:
        return draw.split_figure(shown, titles=titles, what=axis, theme=theme)

    figure(drawn(screen.theme()), key="why", caption=caption)
    if comparison.right.basis.name == space.study.config.basis:
        _columns(split, titles)
    table = documents.split_table(split, titles)
    return [PageSection("why", "Why: the split into columns", table=table, figure=drawn, words=what, caption=caption)]


def _printed(both: SideBySide, *, item: int, rival: int, where: str) -> tuple[float, float]:
    """Both ends as the lists print them, so that a reader can check the sum with the scores above."""
    left, right = ({index: round(pair[side], DIGITS) for index, pair in _scores(both).items()} for side in (0, 1))
    if where != CHANGE:
        scores = left if where == LEFT else right
        return scores[rival], scores[item]
    if rival == NOTHING:
        return left[item], right[item]
    return left[item] - left[rival], right[item] - right[rival]


def _scores(both: SideBySide) -> dict[int, tuple[float, float]]:
    """All items on the screen with their scores on the left and on the right."""
    return {
        item.index: (item.other_score, item.score) if on_the_right else (item.score, item.other_score)
        for item, on_the_right in _items(both)
    }


def _items(both: SideBySide) -> list[tuple[RankedItem, bool]]:
    """What is on the screen, and whether it stands in the right list."""
    targets = [(both.target_before, False), (both.target_after, True)]
    rows = [(item, False) for item in both.left] + [(item, True) for item in both.right]
    return rows + [(item, on_the_right) for item, on_the_right in targets if item is not None]


def _columns(split: Split, titles: list[str]) -> None:
    """Ways to the Columns page for the columns that did most."""
    page = screen.page("columns")
    if page is None:
        return
    with st.container(horizontal=True):
        for column in split.strongest():
            if st.button(
                f"Open {titles[column].split(' (')[0]}", icon=":material/bar_chart:", key=f"why-open-{column}"
            ):
                columns.set_column(column)
                st.switch_page(page)


def _titles(comparison: compare.Comparison) -> list[str]:
    return explain.column_titles(comparison.right)


def items_shown(both: SideBySide) -> dict[int, tuple[int, int]]:
    """All items on the screen with their ranks on the left and on the right."""
    return {
        item.index: (item.other_rank, item.rank) if on_the_right else (item.rank, item.other_rank)
        for item, on_the_right in _items(both)
    }


def _rival(both: SideBySide) -> int | None:
    """The best wrong candidate of the left list, where it is on the screen."""
    return next((item.index for item in both.left if not item.relevant and both.target_before is not None), None)


INSTRUMENT: RetrievalInstrument = Instrument(
    name="why",
    title="Why",
    question="Why did an item move, or stand above another?",
    about="The exact split of a score, of a lead or of its change into the parts of the columns.",
    render=render,
)
