"""Every page in a real browser: it opens, draws, reacts, and nothing goes wrong behind it."""

import re
from dataclasses import replace

import polars as pl
import pytest
from PIL import Image

from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.experiments.reading import BUILT_IN_RESULT
from pico_core.formats.native import save_pairs
from tests.e2e.controls import can_be_read, fits
from tests.e2e.visit import FIRST_FIGURE, Visit, seen
from tests.screen import COLUMNS, DATA, EXPERIMENTS, METHOD, OVERVIEW, PROTOTYPES, RETRIEVAL, SAME_IN_BOTH, SUBSPACES

pytestmark = pytest.mark.browser

# Address, the question, and the least number of figures. The first page's address is the root.
PAGES = [
    ("", OVERVIEW, 2),
    ("method", METHOD, 2),
    ("columns", COLUMNS, 3),
    ("prototypes", PROTOTYPES, 3),
    ("subspaces", SUBSPACES, 2),
    ("retrieval", RETRIEVAL, 2),
    ("experiments", EXPERIMENTS, 2 if BUILT_IN_RESULT.is_file() else 0),
    ("data", DATA, 0),
]
NAMES = ["Overview", "Method", "Columns", "Prototypes", "Subspaces", "Retrieval", "Experiments", "Data"]
ADDRESSES = [address for address, _, _ in PAGES]


@pytest.mark.parametrize(("address", "question", "figures"), PAGES, ids=NAMES)
def test_a_page_asks_answers_and_draws(visit, address, question, figures):
    visit.open(address)
    assert visit.title == question
    assert len(visit.answer) > 20
    assert visit.drawn_charts() >= figures


def test_the_first_figure_needs_no_computation(chromium, warm):
    """How long it takes is measured by tests/bench/app_speed.py, where nothing else runs; here only the order."""
    with Visit(chromium, warm) as visitor:
        visitor.page.goto(warm)
        visitor.page.locator(FIRST_FIGURE).first.wait_for()
        assert visitor.sidebar.get_by_text("Fresh").count() == 1
        assert visitor.page.get_by_text("Computing").count() == 0


@pytest.mark.parametrize("address", ADDRESSES, ids=NAMES)
def test_every_page_in_the_dark_and_on_a_small_screen(chromium, warm, address):
    with Visit(chromium, warm, dark=True, width=820, height=900) as visitor:
        visitor.open(address)
        can_be_read(visitor)
        visitor.assert_sound()
        fits(visitor)


def test_next_column_moves_the_address_and_a_link_reopens_it(chromium, warm, visit):
    visit.open("columns?column=5")
    assert visit.column == 5
    visit.click(visit.main.get_by_role("button", name=re.compile("Next")))
    assert visit.column == 6
    assert "column=6" in visit.page.url
    with Visit(chromium, warm) as other:
        other.page.goto(visit.page.url)
        other.settle()
        assert other.column == 6


def test_a_click_on_a_bar_goes_to_its_column(visit):
    visit.open("columns?column=5")
    # Plotly lays a drag area over its bars, so the click is aimed at where the bar is drawn.
    box = visit.chart(0).locator(".bars .point path").nth(40).bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.wait_for_url(lambda url: "column=5" not in url)
    visit.settle()
    chosen = visit.column
    assert chosen != 5
    assert f"column={chosen}" in visit.page.url


def test_a_click_on_a_point_of_the_style_probe_goes_to_its_column(visit):
    visit.open("columns?part=probe&basis=cross&column=3")
    point = visit.chart(1).locator(".scatterlayer .trace .points path").nth(7)
    seen(point)
    box = point.bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.wait_for_url(lambda url: not re.search(r"column=3(&|$)", url))
    visit.settle()
    assert f"column={visit.column}" in visit.page.url
    visit.assert_sound()


def test_prototypes_can_be_played(visit):
    visit.open("prototypes")
    play = visit.main.locator(".updatemenu-button", has_text="Play").first
    seen(play)
    play.click()
    visit.page.wait_for_timeout(1500)
    visit.assert_sound()
    assert visit.drawn_charts() >= 3


def test_both_maps_are_drawn_and_can_be_coloured_anew(visit):
    visit.open("subspaces")
    for method in ("UMAP", "PCA"):
        visit.click(visit.main.get_by_role("radio", name=method).or_(visit.button(method)).first)
        assert visit.drawn_charts() >= 2
    visit.choose(visit.main.locator('[data-testid="stSelectbox"]').first, 1)
    assert visit.drawn_charts() >= 2


