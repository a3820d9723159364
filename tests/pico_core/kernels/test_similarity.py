"""Late interaction against the naive loop; padding, weights and precision."""

import pytest
import torch

from pico_core.kernels.arithmetic import Arithmetic
from pico_core.kernels.masking import fill_masked, masked_mean
from pico_core.kernels.packing import pack, pack_images, pack_texts
from pico_core.kernels.similarity import late_interaction, score_packed, table_score, token_table

# Checked to the bit where the matrix product is that of MKL; elsewhere its sums may differ in the last bit.
BITS = {"rtol": 0, "atol": 0 if torch.backends.mkl.is_available() else 1e-6}


def ragged(seed=0, n=5, m=7, p=6, w=4, d=8):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, p, d, generator=generator)
    texts = torch.randn(m, w, d, generator=generator)
    image_mask = torch.rand(n, p, generator=generator) < 0.6
    text_mask = torch.rand(m, w, generator=generator) < 0.6
    image_mask[:, 2], text_mask[:, 1] = True, True
    return images, image_mask, texts, text_mask


def naive(images, image_mask, texts, text_mask, weights):
    scores = torch.zeros(len(images), len(texts))
    for i in range(len(images)):
        for j in range(len(texts)):
            patches, words = images[i][image_mask[i]], texts[j][text_mask[j]]
            best_words = [max(float((weights * v * t).sum()) for t in words) for v in patches]
            best_patches = [max(float((weights * v * t).sum()) for v in patches) for t in words]
            scores[i, j] = sum(best_words) / len(best_words) + sum(best_patches) / len(best_patches)
    return scores


def score(images, image_mask, texts, text_mask, weights=None):
    return late_interaction(images, texts, image_mask=image_mask, text_mask=text_mask, weights=weights)


def test_scores_equal_the_naive_loop():
    arrays = ragged()
    weights = torch.rand(8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(score(*arrays, weights), naive(*arrays, weights))


def test_small_blocks_change_nothing(monkeypatch):
    arrays = ragged()
    whole = score(*arrays)
    monkeypatch.setattr("pico_core.kernels.packing.IMAGE_BLOCK", 4)
    monkeypatch.setattr("pico_core.kernels.packing.TEXT_BLOCK", 3)
    torch.testing.assert_close(score(*arrays), whole)


def test_weights_of_one_are_the_plain_score():
    arrays = ragged()
    torch.testing.assert_close(score(*arrays, torch.ones(8)), score(*arrays))


def test_a_one_hot_weight_sees_one_column():
    images, image_mask, texts, text_mask = ragged()
    only = score(images[..., 3:4], image_mask, texts[..., 3:4], text_mask)
    torch.testing.assert_close(score(images, image_mask, texts, text_mask, torch.eye(8)[3]), only)


def test_a_padded_zero_never_beats_a_negative_similarity():
    images, texts = torch.tensor([[[1.0]]]), torch.tensor([[[-0.5], [0.0]]])
    mask = torch.tensor([[True, False]])
    found = late_interaction(images, texts, image_mask=torch.tensor([[True]]), text_mask=mask)
    assert found.item() == pytest.approx(-1.0)


def test_garbage_under_the_mask_changes_nothing():
    images, image_mask, texts, text_mask = ragged()
    dirty = (images.masked_fill(~image_mask[..., None], torch.nan), texts.masked_fill(~text_mask[..., None], 1e9))
    torch.testing.assert_close(
        score(dirty[0], image_mask, dirty[1], text_mask), score(images, image_mask, texts, text_mask)
    )


def test_an_item_without_real_tokens_is_refused():
    images, image_mask, texts, text_mask = ragged()
    image_mask[3] = False
    with pytest.raises(ValueError, match="item 3 has no real token"):
        score(images, image_mask, texts, text_mask)
    with pytest.raises(ValueError, match="item 3 has no real token"):
        masked_mean(images, image_mask)


def test_repeating_an_item_repeats_its_scores():
    images, image_mask, texts, text_mask = ragged()
    order = torch.tensor([4, 0, 0, 2])
    found = score(images[order], image_mask[order], texts, text_mask)
    torch.testing.assert_close(found, score(images, image_mask, texts, text_mask)[order])


def test_columns_may_be_permuted_together():
    images, image_mask, texts, text_mask = ragged()
    weights, order = torch.rand(8), torch.randperm(8)
    found = score(images[..., order], image_mask, texts[..., order], text_mask, weights[order])
    torch.testing.assert_close(found, score(images, image_mask, texts, text_mask, weights))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_storage_types_are_computed_in_float32(dtype):
    images, image_mask, texts, text_mask = ragged()
    images, texts = images.to(dtype), texts.to(dtype)
    found = score(images, image_mask, texts, text_mask)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, score(images.double(), image_mask, texts.double(), text_mask).float())


