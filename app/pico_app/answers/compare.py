"""The two scorings of the Retrieval page: what a choice means on the open study, and the lists of a query."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from pico_app.answers.datasets import changed_on_disk
from pico_app.answers.studies import sibling, study_key
from pico_app.answers.switch import sets_here
from pico_app.choices.query import Query, QueryKind
from pico_app.choices.sides import ChosenScheme, Sides
from pico_app.server.answer import MANY, answer
from pico_app.server.cache import GIGABYTE
from pico_app.server.places import opened_place
from pico_app.workspace import Workspace
from pico_core.common.axes import CandidateScores, Columns, ItemTokens
from pico_core.common.errors import DataError, PicoError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.bases import BASES
from pico_core.method.basis import Basis
from pico_core.method.probabilities import equal_weights, weights_from
from pico_core.retrieval.rankings import SideBySide, compare_lists, relevant_items
from pico_core.retrieval.schemes.beside_a_study import StudyContext
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.scheme import NotApplicable
from pico_core.retrieval.scoring import RetrievalIndex, WeightedPairs, query_row, retrieval_index
from pico_core.retrieval.switching.column_sets import ColumnSet
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study, study_part

MOST_PACKED = 600_000_000  # bytes of a split that are kept packed between queries


@dataclass(frozen=True, eq=False)
class Outside:
    """A query that is no item of the dataset: typed words, or somebody's picture.

    Attributes:
        kind: "text" asks for images, "image" for texts.
        key: Names it by its content.
        name: What is shown of it.
        tokens: Real unit tokens [t, d] in the given columns.
        pieces: The words of typed words, one per token.
        picture: A picture as a data address.
    """

    kind: QueryKind
    key: str
    name: str
    tokens: ItemTokens
    pieces: tuple[str, ...] = ()
    picture: str | None = None


Asked = Query | Outside


@dataclass(frozen=True, eq=False)
class Side(WeightedPairs):
    """One scoring of the test split: its pairs in the axes of the weights, and the weights.

    Attributes:
        choice: What was chosen.
        label: The same for people.
        basis: Those axes.
        data: Names the test split in these axes.
        key: Names the side by all that goes into it: data, split, axes, weights.
    """

    choice: ChosenScheme
    label: str
    basis: Basis
    data: str
    key: str

    @property
    def is_equal(self) -> bool:
        """Whether all columns count the same: then the axes do not matter."""
        return bool((self.weights == self.weights[0]).all())


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two scorings of the same items."""

    left: Side
    right: Side

    @property
    def key(self) -> str:
        """Names both."""
        return f"{self.left.key} | {self.right.key}"

    @property
    def is_default(self) -> bool:
        """Unweighted against the weights of the study."""
        return (self.left.choice, self.right.choice) == (Sides().left, Sides().right)

    @property
    def same(self) -> bool:
        """Whether both rank alike for sure."""
        return self.left.key == self.right.key or (self.left.is_equal and self.right.is_equal)


def comparison(space: Workspace, sides: Sides) -> Comparison:
    """The scorings that are chosen.

    Raises:
        DataError: one of them cannot be had; the message says why and what to do.
    """
    return Comparison(side(space, sides.left), side(space, sides.right))


def side(space: Workspace, choice: ChosenScheme) -> Side:
    """What a choice means on the open study.

    Raises:
        DataError: a set of other columns, axes whose study is not done, a run of other data or another split.
    """
    if choice.kind in ("axes", "run"):
        return _other_study(space, choice)
    if choice.kind == "scheme":
        return _scheme_side(space, choice)
    n_columns = space.splits.test.n_columns
    missing = [column for column in choice.columns if column >= n_columns]
    if missing or len(choice.columns) >= n_columns:
        problem = f"there is no column {missing[0]}" if missing else "no column would be left"
        raise DataError(f"this column set does not fit: {problem}; choose another set")
    weights = equal_weights(n_columns, without=choice.columns)
    return _here(space, choice, option_name(choice), weights, f"without {choice.columns}")


