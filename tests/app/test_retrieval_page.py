"""The Retrieval page, its flow figure and its lists."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.figures import ranked_lists as lists
from app.figures import retrieval as draw
from app.figures import theme
from pico_core.analysis.rankings import RankedItem, SideBySide, margin_change
from tests.app.reading import answer


def page() -> None:
    from app import services
    from app.views import retrieval
    from pico_core.method.config import StudyConfig

    dataset = services.open_dataset("planted")
    services.show(dataset, services.find_study(dataset, StudyConfig()))
    retrieval.render()


def page_of_scenes() -> None:
    from app import services
    from app.views import retrieval
    from pico_core.method.config import StudyConfig

    dataset = services.open_dataset("shortcut")
    services.show(dataset, services.find_study(dataset, StudyConfig()))
    retrieval.render()


def refused_page() -> None:
    from dataclasses import replace

    import torch

    from app import services
    from app.views import retrieval
    from pico_core.method.config import StudyConfig

    dataset = services.open_dataset("planted")
    study = services.find_study(dataset, StudyConfig())
    made = study.construction
    guard = replace(made.guard, accepted=False)
    equal = replace(made, guard=guard, weights=torch.ones_like(made.weights))
    services.show(dataset, replace(study, construction=equal))
    retrieval.render()


@pytest.fixture
def app():
    return AppTest.from_function(page, default_timeout=60).run()


def asked(app: AppTest) -> str:
    """The query in the address; AppTest gives a text or a list."""
    found = app.query_params["query"]
    return found if isinstance(found, str) else found[0]


def both() -> SideBySide:
    """Five candidates, two shown: 0 falls out, 3 comes in, 1 stays, the right answer 4 rises from 5 to 3."""
    left = (RankedItem(0, 0.9, 1, 4, False), RankedItem(1, 0.8, 2, 2, False))
    right = (RankedItem(3, 0.7, 1, 3, False), RankedItem(1, 0.6, 2, 2, False))
    return SideBySide(left, right, RankedItem(4, 0.1, 5, 3, True), RankedItem(4, 0.5, 3, 5, True), 5)


def test_it_asks_answers_and_captions(app):
    assert not app.exception
    assert app.title[0].value == "What changes for a query, and why?"
    assert "right answer" in answer(app)
    assert sum("**Do not read it so:**" in c.value for c in app.caption) == 3


def test_the_query_comes_from_the_address_and_goes_into_it():
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["query"] = "image-7"
    app.run()
    assert any("which captions describe this image" in m.value for m in app.markdown)
    assert app.selectbox[0].value == 7
    next(b for b in app.button if b.label == "Next gain").click().run()
    assert not app.exception
    kind, number = asked(app).split("-")
    assert kind == "image"
    assert "Rank " in answer(app)
    assert app.selectbox[0].value == int(number)


def test_choosing_another_kind_and_query(app):
    app.button_group[0].set_value("image").run()
    assert asked(app) == "image-0"
    app.selectbox[0].set_value(3).run()
    assert asked(app) == "image-3"
    assert not app.exception


def test_strength_nothing_means_no_change():
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["strength"] = 0.0
    app.run()
    assert not app.exception
    assert "No change" in answer(app)
    assert any("change no column's part" in m.value for m in app.markdown)


def test_a_refusal_of_the_guard_is_said():
    app = AppTest.from_function(refused_page, default_timeout=60).run()
    assert not app.exception
    said = app.markdown[1].value
    assert "The guard kept equal weights" in said
    assert "equals the unweighted one" in said


def test_lines_have_the_colour_of_the_move_and_the_right_answer_is_thick():
    figure = draw.flow_figure(both(), names={4: "the one"})
    lines = {trace.text[0]: trace for trace in figure.data if trace.mode == "lines"}
    assert lines["<br>rank 1 to 4"].line.color == theme.LOSS
    assert lines["<br>rank 3 to 1"].line.color == theme.GAIN
    assert lines["<br>rank 2 to 2"].line.color == theme.GREY
    target = lines["the one<br>rank 5 to 3"]
    assert target.line.color == theme.GAIN
    assert target.line.width > 2 * lines["<br>rank 2 to 2"].line.width
    assert (target.y[0], target.y[-1]) == (2, 2)  # its own row below both lists
    assert {note.text for note in figure.layout.annotations} == {"to 4", "from 3"}
    assert figure.layout.height == draw.flow_height(both())


def test_lists_show_rank_score_arrow_and_are_escaped():
    shown = both()
    html = lists.list_html(
        shown.right,
        title="Weighted",
        target=shown.target_after,
        candidate=lambda i: lists.Candidate(f"<b>{i}</b>"),
        weighted=True,
    )
    assert "<b>3</b>" not in html
    assert "&lt;b&gt;3&lt;/b&gt;" in html
    assert "0.700" in html
    assert "▲ 2" in html  # 3 to 1, and the right answer 5 to 3
    assert html.count("role='listitem'") == 3
    assert html.count("row hit off") == 1


def test_the_right_answer_among_the_first_has_no_second_row():
    shown = both()
    html = lists.list_html(
        shown.left, title="Unweighted", target=shown.left[0], candidate=lambda i: lists.Candidate("x"), weighted=False
    )
    assert html.count("row gap") == 1
    assert "▲" not in html


def test_the_report_has_every_scoring_with_one_decimal(study):
    html = lists.report_html(study.report)
    assert html.count("<tr") == 2 + 2 + len(study.report.controls)
    assert f"{study.report.baseline.metrics.rsum.value:.1f}<small>" in html
    for control in study.report.controls:
        assert control.label.split(" (")[0] in html
        assert f"{control.difference.value:+.1f}<small>" in html


def test_the_bars_of_the_lead_sum_to_the_last_one(planted):
    weights = planted.semantic_share / planted.semantic_share.mean()
    change = margin_change(planted.pairs, 3, kind="image", weights=weights)
    titles = [f"column {i}" for i in range(24)]
    bars = draw.margin_figure(change, titles=titles).data[0]
    assert sum(bars.y[:-1]) == pytest.approx(bars.y[-1], abs=1e-6)
    assert bars.y[-1] == pytest.approx(change.after - change.before, abs=1e-5)
    assert bars.x[0] == str(change.strongest(1)[0])
    assert draw.margin_figure(change, titles=titles).layout.xaxis.title.text == "column"


def test_an_unmoved_lead_draws_without_a_warning(planted):
    change = margin_change(planted.pairs, 3, kind="image", weights=torch.ones(24))
    figure = draw.margin_figure(change, titles=[f"cross axis {i} (given columns 1, 2, 3)" for i in range(24)])
    assert figure.layout.xaxis.title.text == "cross axis"
    assert list(figure.data[0].y) == [0.0, 0.0]


def test_words_of_ones_own_are_encoded_and_ranked():
    app = AppTest.from_function(page_of_scenes, default_timeout=120)
    app.query_params["words"] = "a red star above a blue ring, dogs"
    app.run()
    assert not app.exception
    assert "are the same with the weights" in answer(app)
    assert any("red · star · above" in text.value for text in app.text)
    assert any("It does not know dogs" in caption.value for caption in app.caption)
    assert any("No image is marked as right" in caption.value for caption in app.caption)


def test_while_nothing_is_typed_examples_are_offered():
    app = AppTest.from_function(page_of_scenes, default_timeout=120).run()
    app.segmented_control[0].set_value("words").run()
    assert not app.exception
    assert answer(app).startswith("Describe a scene")
    app.button[0].click().run()
    assert app.query_params["words"] == app.text_input[0].value != ""
    assert "are the same with the weights" in answer(app)
    app.segmented_control[0].set_value("image").run()
    assert "words" not in app.query_params
    assert "right answer" in answer(app)


def test_words_that_no_encoder_knows_are_a_sentence():
    app = AppTest.from_function(page_of_scenes, default_timeout=120)
    app.query_params["words"] = "zyzzyva"
    app.run()
    assert not app.exception
    assert answer(app) == "These words cannot be looked up."
    assert "knows none of its words" in app.info[0].value


def test_data_without_an_encoder_offer_no_typing(app):
    app.query_params["words"] = "a red star"
    app.run()
    assert not app.exception
    assert "words" not in app.segmented_control[0].options
    assert "right answer" in answer(app)


def test_lists_without_a_right_answer_have_no_row_for_it():
    known = both()
    bare = SideBySide(known.left, known.right, None, None, known.n_candidates)
    assert draw.flow_height(bare) == draw.flow_height(known) - draw.ROW
    html = lists.list_html(
        bare.left, title="x", target=None, candidate=lambda i: lists.Candidate(str(i)), weighted=False
    )
    assert html.count("role='listitem'") == len(bare.left)
    assert len(draw.flow_figure(bare, names={}).data) < len(draw.flow_figure(known, names={}).data)
    assert bare.sentence == "1 of the first 2 are the same with the weights, and another comes first."
