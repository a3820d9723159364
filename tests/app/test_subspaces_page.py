"""The Subspaces page and its figures: two maps, one selection, purity with its control."""

import numpy as np
import polars as pl
import pytest
from pico_core.analysis.purity import separation
from pico_core.analysis.subspaces import Plane, item_frame, pca_plane, sample_items, subspace
from streamlit.testing.v1 import AppTest

from app.figures import maps as draw
from app.figures import theme
from tests.app.reading import answer


def page() -> None:
    from app import services
    from app.views import subspaces
    from pico_core.method.config import StudyConfig

    dataset = services.open_dataset("planted")
    services.show(dataset, services.find_study(dataset, StudyConfig()))
    subspaces.render()


def bare_page() -> None:
    from dataclasses import replace

    from app import services
    from app.views import subspaces
    from pico_core.method.config import StudyConfig

    dataset = services.open_dataset("planted")
    study = services.find_study(dataset, StudyConfig())
    pairs = dataset.pairs
    bare = replace(pairs, images=pairs.images.select("id", "path"), texts=pairs.texts.select("caption"))
    services.show(services.Dataset(bare, None), replace(study, digest="without labels"))
    subspaces.render()


@pytest.fixture
def app():
    return AppTest.from_function(page, default_timeout=60).run()


@pytest.fixture
def items(planted):
    return item_frame(planted.pairs, sample_items(80, planted.pairs.n_texts), label="style")


@pytest.fixture
def plane(planted):
    return pca_plane(subspace(planted.pairs, planted.semantic_share, name="semantic"))


def test_it_asks_answers_and_captions_every_figure(app):
    assert not app.exception
    assert app.title[0].value == "Do the two spaces separate content from style?"
    assert "comparisons differ as hoped" in answer(app)
    captions = [c.value for c in app.caption if c.value.startswith("**Read it so:**")]
    assert len(captions) == 3
    assert all("**Do not read it so:**" in caption for caption in captions)


def test_umap_of_the_demo_is_there_at_once(app):
    assert not app.info
    assert any("distances between groups" in c.value for c in app.caption)
    app.button_group(key="map-method").set_value("PCA").run()
    assert not app.exception
    assert any("two directions hide all others" in c.value for c in app.caption)


def test_a_selection_is_listed_and_can_be_cleared(app):
    app.session_state["selection"] = (("image", 0), ("text", 3))
    app.run()
    assert any("Selected: 1 images and 1 texts" in m.value for m in app.markdown)
    app.button[0].click().run()
    assert app.session_state["selection"] == ()
    assert not any("Selected" in m.value for m in app.markdown)


def test_without_labels_the_page_says_what_can_be_seen():
    app = AppTest.from_function(bare_page, default_timeout=60).run()
    assert not app.exception
    assert "This cannot be told here" in answer(app)
    assert [box.label for box in app.selectbox] == ["Colour", "Columns in the two spaces"]


def test_every_item_is_drawn_once_with_its_symbol_and_data(plane, items):
    figure = draw.map_figure(plane, items, space="semantic")
    drawn = [tuple(row) for trace in figure.data for row in trace.customdata]
    assert sorted(drawn) == sorted(items.select("kind", "index").rows())
    for trace in figure.data:
        assert {row[0] for row in trace.customdata} == {"image" if trace.marker.symbol == "circle" else "text"}
    assert all(trace.type == "scattergl" for trace in figure.data)


def test_unselected_points_stay_and_turn_grey(plane, items):
    rows = draw.rows_of(items, (("image", 2), ("text", 5), ("text", 999)))
    assert items[rows].select("kind", "index").rows() == [("image", 2), ("text", 5)]
    figure = draw.map_figure(plane, items, space="style", selected=rows, dark=True)
    points = [trace for trace in figure.data if trace.customdata is not None]
    rings = [trace for trace in figure.data if trace.customdata is None]
    assert sum(len(trace.x) for trace in points) == items.height
    assert sum(len(trace.selectedpoints) for trace in points) == 2
    assert all(trace.unselected.marker.color == theme.GREY for trace in points)
    assert {trace.marker.symbol for trace in rings} == {"circle-open", "diamond-open"}
    first = plane.image[2].tolist()
    assert [rings[0].x[0], rings[0].y[0]] == pytest.approx(first)


def test_a_selection_read_from_the_chart_is_sorted_and_clean():
    points = [{"customdata": ["text", 4]}, {"customdata": ["image", 2]}, {"customdata": ["text", 4]}, {"x": 1}]
    assert draw.selected_items(points) == (("image", 2), ("text", 4))


def test_many_labels_are_cut_to_the_most_frequent_and_the_missing_named():
    names = [f"label {i:02d}" for i in range(12) for _ in range(20 - i)]
    items = pl.DataFrame({"group": [*names, None, None]})
    groups = draw.groups_of(items)
    assert [g.name for g in groups] == [*(f"label {i:02d}" for i in range(7)), "other", "no label"]
    assert sum(g.count for g in groups) == items.height
    assert len({g.colour for g in groups[:7]}) == 7


def test_the_modality_keeps_its_colours_and_the_legend_is_escaped():
    two = pl.DataFrame({"group": ["text", "image", "text"]})
    assert [(g.name, g.colour, g.count) for g in draw.groups_of(two)] == [
        ("image", theme.IMAGE, 1),
        ("text", theme.TEXT, 2),
    ]
    assert "<b>" not in draw.legend_html([draw.Group("<b>bold</b>", theme.GREY, 1)])


def test_hover_text_is_escaped_and_short():
    items = pl.DataFrame({"kind": ["text"], "index": [0], "group": ["text"], "hover": ["<i>" + "x" * 200]})
    plane = Plane(np.zeros((0, 2), np.float32), np.zeros((1, 2), np.float32), None, "umap")
    text = draw.map_figure(plane, items, space="style").data[0].text[0]
    assert text.startswith("&lt;i&gt;x")
    assert len(text) < 110


def test_purity_shows_intervals_and_control(planted):
    found = separation(planted.pairs, planted.semantic_share, content="first_concept", style="style")
    purities = [*found.labels, found.modality]
    figure = draw.purity_figure(purities)
    semantic = next(trace for trace in figure.data if trace.name == "semantic space")
    assert list(semantic.x) == [p.semantic.purity.value for p in purities]
    low = [p.semantic.purity.value - p.semantic.purity.low for p in purities]
    assert list(semantic.error_x.arrayminus) == pytest.approx(low)
    assert len(figure.layout.shapes) == len(purities)
    assert figure.layout.shapes[0].x0 <= purities[0].semantic.permuted.low
