"""The same content in another style: pictures and captions changed in known ways, and encoded again."""

from pico_core.encoders.perturbations.reencoding import reencode
from pico_core.encoders.perturbations.variants import (
    CAPTION_PERTURBATIONS,
    PICTURE_PERTURBATIONS,
    StyleVariants,
    Variants,
    perturb_caption,
    perturb_picture,
)

__all__ = [
    "CAPTION_PERTURBATIONS",
    "PICTURE_PERTURBATIONS",
    "StyleVariants",
    "Variants",
    "perturb_caption",
    "perturb_picture",
    "reencode",
]
