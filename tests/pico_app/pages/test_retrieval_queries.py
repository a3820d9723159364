"""All queries on the Retrieval page: won and lost, where it helps, every metric; what is no longer asked is stopped."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest
import torch

from pico_app.answers import side_ranks
from pico_app.server import cache
from pico_app.server.queue import queue_of
from pico_core.common.reporter import SILENT
from pico_core.retrieval import query_sample
from pico_core.retrieval.comparing.by_label import LabelColumn
from tests.pico_app.opening import page
from tests.pico_app.reading import prose

STYLE = LabelColumn("style", True)


def opened(name="planted", **address):
    app = page("retrieval", name, **{"show": "queries", **address})
    app.query_params["dataset"] = name
    return app


def settled(app, *, seconds=60):
    """Run until nothing is on its way."""
    app.run()
    for _ in range(10 * seconds):
        assert not app.exception, app.exception[0].message
        if not any(button.label == "Cancel" for button in app.button):
            return app
        time.sleep(0.1)
        app.run()
    raise AssertionError("it never came to rest")


def verdict(app):
    from html import unescape
    from re import sub

    parts = [part.value for part in app.markdown if 'class="answer"' in part.value]
    return unescape(sub(r"<[^>]+>", "", parts[1]))


def table(app):
    value = app.dataframe[0].value
    return value if isinstance(value, pl.DataFrame) else pl.from_pandas(value)


def captions(app):
    return "\n".join(part.value for part in app.caption)


def html(app):
    return "\n".join(part.proto.body for part in app.get("html"))


@pytest.fixture(scope="module")
def planted():
    return settled(opened())


def test_won_and_lost_says_the_verdict_the_counts_and_the_control(planted):
    assert verdict(planted).startswith("Better on the right: rSum 325.0 for “Unweighted”, ")
    said = prose(planted)
    assert any(text.startswith("More image queries win than lose: 31 won, 10 lost, 23 of 64 stay") for text in said)
    assert any(text.startswith("More text queries win than lose: 66 won, 24 lost, 38 of 128 stay") for text in said)
    assert any("That does more good than the same weights do on other columns in any draw" in text for text in said)


def test_the_table_is_sorted_by_the_ratio_and_links_every_query(planted):
    shown = table(planted)
    assert shown.height == 50
    ratios = shown["times"].to_list()
    assert ratios == sorted(ratios, reverse=True)
    for row in shown.iter_rows(named=True):
        assert row["times"] == max(row["before"], row["after"]) / min(row["before"], row["after"])
        assert row["move"][0] == ("▲" if row["after"] < row["before"] else "▼")
        assert row["link"].startswith("?")
        assert f"query={row['asks']}-" in row["link"]
        assert "dataset=planted" in row["link"]
        assert "show=queries" in row["link"]
    assert "97 won, 34 lost, 61 stay, of 192 queries" in captions(planted)


def control(app, label):
    return next(group for group in app.button_group if group.label == label)


def chooser(app, label):
    return next(box for box in app.selectbox if box.label == label)


def test_won_alone_lost_alone_one_direction_and_the_next_page():
    app = settled(opened())
    control(app, "Show").set_value("lost").run()
    assert all(move.startswith("▼") for move in table(app)["move"])
    assert table(app).height == 34
    control(app, "Direction").set_value("image").run()
    assert set(table(app)["asks"]) == {"image"}
    assert table(app).height == 10
    control(app, "Show").set_value("won").run()
    assert table(app).height == 31
    control(app, "Direction").set_value("both").run()
    first = table(app)
    app.number_input(key="moved-page").set_value(2).run()
    second = table(app)
    assert first["times"].min() >= second["times"].max()
    assert (first.height, second.height) == (50, 47)


def test_a_filter_by_style_label_keeps_the_queries_of_that_style():
    app = settled(opened("shortcut"))
    chooser(app, "Label").set_value(STYLE).run()
    assert not app.exception
    value = chooser(app, "Value")
    assert set(value.options) == {
        "every value", "blur", "flat", "night", "noise", "outline", "pencil sketch", "photocopy", "pixel art", "sepia",
        "watercolour",
    }  # fmt: skip
    value.set_value("sepia").run()
    assert not app.exception
    shown = table(app)
    assert set(shown["label"]) == {"sepia"}
    assert "of 78 queries" in captions(app)  # 13 images and their 65 captions
    chooser(app, "Label").set_value(LabelColumn("register", False)).run()
    assert not app.exception
    assert chooser(app, "Value").value == "every value"
    chooser(app, "Value").set_value("poetic").run()
    assert set(table(app)["asks"]) == {"text"}
    assert "of 112 queries" in captions(app)
    chooser(app, "Value").set_value("no label").run()
    assert set(table(app)["asks"]) == {"image"}


def test_pictures_stand_beside_the_queries_of_scenes():
    app = settled(opened("shortcut"))
    assert all(picture.startswith("data:image/jpeg") for picture in table(app)["picture"])


def test_recall_by_style_is_shown_and_leads_to_its_queries():
    app = settled(opened("shortcut", show="labels"))
    assert chooser(app, "Label").value == STYLE
    assert any(text.startswith("Worse for blur (-63.3) and sepia (-56.9) in rSum: 2 of 10") for text in prose(app))
    assert "10 intervals are shown at once" in captions(app)
    assert "518.5 → 461.5" in html(app)
    chooser(app, "Metric").set_value("t2i_r1").run()
    assert not app.exception
    assert any("in R@1 text to image" in text or "R@1 text to image changes" in text for text in prose(app))
    chooser(app, "Queries of").set_value("blur").run()
    app.button(key="labels-go").click().run()
    assert not app.exception
    assert app.session_state["instrument-retrieval"] == "queries"
    assert (chooser(app, "Label").value, chooser(app, "Value").value) == (STYLE, "blur")
    assert set(table(app)["label"]) == {"blur"}


def test_all_queries_has_every_metric_both_curves_and_the_report_apart():
    app = settled(opened(show="all"))
    said = html(app)
    for name in ("R@1", "R@5", "R@10", "median rank", "rSum", "MRR", "▲ better"):
        assert name in said
    assert [part.value for part in app.subheader] == ["Image to text", "Text to image"]
    report = next(part for part in app.expander if "report of the study" in part.label)
    assert "At the weights of the guard, not at the slider's strength." in report.markdown[0].value
    assert "The weights passed the guard" in report.markdown[1].value


def test_metrics_follow_the_strength():
    app = settled(opened(show="all"))
    first = verdict(app)
    app.session_state["strength"] = 0.5
    second = verdict(settled(app))
    app.session_state["strength"] = 0.0
    third = verdict(settled(app))
    assert "Weighted, λ = 1" in first
    assert "for “Weighted, λ = 0.5”" in second
    assert second.split("difference")[1] != first.split("difference")[1]
    assert (
        third
        == "Nothing changes: no query that was asked has another rank on the right; 325.0 of 600 on 64 test images."
    )


def test_equal_sides_and_no_moves_are_said_and_no_control_is_asked():
    app = settled(opened(right="unweighted"))
    assert verdict(app).startswith("Nothing changes")
    assert "No image query moves: all 64 keep their rank." in prose(app)
    assert "None of the 192 queries moved here." in prose(app)
    assert not any("permut" in text for text in prose(app))


def test_what_the_report_has_is_not_scored_again(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("scored although the report knows")

    cache.empty()
    monkeypatch.setattr(query_sample, "ranks_of", refuse)
    app = opened("shortcut", show="labels", strength="0").run()  # strength nothing: all ones on both sides
    assert not app.exception
    assert verdict(app).startswith("Nothing changes")


def test_the_weights_of_the_report_are_found_in_it_and_only_in_their_axes():
    from pico_app.answers.compare import Side
    from pico_app.answers.datasets import open_dataset
    from pico_app.choices.sides import ChosenScheme
    from pico_core.demo import demo_of
    from pico_core.studies.runs import load_run
    from pico_core.studies.study import study_splits

    pairs = open_dataset("planted").pairs
    study, other = (load_run(demo_of("planted").run(basis), pairs) for basis in ("given", "cross"))
    test = study_splits(pairs, study.config, study.basis).test
    space = SimpleNamespace(study=study)

    def known(weights, basis=study.basis):
        side = Side(test, weights, ChosenScheme("scheme", "pico"), "", basis, "", "unseen")
        return side_ranks.known_ranks(space, side)

    made = study.construction
    assert known(torch.ones(64)) is study.report.baseline.ranks
    assert known(torch.ones(64), other.basis) is study.report.baseline.ranks
    assert known(made.weights) is study.report.weighted.ranks
    assert known(made.weights, other.basis) is None
    assert known(made.weights.flip(0)) is None
    refused = replace(made, weights=torch.ones(64))
    space.study = replace(study, construction=refused)
    assert known(made.unguarded_weights) is study.report.unguarded.ranks


def test_next_gain_walks_the_sides_where_they_are_ranked():
    app = settled(opened(left="weighted", right="unweighted"))
    best = table(app).filter((pl.col("asks") == "text") & pl.col("move").str.starts_with("▲")).row(0, named=True)
    next(b for b in app.button if b.label == "Next gain").click().run()
    assert not app.exception
    asked = app.query_params["query"]
    assert (asked if isinstance(asked, str) else asked[0]) in best["link"]


# Work in the background: more queries than a quick answer can afford.


@pytest.fixture
def slow(monkeypatch):
    """A sample instead of all queries, and exact ranks that wait until they are let go."""
    go, running, exact = threading.Event(), [], query_sample.ranks_of

    def ranks_of(pairs, weights, *, images=None, reporter=SILENT):
        if images is not None or reporter is SILENT:
            return exact(pairs, weights, images=images, reporter=reporter)
        running.append(weights)
        try:
            while not go.wait(0.01):
                reporter.share(0.25)
        finally:
            running.pop()
        return exact(pairs, weights, images=images, reporter=reporter)

    cache.empty()
    queue_of.cache_clear()
    monkeypatch.setattr(query_sample, "sample_images", lambda pairs, **_more: torch.arange(0, pairs.n_images, 4))
    monkeypatch.setattr(query_sample, "ranks_of", ranks_of)
    yield go, running
    go.set()
    cache.empty()
    queue_of.cache_clear()


def asked_jobs():
    return {job.key: job for job in queue_of("answers").jobs if job.running}


def wait_until(true):
    for _ in range(300):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def test_a_sample_answers_until_all_queries_are_ranked(slow):
    go, _ = slow
    app = opened(show="all").run()
    assert not app.exception
    assert "estimated from 16 of 64 test images" in verdict(app)
    assert any("estimated from 16 images and their texts" in part.value for part in app.caption)
    assert [job.title for job in asked_jobs().values()] == ["Ranking all queries: Weighted, λ = 1"]
    go.set()
    settled(app)
    assert verdict(app).endswith("on 64 test images.")
    assert "484.4 for “Weighted, λ = 1”" in verdict(app)
    assert any(button.label == "Compare with permuted weights" for button in app.button)
    app.button(key="ask-permuted").click()
    settled(app)
    assert any("8 permutations" in text for text in prose(app))


def test_ten_changes_leave_one_job_and_the_last_answer(slow):
    go, running = slow
    app = opened(show="queries").run()
    for step in range(10):
        app.session_state["strength"] = 1.9 - 0.1 * step
        app.run()
        assert not app.exception
    left = asked_jobs()
    assert [job.title for job in left.values()] == ["Ranking all queries: Weighted, λ = 1"]
    wait_until(lambda: len(running) == 1)
    go.set()
    settled(app)
    assert "484.4 for “Weighted, λ = 1”" in verdict(app)
    assert not asked_jobs()
    kept = side_ranks.exact_ranks._cached.values.keys
    assert len(kept) == 1


def test_changing_a_side_elsewhere_stops_the_work(slow):
    _, running = slow
    app = opened(show="queries").run()
    wait_until(lambda: len(running) == 1)
    app.session_state["instrument-retrieval"] = "why"
    app.session_state["retrieval-instrument"] = "why"
    app.run()
    assert len(asked_jobs()) == 1  # of the same sides it goes on
    app.session_state["strength"] = 0.7
    app.run()
    assert not app.exception
    wait_until(lambda: not running)
    assert not asked_jobs()


def test_cancel_leaves_the_estimate_and_can_be_taken_back(slow):
    go, running = slow
    app = opened(show="all").run()
    wait_until(lambda: len(running) == 1)
    app.button(key="cancel-ranks").click().run()
    wait_until(lambda: not running)
    app.run()
    assert not app.exception
    assert "estimated from 16" in verdict(app)
    assert any("cancelled" in part.value for part in app.info)
    assert not asked_jobs()
    app.button(key="again-ranks").click().run()
    go.set()
    settled(app)
    assert verdict(app).endswith("on 64 test images.")


def test_both_sides_are_ranked_one_after_the_other(slow):
    go, _running = slow
    app = opened(show="all", left="random", right="p_hat").run()
    assert not app.exception
    assert len(asked_jobs()) == 1
    go.set()
    settled(app)
    assert verdict(app).endswith("on 64 test images.")
    kept = side_ranks.exact_ranks._cached.values.keys
    assert len(kept) == 2
    # Swapped, nothing is ranked again.
    app.button(key="swap-sides").click().run()
    assert not asked_jobs()
    assert verdict(app).endswith("on 64 test images.")


def test_what_is_under_way_comes_first_when_the_other_side_changes(slow):
    _, running = slow
    app = opened(show="all").run()
    wait_until(lambda: len(running) == 1)
    before = asked_jobs()
    from pico_app.choices.sides import ChosenScheme, Sides

    app.session_state["sides"] = Sides(ChosenScheme("scheme", "p_hat"), ChosenScheme("scheme", "pico"))
    app.run()
    assert not app.exception
    assert asked_jobs() == before
    app.session_state["sides"] = Sides(ChosenScheme("scheme", "p_hat"), ChosenScheme("scheme", "unweighted"))
    app.run()
    assert [job.title for job in asked_jobs().values()] == ["Ranking all queries: p̂ as weights, λ = 1"]


def test_a_side_that_cannot_be_had_stops_the_work(slow):
    _, running = slow
    app = opened(show="all").run()
    wait_until(lambda: len(running) == 1)
    from pico_app.choices.sides import ChosenScheme, Sides

    app.session_state["sides"] = Sides(ChosenScheme("scheme", "unweighted"), ChosenScheme("run", path="/nowhere"))
    app.run()
    assert not app.exception
    wait_until(lambda: not running)
    assert not asked_jobs()
