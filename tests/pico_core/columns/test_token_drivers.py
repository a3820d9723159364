"""Which word a token stands for, and which words and patches drive a column, against naive counts."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from pico_core.columns.detail.token_drivers import MIN_IMAGES, N_DRAWS, patch_drivers, word_drivers
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import DEMOS
from pico_core.encoders import words as reading
from pico_core.encoders.words import BYTE_PAIRS, WORD, TokenWords, piece_counts, simple_tokenizer, token_words
from pico_core.formats import open_pairs
from pico_core.retrieval.uncertainty import bootstrap_counts

MARKS = "captions parted into words and marks"
SPACES = "captions parted at spaces"
OWN = "the words that came with the dataset"


def said(captions, lengths, *, words=None, owner=None):
    """Texts of so many tokens with these captions; every image has one text unless told otherwise."""
    generator = torch.Generator().manual_seed(0)
    owner = torch.arange(len(lengths)) if owner is None else owner
    pairs = PairedEmbeddings.from_arrays(
        torch.randn(int(owner.max()) + 1, 4, generator=generator),
        torch.randn(len(lengths), max(lengths), 4, generator=generator),
        text_mask=torch.arange(max(lengths)) < torch.tensor(lengths)[:, None],
        text_image=owner,
        text_labels=None if words is None else pl.DataFrame({"words": words}),
    )
    # A file may lack single captions; arrays cannot.
    caption = pl.Series("caption", captions or [None] * len(lengths), dtype=pl.String)
    return replace(pairs, texts=pairs.texts.with_columns(caption))


@pytest.fixture
def no_tokenizer(monkeypatch):
    """CLIP's tokenizer takes seconds: here it must not be loaded."""

    def never():
        raise AssertionError("the tokenizer was loaded")

    monkeypatch.setattr(reading, "_tokenizer", never)


@pytest.mark.usefixtures("no_tokenizer")
def test_captions_are_parted_at_spaces_where_that_fits():
    found = token_words(said(["A red-dog barks", "two cats"], [3, 2]))
    assert found == TokenWords((("a", "red-dog", "barks"), ("two", "cats")), SPACES)


@pytest.mark.usefixtures("no_tokenizer")
def test_captions_are_parted_into_words_and_marks_where_that_fits():
    found = token_words(said(["A dog, asleep.", "Two cats!"], [5, 3]))
    assert found == TokenWords((("a", "dog", ",", "asleep", "."), ("two", "cats", "!")), MARKS)


def test_pieces_of_a_word_stand_for_the_word():
    found = token_words(said(["Exhibited: 42 stars", "a star"], [6, 2]))
    assert found == TokenWords((("exhibited", "exhibited", ":", "4", "2", "stars"), ("a", "star")), BYTE_PAIRS)


@pytest.mark.usefixtures("no_tokenizer")
def test_words_that_came_with_the_dataset_are_taken_first():
    found = token_words(said(["a red dog", "no caption fits"], [3, 2], words=["ein roter Hund", "zwei Katzen"]))
    assert found == TokenWords((("ein", "roter", "hund"), ("zwei", "katzen")), OWN)


@pytest.mark.usefixtures("no_tokenizer")
def test_words_of_the_dataset_that_do_not_fit_give_way_to_captions():
    found = token_words(said(["a red dog", "two cats"], [3, 2], words=["ein Hund", None]))
    assert (found.rule, found.words[1]) == (SPACES, ("two", "cats"))


@pytest.mark.usefixtures("no_tokenizer")
def test_a_global_vector_is_no_word():
    assert token_words(said(["dog", "cat"], [1, 1])) == TokenWords((None, None), "")


NO_PIECES = pl.DataFrame({"word": [], "pieces": []}, schema={"word": pl.String, "pieces": pl.UInt8})


@pytest.mark.usefixtures("no_tokenizer")
def test_texts_whose_number_does_not_fit_or_that_have_no_caption_stay_unread():
    captions = ["a dog", "a dog", "a big dog", None, "a very red dog", "two cats"]
    found = token_words(said(captions, [2, 3, 2, 2, 4, 2]), pieces=NO_PIECES)
    assert found.words == (("a", "dog"), None, None, None, ("a", "very", "red", "dog"), ("two", "cats"))
    assert found.n_read == 3


