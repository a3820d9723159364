"""The column switch on the Columns page: choices, answers, undo, sets with names, links."""

import json
import time

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.choices.switching import Switching, from_address
from pico_app.figures import switch as draw
from pico_app.figures.theme import DARK
from pico_app.server import cache
from pico_app.server.queue import queue_of
from pico_app.templates import stylesheet
from pico_core.common.reporter import SILENT
from pico_core.retrieval.comparing.metric_changes import MetricChange
from pico_core.retrieval.comparing.paired import Move
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.switching.effect import METRICS, ControlBand
from tests.pico_app.opening import page
from tests.screen import SET_NAME


@pytest.fixture
def app():
    return opened("planted")


def opened(name, **address):
    return page("columns", name, part="switch", **address)


def settled(app):
    """Run until the control in the background has come."""
    app.run()
    for _ in range(100):
        if not app.get("progress") and not any(button.label == "Cancel" for button in app.button):
            return app
        time.sleep(0.1)
        app.run()
    raise AssertionError("the control never came")


def verdict(app):
    from html import unescape
    from re import sub

    parts = [part.value for part in app.markdown if 'class="answer"' in part.value]
    return unescape(sub(r"<[^>]+>", "", parts[1]))


def control(app, label):
    return next(group for group in app.button_group if group.label == label)


def choose(app, label, value):
    control(app, label).set_value(value).run()
    assert not app.exception
    return app


def field(app, label):
    return next(text for text in app.text_input if text.label == label)


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_it_opens_with_the_selected_column_off_and_says_what_happens(app):
    settled(app)
    assert not app.exception
    lowest = app.session_state["column"]
    assert f"without column {lowest}, difference" in verdict(app)
    assert "on 64 test images." in verdict(app)
    said = next(text.value for text in app.markdown if "random column" in text.value)
    assert "points in 8 draws on the same queries." in said
    assert {"set", "to", "base"}.isdisjoint(app.query_params)
    assert [part.value.split(":")[0] for part in app.subheader] == ["Queries won", "Queries lost", "One query, exactly"]


def test_without_the_ten_lowest_planted_columns_retrieval_gets_better_than_by_chance(app):
    settled(app)
    choose(app, "Which columns", "lowest")
    settled(app)
    assert verdict(app).startswith("Retrieval gets better: 325.0 before, 401.6 without these 10 columns")
    assert any("That does more good than 10 random columns do in any draw" in text.value for text in app.markdown)
    assert app.query_params["set"] == "lowest-10"
    app.number_input[0].set_value(3).run()
    assert "without these 3 columns" in verdict(app)
    assert app.query_params["set"] == "lowest-3"


def test_undo_steps_back_through_choices_and_settings(app):
    settled(app)
    first = verdict(app)
    assert app.button(key="switch-undo").disabled
    choose(app, "Which columns", "lowest")
    second = verdict(app)
    choose(app, "Set to", "image_mean")
    third = verdict(app)
    assert "at their mean in images" in third
    assert len({first, second, third}) == 3
    press(app, "switch-undo")
    assert verdict(app) == second
    assert control(app, "Set to").value == "off"
    press(app, "switch-undo")
    assert verdict(app) == first
    assert control(app, "Which columns").value == "column"
    assert app.button(key="switch-undo").disabled
    assert {"set", "to", "base"}.isdisjoint(app.query_params)


def test_weight_one_changes_nothing_unweighted_and_something_weighted(app):
    settled(app)
    choose(app, "Set to", "one")
    assert verdict(app) == "Nothing changes: this column has weight 1 already."
    choose(app, "Compared with", "weighted")
    assert "at weight 1, difference" in verdict(app)


def test_a_mean_ranks_as_off(app):
    settled(app)
    choose(app, "Which columns", "lowest")
    off = verdict(app)
    choose(app, "Set to", "mean")
    assert verdict(app) == off.replace("without these 10 columns", "with these 10 columns at their mean")
    assert any("all ranks are those of weight 0, exactly" in text.value for text in app.caption)


