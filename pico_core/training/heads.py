"""Alignment heads: what is trained on top of frozen tokens, one head for images and one for texts."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pico_core.common.errors import SettingError
from pico_core.data.pairs import PairedEmbeddings

HeadKind = Literal["linear", "mlp"]


@dataclass(frozen=True)
class HeadConfig:
    """The shape of an alignment head.

    Attributes:
        kind: "linear", or "mlp": the same plus one hidden layer beside it.
        width: Columns that come out; 0 = as many as go in.
        hidden: Units of the hidden layer; 0 = as many as columns go in.

    >>> HeadConfig().kind
    'linear'
    """

    kind: HeadKind = "linear"
    width: int = 0
    hidden: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(HeadKind):
            raise SettingError(f"kind is {self.kind!r}; choose one of {', '.join(get_args(HeadKind))}")
        for name in ("width", "hidden"):
            if getattr(self, name) < 0:
                raise SettingError(f"{name} is {getattr(self, name)}; expected 0 or more")


class AlignmentHead(nn.Module):
    """Tokens of one modality to unit tokens: a linear map, and with "mlp" a hidden layer that adds to it.

    It begins as the identity where the widths agree (the hidden layer adds nothing yet), else with
    random orthonormal rows or columns.

    Source: heads on frozen tokens as in the paper's setting; their shape is a reconstruction.
    """

    def __init__(self, n_columns: int, config: HeadConfig, generator: torch.Generator) -> None:
        super().__init__()
        width = config.width or n_columns
        self.straight = nn.Linear(n_columns, width)
        nn.init.zeros_(self.straight.bias)
        if width == n_columns:
            nn.init.eye_(self.straight.weight)
        else:
            nn.init.orthogonal_(self.straight.weight, generator=generator)
        self.bent: nn.Sequential | None = None
        if config.kind == "mlp":
            inner, outer = (
                nn.Linear(n_columns, config.hidden or n_columns),
                nn.Linear(config.hidden or n_columns, width),
            )
            nn.init.normal_(inner.weight, std=n_columns**-0.5, generator=generator)
            for still in (inner.bias, outer.weight, outer.bias):
                nn.init.zeros_(still)
            self.bent = nn.Sequential(inner, nn.GELU(), outer)

    def forward(self, tokens: Float[Tensor, "*items d"]) -> Float[Tensor, "*items e"]:
        """Unit tokens; a token of zeros (padding) may become anything, and never takes part."""
        turned: Tensor = self.straight(tokens)
        if self.bent is not None:
            turned = turned + self.bent(tokens)
        return nn.functional.normalize(turned, dim=-1)


class AlignmentHeads(nn.Module):
    """The heads of both modalities."""

    def __init__(self, n_columns: int, config: HeadConfig | None = None, *, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.config = config or HeadConfig()
        self.image = AlignmentHead(n_columns, self.config, generator)
        self.text = AlignmentHead(n_columns, self.config, generator)

    @property
    def n_columns(self) -> int:
        """Columns that come out."""
        return self.image.straight.out_features

    @torch.no_grad()
    def through(self, pairs: PairedEmbeddings) -> PairedEmbeddings:
        """The same pairs with their tokens pushed through the heads, on the CPU in float32, without a gradient.

        >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
        >>> torch.equal(AlignmentHeads(2).through(pairs).image_tokens, pairs.image_tokens)  # as they begin
        True
        """
        device = self.image.straight.weight.device

        def pushed(head: AlignmentHead, tokens: Tensor, mask: Tensor) -> Tensor:
            output: Tensor = head(tokens.to(device, torch.float32)).cpu()
            return output.masked_fill(~mask.cpu()[..., None], 0.0)

        return replace(
            pairs.to("cpu"),
            image_tokens=pushed(self.image, pairs.image_tokens, pairs.image_mask),
            text_tokens=pushed(self.text, pairs.text_tokens, pairs.text_mask),
        )
