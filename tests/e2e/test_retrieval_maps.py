"""Patches and words in a real browser: hovering, keys, pins, and words that try to be HTML."""

import re

import pytest
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats.native import save_pairs
from tests.e2e.visit import Visit, seen

pytestmark = pytest.mark.browser

ADDRESS = "retrieval?show=words&query=text-0"  # a small red star in the centre
FILLS = """maps => [...maps.querySelectorAll('.frame svg')].map(svg => [...svg.querySelectorAll('.cell')].map(
    cell => cell.getAttribute('fill') + ' ' + cell.getAttribute('fill-opacity')).join())"""
COVER = "cells => cells.map(cell => Number(cell.getAttribute('fill-opacity')))"
HOSTILE = "<img/src=x/onerror=window.hacked=1> <script>window.hacked=1</script> &amp; <b>bold</b>"


class Maps:
    """The piece of the page that is looked at."""

    def __init__(self, visit):
        self.visit, self.root = visit, visit.main.locator(".word-maps")
        self.root.wait_for()
        seen(self.root)
        self.chips, self.frames, self.lines = (self.root.locator(kind) for kind in (".chip", ".frame", ".read"))

    def fills(self):
        """The colours of all patches, panel by panel."""
        return self.root.evaluate(FILLS)

    def cell(self, panel, patch):
        return self.frames.nth(panel).locator(f"[data-patch='{patch}']")

    def shown(self):
        """The word whose map is drawn."""
        return self.root.locator(".chip.shown b").all_inner_texts()

    def pinned(self):
        return self.root.locator(".chip[aria-checked=true] b").all_inner_texts()

    def ringed(self):
        return self.root.locator(".chip.wins b").all_inner_texts()

    def frame_at(self, panel):
        """The patch that a panel frames."""
        return int(self.frames.nth(panel).locator(".ring.over:not(.old)").get_attribute("data-at"))

    def leave(self):
        self.visit.page.mouse.move(2, 2)


def winner(line):
    return re.search("its word is “(.+?)”", line)[1]


def test_a_word_under_the_pointer_is_drawn_in_all_panels_and_a_click_keeps_it(visit):
    visit.open(ADDRESS)
    maps = Maps(visit)
    start, first = maps.fills(), maps.shown()
    assert len(start) == 3
    assert len(set(start)) == 3
    assert maps.pinned() == first
    other = next(i for i in range(maps.chips.count()) if maps.chips.nth(i).locator("b").inner_text() != first[0])
    name = maps.chips.nth(other).locator("b").inner_text()
    maps.chips.nth(other).hover()
    assert maps.shown() == [name]
    assert all(one != before for one, before in zip(maps.fills(), start, strict=True))
    for panel in range(2):
        line = maps.lines.nth(panel).inner_text()
        assert line.startswith(f"“{name}” is strongest at ")
        place = maps.frame_at(panel)
        assert f"row {place // 8 + 1}, column {place % 8 + 1}" in line
    maps.leave()
    assert (maps.shown(), maps.fills()) == (first, start)
    maps.chips.nth(other).click()
    maps.leave()
    assert (maps.shown(), maps.pinned()) == ([name], [name])


def test_a_patch_under_the_pointer_tints_the_words_and_rings_the_one_it_takes(visit):
    visit.open(ADDRESS)
    maps = Maps(visit)
    tints = "chips => chips.map(c => c.style.background)"
    assert set(maps.chips.evaluate_all(tints)) == {""}
    for panel, patch in ((0, 27), (1, 27), (0, 5)):
        maps.cell(panel, patch).hover()
        assert maps.ringed() == [winner(maps.lines.nth(panel).inner_text())]
        assert maps.frame_at(0) == maps.frame_at(1) == maps.frame_at(2) == patch
        values = [float(text) for text in maps.chips.locator("small").all_inner_texts()]
        ring = maps.root.locator(".chip.wins small").inner_text()
        assert float(ring) == max(values)
        assert len(set(maps.chips.evaluate_all(tints))) > 1
    maps.leave()
    assert not maps.ringed()
    assert set(maps.chips.evaluate_all(tints)) == {""}
    maps.cell(1, 27).click()
    maps.leave()
    assert len(maps.ringed()) == 1  # a click keeps the patch
    maps.cell(1, 27).click()
    maps.leave()
    assert not maps.ringed()


