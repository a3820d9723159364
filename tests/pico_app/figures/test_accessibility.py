"""Every figure is told in words; colours have contrast and stay apart for every kind of sight; none stands alone."""

import itertools
import re
import tomllib

import plotly.graph_objects as go
import pytest

from pico_app.figures import theme
from pico_app.figures.drawn import described
from pico_app.figures.purity import SERIES
from pico_app.figures.spaces import SYMBOLS
from pico_app.frame import PAGES
from tests.pico_app.figures.colours import BLINDNESS, apart, ciede2000, contrast, mixed, seen
from tests.pico_app.opening import opened_once
from tests.places import ROOT

CONFIG = tomllib.loads((ROOT / "streamlit_config.toml").read_text())["theme"]
MODES = ("light", "dark")
GROUND = {mode: [CONFIG[mode]["backgroundColor"], CONFIG[mode]["secondaryBackgroundColor"]] for mode in MODES}
TEXT, GRAPHIC = 4.5, 3.0  # WCAG 2.2 AA: 1.4.3 for text, 1.4.11 for graphics
ROLES_APART, GROUPS_APART = 15.0, 6.0  # CIEDE2000; about 2 is just noticeable side by side
WALK = [
    (page.name, name)
    for page in PAGES
    if page.name != "experiments"  # its figures are looked at on results of known numbers
    for name in page.instruments.names or ("",)
]


@pytest.mark.parametrize(("name", "instrument"), WALK)
def test_every_figure_of_every_page_and_instrument_is_told_in_words(name, instrument):
    app = opened_once(name, instrument=instrument)
    assert not app.exception, app.exception
    charts = app.get("plotly_chart")
    assert len(charts) >= (0 if name == "data" or instrument == "table" else 1)
    for chart in charts:
        said = chart.proto.alt
        assert len(said) > 40, said
        assert not re.search(r"[<*\\]|None", said), said
    assert len({chart.proto.alt for chart in charts}) == len(charts)  # two figures are not told alike


def test_a_figure_is_told_by_its_marks_axes_and_rows():
    figure = go.Figure()
    figure.add_scatter(x=[1, 2, 3], y=[1, 2, 3], mode="lines+markers")
    figure.add_scatter(x=[1], y=[1], mode="markers")
    figure.update_xaxes(title_text="change of <b>rSum</b>,<br>points")
    figure.update_yaxes(tickvals=[0, 1], ticktext=["<i>one</i>", "A &lt; B"])
    assert described(figure, read="right of *zero* is better: look. More.") == (
        "A figure of lines and points (4); across: change of rSum , points; rows: one, A < B. Right of zero is better."
    )
    assert described(go.Figure(go.Heatmap(z=[[1]]))) == "A figure of a heat map."
    many = go.Figure(go.Bar(x=[1], y=[1])).update_yaxes(ticktext=[str(i) for i in range(15)], tickvals=list(range(15)))
    assert described(many).endswith("11, and 3 more.")


def test_contrast_and_distance_are_the_published_ones():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # the known near miss
    # Sharma, Wu, Dalal 2005, table 1: pairs 1, 7, 17 and 24.
    for one, other, distance in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (50, 3.2592, 0.3350), 1.0000),
    ):
        assert ciede2000(one, other) == pytest.approx(distance, abs=1e-4)
    assert seen("#FFFFFF") == pytest.approx((100, 0, 0), abs=0.02)
    for rows in BLINDNESS.values():  # grey stays grey
        assert [sum(row) for row in rows] == pytest.approx([1, 1, 1], abs=1e-5)
    # What red-green blindness is: a red and a green that are far apart for others meet.
    red, green = "#C44E52", "#7A7A1E"
    assert ciede2000(seen(red), seen(green)) > 40
    assert ciede2000(seen(red, "deuteranopia"), seen(green, "deuteranopia")) < 15


@pytest.mark.parametrize("mode", MODES)
def test_text_has_contrast(mode):
    look, shown = CONFIG[mode], theme.DARK if mode == "dark" else theme.LIGHT
    assert shown.ink == look["textColor"]
    for ground in GROUND[mode]:
        for colour in (look["textColor"], look["linkColor"], shown.gain_ink, shown.loss_ink):
            assert contrast(colour, ground) >= TEXT, (colour, ground)
    for share in faded_text():
        assert contrast(mixed(look["textColor"], GROUND[mode][0], share), GROUND[mode][0]) >= TEXT, share


def faded_text():
    """Every opacity that markup or annotations of the app give to words."""
    found = set()
    for file in [*(ROOT / "app").rglob("*.py"), *(ROOT / "app").rglob("*.css")]:
        # Of marks and shapes it is written as a key, in `dots` or beside a fill; words fade by CSS or in an annotation.
        text = re.sub(r'"opacity":|opacity=(cover|1\.0 if|0\.55 if)', "", file.read_text())
        text = re.sub(r"\bdots\(.*?\bopacity=[.\d]+", "", text)
        text = re.sub(r"fillcolor=[^)]*?opacity=[.\d]+", "", text, flags=re.DOTALL)
        found |= {float(share) for share in re.findall(r"opacity[:=] ?(0?\.\d+)", text)}
    assert len(found) > 3
    return sorted(found - {0.35, 0.5})  # lines between matched points; the band of permuted labels


def test_words_on_solid_colours_have_contrast():
    assert contrast("#FFFFFF", theme.STYLE_DEEP) >= TEXT  # the number of a prototype
    assert contrast("#1B1F24", "#E8EBEE") >= TEXT  # Play and Pause


@pytest.mark.parametrize("mode", MODES)
def test_marks_have_contrast(mode):
    marks = {theme.SEMANTIC, theme.STYLE, theme.IMAGE, theme.TEXT, theme.GREY, theme.CANDIDATE, theme.STYLE_DEEP}
    for colour in marks | set(theme.CATEGORIES):
        assert contrast(colour, GROUND[mode][0]) >= GRAPHIC, colour
    for ground in GROUND[mode]:
        assert contrast(CONFIG[mode]["primaryColor"], ground) >= GRAPHIC


PAIRS = [
    (theme.SEMANTIC, theme.STYLE),
    (theme.GAIN, theme.LOSS),
    (theme.GAIN, theme.GREY),
    (theme.LOSS, theme.GREY),
    (theme.IMAGE, theme.TEXT),
    (theme.SEMANTIC, theme.CANDIDATE),
    (theme.SKY, theme.LOSS),
    (theme.LIGHT.gain_ink, theme.LIGHT.loss_ink),
    (theme.DARK.gain_ink, theme.DARK.loss_ink),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_roles_stay_apart_for_every_kind_of_sight(one, other):
    distance, where = apart(one, other)
    assert distance >= ROLES_APART, (where, distance)


def test_groups_stay_apart_for_every_kind_of_sight():
    for one, other in itertools.combinations(theme.CATEGORIES, 2):
        distance, where = apart(one, other)
        assert distance >= GROUPS_APART, (one, other, where, distance)


def test_no_role_is_told_by_colour_alone():
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)  # image and text on the maps
    assert len({symbol for _, symbol, _ in SERIES.values()}) == len(SERIES)  # spaces in the figure of purity
    assert len(set(theme.SYMBOLS)) == len(theme.CATEGORIES)  # yardsticks
