"""The Retrieval page in a browser: two scorings, the split, what is taken home, and a reader in a hurry."""

import re
import time
from pathlib import Path

import polars as pl
import pytest

from tests.e2e.visit import Visit, seen
from tests.marks import LONG
from tests.screen import NO_PICTURE, NO_RUN, RETRIEVAL, SAME_IN_BOTH, SET_NAME

ROWS = ".rows"


def lists(visit) -> list[str]:
    """What both lists say, heading first."""
    return [text.strip() for text in visit.main.locator(ROWS).all_inner_texts()]


def headings(visit) -> list[str]:
    return [text.split("\n")[0] for text in lists(visit)]


@pytest.mark.parametrize("dataset", ["planted"])
def test_any_two_scorings_are_laid_side_by_side_and_a_link_reopens_them(chromium, warm, visit, dataset):
    visit.open(f"retrieval?dataset={dataset}&query=text-3")
    assert headings(visit) == ["Unweighted", "Weighted, λ = 1"]
    for option, heading in (
        ("p̂ as weights", "p̂ as weights, λ = 1"),
        (re.compile("^The same weights, permuted"), "The same weights, permuted"),
    ):
        visit.choose(visit.main.locator('[data-testid="stSelectbox"]', has_text="On the right"), option)
        assert headings(visit)[1].startswith(heading)
    visit.click(visit.button("Another draw"))
    visit.click(visit.button("Swap"))
    assert headings(visit)[0].startswith("The same weights, permuted (draw 1)")
    assert headings(visit)[1] == "Unweighted"
    shown = lists(visit)
    with Visit(chromium, warm) as other:
        other.open(visit.page.url.removeprefix(warm).lstrip("/"))
        assert lists(other) == shown
        other.assert_sound()


def test_a_saved_set_and_a_run_are_sides(visit):
    visit.open("columns?part=switch&set=3,7&column=3")
    visit.click(visit.main.get_by_text("Keep, share or load a set of columns", exact=True))
    name = visit.main.get_by_role("textbox", name=SET_NAME)
    name.fill("two of them")
    name.press("Enter")
    visit.settle()
    visit.click(visit.button("Keep"))
    visit.click(visit.sidebar.get_by_role("link", name=re.compile("Retrieval$")))
    right = visit.main.locator('[data-testid="stSelectbox"]', has_text="On the right")
    visit.choose(right, re.compile("^Without two of them"))
    assert headings(visit)[1] == "Without two of them"
    assert "right=without-3" in visit.page.url
    visit.choose(right, re.compile("^Another run"))
    assert visit.main.get_by_text(NO_RUN).count() == 1
    folder = visit.main.get_by_role("textbox", name="Folder of the run")
    folder.fill(str(Path("assets/scenes/shortcut/run-cross").resolve()))
    folder.press("Enter")
    visit.settle()
    assert headings(visit)[1].startswith("Run run-cross")


def test_the_printed_parts_add_up_to_the_printed_scores(visit):
    visit.open("retrieval?query=text-3")
    compared = visit.main.locator('[data-testid="stSelectbox"]', has_text="Compared with")
    visit.choose(compared, re.compile("^nothing"))
    chart = visit.main.locator('[data-testid="stPlotlyChart"]').nth(1)
    seen(chart)
    visit.drawn_charts()
    printed = chart.evaluate("c => c.querySelector('.js-plotly-plot')._fullData[0].text")
    thousandths = [round(1000 * float(text.replace("−", "-"))) for text in printed]
    assert sum(thousandths[:-1]) == thousandths[-1]
    # The right answer stands below both lists with its scores; their difference is the last bar.
    scores = [re.findall(r"\d\.\d{3}", text)[-1] for text in lists(visit)]
    assert round(1000 * float(scores[1])) - round(1000 * float(scores[0])) == thousandths[-1]
    assert len(thousandths) > 3


def test_an_item_of_the_lists_becomes_the_query(visit):
    visit.open("retrieval?query=text-3")
    visit.click(visit.button("Ask with it"))
    assert "query=image-" in visit.page.url
    assert "captions describe this image" in visit.main.inner_text()


@pytest.mark.parametrize(
    ("address", "button"),
    [
        ("", "This query on the Retrieval page"),
        ("columns?part=switch&set=lowest-10", "This query on the Retrieval page"),
        ("data", re.compile("^Ask with ")),
    ],
)
def test_one_click_from_another_page_asks(visit, address, button):
    visit.open(address)
    found = visit.main.get_by_role("button", name=button).first
    seen(found)
    visit.click(found)
    assert visit.title == RETRIEVAL
    assert re.search(r"query=(text|image)-\d+", visit.page.url)
    assert "right answer" in visit.answer


