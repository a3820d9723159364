"""Names and errors of a loaded file are shown as they are, and fetch nothing."""

from streamlit.testing.v1 import AppTest

from pico_app.words.glossary import explain
from pico_app.words.markup import plain

HOSTILE = "![x](http://example.invalid/a.png) :material/bug: $x$ <b>"


def page_of_a_hostile_dataset() -> None:
    from dataclasses import replace

    from pico_app import sidebar
    from pico_app.answers import datasets, studies
    from pico_core.method.config import StudyConfig
    from pico_core.studies.study import run_study
    from tests.pico_app.opening import draw

    hostile = "![x](http://example.invalid/a.png) :material/bug: $x$ <b>"
    demo = datasets.open_dataset("planted")
    pairs = replace(demo.pairs, name=hostile, images=demo.pairs.images.rename({"style": hostile}))
    dataset = datasets.Dataset(pairs, None)
    datasets.open_dataset = lambda _path: dataset
    sidebar.choose_dataset()
    frame = studies.frame_of(dataset, run_study(pairs, StudyConfig().with_settings({"n_iterations": "1"})))
    draw("data", frame)
    draw("subspaces", frame)


def test_marks_are_escaped_one_by_one():
    assert plain("a_b [c](d)") == r"a\_b \[c\]\(d\)"
    assert plain(ValueError("x:y")) == r"x\:y"


def test_an_answer_stays_on_one_line():
    assert "\n" not in explain("No problem in a\n\n![x](y)")
    assert "<b>" not in explain("<b>")


def test_no_name_of_a_dataset_is_obeyed(monkeypatch):
    from pico_app.answers import datasets

    monkeypatch.setattr(datasets, "open_dataset", datasets.open_dataset)  # the page replaces it; put it back
    app = AppTest.from_function(page_of_a_hostile_dataset, default_timeout=120).run()
    assert not app.exception, app.exception
    shown = [element.value for element in (*app.markdown, *app.caption, *app.sidebar.caption, *app.error)]
    assert any("example" in value for value in shown)
    for value in shown:
        inside_html = value.startswith("<p ")
        assert inside_html or HOSTILE not in value, value
