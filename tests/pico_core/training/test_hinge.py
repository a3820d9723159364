"""The hinge loss against plain loops, with several captions of one image in a batch."""

import pytest
import torch

from pico_core.kernels.losses import hinge_loss


def oracle(scores, owners, margin, hardest):
    total = 0.0
    for i in range(len(owners)):
        image, text = [0.0], [0.0]
        for j in range(len(owners)):
            if owners[i] != owners[j]:
                image.append(max(0.0, margin + float(scores[i, j]) - float(scores[i, i])))
                text.append(max(0.0, margin + float(scores[j, i]) - float(scores[i, i])))
        total += max(image) + max(text) if hardest else sum(image) + sum(text)
    return total / len(owners)


@pytest.mark.parametrize("hardest", [False, True])
@pytest.mark.parametrize("owners", [[0, 1, 2, 3, 4], [7, 7, 2, 7, 2], [1, 1, 1, 1, 1]])
def test_the_hinge_is_what_a_plain_loop_makes_of_it(owners, hardest):
    scores = torch.randn(5, 5, generator=torch.Generator().manual_seed(2))
    found = hinge_loss(scores, torch.tensor(owners), margin=0.2, hardest=hardest)
    assert float(found) == pytest.approx(oracle(scores, owners, 0.2, hardest), abs=1e-6)


def test_captions_of_one_image_do_not_push_each_other_away():
    scores = torch.tensor([[0.5, 0.9, 0.6], [0.8, 0.5, 0.0], [0.0, 0.0, 0.5]], requires_grad=True)
    hinge_loss(scores, torch.tensor([0, 0, 1])).backward()
    assert float(scores.grad[0, 1]) == float(scores.grad[1, 0]) == 0.0
    assert float(scores.grad[0, 2]) > 0


def test_a_batch_in_order_costs_nothing():
    assert float(hinge_loss(torch.eye(3), torch.arange(3), hardest=True)) == 0.0