def test_float32_agrees_with_float64():
    images, image_mask, texts, text_mask = ragged()
    exact = score(images.double(), image_mask, texts.double(), text_mask)
    torch.testing.assert_close(score(images, image_mask, texts, text_mask).double(), exact, rtol=1e-4, atol=1e-4)


def test_inputs_are_not_changed():
    arrays = ragged()
    copies = [a.clone() for a in arrays]
    score(*arrays, torch.rand(8))
    for before, after in zip(copies, arrays, strict=True):
        torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_the_table_of_one_pair_gives_its_score():
    images, image_mask, texts, text_mask = ragged()
    weights = torch.rand(8)
    table = token_table(images[1], texts[2], weights=weights)
    found = table_score(table, image_mask=image_mask[1], text_mask=text_mask[2])
    torch.testing.assert_close(found, score(images, image_mask, texts, text_mask, weights)[1, 2])


def test_masking_fills_with_minus_infinity():
    filled = fill_masked(torch.tensor([1.0, 5.0]), torch.tensor([True, False]))
    assert filled[1] == -torch.inf


def test_packing_keeps_every_item_once_and_every_real_token():
    images, image_mask, *_ = ragged(n=9)
    seen = {}
    for block in pack(images, image_mask, max_tokens=7):
        for item, tokens in zip(block.items.tolist(), block.tokens, strict=True):
            assert item not in seen
            seen[item] = tokens
    assert sorted(seen) == list(range(9))
    for item, tokens in seen.items():
        torch.testing.assert_close(tokens, images[item][image_mask[item]])


def test_weights_that_are_no_numbers_are_refused():
    tokens, real = torch.ones(2, 1, 3), torch.ones(2, 1, dtype=torch.bool)
    with pytest.raises(ValueError, match="1 of them NaN or infinite; expected 3 finite numbers"):
        late_interaction(tokens, tokens, image_mask=real, text_mask=real, weights=torch.tensor([1.0, torch.nan, 1.0]))


def test_packed_sides_score_as_bare_ones():
    images, image_mask, texts, text_mask = ragged(n=30, m=40)
    weights = torch.rand(8)
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    for factor in (weights, None, weights / 2):
        found = score_packed(*packed, weights=factor)
        torch.testing.assert_close(found, score(images, image_mask, texts, text_mask, factor), rtol=0, atol=0)


@pytest.mark.parametrize("dtypes", [(torch.float16, torch.float64), (torch.float64, torch.bfloat16)])
def test_sides_of_two_types_are_scored_in_the_finer(dtypes):
    images, image_mask, texts, text_mask = ragged()
    images, texts = images.to(dtypes[0]), texts.to(dtypes[1])
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    assert {packed[0].dtype, packed[1].dtype} == {torch.float32, torch.float64}
    found = score_packed(*packed)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, score(images, image_mask, texts, text_mask), rtol=0, atol=0)


