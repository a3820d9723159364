"""The comparer sees a number, a word and a page that are not what they were, and passes over rounding."""

import copy

from tests.golden.__main__ import GOLDEN, PARTS, read, write
from tests.golden.comparing import differences

KNOWN = {
    "pages-a": {
        "overview?": {
            "address": {"dataset": "shortcut"},
            "shown": [
                {"is": "title", "body": "Does it help?"},
                {"is": "markdown", "body": "The weighting helps: 411.3 unweighted."},
                {"is": "plotly_chart", "spec": {"data": [{"x": [1.0, 2.0, 3.0], "name": "PICO"}]}},
            ],
        },
        "data?": {"address": {}, "shown": [{"is": "title", "body": "What did I load?"}]},
    }
}


def found(change):
    new = copy.deepcopy(KNOWN)
    change(new["pages-a"])
    return list(differences(KNOWN, new))


def shown(pages):
    return pages["overview?"]["shown"]


def test_the_same_is_no_difference_and_neither_is_rounding():
    def round_off(pages):
        shown(pages)[2]["spec"]["data"][0]["x"][1] *= 1 + 1e-5

    assert found(lambda pages: None) == []
    assert found(round_off) == []


def test_a_changed_number_is_named_with_its_place():
    def change(pages):
        shown(pages)[2]["spec"]["data"][0]["x"][1] = 2.001

    (one,) = found(change)
    assert one.path == ("pages-a", "overview?", "shown", "2 plotly_chart", "spec", "data", "0", "x", "1")
    assert (one.old, one.new) == ("2.0", "2.001")


def test_a_changed_word_is_shown_with_what_stands_around_it():
    def change(pages):
        shown(pages)[1]["body"] = "The weighting hurts: 411.3 unweighted."

    (one,) = found(change)
    assert "1 markdown" in one.path
    assert ("helps" in one.old, "hurts" in one.new) == (True, True)


def test_a_missing_page_and_a_new_element_are_named():
    (one,) = found(lambda pages: pages.pop("data?"))
    assert (one.path, one.new) == (("pages-a", "data?"), None)
    (other,) = found(lambda pages: shown(pages).insert(1, {"is": "caption", "body": "New."}))
    assert other.old is None
    assert "New." in other.new
    assert "missing" in str(one)
    assert "added" in str(other)


def test_what_was_kept_is_read_again(tmp_path):
    write(KNOWN, tmp_path / "one.json.gz")
    assert read(tmp_path / "one.json.gz") == KNOWN


def test_the_recording_of_1_0_0_is_whole():
    golden = read(GOLDEN)
    assert sorted(golden) == sorted(PARTS)
    lost = [name for part in golden.values() for name, view in part.items() if "cannot be reached" in view]
    assert lost == []
    assert {name.split("?")[0] for part in PARTS if part.startswith("pages") for name in golden[part]} == {
        *("overview", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
    }
