"""What can be taken home from the Retrieval page: tables, figures, and a page that needs no network."""

import io
import re

import polars as pl
import pytest
import torch

from pico_app.answers import compare, datasets, documents, explain, outside, retrieval, studies
from pico_app.answers.compare import Comparison, side
from pico_app.choices.query import Query
from pico_app.choices.sides import ChosenScheme
from pico_app.documents.comparison import ComparisonPage, comparison_html
from pico_app.documents.standalone import Section, standalone
from pico_app.figures import rankings as lists
from pico_app.figures import why
from pico_app.figures.theme import Theme
from pico_app.words.captions import Caption
from pico_app.words.retrieval import lists_sentence
from pico_core.method.config import StudyConfig
from pico_core.retrieval.explain import Split, shown_split
from pico_core.retrieval.rankings import compare_lists
from tests.pico_app.reading import HOSTILE, assert_needs_no_network, outline


@pytest.fixture(scope="module")
def space():
    dataset = datasets.open_dataset("shortcut")
    return studies.workspace(dataset, studies.find_study(dataset, StudyConfig()), strength=1.0)


@pytest.fixture(scope="module")
def found(space):
    return Comparison(side(space, ChosenScheme("scheme", "unweighted")), side(space, ChosenScheme("scheme", "pico")))


def hostile_page(name: str = HOSTILE) -> str:
    both = compare_lists(torch.tensor([0.2, 0.9]), torch.tensor([0.8, 0.1]), relevant=torch.tensor([True, False]))
    page = ComparisonPage(
        answer=name,
        facts=[("Dataset", name)],
        asked=lists.Candidate(name),
        question=name,
        both=both,
        titles=(name, name),
        candidate=lambda index: lists.Candidate(name),
    )
    split = shown_split(Split(0.0, 1.0, torch.tensor([1.0])), top=1)
    drawn = why.split_figure(split, titles=["column 0"], what="x")
    return comparison_html(page, [Section(title=name, figure=drawn, name="why", caption=Caption(name, name))])


def test_words_of_the_data_stay_words_in_the_page():
    parsed, plain = outline(hostile_page()), outline(hostile_page("a red star"))
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in plain.tags]
    assert parsed.words.count("<script>window.hacked=1</script>") >= 9
    assert not any("onerror" in attributes for _, attributes in parsed.tags)


def test_the_page_holds_everything_and_asks_for_nothing(space, found):
    asked = Query("text", 3)
    both = compare.lists_of(space, found, asked, top_k=10)
    split = explain.lead_change(found, asked, both.target_before.index, both.left[0].index)
    titles = explain.column_titles(found.right)

    def drawn(theme: Theme):
        return why.split_figure(explain.shown(split, top=12), titles=titles, what="x", theme=theme)

    section = documents.PageSection("why", "Why", figure=drawn, words="It moved.", caption=Caption("so", "not so"))
    html = documents.comparison_page(space, found, asked, both, [section])
    assert len(html.encode()) < 8_000_000
    parsed = outline(html)
    assert_needs_no_network(html)
    for item in (*both.left, *both.right, both.target_before, both.target_after):
        assert retrieval.item_name(space, "image", item.index) in parsed.words
        assert f"{item.score:.3f}" in parsed.words
    for said in (
        lists_sentence(both),
        space.dataset.pairs.digest,
        "Unweighted",
        "Weighted, λ = 1",
        "It moved.",
        "beyond the paper",
    ):
        assert said in parsed.words
    pictures = [attributes for tag, attributes in parsed.tags if tag == "img"]
    assert (
        len(pictures) == sum(len(items) for items in (both.left, both.right)) + 2
    )  # and the right answer on both sides


def test_a_query_of_ones_own_is_named_in_the_page(space, found):
    words = outside.encode_words(space.dataset, "a red star")
    asked = compare.Outside("text", "words a red star", "a red star", words.tokens)
    both = compare.lists_of(space, found, asked, top_k=10)
    parsed = outline(documents.comparison_page(space, found, asked, both, []))
    assert "a red star" in parsed.words
    assert "Which images does this describe?" in parsed.words


def test_tables_come_back_as_they_were(space, found):
    asked = Query("image", 3)
    both = compare.lists_of(space, found, asked, top_k=10)
    table = documents.lists_table(space, asked, both)
    for kind, read in (("csv", pl.read_csv), ("parquet", pl.read_parquet)):
        assert read(io.BytesIO(documents.table_bytes(table, kind))).equals(table)
    left = table.filter(pl.col("side") == "left")
    assert left["candidate"].to_list()[:10] == [item.index for item in both.left]
    assert table.filter("relevant").height >= 2  # the right answer is in both, however low
    assert table["name"][0] == space.splits.test.captions[both.left[0].index]


def test_the_table_of_a_split_adds_up_in_full_precision(space, found):
    asked = Query("text", 3)
    both = compare.lists_of(space, found, asked, top_k=10)
    split = explain.item_split(found, asked, both.right[0].index)
    table = documents.split_table(split, explain.column_titles(found.right))
    values = table["value"].to_list()
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-12)
    assert table["part"].to_list()[1] == "column 0"
    assert table["column"].to_list()[:2] == [None, 0]


def test_a_page_without_sections_is_one():
    html = standalone("A < B", answer="", facts=[], sections=[])
    assert re.search(r"<h1>A &lt; B</h1>", html)
