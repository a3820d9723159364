"""The Prototypes page on the built-in demo, and under a rule without the property."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.pico_app.opening import page
from tests.pico_app.reading import answer
from tests.screen import BEWARE, PROTOTYPES


def page_of_ema() -> None:
    from dataclasses import replace

    import torch

    from pico_app.answers import datasets, studies
    from pico_core.method.config import StudyConfig
    from tests.pico_app.opening import draw

    dataset = datasets.open_dataset("planted")
    study = studies.find_study(dataset, StudyConfig())
    made = study.construction
    steps = made.history.iterations
    fading = replace(steps[-1], candidate_shares=torch.linspace(0.1, 1.0, len(steps)).softmax(dim=0))
    history = replace(made.history, iterations=(*steps[:-1], fading))
    config = study.config.with_settings({"rule": "ema"})
    changed = replace(made, history=history, config=config.construction)
    draw("prototypes", studies.frame_of(dataset, replace(study, construction=changed, config=config)))


@pytest.fixture
def app():
    return page("prototypes").run()


def test_it_asks_and_answers(app):
    assert not app.exception
    assert app.title[0].value == PROTOTYPES
    assert answer(app).startswith("Feedback ")
    assert "8 prototypes per modality" in answer(app)
    assert "of rSum over uniform averaging on the test split" in answer(app)


def test_the_proposition_is_checked_on_the_record(app):
    said = next(text.value for text in app.markdown if "Checked on this record" in text.value)
    assert "ordered as the proposition says" in said
    broken = AppTest.from_function(page_of_ema, default_timeout=60).run()
    assert not broken.exception
    said = next(text.value for text in broken.markdown if "Checked on this record" in text.value)
    assert "does not hold here" in said


def test_every_figure_says_how_not_to_read_it(app):
    assert len(app.caption) == 4
    assert all("Read it so:" in c.value and BEWARE in c.value for c in app.caption)


def test_the_way_can_be_magnified_and_says_so(app):
    app.button_group[0].set_value(10).run()
    assert not app.exception
    assert any("10 times as long as they are" in caption.value for caption in app.caption)
    app.toggle[0].set_value(False).run()
    app.button_group[1].set_value("Change to the result").run()
    assert not app.exception
    assert any("vermillion: lower" in caption.value for caption in app.caption)


def test_it_says_what_is_the_papers(app):
    assert [part.label for part in app.expander][-1] == "What is the paper's here, and what is a reconstruction"
