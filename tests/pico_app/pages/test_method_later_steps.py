"""Steps 5 to 8 of the Method page: every printed number is the engine's, and every control does what it says."""

import re

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.answers import datasets, studies, teaching
from pico_app.figures.theme import LIGHT
from pico_app.pages.method import clustering, feedback, probabilities, retrieval
from pico_app.pages.method.step import Pick
from pico_core.demo import demo_of
from pico_core.method.prototypes import instance_weights
from pico_core.retrieval.scoring import score_pairs
from pico_core.studies.runs import load_run
from pico_core.studies.study import study_splits
from tests.screen import BEWARE

STEPS = {module.STEP.name: module.STEP for module in (clustering, feedback, probabilities, retrieval)}
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")


def page(slug: str, preset: bool) -> None:
    import streamlit as st

    from pico_app.pages.method.page import STEPS
    from pico_app.pages.method.step import Pick
    from tests.pico_app.opening import frame_of

    step, space = STEPS[slug], frame_of(st.query_params.get("dataset", "planted")).space
    pick = Pick(text=3, column=5, preset=preset)
    st.latex(step.substituted(space, pick))
    st.markdown(step.answer(space, pick))
    step.render(space, pick)


def opened(slug: str, dataset: str = "planted") -> AppTest:
    app = AppTest.from_function(page, args=(slug, False), default_timeout=60)
    app.query_params["dataset"] = dataset
    return app.run()


@pytest.fixture(scope="module", params=["planted", "shortcut"])
def space(request):
    """A workspace as the page has it, without a page."""
    demo = demo_of(request.param)
    dataset = datasets.open_dataset(request.param)
    study = load_run(demo.run("given"), dataset.pairs)
    splits = study_splits(dataset.pairs, study.config, study.basis)
    weights = study.construction.probabilities / study.construction.probabilities.mean()
    return studies.Workspace(dataset, study, splits, 1.0, weights, key=f"test of step numbers {request.param}")


def numbers(latex: str) -> list[float]:
    """All numbers in what stands right of the signs of equality, row by row."""
    return [float(found) for found in NUMBER.findall(latex)]


def right_sides(latex: str) -> list[str]:
    """The rows from their first = on."""
    body = latex.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}")
    return [row.partition("=")[2] for row in re.split(r"\\\\(?:\[\w+\])?", body)]


def close(printed: float, exact: float) -> bool:
    """Equal to all digits that a reader of three digits needs."""
    return abs(printed - exact) <= 6e-3 * abs(exact) + 5e-7


@pytest.mark.parametrize("column", [0, 5, 31])
def test_the_numbers_of_clustering_are_the_engines(space, column):
    made = space.study.construction
    style, images, image_sum, texts, text_sum = right_sides(clustering.substituted(space, Pick(column=column)))
    p_hat = float(made.pseudo_semantic[column])
    one, p, q = numbers(style)
    assert one == 1
    assert close(p, p_hat)
    assert close(q, 1 - p_hat)
    sides = ((images, image_sum, "image", made.image_columns), (texts, text_sum, "text", made.text_columns))
    for row, total, modality, points in sides:
        q, gamma, apart, term = numbers(row.replace("^{", " ").replace("}", " "))
        whole = numbers(total)[-1]
        sweep = teaching.gamma_sweep(space)
        side = sweep.steps[sweep.index_of(4.0)].of(modality)
        exact = float((points[column].double() - side.centres.double()).square().sum(dim=1).min())
        weight = float(instance_weights(points, 1 - made.pseudo_semantic, gamma=4.0)[column])
        assert gamma == made.config.gamma == 4
        assert close(q, 1 - p_hat)
        assert close(apart, exact)
        assert close(term, weight * exact)
        assert f"{q**gamma * apart:.3g}" == f"{term:.3g}"
        assert close(whole, side.inertia)


def test_the_numbers_of_feedback_are_the_engines(space):
    made = space.study.construction
    gains, weights = made.history.candidate_gains.double(), made.history.final_shares
    rows = feedback.substituted(space, Pick())
    named = [int(found) for found in re.findall(r"\\omega_\{(\d+)\}", rows)]
    assert named[0] == int(gains.argmax())
    assert len(named) == 2
    for number, row in zip(named, right_sides(rows), strict=True):
        gain, tau, tau_below, size, total, weight = numbers(re.sub(r"[{}_^/]", " ", row))
        assert tau == tau_below == made.config.tau
        assert close(gain, float(gains[number]))
        assert close(size, float((gains[number] / tau).exp()))
        assert close(total, float((gains / tau).exp().sum()))
        assert close(weight, float(weights[number]))
        assert f"{size / total:.3g}" == f"{weight:.3g}"


@pytest.mark.parametrize("column", [0, 5, 31])
def test_the_numbers_of_probabilities_are_the_engines(space, column):
    made = space.study.construction
    images, texts, both = right_sides(probabilities.substituted(space, Pick(column=column)))
    for row, exact in ((images, made.image_similarity[column]), (texts, made.text_similarity[column])):
        cosine, similarity = (float(x) for x in re.findall(r"(-?\d\.\d+)", row))
        assert abs(cosine) == similarity
        assert close(similarity, float(exact))
    one, image, other, text, p = numbers(both.replace("-", " "))
    assert (one, other) == (1, 1)
    assert close(p, float(made.probabilities[column]))
    assert f"{(1 - image) * (1 - text):.3g}" == f"{p:.3g}"


