"""Held-out styles: only the test split has them, and every image is somewhere once."""

import pytest

from pico_core.common.errors import DataError
from pico_core.data.style_shift import style_shift_splits


def test_the_parts_are_disjoint_and_complete_and_only_test_has_the_held_out_styles(planted):
    pairs = planted.pairs
    styles = sorted(set(pairs.images["style"]))
    parts = style_shift_splits(pairs, label="style", held_out=styles[:2], seed=1)
    ids = [set(part.ids) for part in (parts.fit, parts.feedback, parts.test)]
    assert sum(map(len, ids)) == pairs.n_images
    assert set.union(*ids) == set(pairs.ids)
    assert sum(part.n_texts for part in (parts.fit, parts.feedback, parts.test)) == pairs.n_texts
    assert set(parts.test.images["style"]) == set(styles[:2])
    assert set(parts.fit.images["style"]) | set(parts.feedback.images["style"]) == set(styles[2:])
    assert [part.part for part in (parts.fit, parts.feedback, parts.test)] == ["fit", "feedback", "test"]
    assert parts.fit.n_images == round(0.75 * (pairs.n_images - parts.test.n_images))


def test_a_seed_divides_what_is_left_and_leaves_the_test_split(planted):
    style = planted.pairs.images["style"][0]
    one, same, other = (
        style_shift_splits(planted.pairs, label="style", held_out=[style], seed=seed) for seed in (0, 0, 1)
    )
    assert one.fit.ids == same.fit.ids != other.fit.ids
    assert one.test.ids == other.test.ids


def test_what_cannot_be_held_out_is_refused(planted):
    pairs, every = planted.pairs, sorted(set(planted.pairs.images["style"]))
    with pytest.raises(DataError, match="no label 'tone'; their labels are style"):
        style_shift_splits(pairs, label="tone", held_out=["sketch"])
    with pytest.raises(DataError, match="'wax' cannot be held out of style; its values are"):
        style_shift_splits(pairs, label="style", held_out=["wax"])
    with pytest.raises(DataError, match="no value cannot be held out"):
        style_shift_splits(pairs, label="style", held_out=[])
    with pytest.raises(DataError, match="leaves 0 images for fit"):
        style_shift_splits(pairs, label="style", held_out=every)
