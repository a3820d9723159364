"""The Subspaces page: two maps, one selection, search, suggestions, and numbers with their controls."""

import re
import threading
import time
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers import colours, datasets, maps, studies
from pico_app.server import cache
from pico_app.server.queue import queue_of
from pico_app.state import selections
from pico_app.words.markup import plain
from pico_core.spaces.maps import pca_pair
from tests.pico_app.opening import page
from tests.pico_app.reading import answer
from tests.screen import MARKED_BEWARE, READING_OF_COLUMNS, SUBSPACES

STOP = threading.Event()


def bare_page() -> None:
    from dataclasses import replace

    from pico_app.answers import datasets, studies
    from pico_core.method.config import StudyConfig
    from tests.pico_app.opening import draw

    dataset = datasets.open_dataset("planted")
    study = studies.find_study(dataset, StudyConfig())
    pairs = dataset.pairs
    bare = replace(pairs, images=pairs.images.select("id", "path"), texts=pairs.texts.select("caption"))
    draw("subspaces", studies.frame_of(datasets.Dataset(bare, None), replace(study, digest="without labels")))


def settled(app):
    """Run again until the numbers are there: they are counted in the background."""
    until = time.monotonic() + 60
    while "being counted" in answer(app):
        assert not app.error, app.error
        assert time.monotonic() < until
        time.sleep(0.1)
        app.run()
    assert not app.exception
    return app


def opened(app):
    return settled(app.run())


@pytest.fixture(autouse=True)
def _quick_maps(monkeypatch):
    """An empty queue, and PCA in place of UMAP: what is tested here is the page, not the layout."""
    queue_of.cache_clear()
    cache.empty()
    STOP.clear()
    monkeypatch.setattr(maps, "umap_pair", lambda first, second, reporter: pca_pair(first, second))
    yield
    STOP.set()
    queue_of.cache_clear()
    cache.empty()


@pytest.fixture
def app():
    return opened(page("subspaces"))


@pytest.fixture
def space():
    """The workspace of the page, for what is expected of it."""
    from pico_core.method.config import StudyConfig
    from pico_core.studies.study import study_splits

    dataset = datasets.open_dataset("planted")
    study = studies.find_study(dataset, StudyConfig())
    return studies.Workspace(
        dataset=dataset,
        study=study,
        splits=study_splits(dataset.pairs, study.config, study.basis),
        strength=1.0,
        weights=study.construction.weights,
        key=studies.study_key(dataset, study.config),
    )


def html_of(app, mark):
    return [part.proto.body for part in app.get("html") if mark in part.proto.body]


def button(app, label):
    return next(found for found in app.button if found.label == label)


def test_it_asks_answers_and_captions_every_figure(app):
    assert app.title[0].value == SUBSPACES
    assert "comparisons differ as hoped" in answer(app)
    captions = [c.value for c in app.caption if c.value.startswith("**Read it so:**")]
    assert len(captions) == 3
    assert all(MARKED_BEWARE in caption for caption in captions)


def test_umap_of_the_demo_is_there_at_once_and_says_how_it_was_aligned(app):
    assert not app.info
    assert any("distances between groups" in c.value for c in app.caption)
    assert sum("began where the semantic one ended" in c.value for c in app.caption) == 1
    app.button_group(key="map-method").set_value("pca").run()
    assert not app.exception
    assert any("two directions hide all others" in c.value for c in app.caption)
    assert sum("turned and mirrored onto the semantic one" in c.value for c in app.caption) == 1


def test_every_number_under_a_map_has_interval_control_and_definition(app, space):
    tables = html_of(app, 'class="nums"')
    assert len(tables) == 2
    numbers = maps.space_numbers(space, "weighted").value
    gap = numbers.gaps.style
    row = re.search(r"<tr>((?:(?!</tr>).)*Modality gap.*?)</tr>", tables[1])[1]
    cells = [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall("<td>(.*?)</td>", row)]
    assert cells[1] == f"{gap.gap.value:.3f} [{gap.gap.low:.3f}, {gap.gap.high:.3f}]"
    assert cells[2] == f"{gap.random.value:.3f} ({gap.random.low:.3f} to {gap.random.high:.3f})"
    for table in tables:
        rows = table.count("<tr><td>")
        assert rows == table.count("<details><summary>") >= 7
        assert "not measured" not in table
        assert "Trustworthiness of the map" in table


def test_a_selection_is_shown_from_near_and_can_be_cleared(app):
    app.session_state["selection"] = (("image", 0), ("text", 3))
    app.run()
    assert any("Selected: 1 images and 1 texts" in m.value for m in app.markdown)
    assert html_of(app, 'class="cards"')[0].count("<figure") == 2
    button(app, "Clear").click().run()
    assert app.session_state["selection"] == ()
    assert not any("Selected" in m.value for m in app.markdown)
    assert button(app, "Clear").disabled


