"""Exact ranks of all test queries under either side: from the report where it has them, else in the background.

One job at a time: the right side is asked for when the left one is there. A side that is
no longer looked at is cancelled and forgotten; what came is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pico_app.answers.compare import Comparison, Side, comparison
from pico_app.answers.retrieval import report_moved
from pico_app.answers.switch import follow, quick_sample
from pico_app.choices.sides import Sides
from pico_app.server.answer import Answer, answer
from pico_app.server.queue import visit
from pico_app.workspace import Workspace
from pico_core.common.axes import ImageSample
from pico_core.common.errors import DataError
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval import query_sample
from pico_core.retrieval.comparing.by_label import LabelColumn, LabelTable, label_choices, recall_by_label
from pico_core.retrieval.comparing.chance import PermutedControl, permuted_control
from pico_core.retrieval.comparing.metric_changes import MetricTable, metric_table
from pico_core.retrieval.comparing.moves import MoveCounts, move_counts, moves_frame, query_labels
from pico_core.retrieval.comparing.paired import KINDS, PairedRanks, pair_ranks, ranks_among
from pico_core.retrieval.comparing.recall_curves import RecallCurve, recall_curve
from pico_core.retrieval.rankings import largest_moves
from pico_core.retrieval.scoring import QueryKind

if TYPE_CHECKING:
    from pico_app.server.queue import Job
    from pico_core.data.pairs import PairedEmbeddings

KEPT = 32  # sides; the oldest goes
RANKS, CONTROL = "side-ranks", "side-control"


@dataclass(frozen=True, eq=False)
class Compared:
    """What is known of both sides now.

    Attributes:
        paired: Ranks of the same queries on both: of all, or of a sample while those are on their way.
        key: Names them.
        exact: What makes them exact, on its way or stopped; None where they are.
    """

    paired: PairedRanks
    key: str
    exact: Answer[QueryRanks] | None


@answer(entries=KEPT, queue="answers", title=lambda side: f"Ranking all queries: {side.label}")
def exact_ranks(job: "Job[QueryRanks]", side: Side) -> QueryRanks:
    """Ranks of all test queries under a side."""
    return query_sample.ranks_of(side.pairs, side.weights, reporter=job)


@answer(entries=KEPT)
def _at_once(side: Side) -> QueryRanks:
    return query_sample.ranks_of(side.pairs, side.weights)


def known_ranks(space: Workspace, side: Side) -> QueryRanks | None:
    """Ranks of all test queries under a side, where somebody has counted them; nothing is scored."""
    weights = side.weights
    report, construction = space.study.report, space.study.construction
    if bool((weights == 1).all()):  # equal weights score alike in any orthogonal axes
        return report.baseline.ranks
    if side.basis is space.study.basis:
        if weights.equal(construction.weights):
            return report.weighted.ranks
        if weights.equal(construction.unguarded_weights):
            return report.unguarded.ranks
    counted = exact_ranks.find(side)
    return _at_once.known(side) if counted is None else counted.value


def compared_ranks(space: Workspace, comparison: Comparison) -> Compared:
    """Both sides on all test queries; on a sample of them while the exact ranks are on their way.

    Small data are ranked at once. Otherwise this asks the background for the first side that is
    missing, and stops what it was asked for before.
    """
    test = space.splits.test
    images, sides = quick_sample(space), (comparison.left, comparison.right)
    ranks = [known_ranks(space, side) for side in sides]
    if len(images) == test.n_images:
        ranks = [known or _at_once(side) for known, side in zip(ranks, sides, strict=True)]
    missing = [side for known, side in zip(ranks, sides, strict=True) if known is None]
    # What is under way already comes first: a job that nobody follows could not be stopped.
    missing.sort(key=lambda side: exact_ranks.key(side) != visit().chosen.get(RANKS))
    exact = exact_ranks(missing[0]) if missing else None
    follow(RANKS, exact_ranks.key(missing[0]) if missing else None)
    if ranks[0] is not None and ranks[1] is not None:
        key = f"{comparison.key} exact"
        return Compared(_paired(key, test, ranks[0], ranks[1], None), key, None)
    some = [
        _sampled(side, len(images), images) if known is None else ranks_among(test, known, images)
        for side, known in zip(sides, ranks, strict=True)
    ]
    key = f"{comparison.key} {len(images)}"
    return Compared(_paired(key, test, some[0], some[1], images), key, exact)


def follow_ranks(comparison: Comparison | None) -> None:
    """While another instrument is open: what was asked for a side that is looked at no longer is stopped."""
    for name, keys in (
        (RANKS, [] if comparison is None else [exact_ranks.key(comparison.left), exact_ranks.key(comparison.right)]),
        (CONTROL, [] if comparison is None else [_permuted.key(comparison)]),
    ):
        if visit().chosen.get(name) not in keys:
            follow(name, None)


def control_wanted(space: Workspace, comparison: Comparison) -> bool:
    """Whether the control comes by itself: it does where one scoring is quick, or where it was asked for."""
    test = space.splits.test
    return len(quick_sample(space)) == test.n_images or _permuted.find(comparison) is not None


@answer(queue="answers", title="Permuting the weights")
def _permuted(
    job: "Job[PermutedControl]", comparison: Comparison, _paired: PairedRanks | None = None
) -> PermutedControl:
    assert _paired is not None
    return permuted_control(_paired, comparison.right, reporter=job)


def permuted(comparison: Comparison, now: Compared) -> "Answer[PermutedControl]":
    """The weights of the right side on other columns, in the background; of equal weights every order is alike."""
    follow(CONTROL, _permuted.key(comparison))
    return _permuted(comparison, now.paired)


@answer(entries=32)
def changed_metrics(now: Compared) -> MetricTable:
    """Every metric on both sides with its paired change."""
    return metric_table(now.paired)


@answer(entries=32)
def recall_curves(now: Compared) -> list[RecallCurve]:
    """Image to text, and text to image."""
    return [recall_curve(now.paired, kind) for kind in KINDS]


@answer(entries=32)
def all_moves(now: Compared) -> pl.DataFrame:
    """All queries that were asked, the largest gain first."""
    return moves_frame(now.paired)


@answer(entries=32)
def won_and_lost(now: Compared) -> list[MoveCounts]:
    """Won, lost and the same: image queries, and text queries."""
    return [move_counts(now.paired, kind) for kind in KINDS]


@answer(entries=8)
def query_label_columns(space: Workspace) -> tuple[LabelColumn, ...]:
    """Label columns that group the test queries, those of style first."""
    return label_choices(space.splits.test)


def labelled(space: Workspace, frame: pl.DataFrame, column: LabelColumn) -> pl.DataFrame:
    """The frame of moves with a column `label`."""
    labels = query_labels(frame, space.splits.test, column.name, of_images=column.of_images)
    return frame.with_columns(labels.alias("label"))


def named(space: Workspace, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame of moves with a column `name`: the caption, or the image's own name."""
    test = space.splits.test
    names: dict[str, Sequence[str | None]] = {"image": test.ids, "text": test.captions}
    rows = zip(frame["kind"].to_list(), frame["index"].to_list(), strict=True)
    return frame.with_columns(pl.Series("name", [names[kind][index] for kind, index in rows], dtype=pl.String))


