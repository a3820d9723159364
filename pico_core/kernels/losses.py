"""Losses of late interaction: a caption should fit its own picture best, and the picture its caption."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.kernels.similarity import late_interaction


def contrastive_loss(scores: Float[Tensor, "b b"], *, temperature: Float[Tensor, ""] | float) -> Float[Tensor, ""]:
    """Mean cross-entropy of finding the partner, over both directions; partners lie on the diagonal.

    L = -(1/2b) sum_i [ log softmax_j(s_ij / tau)_i + log softmax_j(s_ji / tau)_i ]

    Source: InfoNCE as CLIP uses it; the paper trains alignment heads with a hinge instead
    (reconstruction: this trains the demo's encoder, not the method).

    >>> contrastive_loss(torch.zeros(2, 2), temperature=1.0)  # two guesses, none better: log 2
    tensor(0.6931)
    """
    partners = torch.arange(len(scores), device=scores.device)
    logits = scores / temperature
    forward = torch.nn.functional.cross_entropy(logits, partners)
    return (forward + torch.nn.functional.cross_entropy(logits.T, partners)) / 2


def batch_scores(
    images: Float[Tensor, "b p d"],
    texts: Float[Tensor, "b w d"],
    *,
    text_mask: Bool[Tensor, "b w"],
    weights: Float[Tensor, " d"] | None = None,
) -> Float[Tensor, "b b"]:
    """Every picture of a batch with every caption, scored as the app scores them: S_P of tokens made unit vectors.

    Args:
        images: Patch tokens, of any length.
        texts: Word tokens.
        text_mask: True = real word.
        weights: P; None = all ones. A gradient flows through it only if it comes with one.

    >>> tokens = torch.eye(2)[:, None]
    >>> batch_scores(tokens, 3 * tokens, text_mask=torch.ones(2, 1, dtype=torch.bool), weights=torch.tensor([2.0, 0.0]))
    tensor([[4., 0.],
            [0., 0.]])
    """
    patches = torch.nn.functional.normalize(images, dim=-1)
    words = torch.nn.functional.normalize(texts, dim=-1)
    every = torch.ones(patches.shape[:2], dtype=torch.bool, device=patches.device)
    return late_interaction(patches, words, image_mask=every, text_mask=text_mask, weights=weights)


def late_interaction_loss(
    images: Float[Tensor, "b p d"],
    texts: Float[Tensor, "b w d"],
    *,
    text_mask: Bool[Tensor, "b w"],
    temperature: Float[Tensor, ""] | float,
    weights: Float[Tensor, " d"] | None = None,
) -> Float[Tensor, ""]:
    """The contrastive loss of a batch of matched pairs, scored as the app scores them.

    Args:
        images: Patch tokens, of any length; they are made unit vectors here.
        texts: Word tokens.
        text_mask: True = real word.
        temperature: What the scores are divided by, above 0.
        weights: P; None = all ones.

    >>> tokens = torch.eye(2)[:, None]
    >>> real = torch.ones(2, 1, dtype=torch.bool)
    >>> late_interaction_loss(tokens, tokens, text_mask=real, temperature=2.0)  # scores 2 and 0: log(1 + 1/e)
    tensor(0.3133)
    """
    return contrastive_loss(batch_scores(images, texts, text_mask=text_mask, weights=weights), temperature=temperature)


def hinge_loss(
    scores: Float[Tensor, "b b"], owners: Int[Tensor, " b"], *, margin: float = 0.2, hardest: bool = False
) -> Float[Tensor, ""]:
    """Hinge triplet loss of a batch of matched pairs in both directions; partners lie on the diagonal.

    L = 1/b sum_i [ sum_j (margin + s_ij - s_ii)+ + sum_j (margin + s_ji - s_ii)+ ] over the negatives j of i;
    with `hardest` the sum over j is its largest term.

    Args:
        scores: Image i with text j.
        owners: The image that the text of each pair shows. Pairs of one image are never negatives of each other.
        margin: By how much a partner should be ahead of every negative.
        hardest: Only the worst violation of each query counts.

    Source: Faghri et al., VSE++, BMVC 2018, as the paper's sister works and its strongest baseline
    use it (sum in the first epoch, hardest after it).

    >>> scores = torch.tensor([[0.5, 0.4], [0.0, 0.5]])  # 0.1 too much for one image and for one text
    >>> hinge_loss(scores, torch.tensor([0, 1]))
    tensor(0.1000)
    >>> hinge_loss(scores, torch.tensor([0, 0]))  # two captions of one image
    tensor(0.)
    """
    allowed = owners[:, None] != owners[None, :]
    own = scores.diagonal()
    by_image = (margin + scores - own[:, None]).clamp_min(0).masked_fill(~allowed, 0.0)
    by_text = (margin + scores - own[None, :]).clamp_min(0).masked_fill(~allowed, 0.0)
    if hardest:
        return (by_image.amax(dim=1) + by_text.amax(dim=0)).mean()
    return (by_image.sum(dim=1) + by_text.sum(dim=0)).mean()
