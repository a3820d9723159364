"""The column switch: take columns out, or set them, and read what happens to retrieval."""

from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st

from pico_app.answers import pictures, retrieval, switch
from pico_app.choices.query import Query
from pico_app.choices.switching import SETTINGS, Base, Switching, Which
from pico_app.figures import switch as draw
from pico_app.pages import parts
from pico_app.pages.columns import column_sets
from pico_app.pages.columns.instrument import ColumnInstrument
from pico_app.pages.instrument import Instrument
from pico_app.server.answer import Answer
from pico_app.state import queries, screen
from pico_app.state import switch as switch_state
from pico_app.waiting import waiting
from pico_app.words import read_words
from pico_app.words.markup import plain
from pico_app.words.retrieval import band_sentence, switch_sentence
from pico_app.workspace import Workspace
from pico_core.common.errors import DataError
from pico_core.retrieval.comparing.paired import Move
from pico_core.retrieval.switching.column_sets import columns_text
from pico_core.retrieval.switching.effect import SwitchEffect
from pico_core.retrieval.switching.setting import SwitchSetting

WORDS = read_words("switch")
SOURCES: dict[Which, str] = WORDS["which"]
SETTING_NAMES: dict[SwitchSetting, str] = WORDS["settings"]
ABOUT: dict[SwitchSetting, str] = WORDS["about"]
SHOWN = 5  # queries won, and as many lost


def render(space: Workspace, frame: pl.DataFrame, selected: int) -> None:
    """Draw the instrument."""
    choice, late = switch_state.switching(), False
    _choose(space, choice, selected)
    st.space("small")
    try:
        columns = switch.switch_columns(space, choice, selected)
        if columns:
            late = _answer(switch.ColumnSwitch(space, choice, columns))
        else:
            st.info("Which columns? Write numbers and ranges, such as 3, 7, 12-15.", icon=":material/keyboard:")
    except DataError as error:
        columns = ()
        st.info(plain(str(error)[0].upper() + str(error)[1:]), icon=":material/keyboard:")
    column_sets.render(space, choice, columns)
    if late:  # only here: what was pressed in this run has been heard
        st.rerun()


def _choose(space: Workspace, choice: Switching, selected: int) -> None:
    """The controls: always the same widgets in the same places, so that a fast second click finds its own."""
    total = space.splits.test.n_columns
    most = max(1, total - 1)
    switch_state.place_switching(most)
    changed: dict[str, Any] = {"on_change": _take, "args": (space, selected)}
    left, right = st.columns([7.2, 2.8], vertical_alignment="bottom")
    parts.one_of("Which columns", SOURCES, key="switch-which", container=left, wrap=True, **changed)
    with right.container(height=70, border=False):
        if choice.which == "lowest":
            st.number_input(f"How many of {total}", 1, most, key="switch-lowest", **changed)
        elif choice.which == "own":
            st.text_input(
                f"Columns, 0 to {total - 1}", placeholder="3, 7, 12-15", max_chars=2000, key="switch-typed", **changed
            )
    to, base, back = st.columns([5.4, 3.2, 1.4], vertical_alignment="bottom")
    parts.one_of(
        "Set to",
        SETTING_NAMES,
        container=to,
        help="  \n".join(f"**{SETTING_NAMES[name]}**: {ABOUT[name]}" for name in SETTINGS),
        wrap=True,
        key="switch-to",
        **changed,
    )
    names: dict[Base, str] = {"unweighted": "Equal weights", "weighted": f"Weights at λ = {space.strength:g}"}
    parts.one_of("Compared with", names, key="switch-base", container=base, wrap=True, **changed)
    back.button(
        "Undo",
        icon=":material/undo:",
        width="stretch",
        disabled=not switch_state.can_undo_switching(),
        key="switch-undo",
        on_click=switch_state.undo_switching,
    )


def _take(space: Workspace, selected: int) -> None:
    """Switch what the widgets say; an own list begins with what was switched until now."""
    choice, wanted = switch_state.switching(), switch_state.placed_switching()
    if wanted.typed != choice.typed:
        wanted = replace(wanted, name="")
    elif wanted.which == "own" and choice.which != "own" and not wanted.typed:
        wanted = replace(wanted, typed=columns_text(switch.switch_columns(space, choice, selected)))
    switch_state.set_switching(wanted)


def _answer(column_switch: switch.ColumnSwitch) -> bool:
    """Draw the answer; whether something came while the page was drawn without it."""
    total, choice, columns = column_switch.space.splits.test.n_columns, column_switch.choice, column_switch.columns
    if column_switch.is_idle:
        value = "1" if choice.setting == "one" else "0"
        has = (
            f"This column has weight {value}"
            if len(columns) == 1
            else f"All {len(columns)} columns have weight {value}"
        )
        parts.verdict(f"Nothing changes: {has[0].lower()}{has[1:]} already.")
        st.caption("Choose another setting, or compare with other weights.")
        return False
    switch.leave_other_control(column_switch)
    exact, effect = switch.exact_effect.find(column_switch), switch.quick_effect(column_switch)
    if not effect.paired.exact and exact is not None:
        effect = exact.value or effect
    parts.verdict(switch_sentence(effect, _what(column_switch)))
    # While every image is being asked, the sample's own control would only be in the way.
    busy = exact is not None and exact.job is not None and exact.job.running
    control = None if busy else switch.drawn_columns(column_switch, effect)
    band = None if control is None else control.value  # read once: it may come while the page is drawn
    if band is not None:
        parts.prose(band_sentence(band, effect))
    listed = "" if len(columns) == 1 else f"Switched, {len(columns)} of {total}: {columns_text(columns)}. "
    st.caption(listed + ABOUT[choice.setting])
    if effect.paired.new_ties:
        st.caption(
            f"{effect.paired.new_ties:,} more queries tie with a wrong answer than before; a tie counts as no worse, "
            "so the recall after the switch may flatter."
        )
    late = not effect.paired.exact and _offer_exact(column_switch)
    parts.figure(
        draw.changes(effect.rows, control=band, sampled=not effect.paired.exact, theme=screen.theme()),
        key="switch-changes",
    )
    if band is None and control is not None:
        late |= _wait(control, "switch-control", "The grey range follows; the answer above stands without it.")
    _queries(column_switch, effect)
    return late


