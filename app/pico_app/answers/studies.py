"""Studies of the open dataset: done before, being done in the background, and on the screen."""

import json
from dataclasses import replace

from pico_app.server.answer import MANY, answer
from pico_app.server.cache import GIGABYTE, ByteLRU
from pico_app.server.queue import Job, visit
from pico_app.workspace import Dataset, Frame, Workspace
from pico_core.common.reporter import Relay
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import BASES, Demo
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.method.probabilities import weights_from
from pico_core.retrieval.simpler_idea import SimplerIdea, best_simpler_idea
from pico_core.studies.export import ExportFormat, export_bytes
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study, StudySplits, run_study, study_splits


def study_key(dataset: Dataset, config: StudyConfig) -> str:
    """Names a study by what goes into it: data and settings."""
    return f"{dataset.mark}:{json.dumps(config.to_dict(), sort_keys=True)}"


# Studies done on this server, whichever visit asked for them.
finished: ByteLRU[Study] = ByteLRU(entries=16, max_bytes=2 * GIGABYTE)


@answer(entries=6)
def _demo_study(demo: Demo, basis: str, _pairs: PairedEmbeddings) -> Study:
    return load_run(demo.run(basis), _pairs)


def find_study(dataset: Dataset, config: StudyConfig) -> Study | None:
    """A study that is done: from this server's memory, else of the demo from its files."""
    study = finished.peek(study_key(dataset, config))
    if study is None and dataset.demo is not None and config.basis in BASES:
        study = _demo_study(dataset.demo, config.basis, dataset.pairs)
    return study if study is not None and study.config == config else None


def latest_study(dataset: Dataset, *, shown: Study | None) -> Study | None:
    """A result of the same data under other settings.

    Args:
        dataset: The open one.
        shown: The study that was last on the screen: it is preferred.
    """
    if shown is not None and shown.digest == dataset.pairs.digest:
        return shown
    same = [study for study in finished.values if study.digest == dataset.pairs.digest]
    return same[-1] if same else find_study(dataset, StudyConfig())


class _Iterations(Relay):
    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        if name == "iteration":
            self.stage("guard, test images, controls" if done >= total else f"iteration {done} of {total}")


def job() -> Job[Study] | None:
    """The study that this visit computes, or that failed; None where there is none."""
    job = visit().jobs.get("study")
    if job is not None and not job.running and job.failure is None:
        del visit().jobs["study"]  # what it held may be large
        return None
    return job


def start_job(dataset: Dataset, config: StudyConfig, *, title: str) -> None:
    """Compute a study in the background; work that was under way is cancelled."""
    key, total = study_key(dataset, config), config.construction.n_iterations

    def work(job: Job[Study]) -> Study:
        splits = _splits(key, dataset, config, None)
        return run_study(dataset.pairs, config, truth=dataset.truth, reporter=_Iterations(job), splits=splits)

    def finish(study: Study) -> None:
        finished.put(key, study)

    visit().start("study", Job(key, f"Computing {title}", work, finish, doing=f"iteration 0 of {total}"))


@answer(entries=MANY, max_bytes=2 * GIGABYTE)
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


def frame_of(dataset: Dataset | None, study: Study | None, *, strength: float = 1.0) -> Frame:
    """What the frame hands to a page."""
    if dataset is None or study is None:
        return Frame(dataset, None)
    return Frame(dataset, workspace(dataset, study, strength=strength))


def sibling(space: Workspace, basis: str) -> Study | None:
    """The study of the same data in another basis with the same settings, if it is done."""
    config = space.study.config
    return space.study if config.basis == basis else find_study(space.dataset, replace(config, basis=basis))


@answer()
def simpler_idea(space: Workspace) -> SimplerIdea | None:
    """The simpler idea that did best, against the weights of the study on the screen."""
    report = space.study.report
    return best_simpler_idea(report, report.text_image(space.splits.test))


@answer()
def export(space: Workspace, kind: ExportFormat) -> bytes:
    """The columns of the study on the screen as a file."""
    return export_bytes(space.study, kind)
