"""Everything that a visit remembers: typed, mirrored in the address, so that a link reopens the view."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

import streamlit as st

from app import comparing
from app.comparing import SideChoice, Sides
from app.switching import STEPS, Switching, from_address
from pico_core.analysis.switching.column_sets import ColumnSet
from pico_core.demo import DEMOS
from pico_core.method.config import StudyConfig

QueryKind = Literal["image", "text"]
Part = Literal["column", "sure", "switch", "detectors", "probe", "table"]
View = Literal["why", "words", "queries", "labels", "all"]
Items = tuple[tuple[str, int], ...]  # kind and index of items of the test split
PARTS: tuple[Part, ...] = get_args(Part)
VIEWS: tuple[View, ...] = get_args(View)
DEMO = DEMOS[0].name  # the dataset of a first visit
BUILT_IN = tuple(demo.name for demo in DEMOS)
MAX_STRENGTH = 2.0
MAX_WORDS = 300  # letters of a typed caption: more than any encoder reads
MAX_WEIGHTS = 8  # files of weights remembered in one visit
MAX_SETS = 50  # column sets kept in one visit
SWITCH_WIDGETS = {
    "switch-which": "which",
    "switch-lowest": "lowest",
    "switch-typed": "typed",
    "switch-to": "setting",
    "switch-base": "base",
}
QUERY = re.compile(r"(image|text)-([0-9]{1,9})")


@dataclass(frozen=True)
class Query:
    """One item of the test split."""

    kind: QueryKind
    index: int

    @property
    def key(self) -> str:
        """As an address writes it."""
        return f"{self.kind}-{self.index}"


@dataclass(frozen=True)
class Dropped:
    """A picture from outside the dataset.

    Attributes:
        name: Of its file.
        data: The bytes of the file; nobody has judged them yet.
    """

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Dropped({self.name!r}, {len(self.data)} bytes)"


def _address_number(name: str, default: float, *, low: float, high: float, whole: bool) -> float:
    """A number of the address; anything that is not one, or lies outside, is dropped without a word."""
    try:
        value = float(st.query_params.get(name, default))
    except ValueError:
        return default
    fits = low <= value <= high and (not whole or value == int(value))  # False for nan
    return value if fits else default


def _keep(name: str, value: float | str) -> None:
    st.session_state[name] = value
    _mirror(name, f"{value:g}" if isinstance(value, float | int) else value)


def _mirror(name: str, value: str | None) -> None:
    """Put a value into the address, or take it out; an address that already says so is left alone."""
    if st.query_params.get(name) == value:
        return
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def follow_address() -> None:
    """Take over what a link says, then say in the address what is looked at: changing the page empties it."""
    seen, power = _column(), strength()
    asked = st.session_state.setdefault("query", _asked())
    _mirror("dataset", dataset_path() if dataset_path() in BUILT_IN else None)
    _mirror("basis", None if wanted_config().basis == "given" else wanted_config().basis)
    _mirror("column", None if seen < 0 else str(seen))
    _mirror("strength", None if power == 1 else f"{power:g}")
    _mirror("part", None if part() == PARTS[0] else part())
    _mirror("query", asked)
    _mirror("words", words() or None)
    _mirror("show", None if view() == VIEWS[0] else view())
    _mirror_sides()
    _mirror_switching()


def _column() -> int:
    if "column" not in st.session_state:
        st.session_state["column"] = _address_number("column", -1, low=0, high=1e6, whole=True)
    return int(st.session_state["column"])


def column(n_columns: int) -> int:
    """The column looked at; -1 where none is."""
    if _column() >= n_columns:
        _keep("column", -1)
        _mirror("column", None)
    return _column()


def set_column(index: int) -> None:
    """Look at another column."""
    _keep("column", int(index))


def part() -> Part:
    """The instrument of the Columns page that is open."""
    if "part" not in st.session_state:
        wanted = st.query_params.get("part", PARTS[0])
        st.session_state["part"] = wanted if wanted in PARTS else PARTS[0]
    found: Part = st.session_state["part"]
    return found


def set_part(name: Part) -> None:
    """Open another instrument, by its switch on the page."""
    st.session_state["part"] = name
    _mirror("part", None if name == PARTS[0] else name)


def go_to_part(name: Part) -> None:
    """Open another instrument from elsewhere; only in a callback, before the switch itself is drawn."""
    set_part(name)
    st.session_state["columns-part"] = name


def view() -> View:
    """The instrument of the Retrieval page that is open."""
    if "view" not in st.session_state:
        wanted = st.query_params.get("show", VIEWS[0])
        st.session_state["view"] = wanted if wanted in VIEWS else VIEWS[0]
    found: View = st.session_state["view"]
    return found


def set_view(name: View) -> None:
    """Open another instrument of the Retrieval page."""
    st.session_state["view"] = name
    _mirror("show", None if name == VIEWS[0] else name)


def go_to_queries(label: Any, value: str) -> None:
    """Open the queries won and lost, those of one value of a label; only in a callback, before they are drawn."""
    set_view("queries")
    st.session_state["retrieval-view"] = "queries"
    st.session_state["moved-label"], st.session_state["moved-value"] = label, value


def sides() -> Sides:
    """The two scorings that the Retrieval page lays side by side."""
    if "sides" not in st.session_state:
        default = Sides()
        st.session_state["sides"] = Sides(
            comparing.from_address(st.query_params.get("left"), default.left),
            comparing.from_address(st.query_params.get("right"), default.right),
        )
    found: Sides = st.session_state["sides"]
    return found


def set_side(place: Literal["left", "right"], choice: SideChoice) -> None:
    """Lay another scoring on one side."""
    set_sides(replace(sides(), **{place: choice}))


def set_sides(wanted: Sides) -> None:
    """Lay other scorings side by side."""
    st.session_state["sides"] = wanted
    _mirror_sides()


def _mirror_sides() -> None:
    default = Sides()
    _mirror("left", None if sides().left == default.left else sides().left.address)
    _mirror("right", None if sides().right == default.right else sides().right.address)


def _forget_sides() -> None:
    """Sets and runs belong to the data and the axes that they were made with."""
    kept = {"unweighted", "weighted", "p_hat", "random"}
    now, default = sides(), Sides()
    left = now.left if now.left.kind in kept else default.left
    set_sides(Sides(left, now.right if now.right.kind in kept else default.right))


def switching() -> Switching:
    """What the column switch is set to."""
    if "switching" not in st.session_state:
        st.session_state["switching"] = from_address(st.query_params)
    found: Switching = st.session_state["switching"]
    return found


def set_switching(wanted: Switching) -> None:
    """Switch other columns, or to something else; `undo_switching` steps back."""
    before = switching()
    if wanted == before:
        return
    steps = (*st.session_state.get("switched", ()), before)
    st.session_state["switched"] = steps[-STEPS:]
    st.session_state["switching"] = wanted
    _mirror_switching()


def place_switching(most: int) -> None:
    """Put the choice into the widgets of the switch before they are drawn: a step back or a link shows in them.

    Args:
        most: How many of the lowest there can be.
    """
    for key, field in SWITCH_WIDGETS.items():
        value = getattr(switching(), field)
        st.session_state[key] = min(value, most) if field == "lowest" else value


def placed_switching() -> Switching:
    """What the widgets of the switch say, in a callback of theirs."""
    said = {field: st.session_state[key] for key, field in SWITCH_WIDGETS.items() if key in st.session_state}
    return replace(switching(), **said)


def can_undo_switching() -> bool:
    """Whether there is a step to take back."""
    return bool(st.session_state.get("switched"))


def undo_switching() -> None:
    """Take the last step of the column switch back."""
    *rest, before = st.session_state["switched"]
    st.session_state["switched"], st.session_state["switching"] = tuple(rest), before
    _mirror_switching()


def _mirror_switching() -> None:
    for name, value in switching().address.items():
        _mirror(name, value)


def _forget_switching() -> None:
    """Numbers of columns mean others in other data or other axes; sets that were kept say what they belong to."""
    _forget_sides()
    st.session_state["switching"], st.session_state["switched"] = Switching(), ()
    _mirror_switching()


def kept_sets() -> tuple[ColumnSet, ...]:
    """Column sets kept for this visit, of whatever data; the latest last."""
    return tuple(st.session_state.get("kept-sets", ()))


def keep_set(wanted: ColumnSet) -> None:
    """Keep a column set for this visit; one of the same name, data and axes is replaced."""
    others = [one for one in kept_sets() if _named(one) != _named(wanted)]
    st.session_state["kept-sets"] = (*others, wanted)[-MAX_SETS:]


def drop_set(unwanted: ColumnSet) -> None:
    """Keep a column set no longer."""
    st.session_state["kept-sets"] = tuple(one for one in kept_sets() if one != unwanted)


def _named(one: ColumnSet) -> tuple[str, tuple[str, str]]:
    return one.name, (one.dataset, one.axes)


def switch_control() -> str:
    """Key of the control of the switch that was asked for last; empty where none is looked at."""
    return str(st.session_state.get("switch-control", ""))


def set_switch_control(key: str) -> None:
    """Remember which control is looked at."""
    st.session_state["switch-control"] = key


def strength() -> float:
    """Exponent of the weights that lists use; the slider of the frame bears this name as its key."""
    if "strength" not in st.session_state:
        st.session_state["strength"] = _address_number("strength", 1.0, low=0.0, high=MAX_STRENGTH, whole=False)
    return float(st.session_state["strength"])


def _asked() -> str | None:
    wanted = st.query_params.get("query", "")
    return wanted if QUERY.fullmatch(wanted) else None


def chosen_query(n_images: int, n_texts: int) -> Query | None:
    """The item that was asked for; None where none was, or it does not exist."""
    wanted = QUERY.fullmatch(st.session_state.setdefault("query", _asked()) or "")
    if wanted is None or int(wanted[2]) >= (n_images if wanted[1] == "image" else n_texts):
        st.session_state["query"] = None
        _mirror("query", None)
        return None
    return Query("image" if wanted[1] == "image" else "text", int(wanted[2]))


def query(n_images: int, n_texts: int) -> Query:
    """The item whose lists are shown; the first text where none was asked for."""
    return chosen_query(n_images, n_texts) or Query("text", 0)


def set_query(wanted: Query) -> None:
    """Ask another query."""
    _keep("query", wanted.key)
    set_words(None)


def query_link(wanted: Query) -> str | None:
    """The address of this page with another query; None where the data lie on this machine: no link opens them."""
    if dataset_path() not in BUILT_IN:
        return None
    others = {name: value for name, value in st.query_params.items() if name not in ("query", "words")}
    return "?" + urlencode({**others, "dataset": dataset_path(), "query": wanted.key})


def words() -> str | None:
    """The typed caption whose lists are shown; "" while none is typed yet, None where an item is asked instead."""
    if "words" not in st.session_state:
        wanted = st.query_params.get("words")
        st.session_state["words"] = None if wanted is None else wanted[:MAX_WORDS]
    found: str | None = st.session_state["words"]
    return found


def set_words(text: str | None) -> None:
    """Ask in one's own words; None asks with an item of the dataset again."""
    st.session_state["words"], st.session_state["picturing"] = text, False
    _mirror("words", text or None)