def side_options(space: Workspace, chosen: ChosenScheme, kept: Sequence[ColumnSet] = ()) -> list[ChosenScheme]:
    """All that can be chosen here, sets that the visit has kept included, and what is chosen now."""
    options = [ChosenScheme("scheme", scheme.name) for scheme in SCHEMES if scheme.on_side]
    options += [
        ChosenScheme("set", columns=column_set.columns, name=column_set.name) for column_set in sets_here(space, kept)
    ]
    options += [
        ChosenScheme("axes", name=name)
        for name in BASES.names
        if name != space.study.config.basis and sibling(space, name) is not None
    ]
    options.append(ChosenScheme("run"))
    return options if _bare(chosen) in map(_bare, options) else [*options, chosen]


def option_name(choice: ChosenScheme) -> str:
    """What a choice is called in a list of choices; it names no strength, for a list is told apart by its names."""
    if choice.kind == "set":
        return f"Without {choice.name or _listed(choice.columns)}"
    if choice.kind == "scheme":
        return SCHEMES[choice.name].on_side
    return "Another run …" if choice.kind == "run" else f"Weighted in {BASES[choice.name].title}"


def place_of(options: list[ChosenScheme], chosen: ChosenScheme) -> int:
    """Where a choice stands among the options."""
    return [_bare(option) for option in options].index(_bare(chosen))


def _bare(choice: ChosenScheme) -> ChosenScheme:
    """What tells it apart in a list; paths and draws are set apart from the list."""
    return replace(choice, path="", draw=0, name="" if choice.kind == "set" else choice.name)


def query_tokens(side: Side, query: Asked) -> ItemTokens:
    """The real tokens of a query in the axes of a side [t, d]."""
    if isinstance(query, Outside):
        return side.basis.turn(query.tokens)
    pairs, i = side.pairs, query.index
    if query.kind == "image":
        return pairs.image_tokens[i][pairs.image_mask[i]]
    return pairs.text_tokens[i][pairs.text_mask[i]]


def candidate_tokens(side: Side, query: Asked, index: int) -> ItemTokens:
    """The real tokens of a candidate of this query: a text for an image, an image for a text."""
    return query_tokens(side, Query("text" if query.kind == "image" else "image", index))


def lists_of(space: Workspace, comparison: Comparison, query: Asked, *, top_k: int) -> SideBySide:
    """One query under both scorings: exact, only its row is scored."""
    before, after = (_row(side, query) for side in (comparison.left, comparison.right))
    test = space.splits.test
    relevant = None if isinstance(query, Outside) else relevant_items(test, query.index, kind=query.kind)
    return compare_lists(before, after, relevant=relevant, top_k=top_k)


@answer(entries=64, max_bytes=64_000_000)
def _row(side: Side, query: Asked) -> CandidateScores:
    tokens, pairs = query_tokens(side, query), side.pairs
    # Packing a split costs four bytes for every number of a real token.
    small = 4 * pairs.n_columns * int(pairs.image_mask.sum() + pairs.text_mask.sum()) <= MOST_PACKED
    index = _index(side.data, pairs) if small else retrieval_index(pairs)
    return query_row(index, tokens, kind=query.kind, weights=side.weights)


@answer(entries=MANY, max_bytes=GIGABYTE, spinner="Packing the test split")
def _index(data: str, _pairs: PairedEmbeddings) -> RetrievalIndex:
    return retrieval_index(_pairs)


