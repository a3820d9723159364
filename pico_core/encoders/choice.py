"""Which encoder a person asked for: the built-in one, a small one of a file, or a model with its weights."""

import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pico_core.data.marks import Precision
from pico_core.encoders.loading import HUB, as_file, check_model, load_encoder, pretrained_tags
from pico_core.encoders.openclip import OpenClipEncoder
from pico_core.encoders.small import SMALL, builtin_encoder, is_small
from pico_core.errors import SettingError
from pico_core.storage.headers import check_file, reading, safetensors_headers


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder by name, and where its weights come from. Random weights are used only where they are asked for.

    Attributes:
        model: Of `model_names`, or None: the small encoder of `pretrained`, or the built-in one.
        pretrained: A checkpoint file, or a tag, whose weights open_clip downloads.
        random_weights: Nothing trained: to try things out.
        precision: "fp32", "bf16" or "fp16".
        device: "cpu", "cuda", "cuda:1" or "auto".
        seed: Decides random weights.
    """

    model: str | None = None
    pretrained: str | None = None
    random_weights: bool = False
    precision: Precision = "fp32"
    device: str = "auto"
    seed: int = 0

    def load(self) -> OpenClipEncoder:
        """Build the encoder.

        Raises:
            SettingError: an unknown name or tag, no weights, or two kinds of weights.
            DataError: a checkpoint that is unsafe, damaged or of another model, or a failed download.
        """
        name, weights = self._resolved()
        return load_encoder(name, weights, device=self.device, precision=self.precision, seed=self.seed)

    def elsewhere(self, device: str) -> "EncoderChoice":
        """The same encoder on a device of another process, which may work in another folder."""
        file = None if self.pretrained is None else as_file(self.pretrained)
        return replace(self, device=device, pretrained=self.pretrained if file is None else str(file.resolve()))

    @property
    def n_columns(self) -> int | None:
        """How many feature columns it will give, without building it; None where only the model itself knows.

        Raises:
            SettingError: as `load`.
            DataError: as `load`.
        """
        name, weights = self._resolved()
        if isinstance(weights, Path) and name == SMALL:
            check_file(weights, (".safetensors",))
            with reading(weights, "a small encoder"):
                shapes = {header.name: header.shape for header in safetensors_headers(weights)}
            return shapes.get("text_projection", (None,))[-1]
        found = _config(name).get("embed_dim")
        return found if isinstance(found, int) else None

    @property
    def downloads(self) -> tuple[str, ...]:
        """What building it fetches from the net, unless it was fetched before."""
        name = self.model or SMALL
        if name.startswith(HUB):
            return (name,)
        tag = self.pretrained if self.pretrained and name != SMALL and as_file(self.pretrained) is None else None
        words = _config(name).get("text_cfg", {})
        tokenizer = words.get("hf_tokenizer_name") or words.get("hf_model_name")
        return tuple(
            what
            for what in (tag and f"the weights {tag!r} of {name}", tokenizer and f"the tokenizer of {name}")
            if what
        )

    def _resolved(self) -> tuple[str, str | Path | None]:
        if self.random_weights and self.pretrained:
            raise SettingError(f"random weights and the weights {self.pretrained!r} are both asked for; choose one")
        if self.model in (None, SMALL):
            return SMALL, self._small_file()
        if not (self.pretrained or self.random_weights or self.model.startswith(HUB)):
            check_model(self.model)
            tags = ", ".join(pretrained_tags(self.model)) or "none"
            raise SettingError(
                f"{self.model} needs weights: give a checkpoint file, or a tag, which downloads them ({tags}), or ask "
                "for random weights to try things out"
            )
        return self.model, self.pretrained

    def _small_file(self) -> Path:
        if self.random_weights:
            raise SettingError(f"{SMALL} has no random weights; name a model of open_clip, such as ViT-B-32")
        if self.pretrained is None:
            built_in = builtin_encoder()
            if built_in is None:
                raise SettingError(
                    "no encoder is built into this installation; name a model and its weights, or give the file of a "
                    "small encoder as weights"
                )
            return built_in
        file = as_file(self.pretrained)
        if file is None or (self.model is None and file.is_file() and not is_small(file)):
            raise SettingError(f"{self.pretrained!r} is no small encoder; name the model that these weights belong to")
        return file


def _config(name: str) -> dict[str, Any]:
    """What open_clip knows of a model before it is built."""
    if name == SMALL or name.startswith(HUB):
        return {}
    return importlib.import_module("open_clip").get_model_config(name) or {}