def _offer_exact(column_switch: switch.ColumnSwitch) -> bool:
    exact = switch.exact_effect.find(column_switch)
    if exact is None:
        st.button(
            "Compute exactly",
            icon=":material/calculate:",
            key="switch-exact",
            on_click=switch.ask_exact_effect,
            args=(column_switch,),
        )
        return False
    return _wait(exact, "switch-exact", "Until then the estimate stands.")


def _wait(answer: Answer[Any], key: str, meanwhile: str) -> bool:
    """Say how it stands; whether it came by now."""
    waiting(answer, key=key, meanwhile=meanwhile)
    return answer.value is not None


def _what(column_switch: switch.ColumnSwitch) -> str:
    """What was switched, as the end of a sentence."""
    space, choice, columns = column_switch.space, column_switch.choice, column_switch.columns
    if choice.which == "own" and choice.name:
        named = f"the set “{choice.name}”"
    elif len(columns) == 1:
        named = switch.switch_title(space, columns[0])
    else:
        axes = switch.switch_title(space, columns[0]).rpartition(" ")[0].replace("axis", "axes")
        named = f"these {len(columns)} {'columns' if axes == 'column' else axes}"
    its = "its" if len(columns) == 1 else "their"
    return {
        "off": f"without {named}",
        "one": f"with {named} at weight 1",
        "mean": f"with {named} at {its} mean",
        "image_mean": f"with {named} at {its} mean in images",
        "text_mean": f"with {named} at {its} mean in texts",
    }[choice.setting]


def _queries(column_switch: switch.ColumnSwitch, effect: SwitchEffect) -> None:
    space = column_switch.space
    among = "" if effect.paired.exact else " of those asked"
    for container, gains, word in zip(st.columns(2), (True, False), ("won", "lost"), strict=True):
        images, texts = (effect.paired.count(gains=gains, kind=kind) for kind in ("image", "text"))
        with container:
            st.subheader(f"Queries {word}: {images + texts:,}", anchor=False)
            st.caption(
                f"{images:,} images and {texts:,} texts{among} rank {'better' if gains else 'worse'}. Ranks before → "
                "after, the largest ratios:"
            )
            for move in effect.paired.strongest(gains=gains, top=SHOWN):
                _row(space, move)
    extremes = [move for gains in (False, True) for move in effect.paired.strongest(gains=gains, top=1)]
    test = space.splits.test
    query = queries.chosen_query(test.n_images, test.n_texts)
    if query is None:
        query = Query(extremes[0].kind, extremes[0].index) if extremes else Query("text", 0)
    move = switch.query_move(column_switch, query)
    st.subheader("One query, exactly", anchor=False)
    st.html(
        draw.moves_html(move, name=retrieval.item_name(space, move.kind, move.index), picture=_picture(space, move))
    )
    others = test.n_texts if move.kind == "image" else test.n_images
    stays = (
        f"stays at rank {move.before:,}"
        if move.before == move.after
        else f"moves from rank {move.before:,} to {move.after:,}"
    )
    st.markdown(f"Its right answer {stays} among {others:,}. Choose another query with the arrows above.")
    page = screen.page("retrieval")
    if page is not None and st.button("This query on the Retrieval page", icon=":material/swap_vert:", key="switch-go"):
        queries.set_query(query)
        st.switch_page(page)


def _row(space: Workspace, move: Move) -> None:
    text, button = st.columns([9, 1], vertical_alignment="center", gap="small")
    text.html(
        draw.moves_html(move, name=retrieval.item_name(space, move.kind, move.index), picture=_picture(space, move))
    )
    button.button(
        "",
        icon=":material/arrow_downward:",
        help="Look at this query below, and on the Retrieval page",
        key=f"switch-ask-{move.kind}-{move.index}",
        on_click=queries.set_query,
        args=(Query(move.kind, move.index),),
    )


def _picture(space: Workspace, move: Move) -> str | None:
    if move.kind == "text":
        return None
    return pictures.thumbnail(space.dataset, space.splits.test.image_paths[move.index], size=96)


INSTRUMENT: ColumnInstrument = Instrument(
    name="switch",
    title="Switch off",
    question="What happens to retrieval without these columns?",
    about="Columns are taken out or set to a constant, and all test queries are asked again. Beside them stands what "
    "as many random columns do.",
    render=render,
)
