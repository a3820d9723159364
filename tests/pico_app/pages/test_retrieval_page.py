"""The Retrieval page, its flow figure and its lists."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.figures import rankings as draw
from pico_app.figures import rankings as lists
from pico_app.figures import theme, why
from pico_core.retrieval.explain import Split, shown_split
from pico_core.retrieval.rankings import RankedItem, SideBySide
from tests.pico_app.opening import page
from tests.pico_app.reading import answer
from tests.screen import MARKED_BEWARE, NO_RUN, RETRIEVAL, SAME_IN_BOTH, WHO_LEADS


@pytest.fixture
def app():
    return page("retrieval").run()


def asked(app: AppTest) -> str:
    """The query in the address; AppTest gives a text or a list."""
    found = app.query_params["query"]
    return found if isinstance(found, str) else found[0]


def both() -> SideBySide:
    """Five candidates, two shown: 0 falls out, 3 comes in, 1 stays, the right answer 4 rises from 5 to 3."""
    left = (RankedItem(0, 0.9, 1, 4, False, 0.4), RankedItem(1, 0.8, 2, 2, False, 0.6))
    right = (RankedItem(3, 0.7, 1, 3, False, 0.3), RankedItem(1, 0.6, 2, 2, False, 0.8))
    return SideBySide(left, right, RankedItem(4, 0.1, 5, 3, True, 0.5), RankedItem(4, 0.5, 3, 5, True, 0.1), 5)


def test_it_asks_answers_and_captions(app):
    assert not app.exception
    assert app.title[0].value == RETRIEVAL
    assert "right answer" in answer(app)
    assert sum(MARKED_BEWARE in c.value for c in app.caption) == 2


def test_the_query_comes_from_the_address_and_goes_into_it():
    app = page("retrieval", query="image-7").run()
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
    app = page("retrieval")
    app.session_state["strength"] = 0.0
    app.run()
    assert not app.exception
    assert "No change" in answer(app)
    assert any("no column's part changes" in m.value for m in app.markdown)
    assert any("Both sides score alike" in caption.value for caption in app.caption)


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
    assert html.count('role="listitem"') == 3
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


def test_the_bars_add_up_as_printed_and_new_partners_are_hatched():
    split = Split(1.0, 1.1, torch.tensor([0.3, -0.25, 0.0, 0.02]), alignment=0.03, realigned=2)
    shown = shown_split(split, top=2)
    bars = why.split_figure(shown, titles=[f"cross axis {i} (given columns 1, 2, 3)" for i in range(4)], what="x").data[
        0
    ]
    assert list(bars.hovertext) == ["0", "1", "other<br>2", "new<br>partners", "<b>all</b>"]
    *parts, total = (round(1000 * float(text.replace("−", "-"))) for text in bars.text)
    assert sum(parts) == total == 100
    assert list(bars.marker.pattern.shape) == ["", "", "", "/", ""]
    assert list(bars.marker.color[:2]) == [theme.GAIN, theme.LOSS]
    assert list(bars.customdata) == [0, 1, -1, -1, -1]


def test_an_unmoved_lead_draws_one_line_of_nothing():
    shown = shown_split(Split(1.0, 1.0, torch.zeros(4)), top=3)
    figure = why.split_figure(shown, titles=[f"cross axis {i} (given columns 1, 2, 3)" for i in range(4)], what="x")
    assert figure.layout.xaxis.title.text == "cross axis"
    assert list(figure.data[0].y) == [0.0, 0.0]


def opened(address: dict[str, str], *, scenes: bool = True) -> AppTest:
    return page("retrieval", "shortcut" if scenes else "planted", **address).run()


def bars(app: AppTest) -> dict:
    """The traces of the figure of the split."""
    import json

    chart = next(c for c in app.get("plotly_chart") if '"why"' in c.proto.spec or "change of the" in c.proto.spec)
    return json.loads(chart.proto.spec)["data"][0]


def headings(app: AppTest) -> list[str]:
    """Titles of the two lists."""
    import re

    found = (re.search(r'class="h"><b>(.*?)</b>', html.proto.body) for html in app.get("html"))
    return [match[1] for match in found if match]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (None, None, ["Unweighted", "Weighted, λ = 1"]),
        ("weighted", "unweighted", ["Weighted, λ = 1", "Unweighted"]),
        (None, "p_hat", ["Unweighted", "p̂ as weights, λ = 1"]),
        ("random-2", "weighted", ["The same weights, permuted (draw 2), λ = 1", "Weighted, λ = 1"]),
        (None, "without-22,3", ["Unweighted", "Without columns 3, 22"]),
        (None, "without-7", ["Unweighted", "Without column 7"]),
        (None, "axes-cross", ["Unweighted", "Weighted in cross axes, λ = 1"]),
        ("nonsense", "without-x", ["Unweighted", "Weighted, λ = 1"]),
    ],
)
def test_any_two_scorings_of_a_link_stand_side_by_side(left, right, expected):
    app = opened({"query": "text-3"} | ({"left": left} if left else {}) | ({"right": right} if right else {}))
    assert not app.exception
    assert headings(app) == expected
    assert "right answer" in answer(app)


def test_a_side_is_chosen_swapped_and_drawn_anew():
    app = opened({"query": "text-3"})
    right = next(box for box in app.selectbox if box.label == "On the right")
    right.set_value(3).run()  # random
    assert headings(app)[1] == "The same weights, permuted, λ = 1"
    next(button for button in app.button if button.label == "Another draw").click().run()
    assert headings(app)[1] == "The same weights, permuted (draw 1), λ = 1"
    next(button for button in app.button if button.label == "Swap").click().run()
    assert not app.exception
    assert headings(app) == ["The same weights, permuted (draw 1), λ = 1", "Unweighted"]


def test_a_set_that_does_not_fit_is_a_sentence_and_another_can_be_chosen():
    app = opened({"right": "without-4000"})
    assert not app.exception
    assert answer(app) == "These two scorings cannot be compared."
    assert "there is no column 4000" in app.warning[0].value
    next(box for box in app.selectbox if box.label == "On the right").set_value(1).run()
    assert headings(app) == ["Unweighted", "Weighted, λ = 1"]


def test_a_run_from_a_folder_stands_beside(tmp_path, monkeypatch):
    from pico_core.demo import demo_of

    app = opened({"query": "text-3"})
    right = next(box for box in app.selectbox if box.label == "On the right")
    right.set_value(len(right.options) - 1).run()
    assert NO_RUN in app.warning[0].value
    place = next(box for box in app.text_input if box.label == "Folder of the run")
    place.set_value(str(demo_of("shortcut").run("cross"))).run()
    assert not app.exception
    assert headings(app)[1].startswith("Run ")
    assert "right answer" in answer(app)
    place = next(box for box in app.text_input if box.label == "Folder of the run")
    place.set_value(str(demo_of("clean").run("cross"))).run()
    assert "belongs to" in app.warning[0].value
    place = next(box for box in app.text_input if box.label == "Folder of the run")
    place.set_value(str(tmp_path / "nothing")).run()
    assert "is missing; a run folder is what construct writes" in app.warning[0].value


def test_the_split_on_the_page_adds_up_to_the_scores_of_the_lists():
    app = opened({"query": "text-3"})
    said = next(m.value for m in app.markdown if "all parts" in m.value)
    import re

    before, change, after = (round(1000 * float(number)) for number in re.findall(r"\*\*([+-][0-9.]+)\*\*", said))
    assert before + change == after
    drawn = bars(app)
    assert sum(round(1000 * float(text.replace("−", "-"))) for text in drawn["text"][:-1]) == change


def test_why_of_an_item_alone_and_of_one_above_another():
    app = opened({"query": "text-3"})
    app.segmented_control(key="why-where").set_value(WHO_LEADS).run()
    assert not app.exception
    assert any("It stands" in m.value for m in app.markdown)
    compared = next(box for box in app.selectbox if box.label == "Compared with")
    compared.set_value(-1).run()
    assert not app.exception
    assert any("Its score" in m.value for m in app.markdown)


def test_sides_weighted_in_different_axes_have_no_common_split():
    app = opened({"query": "text-3", "left": "weighted", "right": "axes-cross"})
    assert not app.exception
    assert any("weighted in different axes" in info.value for info in app.info)
    assert "What changed, left to right" not in app.segmented_control(key="why-where").options


def test_words_of_ones_own_are_encoded_and_ranked():
    app = opened({"words": "a red star above a blue ring, dogs"})
    assert not app.exception
    assert SAME_IN_BOTH in answer(app)
    assert any("red · star · above" in text.value for text in app.text)
    assert any("It does not know dogs" in caption.value for caption in app.caption)
    assert any("No candidate is marked as right" in caption.value for caption in app.caption)


def test_while_nothing_is_typed_examples_are_offered():
    app = opened({})
    app.segmented_control[0].set_value("words").run()
    assert not app.exception
    assert answer(app).startswith("Describe a scene")
    app.button[0].click().run()
    assert app.query_params["words"] == app.text_input[0].value != ""
    assert SAME_IN_BOTH in answer(app)
    app.segmented_control[0].set_value("image").run()
    assert "words" not in app.query_params
    assert "right answer" in answer(app)


def test_words_that_no_encoder_knows_are_a_sentence():
    app = opened({"words": "zyzzyva"})
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
    assert html.count('role="listitem"') == len(bare.left)
    assert len(draw.flow_figure(bare, names={}).data) < len(draw.flow_figure(known, names={}).data)
