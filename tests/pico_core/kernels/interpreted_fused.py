"""The programs of the card, run by Triton's interpreter; `test_fused` runs this file in a process of its own.

The interpreter must be asked for (TRITON_INTERPRET=1) before Triton is imported anywhere. Tokens of one column have
similarities that are one rounded product, so that every difference in a bit comes from the sums.
"""

import os
from functools import partial
from unittest.mock import patch

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pico_core.kernels import arithmetic, fused, tiles
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.kernels.packing import pack, pack_images, pack_texts
from pico_core.kernels.similarity import late_interaction, score_packed
from pico_core.kernels.tiles import Tile

pytestmark = pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") != "1", reason="test_fused runs this file")

TILE = Tile(64, 16, 16, warps=4, stages=2)
TILES = (TILE, Tile(64, 32, 32, warps=4, stages=2), Tile(128, 16, 16, warps=4, stages=2))
# Half of the distance of neighbouring numbers, times the tokens' length: what one rounding of an operand may cost.
ROUNDING = {torch.float32: 2e-6, torch.bfloat16: 2**-8, torch.float16: 2**-11}


def sides(seed, n, m, p, w, d, *, masks="ragged", dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    made = []
    for items, tokens in ((n, p), (m, w)):
        values = torch.randn(items, tokens, d, generator=generator)
        share = {"ragged": 0.6, "one": 0.0, "full": 1.0}[masks]
        mask = torch.rand(items, tokens, generator=generator) < share
        mask[torch.arange(items), torch.randint(tokens, (items,), generator=generator)] = True
        made += [values.masked_fill(~mask[..., None], torch.nan).to(dtype), mask]
    return made, torch.randn(d, generator=generator)


def fused_late_interaction(arrays, weights=None, *, precision="stored", tile=TILE, images_together=False):
    images, image_mask, texts, text_mask = arrays
    with patch.object(tiles, "FULL_CARD", 1 if images_together else 10**9):
        return fused.fused_scores(
            torch.full((len(images), len(texts)), torch.nan),
            partial(pack, images, image_mask, max_tokens=40),
            pack(texts, text_mask, max_tokens=40),
            weights=weights,
            stored=torch.promote_types(images.dtype, texts.dtype),
            precision=precision,
            tile=tile,
        )


def reference(arrays, weights):
    images, image_mask, texts, text_mask = arrays
    return late_interaction(
        images.double(), texts.double(), image_mask=image_mask, text_mask=text_mask, weights=weights
    ).float()


def longest(arrays, weights):
    """Length of the longest weighted patch times that of the longest word: no similarity is larger."""
    images, image_mask, texts, text_mask = arrays
    patches = images[image_mask].float() * (1 if weights is None else weights)
    return float(patches.norm(dim=1).max() * texts[text_mask].float().norm(dim=1).max())


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failure is shown as it is found: shrinking would take minutes here
    suppress_health_check=list(HealthCheck),
)
@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 37), st.integers(1, 70), st.integers(1, 40)),
    masks=st.sampled_from(["ragged", "one", "full"]),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float16]),
    precision=st.sampled_from(["stored", "float32", "tf32", "bfloat16", "float16"]),
    weighted=st.booleans(),
    tile=st.sampled_from(TILES),
    images_together=st.booleans(),
)
def test_any_shape_scores_as_the_reference(seed, shape, masks, dtype, precision, weighted, tile, images_together):
    arrays, weights = sides(seed, *shape, masks=masks, dtype=dtype)
    weights = weights if weighted else None
    found = fused_late_interaction(arrays, weights, precision=precision, tile=tile, images_together=images_together)
    rounded = ROUNDING[fused.operand_type(dtype, precision)]
    bound = 2 * 2 * (rounded + 2e-6) * longest(arrays, weights)  # two directions, two operands
    torch.testing.assert_close(found, reference(arrays, weights), rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_operands_are_rounded_once_and_nothing_else_is(dtype):
    """Against tokens that were weighted and rounded beforehand, what is left is the error of sums in float32."""
    arrays, weights = sides(3, 3, 4, 21, 9, 24, dtype=dtype)
    images, image_mask, texts, text_mask = arrays
    rounded = torch.zeros_like(images, dtype=torch.float64)
    for block in pack(images, image_mask, max_tokens=1):
        part = fused.scaled(block, weights, dtype)
        for item, tokens, factor in zip(part.items.tolist(), part.tokens.double(), part.factors, strict=True):
            rounded[item, image_mask[item]] = tokens * factor.double()
    expected = reference([rounded, image_mask, texts, text_mask], None)
    torch.testing.assert_close(fused_late_interaction(arrays, weights), expected, rtol=2e-6, atol=5e-6)


@pytest.mark.parametrize(("words", "width"), [(5, 8), (70, 128)])
def test_no_tile_no_slab_and_no_neighbour_moves_a_bit(words, width, monkeypatch):
    """Sums are exact; so equal items tie, and a row is that of the whole table."""
    (images, image_mask, texts, text_mask), weights = sides(words, 4, 3, 21, words, 1)
    images, image_mask = images[[0, 1, 2, 3, 1, 0]], image_mask[[0, 1, 2, 3, 1, 0]]
    texts, text_mask = texts[[0, 1, 0, 2]], text_mask[[0, 1, 0, 2]]
    text_mask[3] = True
    texts = texts.nan_to_num(0.3)
    assert fused.slot_width(words) == width
    arrays = images, image_mask, texts, text_mask
    whole = fused_late_interaction(arrays, weights)
    torch.testing.assert_close(whole, whole[[0, 1, 2, 3, 1, 0]][:, [0, 1, 0, 3]], rtol=0, atol=0)
    assert len(set(whole.flatten().tolist())) == 4 * 3
    for tile in TILES[1:]:
        again = fused_late_interaction(arrays, weights, tile=tile, images_together=True)
        torch.testing.assert_close(again, whole, rtol=0, atol=0)
    row = fused_late_interaction((images[4:5], image_mask[4:5], texts[1:3], text_mask[1:3]), weights)
    torch.testing.assert_close(row, whole[4:5, 1:3], rtol=0, atol=0)
    monkeypatch.setattr(fused, "IMAGE_SLAB", 50)
    monkeypatch.setattr(fused, "TEXT_SLAB", 50)
    monkeypatch.setattr(fused, "PIECES_TABLE", 1)
    torch.testing.assert_close(fused_late_interaction(arrays, weights), whole, rtol=0, atol=0)


@pytest.mark.parametrize("words", [5, 70])
def test_padding_never_wins_where_every_similarity_is_below_zero(words):
    generator = torch.Generator().manual_seed(words)
    images, texts = torch.rand(3, 7, 3, generator=generator) + 0.1, -torch.rand(2, words, 3, generator=generator) - 0.1
    arrays = images, torch.ones(3, 7) > 0, texts, torch.ones(2, words) > 0
    torch.testing.assert_close(fused_late_interaction(arrays), reference(arrays, None))


@pytest.mark.parametrize("words", [4, 70])
def test_a_number_that_is_none_spoils_the_scores_of_its_item_only(words):
    arrays, weights = sides(5, 3, 4, 9, words, 8, masks="full")
    arrays[0][1, 2, 3], arrays[2][2, 1, 0] = torch.nan, torch.inf
    found = fused_late_interaction(arrays, weights)
    spoilt = torch.zeros(3, 4, dtype=torch.bool)
    spoilt[1], spoilt[:, 2] = True, True
    assert torch.equal(found.isnan(), spoilt)
    torch.testing.assert_close(found[~spoilt], reference(arrays, weights)[~spoilt], rtol=1e-5, atol=1e-4)


def test_products_beyond_the_range_of_half_precision_are_scored():
    arrays, _ = sides(6, 3, 4, 9, 5, 8)
    arrays[0], arrays[2] = (arrays[0] * 3000).half(), (arrays[2] * 3000).half()
    weights = torch.full((8,), 100.0)
    expected = reference(arrays, weights)
    assert float(expected.abs().max()) > 65504
    torch.testing.assert_close(fused_late_interaction(arrays, weights), expected, rtol=0.01, atol=1e7)


def test_the_front_doors_lead_to_the_program(monkeypatch):
    monkeypatch.setattr(arithmetic, "_obstacle", lambda *tensors: None)  # as on a card
    monkeypatch.setattr("pico_core.kernels.tiles.SINGLE", (TILE,))
    monkeypatch.setattr("pico_core.kernels.tiles.HALF", (TILE,))
    (images, image_mask, texts, text_mask), weights = sides(7, 3, 4, 9, 5, 8)
    masks = {"image_mask": image_mask, "text_mask": text_mask, "weights": weights}
    expected = late_interaction(images, texts, **masks, arithmetic=Arithmetic(backend="torch"))
    with patch("pico_core.kernels.fused_triton.score_short") as program:
        late_interaction(images, texts, **masks, arithmetic=Arithmetic(backend="torch"))
        assert not program.__getitem__.called
        late_interaction(images, texts, **masks)
        assert program.__getitem__.called
    torch.testing.assert_close(late_interaction(images, texts, **masks), expected)
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    torch.testing.assert_close(score_packed(*packed, weights=weights), expected)
    coarse = score_packed(*packed, weights=weights, arithmetic=Arithmetic(precision="float16"))
    assert not torch.equal(coarse, expected)
    torch.testing.assert_close(coarse, expected, rtol=0, atol=0.02)
