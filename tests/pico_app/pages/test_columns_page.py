"""The Columns page on the built-in demo: answer, controls, address."""

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.pages.columns.numbers import MEANING, numbers_html
from tests.pico_app.opening import page
from tests.pico_app.reading import answer, prose
from tests.screen import BEWARE, COLUMNS, STEADY_TEN


@pytest.fixture
def app():
    return page("columns")


def test_it_asks_and_answers_and_opens_at_the_lowest_column(app):
    app.run()
    assert not app.exception
    assert app.title[0].value == COLUMNS
    assert "of 64 columns differ from their mismatched-pairs null" in answer(app)
    assert "rank correlation" in app.markdown[1].value
    lowest = int(app.session_state["column"])
    assert answer(app).startswith(f"Column {lowest} has the lowest")
    assert app.selectbox[0].value == lowest
    warned = [caption for caption in app.caption if BEWARE in caption.value]
    assert len(warned) == len(app.get("plotly_chart")) >= 4


def test_previous_and_next_go_around_and_write_the_address(app):
    app.query_params["column"] = "0"
    app.run()
    assert app.subheader[-1].value == "Column 0"
    app.button[0].click().run()
    assert app.subheader[-1].value == "Column 63"
    assert app.query_params["column"] == "63"
    app.button[1].click().run()
    app.button[1].click().run()
    assert app.subheader[-1].value == "Column 1"
    app.button[2].click().run()
    assert app.subheader[-1].value != "Column 1"
    assert not app.exception


def test_a_search_chooses_a_column_and_nonsense_in_the_address_is_dropped(app):
    app.query_params["column"] = "9000"
    app.run()
    assert not app.exception
    app.selectbox[0].set_value(17).run()
    assert app.subheader[-1].value == "Column 17"
    assert app.query_params["column"] == "17"


def test_another_order_and_measure_keep_the_column(app):
    app.query_params["column"] = "5"
    app.run()
    app.button_group[0].set_value("shown_weight").run()
    app.button_group[1].set_value("By index").run()
    assert not app.exception
    assert app.subheader[-1].value == "Column 5"


def test_an_axis_of_another_basis_names_the_given_columns(app):
    app.query_params["basis"] = "cross"
    app.query_params["column"] = "3"
    app.run()
    assert not app.exception
    assert app.subheader[-1].value.startswith("Cross axis 3 (given columns")
    assert any("mostly made of the given columns" in text.value for text in app.markdown)


def test_instruments_open_by_their_switch_and_by_the_address(app):
    app.query_params["part"] = "sure"
    app.run()
    assert not app.exception
    assert [title.value for title in app.subheader] == [
        STEADY_TEN,
        "Would it come out again?",
        "Is p̂ more than chance?",
        "Which side looks like style?",
    ]
    app.button_group[2].set_value("column").run()
    assert app.subheader[-1].value.startswith("Column ")
    assert "part" not in app.query_params
    app.button_group[2].set_value("sure").run()
    assert app.query_params["part"] == "sure"


def test_an_unknown_instrument_in_the_address_is_dropped(app):
    app.query_params["part"] = "nothing"
    app.run()
    assert not app.exception
    assert app.subheader[-1].value.startswith("Column ")


def test_every_number_of_a_column_explains_itself():
    row = dict.fromkeys(MEANING, 0.5) | {
        f"{name}_{end}": 0.5
        for name in ("p_hat", "null", "image_similarity", "text_similarity")
        for end in ("low", "high")
    }
    row |= {"differs": False, "probability_low": 0.25, "probability_high": 0.75, "lowest_share": 0.4}
    html = numbers_html(row)
    assert html.count("<th>") == html.count("data-tip=") == 9
    assert "does not differ" in html
    assert "[0.250, 0.750]; among the ten lowest in 40%" in html
    without = numbers_html(
        row | {"probability_low": None, "lowest_share": None, "semantic_share": None, "differs": True}
    )
    assert "no interval" in without
    assert "planted" not in without
    assert "does not differ" not in without


def test_the_table_filters_and_keeps_the_column(app):
    app.query_params["part"] = "table"
    app.query_params["column"] = "5"
    app.run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 64
    assert not app.dataframe[0].value.isna().all().any(), "no column is empty"
    assert {"interval", "semantic_share"} <= set(app.dataframe[0].value.columns)
    assert "title" not in app.dataframe[0].value.columns, "the title of a given column is its index"
    app.selectbox(key="columns-filter").select("among the ten lowest").run()
    assert not app.exception
    assert len(app.dataframe[0].value) == 10
    assert app.session_state["column"] == 5


def test_detectors_are_judged_by_the_planted_truth_and_by_labels(app):
    app.query_params["part"] = "detectors"
    app.run()
    assert not app.exception
    told = " ".join(prose(app))
    assert "By the planted truth" in told
    assert "By the style labels" in told
    assert "style probe" not in told


def test_a_button_leads_from_the_column_to_its_switch(app):
    app.run()
    next(button for button in app.button if button.label == "Switch it off").click().run()
    assert not app.exception
    assert app.query_params["part"] == "switch"
    assert app.session_state["instrument-columns"] == "switch"


def click(repeat: int) -> None:
    import streamlit as st

    from pico_app.state import widgets

    for _ in range(repeat):
        st.text(str(widgets.fresh("chart", 5)))
    st.text(str(widgets.fresh("chart", None)))
    st.text(str(widgets.fresh("chart", 5)))


def test_a_click_counts_once_until_another_comes():
    app = AppTest.from_function(click, args=(2,)).run()
    assert [text.value for text in app.text] == ["5", "None", "None", "5"]
