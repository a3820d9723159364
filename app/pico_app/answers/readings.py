"""What the Columns page and the Prototypes page read from a study."""

import polars as pl

from pico_app.server.answer import Answer, answer
from pico_app.server.queue import Job
from pico_app.workspace import Workspace
from pico_core.columns.stability import Stability
from pico_core.columns.stability import stability as measure_stability
from pico_core.columns.summary import ColumnsSummary, summarise
from pico_core.columns.trajectories import (
    FeedbackReading,
    PrototypePlanes,
    WeightCurve,
    prototype_planes,
    read_feedback,
    softmax_curve,
)
from pico_core.demo.runs import load_stability
from pico_core.method.basis import Loading


@answer()
def columns_summary(space: Workspace) -> ColumnsSummary:
    """The answer of the Columns page."""
    return summarise(space.study.columns)


def columns_frame(space: Workspace) -> pl.DataFrame:
    """The column table with the weights at the strength of the frame, as `shown_weight`."""
    return space.study.columns.with_columns(pl.Series("shown_weight", space.weights.tolist()))


def loadings(space: Workspace, column: int) -> list[Loading]:
    """The given columns that an axis is mostly made of."""
    return space.study.basis.strongest(column, top=6)


@answer()
def prototype_maps(space: Workspace) -> PrototypePlanes:
    """Trajectories on the image side and on the text side."""
    return prototype_planes(space.study.construction)


@answer()
def feedback(space: Workspace) -> FeedbackReading:
    """What feedback did: the answer of the Prototypes page and the check of the proposition."""
    report = space.study.report
    return read_feedback(space.study.construction, report, report.text_image(space.splits.test))


def weight_curve(space: Workspace) -> WeightCurve | None:
    """What the softmax rule gives to a gain; None under another rule."""
    construction = space.study.construction
    if construction.config.rule != "softmax":
        return None
    return softmax_curve(construction.history.candidate_gains, tau=construction.config.tau)


def stability(space: Workspace) -> Answer[Stability]:
    """How stable the probabilities are: of the demos from their files, of other data from the background."""
    stored = None if space.dataset.demo is None else _stored_stability(space)
    return _stability(space) if stored is None else Answer.of(stored)


@answer(queue="repeats", title="Constructing again from other starts and other images")
def _stability(job: Job[Stability], space: Workspace) -> Stability:
    study, splits = space.study, space.splits
    return measure_stability(splits.fit, splits.feedback, study.construction, seed=study.config.seed, reporter=job)


@answer()
def _stored_stability(space: Workspace) -> Stability | None:
    return None if space.dataset.demo is None else load_stability(space.study, space.dataset.demo)