def weights(digest: str) -> str | None:
    """The file of an encoder's weights that this visit has named and that was found to be the right one."""
    found: str | None = st.session_state.get("weights", {}).get(digest)
    return found


def set_weights(digest: str, path: str | None) -> None:
    """Remember where the weights of an encoder lie; None forgets. They stay out of links."""
    others = {known: place for known, place in st.session_state.get("weights", {}).items() if known != digest}
    kept = others if path is None else others | {digest: path}
    st.session_state["weights"] = dict(list(kept.items())[-MAX_WEIGHTS:])


def picturing() -> bool:
    """Whether a picture from outside asks, dropped already or not. It is no part of a link."""
    return bool(st.session_state.get("picturing", False))


def ask_with_picture() -> None:
    """Ask with a picture from outside."""
    set_words(None)
    st.session_state["picturing"] = True


def dropped() -> Dropped | None:
    """The picture that asks, with its bytes; None while there is none."""
    found: Dropped | None = st.session_state.get("dropped")
    return found


def take_dropped(key: str) -> None:
    """Take the picture over from its uploader, in a callback of it: one at a time is kept, in this visit only."""
    file = st.session_state[key]
    st.session_state["dropped"] = None if file is None else Dropped(file.name, file.getvalue())


def dataset_path() -> str:
    """Path of the open dataset, or the name of a built-in one."""
    if "dataset" not in st.session_state:
        wanted = st.query_params.get("dataset", DEMO)
        st.session_state["dataset"] = wanted if wanted in BUILT_IN else DEMO
    return str(st.session_state["dataset"])