@pytest.mark.parametrize("side", ["image", "text"])
def test_a_cluster_is_the_columns_of_the_same_prototype(side):
    from pico_app.answers import datasets, studies
    from pico_core.method.config import StudyConfig

    app = settled(opened("planted", set=f"{side}-cluster", column="5"))
    dataset = datasets.open_dataset("planted")
    made = studies.find_study(dataset, StudyConfig()).construction
    points, prototypes = getattr(made, f"{side}_columns"), getattr(made.prototypes, side)
    cosines = torch.nn.functional.cosine_similarity(points[:, None], prototypes.centres[None], dim=2).abs()
    nearest = cosines.argmax(dim=1).tolist()  # the style similarity is the cosine with this one
    same = [column for column, prototype in enumerate(nearest) if prototype == nearest[5]]
    listed = next(text.value for text in app.caption if text.value.startswith("Switched"))
    assert listed.startswith(f"Switched, {len(same)} of 64: ")
    choose(app, "Which columns", "own")  # an own list begins with them
    assert from_address({"set": app.query_params["set"]}).which == "own"
    assert f"Switched, {len(same)} of 64: " in next(t.value for t in app.caption if t.value.startswith("Switched"))


def test_an_own_list_is_typed_and_a_wrong_one_says_the_mend(app):
    settled(app)
    choose(app, "Which columns", "own")
    typed = field(app, "Columns, 0 to 63")
    assert typed.value == str(app.session_state["column"])
    typed.set_value("3, 7, 12-15").run()
    assert "without these 6 columns" in verdict(app)
    assert app.query_params["set"] == "3,7,12-15"
    for wrong, says in (("3, x", "'x' is no column"), ("64", "There is no column 64"), ("", "Which columns?")):
        field(app, "Columns, 0 to 63").set_value(wrong).run()
        assert not app.exception
        assert says in app.info[0].value.replace("\\", "")
    field(app, "Columns, 0 to 63").set_value("0-63").run()
    assert "nothing would be left to rank by" in app.info[0].value


def test_a_link_opens_the_same_switch():
    app = settled(opened("planted", set="3,7,12-15", to="text_mean", base="weighted"))
    assert "with these 6 columns at their mean in texts" in verdict(app)
    assert control(app, "Compared with").value == "weighted"
    assert app.query_params["set"] == "3,7,12-15"
    assert app.button(key="switch-undo").disabled


def test_the_weights_compared_with_are_those_of_the_strength():
    app = settled(opened("planted", set="lowest-10", base="weighted", strength="0.5"))
    at_half = verdict(app)
    app.session_state["strength"] = 2.0
    settled(app)
    assert verdict(app) != at_half


def test_nonsense_in_a_link_is_dropped():
    app = settled(opened("planted", set="<b>3</b>", to="up", base="sand"))
    assert not app.exception
    assert {"set", "to", "base"}.isdisjoint(app.query_params)
    assert "without column" in verdict(app)


def test_a_set_gets_a_name_is_kept_switched_again_and_dropped(app):
    settled(app)
    choose(app, "Which columns", "lowest")
    settled(app)
    press(app, "switch-keep")
    assert "needs a name" in app.info[-1].value
    field(app, SET_NAME).set_value("the **low** ones").run()
    press(app, "switch-keep")
    assert "without the set “the **low** ones”" in verdict(app)
    assert control(app, "Which columns").value == "own"
    assert any(r"the \*\*low\*\* ones" in text.value for text in app.markdown)
    choose(app, "Which columns", "column")
    assert "without column" in verdict(app)
    press(app, "switch-use-0")
    assert "without the set “the **low** ones”" in verdict(app)
    press(app, "switch-use-0")  # again: no step to take back
    press(app, "switch-undo")
    assert "without column" in verdict(app)
    assert app.expander[-1].proto.expanded
    press(app, "switch-drop-0")
    assert not any(button.key == "switch-use-0" for button in app.button)


def test_a_set_is_loaded_from_its_file_and_a_strange_one_is_refused(app):
    from pico_app.answers import datasets
    from pico_core.retrieval.switching.column_sets import ColumnSet

    settled(app)
    digest = datasets.open_dataset("planted").pairs.digest
    mine = ColumnSet("loaded", (1, 2), "given columns", digest, 64)
    app.file_uploader(key="switch-load").upload("set.json", mine.to_json().encode(), "application/json").run()
    assert not app.exception
    assert "without the set “loaded”" in verdict(app)
    field(app, "Columns, 0 to 63").set_value("5, 6, 7").run()  # the file stays in its place, and is not loaded again
    assert "without these 3 columns" in verdict(app)
    other = json.loads(mine.to_json()) | {"dataset": "f" * 16}
    app.file_uploader(key="switch-load").upload("other.json", json.dumps(other).encode(), "application/json").run()
    assert "is of another dataset" in app.error[0].value
    assert "without these 3 columns" in verdict(app)


