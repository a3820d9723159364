"""Peaks of patch-word maps, on tokens that are made to look at a known place, or at nothing."""

import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.alignment import NamedThing, patches_on, peak_hits

GRID = (4, 4)


def looking(n: int = 40, *, at_the_thing: bool) -> tuple[PairedEmbeddings, list[NamedThing]]:
    """Every image has a patch like its word: the one on the thing, or one anywhere."""
    draw = torch.Generator().manual_seed(3)
    images = 0.3 * torch.randn(n, 16, 32, generator=draw)
    words = torch.randn(n, 2, 32, generator=draw)
    things = []
    for i in range(n):
        place = int(torch.randint(16, (), generator=draw))
        row, column = divmod(place, 4)
        box = (column / 4, row / 4, (column + 1) / 4, (row + 1) / 4)
        things.append(NamedThing(i, 1, box, "colour" if i % 2 else "shape"))
        patch = place if at_the_thing else int(torch.randint(16, (), generator=draw))
        images[i, patch] = words[i, 1]
    return PairedEmbeddings.from_arrays(images, words), things


def test_a_patch_is_on_a_thing_when_its_middle_is():
    assert patches_on((0.0, 0.0, 0.5, 0.25), grid=GRID).nonzero().flatten().tolist() == [0, 1]
    assert patches_on((0.0, 0.75, 0.25, 1.0), grid=GRID).nonzero().flatten().tolist() == [12]
    assert not patches_on((0.3, 0.3, 0.36, 0.36), grid=GRID).any()


def test_words_that_look_at_their_thing_hit_it():
    pairs, things = looking(at_the_thing=True)
    colour, shape, every = sorted(peak_hits(pairs, things, grid=GRID), key=lambda hits: hits.n_words)
    assert (colour.n_words, shape.n_words, every.n_words) == (20, 20, 40)
    assert every.rate.value == 1.0
    assert every.chance == pytest.approx(1 / 16)
    assert every.lift.low == pytest.approx(16)


def test_words_that_look_anywhere_are_at_chance():
    pairs, things = looking(400, at_the_thing=False)
    every = peak_hits(pairs, things, grid=GRID)[-1]
    assert every.lift.low < 1 < every.lift.high


def test_weights_change_where_a_word_looks():
    images = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    pairs = PairedEmbeddings.from_arrays(images, torch.tensor([[[0.8, 0.6]]]))
    thing = [NamedThing(0, 0, (0.5, 0.0, 1.0, 1.0), "shape")]
    assert peak_hits(pairs, thing, grid=(1, 2))[-1].rate.value == 0
    assert peak_hits(pairs, thing, grid=(1, 2), weights=torch.tensor([0.1, 1.9]))[-1].rate.value == 1


def test_a_wrong_grid_and_nothing_named_are_refused():
    pairs, things = looking(4, at_the_thing=True)
    with pytest.raises(DataError, match="16 patches are no grid of 3 x 4"):
        peak_hits(pairs, things, grid=(3, 4))
    with pytest.raises(DataError, match="no word names a thing"):
        peak_hits(pairs, [], grid=GRID)
