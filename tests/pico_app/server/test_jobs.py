"""Long work: progress that only rises, cancel at any scoring, failures in words."""

import threading
import time

import pytest
import torch

from pico_app.server.jobs import Job, Worker
from pico_app.server.turns import FairQueue
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.study import run_study
from tests.reporters import Calls

CONFIG = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=3, n_anchors=32))


def job_on(pairs, *, at_share=None, **changes):
    """A job on real work that is cancelled as soon as `at_share` of it is done; also the shares it was told."""
    shares = []

    def work(job):
        def pulse(share):
            shares.append(share)
            if at_share is not None and share >= at_share:
                job.cancel()
            job.pulse(share)

        return run_study(pairs, CONFIG, reporter=Calls(share=pulse, step=job.reporter.step))

    return Job(key="k", title="t", total=3, work=work, **changes), shares


def test_progress_rises_to_the_end(planted):
    kept = []
    job, shares = job_on(planted.pairs, finish=kept.append)
    job.run()
    assert (job.failure, job.done, job.running) == (None, 3, False)
    assert kept == [job.result]
    assert shares == sorted(shares)
    assert shares[0] < 0.2
    assert shares[-1] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("at_share", [0.05, 0.5, 0.95])
def test_a_cancelled_job_ends_after_the_current_scoring(planted, at_share):
    kept = []
    job, shares = job_on(planted.pairs, at_share=at_share, finish=kept.append)
    job.run()
    assert [share for share in shares if share >= at_share] == shares[-1:]
    assert (job.result, job.failure, kept, job.running) == (None, None, [], False)


def test_a_failure_is_a_sentence():
    alike = torch.ones(12, 4)
    job, _ = job_on(PairedEmbeddings.from_arrays(alike, alike))
    job.run()
    assert "distinct columns" in job.failure
    broken = Job(key="k", title="t", total=1, work=lambda _job: 1 / 0)
    broken.run()
    assert broken.failure.startswith("It ended unexpectedly (ZeroDivisionError")


def test_a_server_that_is_stopped_ends_its_jobs_without_a_complaint(caplog):
    def work(_job):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    job = Job(key="k", title="t", total=1, work=work)
    job.run()
    assert job.failure == "The server was stopped."
    assert not caplog.records


def test_a_new_job_ends_the_one_before(planted):
    worker = Worker()
    first, _ = job_on(planted.pairs)
    second, _ = job_on(planted.pairs)
    worker.start(first)
    worker.start(second)
    assert first.ended.wait(60)
    assert second.ended.wait(60)
    assert first.cancelled.is_set()
    assert second.result is not None


def waiting_for(event):
    """A job that works until the event is set, however often it is cancelled."""

    def work(job):
        job.pulse(0.5)
        assert event.wait(30)
        return "done"

    return Job(key="k", title="t", total=1, work=work)


def test_jobs_of_all_visits_take_turns_and_know_their_place():
    turns, event = FairQueue(places=2), threading.Event()
    workers, jobs = [Worker(turns) for _ in range(5)], [waiting_for(event) for _ in range(5)]
    for worker, job in zip(workers, jobs, strict=True):
        worker.start(job)
    until = time.monotonic() + 10
    while [job.share for job in jobs] != [0.5, 0.5, 0, 0, 0]:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert [job.ahead for job in jobs] == [0, 0, 1, 2, 3]
    workers[3].close()  # who gives up leaves the line at once
    assert jobs[3].ended.wait(10)
    assert (jobs[3].result, jobs[3].share) == (None, 0)
    assert jobs[4].ahead == 2
    time.sleep(0.3)
    assert [job.share for job in jobs] == [0.5, 0.5, 0, 0, 0]
    event.set()
    assert all(job.ended.wait(10) for job in jobs)
    assert [job.result for job in jobs] == ["done", "done", "done", None, "done"]
    assert turns.ask().ahead == 0


def test_a_job_that_fails_makes_room():
    turns = FairQueue(places=1)
    broken, next_one = (Job(key="k", title="t", total=1, work=work) for work in (lambda _job: 1 / 0, lambda _job: 1))
    for job in (broken, next_one):
        Worker(turns).start(job)
    assert next_one.ended.wait(10)
    assert (next_one.result, broken.failure is None) == (1, False)
