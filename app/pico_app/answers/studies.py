"""Studies of the open dataset: done before, being done in the background, and on the screen."""

import json
from dataclasses import replace

import streamlit as st

from pico_app.server.cache import GIGABYTE, MANY, kept
from pico_app.server.jobs import Job, Worker
from pico_app.server.long_work import long_work
from pico_app.state import screen
from pico_app.state import study as study_state
from pico_app.workspace import Dataset, Frame, Workspace
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import BASES, demo_of
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.method.probabilities import weights_from
from pico_core.retrieval.rivals import Rival, strongest_rival
from pico_core.studies.export import export_bytes
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study, StudySplits, run_study, study_splits


def study_key(dataset: Dataset, config: StudyConfig) -> str:
    """Names a study by what goes into it: data and settings."""
    return f"{dataset.mark}:{json.dumps(config.to_dict(), sort_keys=True)}"


@st.cache_resource(max_entries=1)
def _finished() -> dict[str, Study]:
    """Studies done on this server, newest last; bounded in `remember`."""
    return {}


@st.cache_resource(scope="session", on_release=Worker.close, show_spinner=False)
def _worker() -> Worker:
    """This visit's thread; what it does is cancelled when the visit ends."""
    return Worker(long_work())


def remember(kept: dict[str, Study], key: str, study: Study) -> None:
    """Keep a finished study; the oldest of more than 16 goes."""
    kept[key] = study
    while len(kept) > 16:
        kept.pop(next(iter(kept)))


@st.cache_resource(max_entries=6, show_spinner=False)
def _demo_study(name: str, basis: str, _pairs: PairedEmbeddings) -> Study:
    return load_run(demo_of(name).run(basis), _pairs)


def find_study(dataset: Dataset, config: StudyConfig) -> Study | None:
    """A study that is done: of the demo from its files, else from this server's memory."""
    key = study_key(dataset, config)
    if key in _finished():
        return _finished()[key]
    if dataset.demo is not None and config.basis in BASES:
        study = _demo_study(dataset.demo.name, config.basis, dataset.pairs)
        if study.config == config:
            return study
    return None


def latest_study(dataset: Dataset) -> Study | None:
    """A result of the same data under other settings: the one last on the screen, else any that is done."""
    before: Study | None = screen.on_screen()[1]
    if before is not None and before.digest == dataset.pairs.digest:
        return before
    same = [study for study in _finished().values() if study.digest == dataset.pairs.digest]
    return same[-1] if same else find_study(dataset, StudyConfig())


def job() -> Job | None:
    """The work of this visit, if any."""
    return _worker().job


def start_job(dataset: Dataset, config: StudyConfig, *, title: str) -> None:
    """Compute a study in the background; work that was under way is cancelled."""
    key = study_key(dataset, config)
    study_state.set_failure(key, "")
    finished = _finished()

    def finish(study: Study) -> None:
        remember(finished, key, study)

    _worker().start(
        Job(
            key=key,
            title=title,
            total=config.construction.n_iterations,
            work=lambda job: run_study(
                dataset.pairs,
                config,
                truth=dataset.truth,
                reporter=job.reporter,
                splits=_splits(key, dataset, config, None),
            ),
            finish=finish,
        )
    )


def end_job() -> None:
    """Forget this visit's job; remember why it failed, if it did."""
    ended = job()
    if ended is not None and ended.failure:
        study_state.set_failure(ended.key, ended.failure)
    _worker().forget()


@kept(entries=MANY, max_bytes=2 * GIGABYTE)
def _splits(key: str, _dataset: Dataset, _config: StudyConfig, _basis: Basis | None) -> StudySplits:
    # The key names data and settings in full; the underscored arguments follow from it.
    return study_splits(_dataset.pairs, _config, _basis)


def workspace(dataset: Dataset, study: Study, *, strength: float) -> Workspace:
    """What the pages look at."""
    key = study_key(dataset, study.config)
    return Workspace(
        dataset=dataset,
        study=study,
        splits=_splits(key, dataset, study.config, study.basis),
        strength=strength,
        weights=weights_from(study.construction.probabilities, strength=strength),
        key=key,
    )


def show(dataset: Dataset | None, study: Study | None) -> Frame:
    """Put a dataset and its study on the screen of this visit."""
    screen.put_on_screen(dataset, study)
    space = None if dataset is None or study is None else workspace(dataset, study, strength=study_state.strength())
    return Frame(dataset, space)


def on_screen() -> Workspace | None:
    """What the frame put there; None where nothing is computed yet."""
    dataset, study = screen.on_screen()
    return None if dataset is None or study is None else workspace(dataset, study, strength=study_state.strength())


def opened() -> Dataset | None:
    """The open dataset, computed or not."""
    dataset: Dataset | None = screen.on_screen()[0]
    return dataset


def sibling(space: Workspace, basis: str) -> Study | None:
    """The study of the same data in another basis with the same settings, if it is done."""
    config = space.study.config
    return space.study if config.basis == basis else find_study(space.dataset, replace(config, basis=basis))


@st.cache_resource(max_entries=8, show_spinner=False)
def _rival(key: str, _study: Study, _test: PairedEmbeddings) -> Rival | None:
    return strongest_rival(_study.report, _study.report.text_image(_test))


def rival(space: Workspace) -> Rival | None:
    """The simpler idea that did best, against the weights of the study on the screen."""
    return _rival(space.key, space.study, space.splits.test)


@st.cache_data(max_entries=10, show_spinner=False)
def _export(key: str, kind: str, _study: Study) -> bytes:
    return export_bytes(_study, kind)  # type: ignore[arg-type]


def export(space: Workspace, kind: str) -> bytes:
    """The columns of the study on the screen as a file."""
    return _export(space.key, kind, space.study)