@pytest.mark.usefixtures("no_tokenizer")
@pytest.mark.parametrize("captions", [["a dog", "a dog", "a dog"], [None, None, "a b c d"]])
def test_below_half_of_the_texts_nothing_is_read(captions):
    assert token_words(said(captions, [2, 3, 4]), pieces=NO_PIECES) == TokenWords((None, None, None), "")


def test_the_number_of_pieces_is_the_tokenizers():
    captions = ["It's a well-known star...", "Two unflappable_hippos; 1,024 of them!", "l'été, ça va", None]
    pieces = piece_counts(said(captions, [2] * 4))
    number, tokenizer = dict(pieces.rows()), simple_tokenizer()
    for caption in captions[:3]:
        words = WORD.findall(caption.lower())
        assert words == tokenizer.pat.findall(caption.lower())
        assert sum(number[word] for word in words) == len(tokenizer.encode(caption))
    assert max(number.values()) > 1
    assert pieces["word"].to_list() == sorted(number)


@pytest.mark.parametrize("demo", [demo for demo in DEMOS if demo.encoder.is_file()], ids=lambda demo: demo.name)
def test_the_stored_pieces_of_a_demo_read_all_its_texts(demo, monkeypatch):
    pairs, stored = open_pairs(demo.dataset), pl.read_parquet(demo.words)
    assert stored.equals(piece_counts(pairs))
    slow = token_words(pairs)
    monkeypatch.setattr(reading, "_tokenizer", None)
    found = token_words(pairs, pieces=stored)
    assert found == slow
    assert (found.n_read, found.rule) == (pairs.n_texts, BYTE_PAIRS)


VOCABULARY = ("star", "moon", "sun", "tree", "cloud", "rare", "fox")
N = 60


@pytest.fixture(scope="module")
def spoken():
    """Two texts per image of three to five words; "rare" stands six times, in texts of four images; one is unread."""
    generator = torch.Generator().manual_seed(1)
    lengths = torch.randint(3, 6, (2 * N,), generator=generator).tolist()
    drawn = [torch.randint(0, 5, (length,), generator=generator).tolist() for length in lengths]
    words = [[VOCABULARY[i] for i in row] for row in drawn]
    for text in (0, 1, 2, 3):  # of images 0 to 3
        words[text][0] = "rare"
    words[0][1] = words[1][1] = "rare"
    for text in range(10, 10 + MIN_IMAGES):
        words[text][0] = "fox"
    pairs = said(None, lengths, owner=torch.arange(N).repeat(2))
    found = [tuple(row) for row in words]
    # All above 0: a resample that lacks a word must not pull it there.
    return replace(pairs, text_tokens=pairs.text_tokens.abs()), TokenWords((*found[:-1], None), "by hand")


def by_word(pairs, words, column):
    """Image and value of every place at which a word stands."""
    table = {}
    for text, row in enumerate(words.words):
        tokens = pairs.text_tokens[text][pairs.text_mask[text]][:, column].tolist()
        for word, value in zip(row or (), tokens if row else (), strict=True):
            table.setdefault(word, []).append((int(pairs.text_image[text]), value))
    return table


def test_words_have_their_mean_value_and_an_interval_by_image(spoken):
    pairs, words = spoken
    found, table = word_drivers(pairs, words, 2, top=3, seed=4), by_word(pairs, words, 2)
    counts = bootstrap_counts(N, n_draws=N_DRAWS, seed=4).numpy()
    fox = sorted({image for image, _ in table["fox"]})
    assert (counts[:, fox].sum(axis=1) == 0).any()
    assert len(found.highest) == len(found.lowest) == 3
    for one in (*found.highest, *found.lowest):
        image, value = (np.array(part) for part in zip(*table[one.word], strict=True))
        assert (one.n_tokens, one.n_images) == (len(value), len(set(image.tolist())))
        assert one.value.value == pytest.approx(value.mean(), abs=1e-5)
        # A resample without the word says nothing of it and gets the mean.
        draws = [(r[image] @ value) / r[image].sum() if r[image].sum() else value.mean() for r in counts]
        low, high = np.quantile(draws, [0.025, 0.975])
        np.testing.assert_allclose((one.value.low, one.value.high), (low, high), atol=1e-4)
    everything = [value for places in table.values() for _, value in places]
    assert found.mean == pytest.approx(np.mean(everything), abs=1e-5)