def open_dataset(path: str) -> None:
    """Open another dataset; only built-in ones go into the address."""
    st.session_state["dataset"] = path
    _mirror("dataset", path if path in BUILT_IN else None)  # a path of this machine stays out of links
    st.session_state["column"] = -1
    _mirror("column", None)
    _forget_items()
    _forget_switching()


def _forget_items() -> None:
    """Numbers of items mean others in another test split."""
    st.session_state["query"], st.session_state["selection"] = None, ()
    _mirror("query", None)


def wanted_config() -> StudyConfig:
    """The settings that the controls show."""
    if "config" not in st.session_state:
        basis = st.query_params.get("basis", "given")
        known = basis if basis in ("given", "pca", "cross") else "given"
        st.session_state["config"] = StudyConfig().with_settings({"basis": known})
    found: StudyConfig = st.session_state["config"]
    return found


def set_wanted_config(config: StudyConfig) -> None:
    """Change the settings that the controls show."""
    before = wanted_config()
    if (before.seed, before.fit, before.feedback) != (config.seed, config.fit, config.feedback):
        _forget_items()
    if (before.basis, before.seed, before.fit) != (config.basis, config.seed, config.fit):
        _forget_switching()
    st.session_state["config"] = config
    _mirror("basis", None if config.basis == "given" else config.basis)


