"""Which program scores, and in which arithmetic: the one setting of late interaction that is about the machine."""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Final, Literal, get_args

import torch
from torch import Tensor

from pico_core.common.errors import SettingError

Backend = Literal["auto", "torch", "triton"]
Precision = Literal["stored", "float32", "tf32x3", "tf32", "bfloat16", "float16"]
IN_TORCH: Final[tuple[Precision, ...]] = ("stored", "float32", "bfloat16")


@dataclass(frozen=True)
class Arithmetic:
    """How a score is computed. Sums are in float32 or finer whatever is chosen.

    Attributes:
        backend: "triton" is the fused program for graphics cards, "torch" the blocked one that runs everywhere;
            "auto" takes the first where it can: tokens on a CUDA device, Triton installed, no gradient asked for,
            no float64, more than one token on each side.
        precision: What is multiplied. "stored": as the tokens are stored, float32 for float32 (no TF32). The torch
            program knows this and "float32", which to it are one, and "bfloat16", in which a processor may have
            instructions of its own; what is promised of the last bit holds in float32. "tf32x3" is float32 in three
            TF32 products, "tf32" one of them (10 bits of mantissa). With weights, 16-bit tokens are rounded once
            more after the weights are multiplied in.

    Raises:
        SettingError: a name that does not exist, or a precision that the backend lacks.

    >>> Arithmetic(backend="torch")
    Arithmetic(backend='torch', precision='stored')
    """

    backend: Backend = "auto"
    precision: Precision = "stored"

    def __post_init__(self) -> None:
        """Refuse what does not exist."""
        for name, value, allowed in (
            ("backend", self.backend, get_args(Backend)),
            ("precision", self.precision, get_args(Precision)),
        ):
            if value not in allowed:
                raise SettingError(f"{name} {value!r} does not exist; choose one of {', '.join(allowed)}")
        if self.backend == "torch" and self.precision not in IN_TORCH:
            raise SettingError(
                f"precision {self.precision!r} exists in the Triton program only; choose 'float32' with backend 'torch'"
            )

    @property
    def is_coarser(self) -> bool:
        """Whether numbers are rounded below how they are stored before they are multiplied."""
        return self.precision in ("tf32", "bfloat16", "float16")


DEFAULT = Arithmetic()


@cache
def triton_is_installed() -> bool:
    """Whether Triton is here, and young enough to know tensor descriptors; it is absent on macOS and Windows.

    >>> isinstance(triton_is_installed(), bool)
    True
    """
    return find_spec("triton") is not None and find_spec("triton.tools.tensor_descriptor") is not None


def uses_triton(
    arithmetic: Arithmetic,
    images: Tensor,
    texts: Tensor,
    *,
    tokens_each: tuple[int, int],
    weights: Tensor | None = None,
) -> bool:
    """Whether the fused program scores these two sides.

    Args:
        arithmetic: What was asked for.
        images: A tensor of the image side, for its device, its type and whether it needs a gradient.
        texts: The same of the text side.
        tokens_each: Most tokens of an image and of a text.
        weights: One factor per column, if there are any.

    Raises:
        SettingError: Triton, or a precision of its own, was asked for by name and cannot be had here.

    >>> uses_triton(DEFAULT, torch.ones(1), torch.ones(1), tokens_each=(49, 18))  # not on a graphics card
    False
    """
    if arithmetic.backend == "torch":
        return False
    sides = (images, texts) if weights is None else (images, texts, weights)
    obstacle = _obstacle(*sides)
    if arithmetic.backend == "triton" or arithmetic.precision not in IN_TORCH:
        if obstacle is not None:
            raise SettingError(f"the Triton program was asked for, but {obstacle}; choose Arithmetic(backend='torch')")
        return True
    return obstacle is None and min(tokens_each) > 1


def _obstacle(images: Tensor, texts: Tensor, *weights: Tensor) -> str | None:
    if images.device.type != "cuda" or texts.device != images.device:
        return f"the tokens are on {images.device} and {texts.device} and not on one CUDA device"
    if not triton_is_installed():
        return "Triton is not installed, or too old to know tensor descriptors"
    if torch.version.hip is not None or torch.cuda.get_device_capability(images.device) < (8, 0):
        return "the card is not an NVIDIA one of compute capability 8.0 or later"
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (images, texts, *weights)):
        return "a gradient is needed"
    if torch.float64 in (images.dtype, texts.dtype):
        return "the tokens are float64"
    return None