def test_everything_is_reached_by_keys(visit):
    visit.open(ADDRESS)
    maps = Maps(visit)
    keys = visit.page.keyboard
    names = maps.chips.locator("b").all_inner_texts()
    maps.root.locator(".chip[tabindex='0']").focus()
    start = next(i for i in range(len(names)) if maps.chips.nth(i).get_attribute("aria-checked") == "true")
    keys.press("ArrowRight")
    assert maps.shown() == [names[(start + 1) % len(names)]]
    keys.press("Home")
    assert maps.shown() == [names[0]]
    keys.press("ArrowLeft")
    assert maps.shown() == [names[-1]]
    keys.press("Enter")
    assert maps.pinned() == [names[-1]]
    assert maps.root.locator(".chip[tabindex='0']").count() == 1
    for _ in range(8):  # past the settings to the first panel
        keys.press("Tab")
        if maps.frames.nth(0).evaluate("frame => frame.matches(':focus')"):
            break
    before = maps.frame_at(0)
    keys.press("ArrowLeft" if before % 8 else "ArrowRight")
    after = maps.frame_at(0)
    assert abs(after - before) == 1
    keys.press("ArrowUp" if after >= 8 else "ArrowDown")
    assert abs(maps.frame_at(0) - after) == 8
    assert maps.ringed() == [winner(maps.lines.nth(0).inner_text())]
    assert maps.root.locator(".said").inner_text() == maps.lines.nth(0).inner_text()
    keys.press("Escape")
    assert not maps.ringed()
    for panel in range(3):
        assert "arrow keys" in maps.frames.nth(panel).get_attribute("aria-label")


def test_the_colours_stretch_to_a_word_and_the_picture_shows_through(visit):
    visit.open(ADDRESS)
    maps = Maps(visit)
    ends = maps.root.locator(".bar.both .ends span")
    wide, start = ends.all_inner_texts(), maps.fills()
    maps.root.get_by_text("Stretch the colours").click()
    narrow = ends.all_inner_texts()
    assert float(narrow[0].replace("−", "-")) >= float(wide[0].replace("−", "-"))
    assert float(narrow[-1]) < float(wide[-1])
    assert all(one != before for one, before in zip(maps.fills()[:2], start[:2], strict=True))
    slider = maps.root.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    assert set(maps.frames.nth(0).locator(".cell").evaluate_all(COVER)) == {0}
    assert maps.frames.nth(0).locator("img").evaluate("i => i.complete && i.naturalWidth > 0")


def test_another_strength_keeps_the_word_that_was_chosen(visit):
    visit.open(ADDRESS)
    maps = Maps(visit)
    maps.chips.nth(0).click()
    maps.leave()
    before, name = maps.fills(), maps.pinned()
    slider = visit.sidebar.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    visit.settle()
    maps = Maps(visit)
    assert maps.pinned() == name
    after = maps.fills()
    assert after[0] == before[0] or after[1] != before[1]
    assert after[2] != before[2]


def test_words_of_the_data_stay_words(visit, tmp_path):
    made = planted_pairs(PlantedConfig(n_images=80, n_columns=24, n_patches=10, n_words=6), seed=0).pairs
    generator = torch.Generator().manual_seed(0)
    pieces = HOSTILE.split()
    words = torch.nn.functional.normalize(torch.randn(160, len(pieces), 24, generator=generator), dim=2)
    words = torch.nn.functional.normalize(words + 2 * made.text_means[:160, None], dim=2)
    pairs = PairedEmbeddings.from_arrays(
        made.image_tokens, words, text_image=made.text_image[:160], captions=[HOSTILE] * 160
    )
    save_pairs(pairs, tmp_path / "hostile")
    visit.open("retrieval?show=words")
    visit.click(visit.sidebar.get_by_text("My own", exact=True).first)
    path = visit.sidebar.get_by_role("textbox", name="Path on this machine")
    path.fill(str(tmp_path / "hostile"))
    path.press("Enter")
    visit.settle()
    visit.main.get_by_role("button", name="Compute now").click()
    visit.sidebar.get_by_text("Fresh").wait_for(timeout=90_000)
    visit.settle()
    maps = Maps(visit)
    assert maps.chips.locator("b").all_inner_texts() == [piece.lower() for piece in pieces]
    maps.chips.nth(0).hover()
    assert pieces[0].lower() in maps.lines.nth(0).inner_text()
    assert maps.root.locator("img, script").count() == 0  # no picture of their own
    assert visit.page.evaluate("window.hacked") is None
    assert maps.root.get_by_text("class token, no place in the picture").count() == 3
    maps.root.locator(".apart svg rect").first.hover()
    assert maps.lines.nth(0).inner_text().startswith("class token: its word is")


@pytest.mark.parametrize(("dark", "width"), [(True, 1400), (False, 560)])
def test_it_fits_in_the_dark_and_on_a_small_screen(chromium, warm, dark, width):
    with Visit(chromium, warm, dark=dark, width=width) as visitor:
        visitor.open(ADDRESS)
        maps = Maps(visitor)
        box = maps.root.bounding_box()
        for panel in range(3):
            inside = maps.frames.nth(panel).bounding_box()
            assert inside["width"] > 150
            assert inside["x"] >= box["x"]
            assert inside["x"] + inside["width"] <= box["x"] + box["width"] + 1
        assert visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 1
        visitor.assert_sound()
