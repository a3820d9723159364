"""Sign statistics against the literal double loop, and what must not change them."""

import torch

from pico_core.kernels.signs import agreement_by_image, mismatched_agreement, pair_agreement, sign_shares


def ragged(seed=0, n=4, m=6, p=5, w=3, d=7):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, p, d, generator=generator)
    texts = torch.randn(m, w, d, generator=generator)
    images[0, 0, 0] = 0.0  # a zero is neither positive nor negative
    image_mask = torch.rand(n, p, generator=generator) < 0.7
    text_mask = torch.rand(m, w, generator=generator) < 0.7
    image_mask[:, 0], text_mask[:, 0] = True, True
    owner = torch.tensor([0, 1, 2, 3, 1, 1])
    return images, image_mask, texts, text_mask, owner


def literal_loop(images, image_mask, texts, text_mask, owner):
    """The definition, product by product."""
    rows = []
    for j, i in enumerate(owner.tolist()):
        patches, words = images[i][image_mask[i]], texts[j][text_mask[j]]
        count = torch.zeros(images.shape[2])
        for patch in patches:
            for word in words:
                count += (patch * word > 0).float()
        rows.append(count / (len(patches) * len(words)))
    return torch.stack(rows)


def test_pair_agreement_is_the_literal_double_loop():
    images, image_mask, texts, text_mask, owner = ragged()
    found = pair_agreement(sign_shares(images, image_mask), sign_shares(texts, text_mask), owner)
    torch.testing.assert_close(found, literal_loop(images, image_mask, texts, text_mask, owner))


def test_sums_by_image_add_up_to_the_pairs():
    images, image_mask, texts, text_mask, owner = ragged()
    shares = sign_shares(images, image_mask), sign_shares(texts, text_mask)
    pairs = pair_agreement(*shares, owner)
    expected = torch.stack([pairs[owner == i].sum(dim=0) for i in range(len(images))])
    torch.testing.assert_close(agreement_by_image(*shares, owner), expected)


def test_mismatched_agreement_reads_other_images():
    images, image_mask, texts, text_mask, owner = ragged()
    shares = sign_shares(images, image_mask), sign_shares(texts, text_mask)
    shuffle = torch.tensor([2, 0, 3, 1])
    expected = pair_agreement(*shares, shuffle[owner]).mean(dim=0)
    torch.testing.assert_close(mismatched_agreement(*shares, owner, shuffle[None])[0], expected)


def test_garbage_under_the_mask_changes_nothing():
    images, image_mask, texts, text_mask, owner = ragged()
    dirty = images.masked_fill(~image_mask[..., None], 1e6)
    clean = pair_agreement(sign_shares(images, image_mask), sign_shares(texts, text_mask), owner)
    found = pair_agreement(sign_shares(dirty, image_mask), sign_shares(texts, text_mask), owner)
    torch.testing.assert_close(found, clean, rtol=0, atol=0)


def test_half_precision_storage_gives_the_same_shares():
    images, image_mask, *_ = ragged()
    images = images.half()
    torch.testing.assert_close(sign_shares(images, image_mask), sign_shares(images.double(), image_mask))