def test_what_is_seen_is_taken_home_and_opens_without_network(chromium, visit, tmp_path):
    visit.open("retrieval?query=text-3")
    shown = lists(visit)
    visit.click(visit.main.get_by_text("Take this home", exact=True))
    table = pl.read_csv(visit.saved(visit.main.get_by_role("button", name="CSV", exact=True).first, tmp_path))
    assert {"side", "rank", "name", "score"} <= set(table.columns)
    parquet = pl.read_parquet(visit.saved(visit.main.get_by_role("button", name="Parquet", exact=True).first, tmp_path))
    assert parquet.equals(table)
    page = visit.saved(visit.button("Save the page"), tmp_path)
    assert page.stat().st_size < 8_000_000
    alone = chromium.new_context(offline=True)
    problems = []
    reader = alone.new_page()
    reader.on("pageerror", lambda error: problems.append(str(error)))
    reader.on("requestfailed", lambda request: problems.append(request.url[:100]))
    reader.goto(page.as_uri())
    reader.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4")
    assert [text.strip() for text in reader.locator(ROWS).all_inner_texts()] == shown
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with reader.expect_download() as waiting:
            reader.get_by_role("button", name=kind).last.click()
        target = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(target)
        assert target.read_bytes().startswith(begins)
    assert not problems
    alone.close()


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_the_camera_of_a_figure_saves_a_picture(visit, tmp_path, kind):
    visit.open("retrieval?query=text-3")
    if kind == "svg":
        visit.click(visit.main.get_by_text("Take this home", exact=True))
        visit.click(visit.main.get_by_role("radio", name="SVG").or_(visit.button("SVG")).first)
    chart = visit.chart(1)
    chart.hover()
    target = visit.saved(chart.locator(".modebar-btn").first, tmp_path)
    assert target.suffix == f".{kind}"
    assert target.read_bytes().startswith(b"\x89PNG" if kind == "png" else b"<svg")


def test_a_dropped_picture_asks_and_one_that_is_none_is_a_sentence(visit, tmp_path):
    visit.open("retrieval")
    visit.click(visit.main.get_by_role("radio", name="Your picture").or_(visit.button("Your picture")).first)
    drop = visit.main.locator('[data-testid="stFileUploader"]')
    visit.upload(drop, "assets/scenes/pictures/000.webp", patience=90)  # the first picture loads the encoder
    visit.assert_sound()
    assert SAME_IN_BOTH in visit.answer
    assert len(lists(visit)) == 2
    instrument = visit.main.get_by_role("radio", name="Patches and words").or_(visit.button("Patches and words"))
    visit.click(instrument.first)
    assert visit.main.locator(".word-maps .frame").count() == 3
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG no picture")
    visit.upload(drop, broken)
    visit.assert_sound()
    assert visit.answer == NO_PICTURE
    assert visit.main.get_by_text("broken.png").count() >= 1


def used(pid: int) -> float:
    """Processor seconds of a process so far."""
    import os

    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def hurry(visit, action, times: int = 10, seconds: float = 2.0) -> None:
    """Do something so many times in so many seconds, whatever the page does meanwhile."""
    for _ in range(times):
        began = time.monotonic()
        action()
        visit.page.wait_for_timeout(max(0.0, 1000 * (seconds / times - (time.monotonic() - began))))


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="reads processor time where Linux keeps it")
@pytest.mark.parametrize("what", [pytest.param("query", marks=LONG), "strength"])
def test_a_reader_in_a_hurry_sees_the_last_answer_and_leaves_no_work_behind(chromium, warm, server_pid, visit, what):
    visit.open("retrieval?query=image-0&show=all")
    if what == "query":
        box = visit.main.get_by_role("button", name="Random", exact=True)
        hurry(visit, lambda: box.click(no_wait_after=True))
    else:
        slider = visit.sidebar.get_by_role("slider").first
        slider.focus()
        hurry(visit, lambda: slider.press("ArrowRight"))
    visit.settle(patience=60)
    visit.assert_sound()
    if what == "strength":
        assert "strength=1.5" in visit.page.url
        assert headings(visit)[1] == "Weighted, λ = 1.5"
    else:
        assert "query=image-0" not in visit.page.url
    until = time.monotonic() + 60
    while visit.main.locator('[data-testid="stProgress"]').count():  # what belongs to the last answer may follow
        assert time.monotonic() < until, "the last answer never came"
        visit.page.wait_for_timeout(200)
    shown = lists(visit)
    with Visit(chromium, warm) as other:
        other.open(visit.page.url.removeprefix(warm).lstrip("/"))
        assert lists(other) == shown
    before = used(server_pid)
    visit.page.wait_for_timeout(3000)
    assert used(server_pid) - before < 0.6, "the server works on although nobody waits"
