"""Column sets: lists as people type them, files that come back, files that nobody should trust."""

import json

import pytest

from pico_core.common.errors import DataError
from pico_core.method.config import StudyConfig
from pico_core.retrieval.switching.column_sets import ColumnSet, axes_name, columns_text, parse_columns

GOOD = ColumnSet("lowest, ten of", (12, 3, 7, 3), "given columns", "0123456789abcdef", 64)


def changed(**values):
    return json.dumps(json.loads(GOOD.to_json()) | values).encode()


def test_a_set_comes_back_from_its_file_sorted_and_each_column_once():
    assert GOOD.columns == (3, 7, 12)
    assert ColumnSet.from_json(GOOD.to_json().encode()) == GOOD
    assert GOOD.to_json().count("\n") == 1
    other = ColumnSet("größe ✓", (0,), "cross axes of seed 3, fit share 0.45", "f" * 16, 1)
    assert ColumnSet.from_json(other.to_json().encode()) == other


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[3, 7]", "is no column set"),
        (b'{"format": "something else"}', "is no column set"),
        (b" " * 1_000_001, "1,000,001 bytes"),
        (changed(surprise=1), "'surprise' is unknown"),
        (
            json.dumps({k: v for k, v in json.loads(GOOD.to_json()).items() if k != "axes"}).encode(),
            "'axes' is missing",
        ),
        (changed(columns="3, 7"), "columns is no list of whole numbers"),
        (changed(columns=[True, 3]), "columns is no list of whole numbers"),
        (changed(columns=[1.0]), "columns is no list of whole numbers"),
        (changed(columns=[]), "at least one column"),
        (changed(columns=[64]), "no column 64; columns run from 0 to 63"),
        (changed(columns=[-1]), "no column -1"),
        (changed(columns=[10**400]), "no column 1000"),
        (changed(n_columns=10**9), "n_columns is 1000000000"),
        (changed(n_columns=0), "n_columns is 0"),
        (changed(n_columns="64"), "n_columns is no whole number"),
        (changed(n_columns=True), "n_columns is no whole number"),
        (changed(name=""), "needs a name"),
        (changed(name="a" * 81), "needs a name"),
        (changed(name="a\nb"), "needs a name"),
        (changed(name=" a"), "needs a name"),
        (changed(name=7), "name is no text"),
        (changed(dataset=None), "dataset is no text"),
    ],
)
def test_a_file_that_is_no_set_is_refused_in_words(data, says):
    with pytest.raises(DataError) as caught:
        ColumnSet.from_json(data)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_set_of_other_data_or_axes_is_refused_with_the_mend():
    here = {"axes": "given columns", "dataset": "0123456789abcdef", "n_columns": 64}
    GOOD.check_belongs(**here)
    for other in ({"dataset": "f" * 16}, {"n_columns": 65}):
        with pytest.raises(DataError, match=r"is of another dataset .*open that dataset"):
            GOOD.check_belongs(**(here | other))
    with pytest.raises(DataError, match=r"counts given columns, the columns here are cross axes.*choose that basis"):
        GOOD.check_belongs(**(here | {"axes": "cross axes of seed 0, fit share 0.45"}))


def test_fitted_axes_are_named_with_what_they_were_fitted_on():
    names = {
        axes_name(StudyConfig(basis="cross")),
        axes_name(StudyConfig(basis="cross", seed=1)),
        axes_name(StudyConfig(basis="cross", fit=0.3)),
        axes_name(StudyConfig(basis="pca")),
    }
    assert len(names) == 4
    assert axes_name(StudyConfig(seed=1, fit=0.3)) == axes_name(StudyConfig())


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("3, 7, 12-15", (3, 7, 12, 13, 14, 15)),
        ("7 3;7", (3, 7)),
        ("  12 - 13 , 1", (1, 12, 13)),
        ("5-5", (5,)),
        ("9–11", (9, 10, 11)),
        ("", ()),
        (" , ", ()),
    ],
)
def test_lists_are_read_as_people_write_them(text, columns):
    assert parse_columns(text, 20) == columns


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3, x", "'x' is no column"),
        ("-3", "'-3' is no column"),
        ("3.5", "'3.5' is no column"),
        ("1e3", "'1e3' is no column"),
        ("20", "no column 20; columns run from 0 to 19"),
        ("0-999999999", "no column 999999999"),
        ("9" * 30, "is no column"),
        ("7-3", "runs backwards; write 3-7"),
        ("1," * 20_000, "at most 20,000"),
        ("１２", "is no column"),
    ],
)
def test_lists_that_are_none_are_refused_in_words(text, says):
    with pytest.raises(DataError) as caught:
        parse_columns(text, 20)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("columns", [(0,), (0, 1), (0, 1, 2), (1, 3, 5, 6, 7, 9, 10)])
def test_writing_and_reading_a_list_are_inverse(columns):
    assert parse_columns(columns_text(columns), 11) == columns


def test_runs_are_written_short():
    assert columns_text(range(192)) == "0-191"
    assert columns_text((4, 5, 9)) == "4, 5, 9"