def test_search_selects_its_hits_and_says_how_many(app, space):
    word = str(space.splits.test.images["style"][0])
    app.text_input(key="map-words").set_value(word).run()
    assert not app.exception
    rows = maps.find_items(space, word)
    assert rows
    expected = sorted(maps.map_items(space)[rows].select("kind", "index").rows())
    assert list(app.session_state["selection"]) == expected
    kinds = [kind for kind, _ in expected]
    said = f"{kinds.count('image')} images and {kinds.count('text')} texts contain all of: {plain(word)}."
    assert any(c.value.startswith(said) for c in app.caption)
    app.text_input(key="map-words").set_value("nowhere*").run()
    assert app.session_state["selection"] == ()
    assert any(r"contains all of: nowhere\*" in c.value for c in app.caption)


def test_the_most_changed_are_suggested(app, space):
    change = maps.space_numbers(space, "weighted").value.change
    button(app, "Most changed texts").click().run()
    assert app.session_state["selection"] == tuple(("text", i) for i in sorted(change.texts.most(12)))
    cards = re.findall(r'class="tx".*?<b [^>]*>([0-9.]+)</b>', html_of(app, 'class="cards"')[0])
    assert len(cards) == 12
    assert cards == sorted(cards, reverse=True)


def test_the_points_can_be_coloured_by_everything(app):
    box = app.selectbox(key="map-colour")
    assert {"modality", "style", "neighbourhood change", "places that the partner gained"} <= set(box.options)
    assert any(option.startswith("value of column") for option in box.options)
    for name in [*colours.COLOURS, "first_concept"]:
        app.selectbox(key="map-colour").set_value(name).run()
        assert not app.exception, name
        assert html_of(app, 'class="chips"')


def test_lines_join_the_matched_pairs_on_demand(app):
    app.toggle(key="map-lines").set_value(True).run()
    assert not app.exception
    drawn = [chart.proto.spec for chart in app.get("plotly_chart")][:2]
    assert all('"mode":"lines"' in spec for spec in drawn)


def test_without_labels_the_page_says_what_can_be_seen():
    app = opened(AppTest.from_function(bare_page, default_timeout=60))
    assert "This cannot be told here" in answer(app)
    assert [box.label for box in app.selectbox] == ["Colour by", READING_OF_COLUMNS]
    assert not app.multiselect


def test_umap_of_other_data_is_made_in_the_background_while_pca_is_shown(monkeypatch):
    gate = threading.Event()

    def slow(first, second, *, reporter):
        while not gate.wait(0.01) and not STOP.is_set():
            reporter.stage("semantic map, laying out, epoch 10 of 500")
            reporter.share(0.2)
        return pca_pair(first, second)

    monkeypatch.setattr(maps, "umap_pair", slow)
    app = opened(AppTest.from_function(bare_page, default_timeout=60))
    jobs = [job for job in queue_of("maps").jobs if job.running]
    assert [job.title for job in jobs] == ["UMAP"]
    assert any("two directions hide all others" in c.value for c in app.caption)
    assert any("Until it is there, the maps show PCA." in c.value for c in app.caption)
    button(app, "Cancel").click().run()
    assert jobs[0].ended.wait(20)
    assert jobs[0].result is None
    app.run()
    assert any("cancelled" in i.value for i in app.info)
    button(app, "Start again").click().run()
    again = [job for job in queue_of("maps").jobs if job.running]
    assert len(again) == 1
    gate.set()
    assert again[0].ended.wait(20)
    app.run()
    assert not app.exception
    assert not app.info


def test_another_reading_gives_up_the_map_that_is_not_wanted_any_more(monkeypatch):
    def slow(_first, _second, *, reporter):
        while not STOP.wait(0.01):  # a test that fails must not leave a thread behind
            reporter.share(0.1)

    monkeypatch.setattr(maps, "umap_pair", slow)
    app = opened(AppTest.from_function(bare_page, default_timeout=60))

    def running():
        return [job for job in queue_of("maps").jobs if job.running]

    first = running()[0]
    assert first.key[-1] == "weighted"
    app.selectbox(key="map-reading").set_value("thirds").run()
    settled(app)
    assert first.ended.wait(20)
    assert queue_of("maps").find(first.key) is None
    assert [job.key[-1] for job in running()] == ["thirds"]
    running()[0].forget()


def test_what_is_new_in_a_map_is_followed_and_what_it_repeats_is_not():
    one, two = (("image", 1),), (("text", 2),)
    assert selections.news([], [("a", ()), ("b", ())]) is None
    assert selections.news([("a", ())], [("a", one), ("b", ())]) == one
    assert selections.news([("a", one), ("b", ())], [("a", one), ("b", two)]) == two
    assert selections.news([("a", one)], [("a", one)]) is None
    assert selections.news([("a", one)], [("a", ())]) is None
    assert selections.news([("a", one)], [("other", one)]) == one