def test_the_numbers_of_retrieval_are_the_engines(space):
    made, fit = space.study.construction, space.splits.fit
    weight, score, plain_score = right_sides(retrieval.substituted(space, Pick(text=3, column=5)))
    p, strength, mean, found = (float(x) for x in re.findall(r"\d+(?:\.\d+)?", weight.partition("=")[2]))
    assert strength == 1
    assert close(p, float(made.probabilities[5]))
    assert close(mean, float(made.probabilities.mean()))
    assert close(found, float(space.weights[5]))
    assert f"{p / mean:.3g}" == f"{found:.3g}"
    first, second, whole = numbers(score)
    plain_first, plain_second, plain = numbers(plain_score)
    image = int(fit.text_image[3])
    one = fit.select(torch.tensor([image]))
    place = (fit.text_image == image).nonzero()[:, 0].tolist().index(3)
    assert close(whole, float(score_pairs(one, space.weights)[0, place]))
    assert close(plain, float(score_pairs(one)[0, place]))
    assert f"{first + second:.3f}" == f"{whole:.3f}"
    assert f"{plain_first + plain_second:.3f}" == f"{plain:.3f}"


@pytest.mark.parametrize("dataset", ["planted", "shortcut"])
@pytest.mark.parametrize("slug", list(STEPS))
def test_every_step_draws_with_both_captions_and_alt_text(slug, dataset):
    app = opened(slug, dataset)
    assert not app.exception
    charts = app.get("plotly_chart")
    warned = [caption for caption in app.caption if BEWARE in caption.value]
    assert len(charts) == len(warned) >= 1
    assert all(len(chart.proto.alt) > 40 for chart in charts)
    assert r"\begin{aligned}" in app.get("latex")[0].value


def test_every_step_says_whose_it_is_and_asks_and_replies():
    assert {slug: step.provenance for slug, step in STEPS.items()} == {
        "clustering": "reconstruction",
        "feedback": "reconstruction",
        "probabilities": "reconstruction",
        "retrieval": "beyond the paper",
    }
    for step in STEPS.values():
        assert "paper's" in step.source
        assert step.question.endswith("?")
        assert 2 <= step.about.count(". ") + 1 <= 3
        assert "!" not in step.about + step.reply + step.source


def test_the_handout_has_figures_of_every_step(space):
    for step in STEPS.values():
        sections = step.figures(space, Pick(column=5))
        assert sections
        for section in sections:
            assert section.caption.read
            assert section.caption.beware
            assert len(section.figure(LIGHT).data) >= 1


def test_another_exponent_redraws_and_says_what_changed():
    app = opened("clustering")
    assert app.select_slider[0].value == 4.0
    before = app.markdown[-1].value
    assert "γ = 4 (this study's)" in before
    app.select_slider[0].set_value(0.0).run()
    assert not app.exception
    assert any("All 64 columns pull alike." in part.value for part in app.markdown)
    app.select_slider[0].set_value(16.0).run()
    assert "the same column with γ = 16" in app.markdown[-1].value.lower()
    assert len(app.get("latex")) == 2


def test_shuffling_changes_the_moving_average_alone_and_stepping_goes_around():
    app = opened("feedback", "shortcut")

    def said() -> str:
        return next(part.value for part in app.markdown if "have arrived" in part.value)

    came = said()
    assert "16 of 16 candidates have arrived, as they came" in came
    assert "softmax 0," in came
    app.button[0].click().run()
    assert "shuffled" in said()
    assert "softmax 0," in said()
    assert said() != came.replace("as they came", "shuffled")
    app.button[1].click().run()
    assert said() == came
    step = app.button[2]
    assert step.label == "Step"
    step.click().run()
    assert said().startswith("1 of 16")
    assert app.slider[0].value == 1
    app.button[2].click().run()
    assert said().startswith("2 of 16")


def test_playing_begins_with_the_first_and_rests_after_the_last():
    app = opened("feedback")
    app.button_group[0].set_value("Play").run()
    assert not app.exception
    assert app.slider[0].value == 1
    for arrived in range(2, 17):
        app.run()
        assert app.slider[0].value == arrived
    app.run()
    assert app.button_group[0].value == "Stop"
    assert app.slider[0].value == 16


def test_other_choices_are_compared_with_that_of_the_study():
    app = opened("probabilities")
    assert any("This is the choice of the study." in part.value for part in app.markdown)
    app.button_group[1].set_value("mean").run()
    assert not app.exception
    found = next(part.value for part in app.markdown if "Another choice" in part.value)
    assert "Column 5: p = 0.116" in found  # ((1 - 0.866) + (1 - 0.901)) / 2, where the product is 0.013
    assert "nearly the same order" in found
    app.button_group[0].set_value("cluster").run()
    found = next(part.value for part in app.markdown if "Another choice" in part.value)
    assert re.search(r"rank correlation -?0\.\d\d \[-?\d\.\d\d, \d\.\d\d\]", found)
    assert "nearly" not in found


def test_a_query_moves_along_the_strength_and_no_strength_is_no_move():
    app = opened("retrieval")

    def said() -> str:
        return next(part.value for part in app.markdown if "unweighted, rank" in part.value)

    assert "up" in said()
    app.select_slider[0].set_value(0.0).run()
    assert "no change" in said()
    ranks = {int(rank) for rank in re.findall(r"[Rr]ank (\d+)", said())}
    ranks |= {int(rank) for rank in re.search(r"draws: (\d+) to (\d+)", said()).groups()}
    assert len(ranks) == 1
    app.button_group[0].set_value("lost").run()
    app.select_slider[0].set_value(0.5).run()
    assert "down" in said()


def test_a_preset_has_no_way_to_the_page_of_other_data():
    app = AppTest.from_function(page, args=("retrieval", True), default_timeout=60)
    app.run()
    assert not app.exception
    assert any("data of a preset" in caption.value for caption in app.caption)
    assert not any("data of a preset" in caption.value for caption in opened("retrieval").caption)