def test_a_query_is_chosen_from_the_lists_and_answered_exactly(app):
    settled(app)
    choose(app, "Which columns", "lowest")
    button = next(button for button in app.button if str(button.key).startswith("switch-ask-"))
    _, _, kind, index = button.key.split("-")
    button.click().run()
    assert app.session_state["query"] == f"{kind}-{index}"
    assert any("Its right answer moves from rank" in text.value for text in app.markdown)


def test_other_axes_forget_the_columns_but_not_the_kept_sets():
    app = settled(opened("planted", set="3,4"))
    field(app, SET_NAME).set_value("mine").run()
    press(app, "switch-keep")

    def turn() -> None:
        from pico_app.state import links, study

        study.set_wanted_config(study.wanted_config().with_settings({"basis": "cross"}))
        links.follow_address()

    turned = AppTest.from_function(turn)
    for name in ("switching", "switched", "kept-sets", "config"):
        turned.session_state[name] = app.session_state[name]
    turned.query_params["set"] = "3,4"
    turned.run()
    assert turned.session_state["switching"] == Switching()
    assert turned.session_state["switched"] == ()
    assert len(turned.session_state["kept-sets"]) == 1
    assert "set" not in turned.query_params


@pytest.fixture
def small_budget(monkeypatch):
    """A quick answer that can afford eight images only; nothing of it stays in the caches."""
    import torch

    from pico_core.retrieval import query_sample

    queue_of.cache_clear()
    cache.empty()
    monkeypatch.setattr(query_sample, "sample_images", lambda pairs: torch.arange(0, 64, 8))
    yield
    queue_of.cache_clear()
    cache.empty()


def test_a_sampled_answer_says_so_and_the_exact_one_is_computed_on_demand(small_budget):
    app = settled(opened("planted", set="lowest-10"))
    assert ", estimated from 8 of 64 test images." in verdict(app)
    assert any("texts of those asked rank better" in text.value for text in app.caption)
    assert any("10 random columns" in text.value for text in app.markdown)
    press(app, "switch-exact")
    settled(app)
    assert verdict(app) == (
        "Retrieval gets better: 325.0 before, 401.6 without these 10 columns, difference +76.6 [+25.0, +125.8] points "
        "of rSum on 64 test images."
    )
    assert not any(button.key == "switch-exact" for button in app.button)
    choose(app, "Set to", "image_mean")  # another switch is estimated first
    assert ", estimated from 8 of 64 test images." in verdict(app)
    press(app, "switch-undo")
    assert "on 64 test images." in verdict(app)


def test_a_cancelled_exact_answer_leaves_the_estimate(small_budget, monkeypatch):
    import threading

    from pico_core.retrieval import query_sample

    gate, ranks_of = threading.Event(), query_sample.ranks_of

    def slow(pairs, weights, *, images=None, reporter=SILENT):
        if images is None:
            assert gate.wait(20)
        return ranks_of(pairs, weights, images=images, reporter=reporter)

    monkeypatch.setattr(query_sample, "ranks_of", slow)
    app = settled(opened("planted", set="lowest-10"))
    press(app, "switch-exact")
    assert ", estimated from 8 of 64 test images." in verdict(app)
    press(app, "cancel-switch-exact")
    gate.set()
    for _ in range(50):
        app.run()
        if app.info:
            break
        time.sleep(0.1)
    assert "cancelled. Until then the estimate stands." in app.info[0].value
    press(app, "again-switch-exact")
    assert app.button(key="switch-exact").label == "Compute exactly"


def test_scenes_answer_with_pictures():
    app = settled(opened("shortcut"))
    assert not app.exception
    assert "on 112 test images." in verdict(app)
    rows = [part.value for part in app.get("html") if "switched im" in str(part.value)]
    assert any("data:image/jpeg" in row for row in rows)


