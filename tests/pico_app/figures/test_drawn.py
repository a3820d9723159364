"""Figures that are drawn once, and the mark that moves over one of them."""

import json

import numpy as np
import plotly.graph_objects as go
from streamlit.testing.v1 import AppTest

from pico_app.figures import overview, theme
from pico_app.figures.drawn import described, finished, ready
from pico_core.demo import demo_of
from pico_core.formats import open_pairs
from pico_core.studies.runs import load_run
from tests.pico_app.opening import page


def bar():
    return go.Figure(go.Bar(x=np.arange(3), y=[3.0, 4.0, 5.0]), layout={"xaxis": {"title": {"text": "column"}}})


def test_a_finished_figure_is_what_the_figure_itself_would_send_and_say():
    spec = theme.readable(bar(), theme=theme.DARK).to_dict()
    held = finished(bar(), theme=theme.DARK)
    assert ready(held).to_dict() == spec
    assert held.words == described(bar())


def twice() -> None:
    from types import SimpleNamespace

    import streamlit as st

    from pico_app.answers import drawn
    from pico_app.figures.theme import DARK, LIGHT
    from tests.pico_app.figures.test_drawn import bar

    made = []

    def draw(*given, theme, **settings):
        made.append((given, theme, settings))
        return bar()

    here = SimpleNamespace(key=st.query_params["key"])
    calls = [{}, {}, {"also": (1,)}, {"theme": DARK}, {"theme": DARK}, {"size": 3}]
    for call in calls:
        drawn.drawn(here, draw, 1.0, **({"theme": LIGHT} | call))
    assert made[0] == ((1.0,), LIGHT, {})
    st.text(str(len(made)))


def test_a_figure_is_drawn_once_for_every_study_and_setting():
    for key in ("one", "another"):
        app = AppTest.from_function(twice, default_timeout=60)
        app.query_params["key"] = f"drawn-{key}"
        app.run()
        assert not app.exception
        assert app.text[0].value == "4"


def marks(app):
    return json.loads(json.loads(app.get("bidi_component")[0].proto.json))


def test_another_column_leaves_the_figure_of_all_columns_as_it_is_and_moves_the_mark():
    app = page("columns")
    app.query_params["column"] = "4"
    app.run()
    before, held = app.get("plotly_chart")[0].proto, marks(app)
    app.button[1].click().run()
    assert not app.exception
    after, now = app.get("plotly_chart")[0].proto, marks(app)
    assert before.spec == after.spec
    assert before.id == after.id  # another id would make the browser draw it anew
    assert len(held) == 4  # both measures, both orders
    for key, mark in held.items():
        assert mark["annotation"]["text"] == "<b>4</b>"
        assert now[key]["annotation"]["text"] == "<b>5</b>"
    assert held["columns-probability-By index"]["shape"]["xanchor"] == 4


def follow() -> None:
    from types import SimpleNamespace

    import streamlit as st

    from pico_app.state import columns as columns_state

    for picked in (7, None, -1):
        st.session_state["mark"] = SimpleNamespace(picked=picked)
        columns_state.follow_pick("mark")
        st.text(str(columns_state.column(64)))


def test_a_click_in_the_figure_chooses_the_column_and_nothing_else_does():
    app = AppTest.from_function(follow, default_timeout=60).run()
    assert not app.exception
    assert [text.value for text in app.text] == ["7", "7", "7"]
    assert app.query_params["column"] == "7"


def test_shades_are_those_of_plotlys_scale():
    from plotly.colors import sample_colorscale, unlabel_rgb

    shares = [0.0, 0.13, 0.5, 0.77, 1.0]
    wanted = [unlabel_rgb(colour) for colour in sample_colorscale(theme.SEQUENTIAL, shares)]
    found = [tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in theme.shades(np.array(shares))]
    np.testing.assert_allclose(found, wanted, atol=1)


def test_both_halves_of_the_first_figure_have_axes_and_a_zero_of_their_own():
    demo = demo_of("planted")
    report = load_run(demo.run("given"), open_pairs(demo.dataset)).report
    figure = overview.differences([overview.Panel("a", report), overview.Panel("b", report)])
    layout = figure.layout
    assert (layout.xaxis2.anchor, layout.yaxis2.matches) == ("y2", "y")
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert [(shape.xref, shape.yref) for shape in layout.shapes] == [("x", "y domain"), ("x2", "y2 domain")]
    assert layout.yaxis.ticktext
    assert not layout.yaxis2.ticktext
    halves = [[trace for trace in figure.data if trace.xaxis == name] for name in ("x", "x2")]
    assert len(halves[0]) == len(halves[1]) == len(figure.data) / 2