def test_a_packed_side_says_what_it_takes():
    images, image_mask, *_ = ragged(n=9)
    packed = pack_images(images.half(), image_mask)
    lengths = image_mask.sum(dim=1)
    filled = sum(-(-int(lengths[lengths == length].sum()) // 16) * 16 for length in lengths.unique())
    assert (packed.n_items, packed.n_columns, packed.nbytes) == (9, 8, filled * 8 * 4)


@pytest.mark.parametrize(("p", "w", "d"), [(49, 18, 64), (6, 5, 24), (3, 7, 64), (1, 1, 96)])
def test_the_score_of_a_pair_does_not_depend_on_what_is_scored_beside_it(p, w, d):
    """One row, one column and some of both are the whole table's to the bit; so equal items tie exactly."""
    generator = torch.Generator().manual_seed(p)
    images, image_mask, texts, text_mask = ragged(seed=p, n=40, m=300, p=max(p, 3), w=max(w, 2), d=d)
    images, image_mask, texts, text_mask = images[:, :p], image_mask[:, :p], texts[:, :w], text_mask[:, :w]
    image_mask[:, 0], text_mask[:, 0] = True, True
    twins, doubles = torch.randint(12, (40,), generator=generator), torch.randint(90, (300,), generator=generator)
    images, image_mask, texts, text_mask = images[twins], image_mask[twins], texts[doubles], text_mask[doubles]
    weights = torch.rand(d, generator=generator)
    whole = score(images, image_mask, texts, text_mask, weights)
    for i in (0, 7, 39):
        row = score(images[i : i + 1], image_mask[i : i + 1], texts, text_mask, weights)
        torch.testing.assert_close(row, whole[i : i + 1], **BITS)
    for j in (0, 123, 299):
        column = score(images, image_mask, texts[j : j + 1], text_mask[j : j + 1], weights)
        torch.testing.assert_close(column, whole[:, j : j + 1], **BITS)
    part = score(images[5:8], image_mask[5:8], texts[100:117], text_mask[100:117], weights)
    torch.testing.assert_close(part, whole[5:8, 100:117], **BITS)
    first_twin = torch.tensor([int((twins == twin).nonzero()[0]) for twin in twins])
    first_double = torch.tensor([int((doubles == double).nonzero()[0]) for double in doubles])
    torch.testing.assert_close(whole, whole[first_twin][:, first_double], **BITS)


def test_packed_sides_of_two_spaces_are_refused():
    real = torch.ones(1, 1, dtype=torch.bool)
    images, texts = pack_images(torch.ones(1, 1, 3), real), pack_texts(torch.ones(1, 1, 4), real)
    with pytest.raises(ValueError, match="images have 3 columns and the packed texts 4"):
        score_packed(images, texts)
    with pytest.raises(ValueError, match="expected 3 finite numbers"):
        score_packed(images, pack_texts(torch.ones(1, 1, 3), real), weights=torch.ones(4))


def test_products_in_bfloat16_are_near_float32_and_never_taken_unasked():
    arrays = ragged(n=40, m=30, d=64)
    packed = pack_images(arrays[0], arrays[1]), pack_texts(arrays[2], arrays[3])
    exact, rough = score_packed(*packed), score_packed(*packed, arithmetic=Arithmetic(precision="bfloat16"))
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, rtol=0.02, atol=0.3)
    whole = late_interaction(
        arrays[0], arrays[2], image_mask=arrays[1], text_mask=arrays[3], arithmetic=Arithmetic(precision="bfloat16")
    )
    torch.testing.assert_close(whole, rough)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 64])
def test_however_many_images_lie_beside_each_other(n):
    images, image_mask, texts, text_mask = ragged(n=n, m=9)
    image_mask[:] = True  # all in one block, so that it is full, short, or has some left over
    weights = torch.rand(8)
    torch.testing.assert_close(
        score(images, image_mask, texts, text_mask, weights), naive(images, image_mask, texts, text_mask, weights)
    )
    weights.requires_grad_()
    learnt = score(images, image_mask, texts, text_mask, weights)
    torch.testing.assert_close(learnt.detach(), score(images, image_mask, texts, text_mask, weights.detach()), **BITS)
