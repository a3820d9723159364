"""The templates and the one stylesheet: words are escaped, colours are those of the figures."""

import re

import pytest

from pico_app.figures import rankings, theme
from pico_app.templates import FOLDER, render, stylesheet

HOSTILE = "<script>alert(1)</script>\"' {{ 7 * 7 }}"


@pytest.mark.parametrize("template", sorted(path.name for path in FOLDER.glob("*.j2")))
def test_no_template_marks_words_as_safe(template):
    source = (FOLDER / template).read_text(encoding="utf-8")
    assert set(re.findall(r'("[^"]*"|\w+)\s*\|\s*safe', source)) <= {'"&emsp;"'}
    assert "autoescape" not in source


def test_hostile_words_stay_words():
    shown = render("facts", rows=[(HOSTILE, HOSTILE)])
    assert "<script" not in shown
    assert "{{ 7 * 7 }}" in shown
    assert shown.count("&lt;script&gt;") == 2


def test_the_colours_of_the_stylesheet_are_those_of_the_figures():
    rules = stylesheet()
    variables = dict(re.findall(r"--pico-([\w-]+): ([^;]+);", rules))
    named = {"gain": "GAIN", "loss": "LOSS", "image": "IMAGE", "text": "TEXT", "grey": "GREY"}
    assert {name: variables[name] for name in named} == {name: getattr(theme, role) for name, role in named.items()}
    assert variables["quiet"] == f"light-dark({theme.LIGHT.quiet},{theme.DARK.quiet})"
    used = set(re.findall(r"var\(--pico-([\w-]+)\)", rules))
    assert used == set(variables), "every variable is used, and every used one is there"


def test_rows_of_lists_are_as_high_as_the_flow_between_them_has_them():
    variables = dict(re.findall(r"--pico-(list-\w+): (\d+)px", stylesheet()))
    assert variables == {"list-head": str(rankings.HEAD), "list-row": str(rankings.ROW)}


def test_line_breaks_of_a_template_are_no_part_of_a_page():
    shown = render("paragraph", kind="prose", lead="A", text="b")
    assert shown == '<p class="prose"><b>A</b> b</p>'