def test_words_at_the_ends_are_in_order_and_those_of_few_images_are_left_out(spoken):
    pairs, words = spoken
    table = by_word(pairs, words, 1)
    assert len(table["rare"]) > MIN_IMAGES
    often = [word for word, places in table.items() if len({image for image, _ in places}) >= MIN_IMAGES]
    assert set(table) - set(often) == {"rare"}
    ranked = sorted(often, key=lambda word: -np.mean([value for _, value in table[word]]))
    found = word_drivers(pairs, words, 1, top=2)
    assert found.n_words == len(often) == 6
    assert [one.word for one in found.highest] == ranked[:2]
    assert [one.word for one in found.lowest] == ranked[:-3:-1]


@pytest.mark.parametrize("kinds", [1, 2, 3, 4, 5])
def test_no_word_is_at_both_ends(kinds):
    spoken = [tuple(VOCABULARY[i % kinds] for i in range(text, text + 3)) for text in range(30)]
    found = word_drivers(said(None, [3] * 30), TokenWords(tuple(spoken), ""), 0)
    shown = [one.word for one in (*found.highest, *found.lowest)]
    assert sorted(shown) == sorted(VOCABULARY[:kinds])
    assert len(found.highest) - len(found.lowest) == kinds % 2


def test_without_words_nothing_drives():
    pairs = said(None, [2] * 10)
    assert word_drivers(pairs, TokenWords((None,) * 10, ""), 0) is None
    every_word_once = tuple((f"first{i}", f"second{i}") for i in range(10))
    assert word_drivers(pairs, TokenWords(every_word_once, ""), 0) is None


def patched(n_patches, *, mask=None, n=12, shift=0.0):
    generator = torch.Generator().manual_seed(n_patches)
    tokens = torch.randn(n, n_patches, 3, generator=generator) + shift
    return PairedEmbeddings.from_arrays(tokens, torch.ones(n, 3), image_mask=mask)


def test_the_strongest_patches_are_one_per_image():
    pairs = patched(9)
    found = patch_drivers(pairs, 1, top=4)
    best = [max((v, p) for p, v in enumerate(row)) for row in pairs.image_tokens[..., 1].tolist()]
    worst = [min((v, p) for p, v in enumerate(row)) for row in pairs.image_tokens[..., 1].tolist()]
    order = sorted(range(12), key=lambda i: -best[i][0])[:4]
    assert [(one.image, one.patch, one.value) for one in found.highest] == [(i, best[i][1], best[i][0]) for i in order]
    order = sorted(range(12), key=lambda i: worst[i][0])[:4]
    assert [(one.image, one.patch, one.value) for one in found.lowest] == [(i, worst[i][1], worst[i][0]) for i in order]


@pytest.mark.parametrize(("shift", "end"), [(-9.0, "highest"), (9.0, "lowest")])
def test_padding_never_wins_and_leaves_no_grid(shift, end):
    mask = torch.ones(12, 4, dtype=torch.bool)
    mask[:, 3] = False
    pairs = patched(4, mask=mask, shift=shift)
    found = patch_drivers(pairs, 0, top=12)
    assert (pairs.image_tokens[:, 3, 0] == 0).all()
    assert {one.patch for one in getattr(found, end)} <= {0, 1, 2}
    assert all(one.value * shift > 0 for one in getattr(found, end))
    assert (found.grid, found.mean, found.half_width) == (None, None, None)


def test_places_are_means_over_images_row_by_row():
    pairs = patched(9)
    found = patch_drivers(pairs, 2)
    assert found.grid == (3, 3)
    values = pairs.image_tokens[..., 2].numpy()
    for row in range(3):
        for column in range(3):
            here = values[:, 3 * row + column]
            assert float(found.mean[row, column]) == pytest.approx(here.mean(), abs=1e-6)
            error = 1.96 * here.std(ddof=1) / np.sqrt(12)
            assert float(found.half_width[row, column]) == pytest.approx(error, abs=1e-6)


def test_patches_that_form_no_square_have_no_grid_and_a_global_vector_has_no_patches():
    found = patch_drivers(patched(6), 0)
    assert found.grid is None
    assert found.mean is None
    assert len(found.highest) == 6
    assert patch_drivers(patched(1), 0) is None
