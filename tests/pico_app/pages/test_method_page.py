"""The Method page: every step on every preset, numbers in formulas, the address, the handout."""

import re
from dataclasses import replace
from html import unescape

import pytest
import torch

from pico_app.answers import method
from pico_app.figures import interaction
from pico_app.figures.player import MOST_FRAMES
from pico_app.pages.method.page import STEPS as ALL_STEPS
from pico_app.pages.method.page import handout
from pico_app.pages.method.step import SHAPES, Pick, badge_html, factor, number
from pico_app.words.answers import ANSWERS
from pico_app.words.lessons import takeaway_sentence
from pico_app.workspace import Workspace
from pico_core.demo.lessons import LESSONS
from pico_core.kernels.similarity import token_table
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from
from tests.pico_app.opening import page
from tests.pico_app.reading import answer, prose
from tests.screen import BEWARE, METHOD

STEPS, SLUGS = tuple(ALL_STEPS), ALL_STEPS.names
PRESETS = [lesson.name for lesson in LESSONS]
PICKS = [Pick(0, 0, 0, 0), Pick(5, 2, 1, 17), Pick(40, 3, 0, 31)]


@pytest.fixture(scope="module", autouse=True)
def made():
    """All presets, as the background makes them."""
    from pico_app.answers import method

    return {name: method._taught(name) for name in PRESETS}


def space_of(taught) -> Workspace:
    study = taught.lesson.study
    weights = weights_from(study.construction.probabilities)
    return Workspace(taught.dataset, study, taught.lesson.splits, 1.0, weights, taught.key)


@pytest.fixture
def app():
    return page("method")


def shown_numbers(formula: str) -> list[float]:
    """The numbers of a formula, without indices and words."""
    plain = re.sub(r"\\text\{[^}]*\}|[_^]\{[^}]*\}|\\begin\{\w+\}|\\end\{\w+\}", " ", formula)
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", plain)]


def close(shown: float, engine: float, digits: int) -> bool:
    return abs(shown - engine) <= 0.5 * 10**-digits + 1e-6


@pytest.mark.parametrize("pick", PICKS)
@pytest.mark.parametrize("name", ["clear", "rogue"])
def test_the_numbers_of_step_one_are_the_engines(made, name, pick):
    space = space_of(made[name])
    fit, d = space.splits.fit, pick.column
    image = int(fit.text_image[pick.text])
    v = fit.image_tokens[image][fit.image_mask[image]].float()
    t = fit.text_tokens[pick.text][fit.text_mask[pick.text]].float()
    s = float(token_table(v, t, weights=space.weights)[pick.patch, pick.word])
    own = float(space.weights[d] * v[pick.patch, d] * t[pick.word, d])
    formula = STEPS[0].substituted(space, pick)
    expected = [float(space.weights[d]), float(v[pick.patch, d]), float(t[pick.word, d]), own, s - own, s]
    shown = shown_numbers(formula)
    assert len(shown) == len(expected)
    assert all(close(a, b, 4) for a, b in zip(shown, expected, strict=True)), (shown, expected)
    in_words = re.search(r"column (\d+): \} \{?(-?[\d.]+)", formula)
    assert int(in_words[1]) == d
    assert close(float(in_words[2]), own, 4)
    assert f"other {fit.n_columns - 1} columns" in formula


@pytest.mark.parametrize("pick", PICKS)
def test_the_numbers_of_step_two_are_counted_product_by_product(made, pick):
    space = space_of(made["coupled"])
    fit, d = space.splits.fit, pick.column
    image = int(fit.text_image[pick.text])
    v = fit.image_tokens[image][fit.image_mask[image]].float()[:, d]
    t = fit.text_tokens[pick.text][fit.text_mask[pick.text]].float()[:, d]
    product = float(v[pick.patch] * t[pick.word])
    n_positive = sum(float(a * b) > 0 for a in v for b in t)
    shown = shown_numbers(STEPS[1].substituted(space, pick).replace("> 0]", "]"))
    factors, sign, shares = shown[:3], shown[3], shown[4:]
    for value, expected, digits in zip(factors, (v[pick.patch], t[pick.word], product), (4, 4, 5), strict=True):
        assert close(value, float(expected), digits)
    assert sign == (product > 0)
    one, *counts = shares  # 1 over n_v n_t
    assert one == 1
    assert counts[:6] == [
        int((v > 0).sum()),
        int((t > 0).sum()),
        int((v < 0).sum()),
        int((t < 0).sum()),
        len(v),
        len(t),
    ]
    assert counts[6:8] == [n_positive, len(v) * len(t)]
    assert close(counts[8], n_positive / (len(v) * len(t)), 3)
    assert len(counts) == 9