def selection() -> Items:
    """Items selected on the maps: pairs of kind and index."""
    return tuple(st.session_state.get("selection", ()))


def set_selection(items: Items) -> None:
    """Select items on the maps."""
    st.session_state["selection"] = items


def newly_selected(maps: Sequence[tuple[str, Items]]) -> Items | None:
    """What was selected in a map since the last run; None where nothing changed. Maps repeat their selection.

    Args:
        maps: Key and selected items of every map that is drawn in this run.
    """
    before = st.session_state.get("map-selections", ())
    st.session_state["map-selections"] = tuple(maps)
    return news(before, maps)


def news(before: Sequence[tuple[str, Items]], now: Sequence[tuple[str, Items]]) -> Items | None:
    """The selection of the map that differs from what it was; a map that is new has been empty before.

    An empty one is no news: a map also lets go of its selection when it is drawn anew with the rings.

    >>> news([("a", (("text", 1),)), ("b", ())], [("a", (("text", 1),)), ("b", (("image", 2),))])
    (('image', 2),)
    """
    for key, items in now:
        if items and items != next((was for name, was in before if name == key), ()):
            return items
    return None


def replace_wish(name: str, key: str) -> str | None:
    """Remember what this visit has asked the background for under a name; returns what it was before."""
    before: str | None = st.session_state.get(f"wish-{name}")
    st.session_state[f"wish-{name}"] = key
    return before


def wish(name: str) -> str | None:
    """What this visit has asked the background for under a name."""
    found: str | None = st.session_state.get(f"wish-{name}")
    return found


def set_failure(key: str, message: str) -> None:
    """Remember why the study of this key could not be done."""
    st.session_state["failure"] = (key, message)


def failure(key: str) -> str | None:
    """Why the study of this key could not be done, until it is tried again or something else is wanted."""
    about, message = st.session_state.get("failure", (None, None))
    return message if about == key else None


def place_widget(key: str, value: Any) -> None:
    """Put a value into a widget before it is drawn: what a link, another page or a button chose shows in it."""
    st.session_state[key] = value


def widget(key: str) -> Any:
    """What a widget says, in a callback of its own."""
    return st.session_state.get(key)


def picture_format() -> str:
    """What the camera of figures saves: "png" or "svg"."""
    return str(st.session_state.get("picture-format", "png"))


def set_picture_format(kind: str) -> None:
    """Let the camera of figures save something else."""
    st.session_state["picture-format"] = kind


def dark() -> bool:
    """Whether the reader uses the dark theme."""
    return st.context.theme.type == "dark"


def put_on_screen(dataset: Any, study: Any) -> None:
    """What this run of the script shows."""
    st.session_state["screen"] = (dataset, study)


def on_screen() -> tuple[Any, Any]:
    """The dataset and the study of this run of the script, or None for what is missing."""
    found: tuple[Any, Any] = st.session_state.get("screen", (None, None))
    return found


def put_pages(pages: dict[str, Any]) -> None:
    """The pages of this run of the script, by their addresses: what one page links another with."""
    st.session_state["pages"] = pages


def page(address: str) -> Any:
    """A page to link to; None where the frame is not drawn."""
    return st.session_state.get("pages", {}).get(address)


def table_anchor(name: str, selected: int) -> int:
    """The column that a table opens at: another one only when the choice was made elsewhere."""
    opened, chosen = st.session_state.get(f"table-{name}", (selected, selected))
    if chosen != selected:
        opened = selected
    st.session_state[f"table-{name}"] = (opened, selected)
    return int(opened)


def table_chose(name: str, column: int) -> None:
    """A row of the table was chosen by hand: the table stays as it is, scrolled where it is."""
    opened, _ = st.session_state[f"table-{name}"]
    st.session_state[f"table-{name}"] = (opened, column)


def fresh(key: str, choice: int | None) -> int | None:
    """A choice made in a figure, once: figures repeat their last selection at every run of the page."""
    name = f"choice-{key}"
    before = st.session_state.get(name)
    st.session_state[name] = choice
    return None if choice == before else choice


def keep_among(key: str, values: Sequence[Any]) -> None:
    """Before a chooser is drawn: a choice that it does not offer any more is dropped."""
    if st.session_state.get(key) not in values:
        st.session_state.pop(key, None)


def keep_at_most(key: str, most: int) -> None:
    """Before a number is asked for: one that is too large now becomes the largest."""
    if st.session_state.get(key, 1) > most:
        st.session_state[key] = most
