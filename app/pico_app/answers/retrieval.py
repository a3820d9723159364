"""Queries and their lists on the test split."""

from collections import Counter
from collections.abc import Sequence

from pico_app.answers.compare import Comparison, lists_of, side
from pico_app.answers.pictures import thumbnail
from pico_app.choices.query import Query, QueryKind
from pico_app.choices.sides import Sides
from pico_app.figures.rankings import Candidate
from pico_app.server.answer import answer
from pico_app.workspace import Workspace
from pico_core.retrieval.rankings import SideBySide, largest_moves


def ranking(space: Workspace, wanted: Query, *, top_k: int) -> SideBySide:
    """One query, unweighted and weighted, on the test split: exact, only its row is scored."""
    usual = Sides()
    return lists_of(space, Comparison(side(space, usual.left), side(space, usual.right)), wanted, top_k=top_k)


def report_moved(space: Workspace, kind: QueryKind, *, gains: bool) -> list[int]:
    """Queries that PICO without the guard moved most, best first: from the report, nothing is scored."""
    report = space.study.report
    pick = "image_to_text" if kind == "image" else "text_to_image"
    before, later = getattr(report.baseline.ranks, pick), getattr(report.unguarded.ranks, pick)
    return largest_moves(before, later, gains=gains)


@answer(entries=4)
def image_names(space: Workspace) -> list[str]:
    """Every image of the test split in words: its name and its first caption."""
    test = space.splits.test
    first = dict(zip(reversed(test.text_image.tolist()), reversed(test.captions), strict=True))
    return [name if first[i] is None else f"{name} · {first[i]}" for i, name in enumerate(test.ids)]


@answer(entries=4)
def _captions(space: Workspace) -> list[str | None]:
    return space.splits.test.captions  # a list made anew at every call, and a chooser asks for every one of its names


def item_name(space: Workspace, kind: QueryKind, index: int) -> str:
    """What people call an item of the test split."""
    if kind == "image":
        return image_names(space)[index]
    return _captions(space)[index] or f"text {index}, no caption"


@answer()
def query_names(space: Workspace, kind: QueryKind) -> list[str]:
    """All items of the test split, each by a name of its own: a chooser would take one of two alike for the other."""
    if kind == "image":
        names = image_names(space)
    else:
        names = [text or f"text {i}, no caption" for i, text in enumerate(space.splits.test.captions)]
    seen = Counter(names)
    return [name if seen[name] == 1 else f"{name} ({kind} {index})" for index, name in enumerate(names)]


def candidate(space: Workspace, kind: QueryKind, index: int, *, size: int = 96) -> Candidate:
    """What is shown of an item in a list: its name, and its picture where there is one."""
    picture = thumbnail(space.dataset, space.splits.test.image_paths[index], size=size) if kind == "image" else None
    return Candidate(item_name(space, kind, index), picture)


def queries_named(space: Workspace, names: Sequence[str]) -> list[Query]:
    """Images of the test split among these names, each once; names that several images share are left out."""
    ids = space.splits.test.ids
    return [Query("image", ids.index(name)) for name in dict.fromkeys(names) if ids.count(name) == 1]


def most_moved(space: Workspace, *, gains: bool) -> Query | None:
    """The caption whose right image rose or fell most without the guard; None where none moved."""
    moved = report_moved(space, "text", gains=gains)
    return Query("text", moved[0]) if moved else None