@answer(entries=64)
def by_label(space: Workspace, now: Compared, column: LabelColumn) -> LabelTable:
    """Recall of the queries of every value of a label, on both sides."""
    return recall_by_label(space.splits.test, now.paired, column)


def moved(space: Workspace, sides: Sides, kind: QueryKind, *, gains: bool) -> list[int]:
    """Queries that moved most, the most first: between the sides where both are ranked, else as the report has it.

    Nothing is scored.
    """
    try:
        compared = comparison(space, sides)
    except DataError:
        return report_moved(space, kind, gains=gains)
    left, right = known_ranks(space, compared.left), known_ranks(space, compared.right)
    if left is None or right is None:
        return report_moved(space, kind, gains=gains)
    before, after = (ranks.image_to_text if kind == "image" else ranks.text_to_image for ranks in (left, right))
    return largest_moves(before, after, gains=gains)


@answer(entries=32)
def _sampled(side: Side, n_images: int, _images: ImageSample) -> QueryRanks:
    return query_sample.ranks_of(side.pairs, side.weights, images=_images)


@answer(entries=16)
def _paired(
    key: str, _test: "PairedEmbeddings", _left: QueryRanks, _right: QueryRanks, _images: ImageSample | None
) -> PairedRanks:
    return pair_ranks(_test, _left, _right, images=_images)