@pytest.mark.parametrize("name", PRESETS)
def test_the_numbers_of_step_three_are_p_hat_and_its_null(made, name):
    space = space_of(made[name])
    for column in (0, 9, 31):
        p_hat = float(pseudo_semantic_probabilities(space.splits.fit)[column])
        null = space.study.columns["null_mean"][column]
        pairs = space.splits.fit.n_texts
        shown = shown_numbers(STEPS[2].substituted(space, Pick(column=column)))
        expected = [p_hat * pairs, pairs, p_hat, 1, p_hat, 1 - p_hat, p_hat, null, p_hat - null]
        assert len(shown) == len(expected)
        assert all(close(a, b, 1 if i == 0 else 3) for i, (a, b) in enumerate(zip(shown, expected, strict=True)))


@pytest.mark.parametrize("pick", PICKS)
def test_the_numbers_of_step_four_make_the_coordinate_that_is_clustered(made, pick):
    space = space_of(made["clear"])
    fit, formula = space.splits.fit, STEPS[3].substituted(space, pick)
    shown = shown_numbers(formula)
    value, mean, norm, coordinate, anchor = shown
    assert close(value, float(fit.image_means[int(anchor), pick.column]), 4)
    assert coordinate == pytest.approx((value - mean) / norm, abs=2e-3)
    column = space.study.construction.image_columns[pick.column]
    assert bool(((column - coordinate).abs() <= 6e-5).any())
    values = method.column_profile(space, pick.column).values
    assert close(mean, float(values.mean()), 4)
    assert close(norm, float((values - values.mean()).norm()), 4)


def test_every_step_says_whose_it_is_and_where_it_stands():
    for step in STEPS:
        assert step.provenance in SHAPES
        assert len(step.source) > 40
        assert step.formula
        assert step.question.endswith("?")
        assert 2 <= len(re.findall(r"[.?](?: |$)", step.about)) <= 4
        html = badge_html(step.provenance, step.source)
        assert f"</span>{step.provenance}</span>" in html
        assert SHAPES[step.provenance][0] in html
    assert all(len(set(kind)) == 3 for kind in zip(*SHAPES.values(), strict=True))
    assert len(set(SLUGS)) == len(STEPS)


def test_numbers_in_formulas_have_brackets_where_a_sign_would_follow_a_sign():
    assert factor(-0.5, 1) == "({-0.5})"
    assert factor(0.5, 1) == "0.5"
    assert number(-1e-9) == "0.000"


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("preset", ["data", *PRESETS])
def test_every_step_of_every_preset_asks_answers_and_draws(app, slug, preset):
    app.query_params["step"] = slug
    app.query_params["preset"] = preset
    app.run()
    assert not app.exception
    assert app.title[0].value == METHOD
    step = STEPS[SLUGS.index(slug)]
    assert answer(app).startswith(f"Step {SLUGS.index(slug) + 1} of {len(STEPS)}: {step.title}. ")
    assert len(answer(app)) > len(step.title) + 60
    formulas = [part.value for part in app.latex]
    assert len(formulas) == 2
    assert step.formula in formulas[0]
    assert len(app.get("plotly_chart")) >= 1
    assert any(text.startswith("Your guess first: ") for text in prose(app))
    warned = [caption for caption in app.caption if BEWARE in caption.value]
    assert len(warned) == len(app.get("plotly_chart"))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_ends_with_its_takeaway(app, made, preset):
    app.query_params["step"] = SLUGS[-1]
    app.query_params["preset"] = preset
    app.run()
    assert takeaway_sentence(made[preset].lesson) in [" ".join(text.split()) for text in prose(app)]


def button(app, key):
    return next(one for one in app.button if one.key == key)


def test_next_and_previous_turn_the_pages_and_write_the_address(app):
    app.run()
    assert "step" not in app.query_params
    assert button(app, "method-previous").disabled
    button(app, "method-next").click().run()
    assert app.query_params["step"] in (SLUGS[1], [SLUGS[1]])
    assert STEPS[1].title in answer(app)
    for _ in STEPS[2:]:
        button(app, "method-next").click().run()
    assert button(app, "method-next").disabled
    button(app, "method-previous").click().run()
    assert STEPS[-2].title in answer(app)
    assert not app.exception


