"""Every view of the app that is recorded: a page, what its address says, and what is pressed or chosen there."""

from collections.abc import Iterator
from dataclasses import dataclass, field

PAGES = ("overview", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
STEPS = ("interaction", "signs", "estimate", "points", "clustering", "feedback", "probabilities", "retrieval")
COLUMNS = ("column", "sure", "switch", "detectors", "probe", "table")
RETRIEVAL = ("why", "words", "queries", "labels", "all")
EXPERIMENTS = ("leads", "settings", "feedback", "seeds", "training", "cost", "table")
SIDES = ("p_hat", "random-2", "without-3,7", "axes-cross", "without-4000")
STOPS = 11
Action = tuple[str, str, object]  # kind of widget, label, value


@dataclass(frozen=True)
class Shown:
    """One view.

    Attributes:
        page: Address of the page.
        address: What the address says beside it.
        actions: Done one after the other, each followed by a run.
    """

    page: str
    address: dict[str, str] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()

    @property
    def name(self) -> str:
        """As an address, followed by the actions."""
        asked = "&".join(f"{name}={value}" for name, value in self.address.items())
        done = "".join(
            f" | {label}: {value}" if kind != "button" else f" | {label}" for kind, label, value in self.actions
        )
        return f"{self.page}?{asked}{done}"


def views_of(part: str) -> list[Shown]:
    """The views of one part, in order."""
    return list({"pages-a": _first, "pages-b": _second, "pages-c": _third}[part]())


def _first() -> Iterator[Shown]:
    """Overview, method and columns of the scenes."""
    yield Shown("overview")
    yield Shown("overview", {"basis": "cross"})
    yield Shown("overview", {"basis": "pca"})
    for basis in ("given", "cross"):
        for step in STEPS:
            yield Shown("method", {"step": step, "basis": basis})
    yield Shown("method", {"step": "signs", "present": "1"})
    yield Shown("method", {"step": "signs", "pick": "5-2-1-7"})
    for step in ("estimate", "probabilities", "retrieval"):
        yield Shown("method", {"step": step, "preset": "rogue"})
    for basis in ("given", "cross"):
        for part in COLUMNS:
            yield Shown("columns", {"part": part, "basis": basis})
    yield Shown(
        "columns", {"column": "7"}, (("button_group", "Show", "shown_weight"), ("button_group", "Order", "By index"))
    )
    yield Shown("columns", {"column": "7"}, (("button", "Switch it off", None),))
    for kind in ("fixed", "labels"):
        yield Shown("columns", {"part": "probe"}, (("button_group", "Where the shares come from", kind),))
    for more in (
        {"set": "lowest-10"},
        {"set": "3,7,12-15", "to": "mean"},
        {"set": "image-cluster", "to": "image_mean", "base": "weighted"},
        {"set": "text-cluster", "to": "one", "base": "weighted"},
    ):
        yield Shown("columns", {"part": "switch", **more})


def _second() -> Iterator[Shown]:
    """The other pages of the scenes, and the tour."""
    for basis in ("given", "cross"):
        yield Shown("prototypes", {"basis": basis})
        yield Shown("subspaces", {"basis": basis})
    yield Shown(
        "prototypes",
        {},
        (("button_group", "Draw the way of the prototypes", 50), ("button_group", "Colour", "Change to the result")),
    )
    yield Shown("subspaces", {}, (("button_group", "Map", "pca"),))
    yield Shown("subspaces", {}, (("selectbox", "Columns in the two spaces", "thirds"),))
    for basis in ("given", "cross"):
        for part in RETRIEVAL:
            yield Shown("retrieval", {"show": part, "query": "text-3", "basis": basis})
    yield Shown("retrieval", {"query": "image-7"})
    yield Shown("retrieval", {"query": "image-7", "show": "words"})
    yield Shown("retrieval", {"query": "text-3", "strength": "0.5"})
    yield Shown("retrieval", {"words": "a red star above a blue ring, dogs"})
    yield Shown("retrieval", {"words": "zyzzyva"})
    for side in SIDES:
        yield Shown("retrieval", {"query": "text-3", "right": side})
    yield Shown("retrieval", {"query": "text-3", "left": "weighted", "right": "axes-cross", "show": "labels"})
    yield Shown("retrieval", {"query": "text-3"}, (("button_group", "Split", "Who leads on the left"),))
    for part in EXPERIMENTS:
        yield Shown("experiments", {"part": part})
    for grid in ("shortcut, cross", "planted, given"):
        yield Shown("experiments", {"grid": grid, "variant": "permuted", "part": "seeds"})
    yield Shown("experiments", {"results": "own"})
    yield Shown("experiments", {"results": "file"})
    yield Shown("data")


def _third() -> Iterator[Shown]:
    """The tour, the other demos, and what cannot be shown."""
    for stop in range(1, STOPS + 1):
        yield Shown("overview", {"tour": str(stop)}, (("button", "Show the takeaway", None),))
    for demo in ("clean", "planted"):
        for page in PAGES:
            yield Shown(page, {"dataset": demo})
        for part in COLUMNS[1:]:
            yield Shown("columns", {"dataset": demo, "part": part})
        for part in RETRIEVAL[1:]:
            yield Shown("retrieval", {"dataset": demo, "show": part})
        yield Shown("overview", {"dataset": demo, "basis": "cross"})
    for page in PAGES:
        yield Shown(page, {}, (("radio", "Dataset", "My own"),))
    yield Shown("data", {}, (("selectbox", "Preset", "paper"),))