def test_a_lasso_a_click_and_a_search_select_in_both_maps(visit):
    visit.open("subspaces")
    selected = visit.main.get_by_text(re.compile("^Selected: "))

    def ringed(index):
        return visit.chart(index).evaluate(
            "c => c.querySelector('.js-plotly-plot')._fullData.filter(t => (t.marker?.symbol || '').endsWith('-open'))"
            ".reduce((sum, t) => sum + t.x.length, 0)"
        )

    box = visit.chart(0).locator(".nsewdrag").first.bounding_box()
    left, top, right, bottom = (
        box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"],
        box["x"] + 0.9 * box["width"], box["y"] + 0.6 * box["height"],
    )  # fmt: skip
    mouse = visit.page.mouse
    mouse.move(left, top)
    mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        mouse.move(x, y, steps=5)
    mouse.up()
    selected.first.wait_for()
    visit.settle()
    assert ringed(0) == ringed(1) > 5
    visit.click(visit.button("Clear"))
    assert selected.count() == ringed(0) == 0
    field = visit.main.get_by_role("textbox", name=re.compile("^Search captions")).first
    field.fill("square")
    field.press("Enter")
    selected.first.wait_for()
    visit.settle()
    assert ringed(0) == ringed(1) > 0
    visit.click(visit.button("Clear"))
    visit.click(visit.main.get_by_role("radio", name="Click").or_(visit.button("Click")).first)
    place = visit.chart(0).evaluate("""c => {
        const plot = c.querySelector('.js-plotly-plot'), trace = plot._fullData.find(t => t.mode === 'markers');
        const area = plot.querySelector('.nsewdrag').getBoundingClientRect(), axes = plot._fullLayout;
        return [area.x + axes.xaxis.d2p(trace.x[0]), area.y + axes.yaxis.d2p(trace.y[0])];
    }""")
    mouse.move(place[0] - 20, place[1] - 20)
    mouse.move(*place, steps=5)
    visit.page.wait_for_timeout(400)
    mouse.click(*place)
    selected.first.wait_for()
    visit.settle()
    assert ringed(0) == ringed(1) == 1
    visit.assert_sound()


def test_the_two_lists_of_a_query_follow_the_strength(visit):
    visit.open("retrieval?query=image-3&strength=0")
    assert visit.answer.startswith("No change")
    visit.open("retrieval?query=image-3&strength=2")
    assert visit.drawn_charts() >= 2
    before = visit.page.url
    visit.click(visit.button("Next gain"))
    assert visit.page.url != before
    assert "query=image-" in visit.page.url


def test_the_strength_slider_reaches_the_address(visit):
    visit.open("retrieval")
    slider = visit.sidebar.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    visit.settle()
    assert "strength=1.05" in visit.page.url


def test_the_menu_leads_to_every_page_and_other_axes_change_them_all(visit):
    visit.open("")
    answer = visit.answer
    axes = visit.sidebar.locator('[data-testid="stSelectbox"]').first
    visit.choose(axes, re.compile("^cross axes"))
    assert visit.answer != answer
    for name, (_, question, _) in [*zip(NAMES, PAGES, strict=True)][::-1]:
        visit.click(visit.sidebar.get_by_role("link", name=re.compile(rf"{name}$")))
        assert visit.title == question
        visit.drawn_charts()
    assert visit.answer != answer


def test_settings_of_ones_own_are_computed_while_the_old_result_stays(visit):
    visit.open("?dataset=planted")
    presets = visit.sidebar.locator('[data-testid="stSelectbox"]').nth(1)
    visit.choose(presets, "My own")
    seed = visit.sidebar.get_by_role("spinbutton", name="Seed")
    seed.fill("11")
    seed.press("Enter")
    visit.settle()
    assert visit.main.get_by_text("Stale").count() == 1
    assert visit.drawn_charts() >= 2
    visit.sidebar.get_by_role("button", name="Compute").click()
    visit.sidebar.get_by_text("Fresh").wait_for(timeout=90_000)
    visit.settle()
    assert visit.main.get_by_text("Stale").count() == 0
    assert visit.drawn_charts() >= 2