def test_an_address_reopens_the_view_and_nonsense_in_it_is_dropped(app):
    for name, value in {"step": "signs", "preset": "rogue", "pick": "5-2-1-30", "present": "1"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert "In column 30" in answer(app)
    for name, value in {"step": "signs", "preset": "rogue", "pick": "5-2-1-30", "present": "1"}.items():
        assert app.query_params[name] in (value, [value])
    other = page("method", step="9", preset="<b>", pick="999999-9-9-9999", present="yes").run()
    assert not other.exception
    assert answer(other).startswith("Step 1 of")
    assert "present" not in other.query_params
    assert "preset" not in other.query_params


def test_choosers_and_chance_change_the_numbers(app):
    app.query_params["preset"] = "clear"
    app.query_params["step"] = "signs"
    app.run()
    chooser = {one.key: one for one in app.selectbox}
    chooser["method-choose-column"].set_value(7).run()
    assert "In column 7" in answer(app)
    assert app.query_params["pick"] in ("0-0-0-7", ["0-0-0-7"])
    {one.key: one for one in app.selectbox}["method-choose-text"].set_value(12).run()
    assert any("caption 12," in caption.value for caption in app.caption)
    button(app, "method-random").click().run()
    assert "In column 7" not in answer(app)
    {one.key: one for one in app.selectbox}["method-preset-choice"].set_value("none").run()
    assert not app.exception
    assert "pick" not in app.query_params


def test_what_was_picked_in_other_data_means_nothing_here(app):
    app.query_params["step"] = "signs"
    app.session_state["method-pick"] = ("another study", (5, 2, 1, 9))
    app.run()
    assert any("caption 0, patch 0" in caption.value for caption in app.caption)
    assert "pick" not in app.query_params


def test_presenting_hides_what_is_beside_and_can_be_left(app):
    app.run()
    assert not any("stSidebar" in str(part.proto) for part in app.get("html"))
    button(app, "method-present-button").click().run()
    assert any("stSidebar" in str(part.proto) for part in app.get("html"))
    button(app, "method-present-button").click().run()
    assert "present" not in app.query_params
    assert not app.exception


def test_the_handout_holds_every_step_and_nothing_from_the_net(made):
    taught = made["clear"]
    page = handout(space_of(taught), Pick(5, 2, 1, 17), takeaway_sentence(taught.lesson))
    body = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert body.count("<math") >= 2 * len(STEPS)
    for step in STEPS:
        assert step.title in body
    assert "merror" not in body
    assert "\\frac" not in body
    assert "&" not in unescape("".join(re.findall(r"<math.*?</math>", body, flags=re.DOTALL)))
    assert not re.search(r"(src|href)=['\"]?(https?:)?//", body)
    assert len(page) < 8_000_000
    assert "rank correlation" in body


def test_frames_end_with_everything_and_the_products_keep_their_signs():
    products = torch.linspace(-0.02, 0.03, 100).numpy()
    figure = interaction.running_sum(products, products.cumsum(), column=3)
    assert len(figure.frames) == MOST_FRAMES
    assert list(figure.frames[-1].data[1].y) == pytest.approx(products.tolist())
    first = figure.frames[0].data
    assert len(first[0].x) == 1
    assert sum(value != 0 for value in first[1].y) == 1
    signs = interaction.sign_products(torch.tensor([0.1, -0.2]).numpy(), torch.tensor([-0.3]).numpy(), names=["a<b"])
    assert signs.data[0].text.tolist() == [["−", "+"]]
    assert list(signs.layout.yaxis.ticktext) == ["a&lt;b"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_numbers_of_a_formula_depend_on_what_the_caption_names_and_on_nothing_else(step, made):
    space = space_of(made["clear"])
    start = Pick(text=0, patch=0, word=0, column=1)
    before = step.substituted(space, start)
    for name, other in (("text", 3), ("patch", 3), ("word", 1), ("column", 4)):
        changed = step.substituted(space, replace(start, **{name: other}))
        assert (changed != before) == (name in step.picks), name


def test_three_questions_are_answered_in_plain_words_at_the_end():
    app = page("method", step=STEPS[-1].name).run()
    assert not app.exception
    said = " ".join(prose(app))
    for one in ANSWERS:
        assert any(one.question in part.value for part in app.markdown)
        assert one.words in said


def test_one_vector_each_makes_no_table_of_patches_and_words(app, monkeypatch):
    whole = method.interaction

    def single(*asked):
        found = whole(*asked)
        return replace(found, table=found.table[:1, :1])

    assert len(app.run().get("plotly_chart")) == 2
    monkeypatch.setattr(method, "interaction", single)
    app.run()
    assert not app.exception, app.exception
    assert any("one vector each" in text for text in prose(app))
    assert len(app.get("plotly_chart")) == 1