def _scheme_side(space: Workspace, choice: ChosenScheme) -> Side:
    context = StudyContext(space.splits.fit, space.study.construction, seed=choice.draw, strength=space.strength)
    scheme = SCHEMES[choice.name]
    try:
        fitted = scheme.fit(context)
    except NotApplicable as error:
        raise DataError(f"“{scheme.on_side}” cannot be had here: {error}; choose another scoring") from None
    if fitted.transform is not None:
        raise DataError(f"“{scheme.on_side}” changes tokens, and lists are of weights; choose another scoring")
    label = scheme.on_side + (f" (draw {choice.draw})" if choice.draw else "")
    if fitted.strength is not None:
        label += f", λ = {fitted.strength:g}"
    weights = equal_weights(space.splits.test.n_columns) if fitted.weights is None else fitted.weights
    return _here(space, choice, label, weights, f"{choice.name} {choice.draw} {fitted.strength}")


def _here(space: Workspace, choice: ChosenScheme, label: str, weights: Columns, key: str) -> Side:
    return Side(space.splits.test, weights, choice, label, space.study.basis, space.key, f"{space.key} {key}")


def _listed(columns: tuple[int, ...]) -> str:
    shown = ", ".join(str(column) for column in columns[:4])
    word = "column" if len(columns) == 1 else "columns"
    return f"{word} {shown}" + (f" and {len(columns) - 4} more" if len(columns) > 4 else "")


def _other_study(space: Workspace, choice: ChosenScheme) -> Side:
    if choice.kind == "axes":
        other = sibling(space, choice.name)
        if other is None:
            raise DataError(
                f"the study in {BASES[choice.name].title} is not computed; choose these axes on the "
                "left and compute it, then come back"
            )
        label, key = f"Weighted in {BASES[choice.name].title}", study_key(space.dataset, other.config)
    else:
        other = _run_of(space, choice.path)
        label, key = f"Run {Path(choice.path).name}", f"{space.key} run {choice.path} {_mark(choice.path)}"
    mine, its = space.study.config, other.config
    if (mine.seed, mine.fit, mine.feedback) != (its.seed, its.fit, its.feedback):
        raise DataError(
            f"this run split the images otherwise (seed {its.seed}, shares {its.fit:g} and {its.feedback:g}; here seed "
            f"{mine.seed}, {mine.fit:g} and {mine.feedback:g}): it has fitted images that are asked about here. Choose "
            "a run of the same split"
        )
    test = _test_of(key, space.dataset.pairs, other)
    weights = weights_from(other.construction.probabilities, strength=space.strength)
    at = f"{space.strength:g}"
    return Side(test, weights, choice, f"{label}, λ = {at}", other.basis, key, f"{key} {at}")


def _run_of(space: Workspace, path: str) -> Study:
    if not path.strip():
        raise DataError("no run is named yet; give the folder that construct wrote")
    try:
        return _load(str(opened_place(path)), _mark(path), space.dataset.mark, space.dataset.pairs)
    except DataError:
        raise
    except PicoError as error:
        raise DataError(str(error)) from None


def _mark(path: str) -> str:
    return changed_on_disk(opened_place(path))


@st.cache_resource(max_entries=4, show_spinner="Reading the run")
def _load(path: str, changed: str, mark: str, _pairs: PairedEmbeddings) -> Study:
    return load_run(path, _pairs)


@answer(entries=MANY, max_bytes=GIGABYTE)
def _test_of(key: str, _pairs: PairedEmbeddings, _study: Study) -> PairedEmbeddings:
    return study_part(_pairs, _study.config, "test", _study.basis)


def in_common_axes(comparison: Comparison) -> Comparison | None:
    """Both sides in the same axes, for a split by columns; None where both are weighted, in different axes.

    Equal weights score alike in any orthogonal axes, so an unweighted side is read in those of the other.
    """
    left, right = comparison.left, comparison.right
    if left.basis is right.basis:
        return comparison
    if left.is_equal:
        return replace(comparison, left=_read_in(right, left))
    if right.is_equal:
        return replace(comparison, right=_read_in(left, right))
    return None


def _read_in(axes: Side, side: Side) -> Side:
    return replace(side, pairs=axes.pairs, basis=axes.basis, data=axes.data)
