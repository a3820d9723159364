"""A training on the Prototypes page: its epochs are drawn, and what is no such file is a sentence."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from pico_app.answers.trained import trained_prototypes
from pico_core.common.errors import DataError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training.alignment import align
from pico_core.training.settings import AlignmentConfig

SMALL = ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=16)


def page() -> None:
    from pico_app.pages.prototypes import trained
    from pico_app.state import screen

    screen.theme()
    trained.section()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Checkpoints of two short trainings, one with prototypes from the second epoch on, one without any."""
    parts = planted_pairs(PlantedConfig(n_images=60, n_columns=24), seed=0).pairs.split(seed=0)
    places = {}
    for weighting in ("pico", "none"):
        places[weighting] = tmp_path_factory.mktemp("trainings") / f"{weighting}.safetensors"
        config = AlignmentConfig(weighting=weighting, n_epochs=4, construction=SMALL)
        align(parts.fit, parts.feedback, measure=retrieval_feedback, config=config, checkpoint=places[weighting])
    return places


@pytest.fixture
def app():
    return AppTest.from_function(page, default_timeout=60).run()


def give(app, text):
    app.text_input(key="prototypes-training").set_value(text).run()
    assert not app.exception, app.exception
    return app


def test_the_epochs_of_a_training_are_drawn(app, kept):
    assert not app.get("plotly_chart")
    give(app, str(kept["pico"]))
    assert not app.warning
    assert len(app.get("plotly_chart")) == 1
    assert any("From epoch 2 to epoch 4" in part.value for part in app.markdown)
    give(app, "")
    assert not app.get("plotly_chart")


def test_what_is_read_is_what_the_training_built(kept):
    view = trained_prototypes(str(kept["pico"]))
    assert view.epochs == (2, 3, 4)
    assert view.probabilities.shape == (3, 24)
    assert view.planes.image.centres.shape == (3, 3, 2)
    assert view.planes.image.movement > 0
    assert bool(torch.isfinite(view.planes.text.centres).all())


@pytest.mark.parametrize("text", ["nowhere.safetensors", "/", "~nobody/x", "a" * 900, "\x00", "[link](http://x.y)"])
def test_a_path_of_nothing_is_a_sentence(app, text):
    give(app, text)
    said = app.warning[0].value
    assert any(words in said for words in ("no file there", "cannot be read", "lies outside the folders"))
    assert "](" not in app.warning[0].value  # words of a path are no link


def test_a_training_without_prototypes_and_a_file_of_something_else_say_so(app, kept, tmp_path):
    give(app, str(kept["none"]))
    assert "built no prototypes" in app.warning[0].value
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"no training")
    give(app, str(other))
    assert app.warning
    assert not app.get("plotly_chart")
    with pytest.raises(DataError):
        trained_prototypes(str(other))
