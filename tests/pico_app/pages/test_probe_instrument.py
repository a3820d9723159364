"""The style probe on the Columns page: ready on the demos, by labels, in the background, and where it cannot be."""

from dataclasses import replace

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers import probe as asking
from tests.pico_app.reading import prose
from tests.screen import BEWARE


def page(name: str, seed: int, basis: str) -> None:
    from dataclasses import replace

    from pico_app.answers import datasets, studies
    from pico_core.data.pairs import PairedEmbeddings
    from pico_core.method.config import ConstructionConfig, StudyConfig
    from pico_core.studies.study import run_study
    from tests.pico_app.opening import draw

    dataset = datasets.open_dataset(name.removesuffix("-bare").removesuffix("-foreign"))
    config = StudyConfig(basis=basis)
    study = studies.find_study(dataset, config)
    if name.endswith("-bare"):
        bare = PairedEmbeddings.from_arrays(
            dataset.pairs.image_tokens, dataset.pairs.text_tokens, text_image=dataset.pairs.text_image,
            image_mask=dataset.pairs.image_mask, text_mask=dataset.pairs.text_mask,
        )  # fmt: skip
        dataset = replace(dataset, pairs=bare, demo=None)
        study = replace(study, digest=bare.digest)
    if name.endswith("-foreign"):
        dataset = replace(dataset, demo=None)
    if seed:
        config = replace(config, seed=seed, construction=ConstructionConfig(n_iterations=2))
        study = studies.find_study(dataset, config)
        if study is None:
            study = run_study(dataset.pairs, config)
            studies.finished.put(studies.study_key(dataset, config), study)
    draw("columns", studies.frame_of(dataset, study))


def opened(name="shortcut", *, seed=0, basis="given", **query):
    app = AppTest.from_function(page, args=(name, seed, basis), default_timeout=120)
    app.query_params["part"] = "probe"
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def ended(app):
    """Wait for what this visit asked for, then draw the page again."""
    from pico_app.server.queue import queue_of

    job = [job for job in queue_of("answers").jobs if job.title == "Style probe"][-1]
    assert job.ended.wait(100)
    app.run()
    assert not app.exception
    return job


@pytest.mark.parametrize("basis", ["given", "cross"])
def test_a_demo_has_its_probe_ready(basis):
    app = opened(basis=basis, column="7")
    said = prose(app)
    assert said[0].startswith("The style probe ")
    assert "rank correlation" in said[0]
    assert said[1].startswith("Style explains ")
    assert "100 images" in said[1]
    assert any(text.value.startswith("**What moves ") for text in app.markdown)
    assert not [button for button in app.button if button.label == "Run the style probe"]
    captions = [caption.value for caption in app.caption if caption.value.startswith("**Read it so:**")]
    assert len(captions) == 3
    assert all(BEWARE in caption for caption in captions)
    table = app.dataframe[0].value
    assert list(table.columns) == ["detector", "with images", "with texts", "with either"]
    assert table["with texts"].str.contains(r"^[+-]\d\.\d\d \[").all()


def test_the_items_own_style_can_be_held_fixed():
    app = opened(basis="cross")
    before = app.dataframe[0].value
    next(group for group in app.button_group if group.key == "probe-kind").set_value("fixed").run()
    assert not app.exception
    said = prose(app)
    assert said[0].startswith("With the style label held fixed, the style probe agrees clearly")
    assert said[1].startswith("Among items of one style label, style explains")
    assert not app.dataframe[0].value.equals(before)


def test_labels_can_be_looked_at_instead():
    app = opened()
    switch = next(group for group in app.button_group if group.key == "probe-kind")
    switch.set_value("labels").run()
    assert not app.exception
    said = prose(app)
    assert said[0].startswith("The style labels ")
    assert "Chance alone would give" in said[1]
    assert "126 images" in said[1], "of the fit split"


def test_vectors_that_no_encoder_made_are_read_by_their_labels():
    app = opened("planted")
    assert "No encoder made these vectors" in app.info[0].value
    assert any(text.startswith("The style labels agree closely") for text in prose(app))
    assert not [button for button in app.button if button.label == "Run the style probe"]


def test_with_neither_pictures_nor_captions_nor_labels_it_says_what_to_bring():
    app = opened("planted-bare")
    assert "neither pictures nor captions" in app.info[0].value
    assert "Data page" in app.info[0].value
    assert not app.dataframe


def test_another_split_is_probed_in_the_background_and_kept(monkeypatch):
    monkeypatch.setattr(asking, "N_ITEMS", 6)
    app = opened(seed=3)
    assert any(text.startswith("The style labels") for text in prose(app)), "labels speak until then"
    next(button for button in app.button if button.key == "probe-start").click().run()
    assert not app.exception
    job = ended(app)
    assert job.failure is None
    said = prose(app)
    assert said[0].startswith("The style probe ")
    assert "6 images" in said[1]
    assert any("fit split of seed 3" in caption.value for caption in app.caption)
    app.run()
    assert not [button for button in app.button if button.key == "probe-start"]


def test_an_encoder_that_did_not_make_the_data_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(asking, "N_ITEMS", 5)
    app = opened("clean-foreign")
    start = next(button for button in app.button if button.key == "probe-start")
    start.click().run()  # the built-in encoder is the first choice, and it is that of the other demo
    first = ended(app)
    assert any("did not make these embeddings" in error.value for error in app.error)
    assert any(button.label == "Try again" for button in app.button)
    next(button for button in app.button if button.key == "probe-start").click().run()
    assert ended(app) is not first, "what failed is tried once more"


def test_what_can_be_perturbed_is_told_by_the_tables(planted):
    from types import SimpleNamespace

    def space(pairs):
        return SimpleNamespace(dataset=SimpleNamespace(pairs=pairs, demo=None))

    pairs = planted.pairs
    none = replace(pairs, texts=pairs.texts.with_columns(caption=pl.lit(None, pl.String)))
    one = replace(none, images=none.images.with_columns(path=pl.Series(["a.png", *[None] * (none.n_images - 1)])))
    assert asking.sources(space(none)) == asking.Sources(False, False, None)
    assert asking.sources(space(one)) == asking.Sources(True, False, None)
    assert asking.sources(space(pairs)).captions
