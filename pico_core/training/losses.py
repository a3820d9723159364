"""The contrastive loss of late interaction: a caption should fit its own picture best, and the picture its caption."""

import torch
from jaxtyping import Bool, Float
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


def late_interaction_loss(
    images: Float[Tensor, "b p d"],
    texts: Float[Tensor, "b w d"],
    *,
    text_mask: Bool[Tensor, "b w"],
    temperature: Float[Tensor, ""] | float,
) -> Float[Tensor, ""]:
    """The contrastive loss of a batch of matched pairs, scored as the app scores them.

    Args:
        images: Patch tokens, of any length; they are made unit vectors here.
        texts: Word tokens.
        text_mask: True = real word.
        temperature: What the scores are divided by, above 0.

    >>> tokens = torch.eye(2)[:, None]
    >>> real = torch.ones(2, 1, dtype=torch.bool)
    >>> late_interaction_loss(tokens, tokens, text_mask=real, temperature=2.0)  # scores 2 and 0: log(1 + 1/e)
    tensor(0.3133)
    """
    patches = torch.nn.functional.normalize(images, dim=-1)
    words = torch.nn.functional.normalize(texts, dim=-1)
    every = torch.ones(patches.shape[:2], dtype=torch.bool, device=patches.device)
    scores = late_interaction(patches, words, image_mask=every, text_mask=text_mask)
    return contrastive_loss(scores, temperature=temperature)
