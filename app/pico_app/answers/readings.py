"""What the Columns page and the Prototypes page read from a study."""

import polars as pl
import streamlit as st

from pico_app.server import background
from pico_app.server.jobs import Job
from pico_app.workspace import Workspace
from pico_core.columns import reading
from pico_core.columns.reading import ColumnsSummary, summarise
from pico_core.columns.stability import Stability
from pico_core.columns.stability import stability as measure_stability
from pico_core.columns.trajectories import (
    FeedbackReading,
    PrototypePlanes,
    WeightCurve,
    prototype_planes,
    read_feedback,
    softmax_curve,
)
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import Demo
from pico_core.demo.runs import load_stability
from pico_core.method.basis import Loading
from pico_core.method.history import Construction
from pico_core.studies.study import Study


@st.cache_data(max_entries=8, show_spinner=False)
def _summary(key: str, _table: pl.DataFrame) -> ColumnsSummary:
    return summarise(_table)


def columns_summary(space: Workspace) -> ColumnsSummary:
    """The answer of the Columns page."""
    return _summary(space.key, space.study.columns)


def columns_frame(space: Workspace) -> pl.DataFrame:
    """The column table with the weights at the strength of the frame, as `shown_weight`."""
    return space.study.columns.with_columns(pl.Series("shown_weight", space.weights.tolist()))


def filtered_columns(frame: pl.DataFrame, wanted: str) -> pl.DataFrame:
    """The columns of one kind, for a table that people read."""
    return reading.filtered_columns(frame, wanted)


def loadings(space: Workspace, column: int) -> list[Loading]:
    """The given columns that an axis is mostly made of."""
    return space.study.basis.strongest(column, top=6)


@st.cache_resource(max_entries=8, show_spinner=False)
def _planes(key: str, _construction: Construction) -> PrototypePlanes:
    return prototype_planes(_construction)


def prototype_maps(space: Workspace) -> PrototypePlanes:
    """Trajectories on the image side and on the text side."""
    return _planes(space.key, space.study.construction)


@st.cache_resource(max_entries=8, show_spinner=False)
def _feedback(key: str, _study: Study, _test: PairedEmbeddings) -> FeedbackReading:
    return read_feedback(_study.construction, _study.report, _study.report.text_image(_test))


def feedback(space: Workspace) -> FeedbackReading:
    """What feedback did: the answer of the Prototypes page and the check of the proposition."""
    return _feedback(space.key, space.study, space.splits.test)


def weight_curve(space: Workspace) -> WeightCurve | None:
    """What the softmax rule gives to a gain; None under another rule."""
    made = space.study.construction
    if made.config.rule != "softmax":
        return None
    return softmax_curve(made.history.candidate_gains, tau=made.config.tau)


def stability(space: Workspace) -> Stability | Job[Stability]:
    """How stable the probabilities are: of the demos from their files, of other data from the background."""
    demo, study, splits = space.dataset.demo, space.study, space.splits
    kept = _kept_stability(space.key, demo, study) if demo is not None else None
    if kept is not None:
        return kept

    def work(job: Job[Stability]) -> Stability:
        return measure_stability(
            splits.fit, splits.feedback, study.construction, seed=study.config.seed, reporter=job.reporter
        )

    title = "Constructing again from other starts and other images"
    job = background.ask(f"stability:{space.key}", title, work, line="repeats")
    return job if job.result is None else job.result


@st.cache_data(max_entries=8, show_spinner=False)
def _kept_stability(key: str, _demo: Demo, _study: Study) -> Stability | None:
    return load_stability(_study, _demo)
