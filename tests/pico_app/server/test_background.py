"""Answers that take a while: asked once, done one at a time, kept, cancelled, asked again."""

import threading

from streamlit.testing.v1 import AppTest

from pico_app.server.background import Bench


def ended(job):
    assert job.ended.wait(20)
    return job


def test_a_question_is_answered_once_and_kept():
    bench, calls = Bench(), []

    def work(job):
        calls.append(job.key)
        return 7

    first = ended(bench.ask("a", "counting", work))
    assert first.result == 7
    assert bench.ask("a", "counting", work) is first
    assert calls == ["a"]
    assert bench.find("b") is None


def test_jobs_run_one_at_a_time_and_a_waiting_one_can_be_cancelled():
    bench, gate, ran = Bench(), threading.Event(), []

    def slow(job):
        assert gate.wait(20)
        return ran.append(job.key)

    first, second = bench.ask("slow", "", slow), bench.ask("next", "", slow)
    second.cancel()
    gate.set()
    ended(first)
    ended(second)
    assert ran == ["slow"]


def test_a_cancelled_job_stays_so_until_it_is_forgotten():
    bench = Bench()
    gate = threading.Event()

    def work(job):
        assert gate.wait(20)
        job.pulse(0.5)
        return 1

    job = bench.ask("a", "", work)
    job.cancel()
    gate.set()
    assert ended(job).result is None
    assert bench.ask("a", "", work) is job
    bench.forget("a")
    assert ended(bench.ask("a", "", lambda _: 2)).result == 2
    bench.forget("a")  # an answer is not forgotten
    assert bench.find("a").result == 2


def test_who_waits_knows_how_many_come_first():
    bench, gate = Bench(), threading.Event()
    jobs = [bench.ask(key, "", lambda _job: gate.wait(20)) for key in "abc"]
    assert [bench.ahead(key) for key in "abcd"] == [0, 1, 2, 0]
    gate.set()
    assert [ended(job).result for job in jobs] == [True] * 3
    assert bench.ahead("c") == 0


def test_the_oldest_answers_go():
    bench = Bench(kept=2)
    for key in "abcd":
        ended(bench.ask(key, "", lambda job: job.key))
    assert [bench.find(key) is None for key in "abcd"] == [True, True, False, False]


def failing() -> None:
    from pico_app.pages.waiting import waiting
    from pico_app.server import background
    from pico_core.errors import DataError

    def work(job):
        raise DataError("the third array is empty; bring a full one")

    job = background.ask("broken", "Weighing *air*", work)
    job.ended.wait(20)
    waiting(job, place="here")


def test_a_failure_says_why_and_can_be_tried_again():
    app = AppTest.from_function(failing, default_timeout=30).run()
    assert not app.exception
    assert app.error[0].value == r"Weighing \*air\* could not be done. the third array is empty; bring a full one"
    assert app.button[0].label == "Try again"
    assert not app.button[0].click().run().exception