def test_weights_can_be_taken_home(visit, tmp_path):
    visit.open("data")
    with visit.page.expect_download() as waiting:
        visit.main.get_by_role("button", name="csv", exact=True).click()
    waiting.value.save_as(tmp_path / "weights.csv")
    table = pl.read_csv(tmp_path / "weights.csv")
    assert {"column", "probability", "weight"} <= set(table.columns)
    assert table.height == 48


def pictures_of(place):
    """How many pictures stand there; every one must be loaded."""
    shown = place.locator('img[src^="data:image/jpeg"]')
    assert all(shown.nth(i).evaluate("i => i.complete && i.naturalWidth > 0") for i in range(shown.count()))
    return shown.count()


def test_the_first_page_shows_pictures_of_the_scenes(visit):
    visit.open("")
    assert visit.sidebar.get_by_role("radio", name="Styled scenes: shortcut").is_checked()
    assert pictures_of(visit.main) >= 10
    assert visit.main.get_by_text("over 5 seeds", exact=False).count() >= 1


def test_a_typed_caption_retrieves_scenes_side_by_side(chromium, warm, visit):
    visit.open("retrieval")
    visit.click(visit.main.get_by_role("radio", name="Your words").or_(visit.button("Your words")).first)
    assert visit.answer.startswith("Describe a scene")
    box = visit.main.get_by_role("textbox", name="Describe a scene in your own words")
    box.fill("a red star above a blue ring with a dog")
    box.press("Enter")
    visit.settle(patience=90)  # the first typed caption loads the encoder
    visit.assert_sound()
    assert SAME_IN_BOTH in visit.answer
    assert visit.main.get_by_text("It does not know", exact=False).count() == 1
    for title in ("Unweighted", "Weighted, λ = 1"):
        rows = visit.main.locator(".rows", has=visit.page.get_by_text(title, exact=True))
        assert pictures_of(rows) == 10
    assert visit.drawn_charts() >= 1
    with Visit(chromium, warm) as other:
        other.page.goto(visit.page.url)
        other.settle()
        assert other.answer == visit.answer
        other.assert_sound()


def test_every_demo_opens_by_choice_and_by_address(visit):
    visit.open("")
    answers = {visit.answer}
    demos = (("clean", "Styled scenes: clean"), ("planted", "Planted columns"))
    for name, title in demos:
        visit.click(visit.sidebar.get_by_text(title, exact=True).first)
        assert f"dataset={name}" in visit.page.url
        assert visit.sidebar.get_by_text("Fresh").count() == 1
        visit.drawn_charts()
        answers.add(visit.answer)
    assert len(answers) == 3
    for name, title in demos:  # an address that is typed begins a new visit
        visit.open(f"columns?dataset={name}")
        assert visit.sidebar.get_by_role("radio", name=title).is_checked()
        visit.drawn_charts()


def test_ones_own_pairs_with_pictures_are_opened_computed_and_shown(visit, tmp_path):
    pairs = planted_pairs(PlantedConfig(n_images=80, n_columns=24), seed=0).pairs
    for index in range(80):
        Image.new("RGB", (64, 64), (3 * index, 90, 255 - 3 * index)).save(tmp_path / f"{index}.png")
    paths = pl.Series("path", [str(tmp_path / f"{index}.png") for index in range(80)])
    save_pairs(replace(pairs, images=pairs.images.with_columns(paths)), tmp_path / "mine")
    visit.open("")
    visit.click(visit.sidebar.get_by_text("My own", exact=True).first)
    path = visit.sidebar.get_by_role("textbox", name="Path on this machine")
    path.fill(str(tmp_path / "mine"))
    path.press("Enter")
    visit.settle()
    assert visit.answer == "Nothing is computed for this dataset yet."
    visit.main.get_by_role("button", name="Compute now").click()
    visit.sidebar.get_by_text("Fresh").wait_for(timeout=90_000)
    visit.settle()
    assert "unweighted" in visit.answer
    for name, pictures in (("Retrieval", 10), ("Columns", 8)):
        visit.click(visit.sidebar.get_by_role("link", name=re.compile(rf"{name}$")))
        assert pictures_of(visit.main) >= pictures
    visit.click(visit.sidebar.get_by_role("link", name=re.compile("Data$")))
    assert visit.answer.startswith("No problem found")
