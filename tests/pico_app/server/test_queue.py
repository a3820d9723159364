"""Long work: progress that only rises, cancel at any scoring, failures in words, turns among all visits."""

import threading
import time

import pytest
import torch

from pico_app.server.queue import Job, JobQueue, Visit, queue_of
from pico_core.common.reporter import Relay
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.study import run_study

CONFIG = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=3, n_anchors=32))


def job_on(pairs, *, at_share=None, **changes):
    """A job on real work that is cancelled as soon as `at_share` of it is done; also the shares it was told."""
    shares = []

    class Shares(Relay):
        def share(self, done):
            shares.append(done)
            if at_share is not None and done >= at_share:
                self.whole.cancel()
            self.whole.share(done)

    def work(job):
        return run_study(pairs, CONFIG, reporter=Shares(job))

    return Job(key="k", title="t", work=work, **changes), shares


def ended(job):
    assert job.ended.wait(60)
    return job


def wait_until(true):
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_progress_rises_to_the_end(planted):
    kept = []
    job, shares = job_on(planted.pairs, finish=kept.append)
    job.run()
    assert (job.failure, job.doing, job.running) == (None, "iteration 3 of 3", False)
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
    broken = Job(key="k", title="t", work=lambda _job: 1 / 0)
    broken.run()
    assert broken.failure.startswith("It ended unexpectedly (ZeroDivisionError")


def test_a_server_that_is_stopped_ends_its_jobs_without_a_complaint(caplog):
    def work(_job):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    job = Job(key="k", title="t", work=work)
    job.run()
    assert job.failure == "The server was stopped."
    assert not caplog.records


def test_a_new_job_of_a_visit_ends_the_one_before(planted):
    visit, ends = Visit(), []
    first, _ = job_on(planted.pairs)
    second, _ = job_on(planted.pairs, finish=lambda _study: ends.append(first.running))
    visit.start("study", first)
    visit.start("study", second)
    assert ended(first).cancelled.is_set()
    assert ended(second).result is not None
    assert ends == [False], "the first had ended before the second did anything"


def test_a_visit_that_ends_cancels_its_own_jobs_and_nobody_elses():
    gate, queue = threading.Event(), queue_of("answers")
    mine, shared = (Job(name, "", lambda job: [job.check(), gate.wait(20)]) for name in ("mine", "shared"))
    visit = Visit()
    visit.start("study", mine)
    visit.follow("map", queue.ask(shared))
    visit.close()
    gate.set()
    assert mine.cancelled.is_set()
    assert ended(shared).result


def test_a_visit_that_looks_at_something_else_has_the_shared_job_forgotten():
    gate, queue, visit = threading.Event(), JobQueue(), Visit()
    first, second = (queue.ask(Job(name, "", lambda _job: gate.wait(20))) for name in "ab")
    visit.follow("map", second)
    visit.follow("map", second)
    assert not second.cancelled.is_set()
    visit.follow("map", None)
    assert queue.jobs == [first]
    assert ended(second).cancelled.is_set()
    gate.set()


def waiting_for(event):
    """A job that works until the event is set, however often it is cancelled."""

    def work(job):
        job.share(0.5)
        assert event.wait(30)
        return "done"

    return Job(key="k", title="t", work=work)


def test_jobs_of_all_visits_take_turns_and_know_their_place():
    queue, event = JobQueue(places=2), threading.Event()
    jobs = [queue.submit(waiting_for(event)) for _ in range(5)]
    wait_until(lambda: [job.done for job in jobs] == [0.5, 0.5, 0, 0, 0])
    assert [job.ahead for job in jobs] == [0, 0, 1, 2, 3]
    jobs[3].cancel()  # who gives up leaves the line at once
    assert not jobs[3].running
    assert (jobs[3].result, jobs[3].done) == (None, 0)
    assert jobs[4].ahead == 2
    time.sleep(0.3)
    assert [job.done for job in jobs] == [0.5, 0.5, 0, 0, 0]
    event.set()
    assert all(job.ended.wait(10) for job in jobs)
    assert [job.result for job in jobs] == ["done", "done", "done", None, "done"]
    assert ended(queue.submit(Job("k", "t", lambda _job: 1))).ahead == 0


def test_a_job_that_fails_makes_room():
    queue = JobQueue()
    broken, after = (queue.submit(Job("k", "t", work)) for work in (lambda _job: 1 / 0, lambda _job: 1))
    assert ended(after).result == 1
    assert broken.failure is not None


def test_a_cancelled_job_stays_so_until_it_is_forgotten():
    queue, gate = JobQueue(), threading.Event()

    def work(job):
        assert gate.wait(20)
        job.share(0.5)
        return 1

    job = queue.ask(Job("a", "", work))
    job.cancel()
    gate.set()
    assert ended(job).result is None
    assert queue.ask(Job("a", "", work)) is job
    job.forget()
    assert ended(queue.ask(Job("a", "", lambda _job: 2))).result == 2


def test_a_job_that_ended_well_is_not_remembered_and_the_oldest_failures_go():
    queue = JobQueue(kept=2)
    assert ended(queue.ask(Job("well", "", lambda _job: 1))).result == 1
    wait_until(lambda: queue.find("well") is None)
    for key in "abcd":
        ended(queue.ask(Job(key, "", lambda _job: 1 / 0)))
    assert [queue.find(key) is None for key in "abcd"] == [True, True, False, False]


def test_a_queue_that_is_closed_leaves_nothing_running():
    queue = JobQueue()

    def work(job):
        while True:
            job.check()
            time.sleep(0.01)

    jobs = [queue.submit(Job(name, "", work)) for name in "ab"]
    queue.close(seconds=10)
    assert [job.running for job in jobs] == [False, False]