@pytest.mark.parametrize(
    "values",
    [
        {"set": ""},
        {"set": "3,,7"},
        {"set": "3;7"},
        {"set": "lowest-0"},
        {"set": "lowest-"},
        {"set": "lowest-99999"},
        {"set": "own"},
        {"set": "1," * 2000 + "1"},
        {"set": "１"},
        {"to": "ON"},
        {"base": "1"},
    ],
)
def test_an_address_that_is_no_choice_is_the_default(values):
    assert from_address(values) == Switching()


@pytest.mark.parametrize(
    "choice",
    [
        Switching(),
        Switching("lowest", lowest=25, setting="mean"),
        Switching("image-cluster", base="weighted"),
        Switching("text-cluster", setting="one"),
        Switching("own", typed="3, 7, 12-15", setting="text_mean"),
    ],
)
def test_an_address_says_a_choice_and_is_read_back(choice):
    said = {key: value for key, value in choice.address.items() if value is not None}
    assert from_address(said) == choice


def test_a_list_that_no_address_can_say_is_left_out():
    assert Switching("own", typed="3, x").address["set"] is None
    assert Switching("own", typed="").address["set"] is None
    assert Switching("own", typed="1, " * 900 + "1").address["set"] is not None
    assert Switching("own", typed="1, " * 1100 + "1").address["set"] is None


def rows(*changes):
    return [
        MetricChange(name, Estimate(50.0, 40.0, 60.0), Estimate(50.0 + change.value, 40.0, 60.0), change)
        for name, change in zip(METRICS, changes, strict=True)
    ]


def test_the_figure_draws_every_change_its_interval_the_zero_and_the_control():
    helps, hurts, none = Estimate(3.0, 1.0, 5.0), Estimate(-2.0, -4.0, -1.0), Estimate(0.5, -1.0, 2.0)
    some = rows(helps, hurts, none, none, none, none, Estimate(4.0, -3.0, 11.0))
    band = ControlBand(2, ((-1.0,) * 6 + (-20.0,), (1.5,) * 6 + (6.0,)))
    drawn = draw.changes(some, control=band)
    lines = [trace for trace in drawn.data if trace.mode == "lines"]
    assert [tuple(line.x) for line in lines] == [(row.change.low, row.change.high) for row in some]
    points = [trace for trace in drawn.data if trace.mode == "markers"]
    assert [point.x[0] for point in points] == [row.change.value for row in some]
    assert points[0].marker.color == "#0072B2"
    assert points[1].marker.color == "#D55E00"
    assert points[2].marker.symbol == "circle-open"
    bands = [(shape.x0, shape.x1) for shape in drawn.layout.shapes if shape.type == "rect"]
    assert bands == [(-1.0, 1.5)] * 6 + [(-20.0, 6.0)]
    low, high = drawn.layout.xaxis.range
    assert low == -high
    assert low < -20.0
    words = [note.text for note in drawn.layout.annotations]
    assert "+3.0 [+1.0, +5.0]" in words
    assert "grey: 2 random columns instead, 2 draws" in words


def test_the_figure_stands_without_a_control_and_does_not_blow_up_nothing():
    still = rows(*[Estimate(0.0, 0.0, 0.0)] * 7)
    drawn = draw.changes(still, control=None, theme=DARK)
    assert not [shape for shape in drawn.layout.shapes if shape.type == "rect"]
    assert drawn.layout.xaxis.range[1] > 1
    words = [note.text for note in drawn.layout.annotations]
    assert not any("grey" in word for word in words)
    assert words.count("+0.0 [+0.0, +0.0]") == 7
    asked = draw.changes(still, control=None, sampled=True)
    assert [note.text for note in asked.layout.annotations].count("no change seen") == 7


def test_a_row_escapes_what_comes_from_data():
    told = draw.moves_html(Move("text", 3, 9, 2), name="<script>alert(1)</script>", picture=None)
    assert "<script>" not in told
    assert "9 → 2" in told
    assert 'class="switched tx helps"' in told
    assert 'class="switched tx hurts"' in draw.moves_html(Move("text", 3, 2, 1200), name="", picture=None)
    assert ".helps{--tone:var(--pico-gain)}.hurts{--tone:var(--pico-loss)}" in stylesheet()
    assert "--pico-gain: #0072B2; --pico-loss: #D55E00;" in stylesheet()
    assert "2 → 1,200" in draw.moves_html(Move("image", 3, 2, 1200), name="", picture=None)
