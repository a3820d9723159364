"""Weights from a file that somebody else wrote, judged before it is opened, and fitted to a model."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.formats.torch_file import load_plain
from pico_core.storage.headers import check_file, naming, reading, safetensors_headers, zip_members

CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin")
ONLY_WEIGHTS = (
    "it holds more than weights (Python objects, or a TorchScript program), which can run code, so it is not opened; "
    "save the weights alone: safetensors.torch.save_file(model.state_dict(), path)"
)


def read_weights(path: Path) -> Mapping[str, Tensor]:
    """The weights of a .safetensors, or of a .pt, .pth or .bin that holds nothing else; no code of it ever runs.

    Raises:
        DataError: missing, damaged, a pickle of more than weights, no weights. Names the file and the mend.
    """
    check_file(path, CHECKPOINTS)
    with reading(path, "a checkpoint"):
        if path.suffix.lower() == ".safetensors":
            safetensors_headers(path)
            return _named(load_file(path, device="cpu"))
        return _named(_torch_weights(path))


def _torch_weights(path: Path) -> object:
    if any("/code/" in member.filename for member in zip_members(path)):
        raise DataError(ONLY_WEIGHTS)  # TorchScript
    content = load_plain(path, ONLY_WEIGHTS)
    return content.get("state_dict", content) if isinstance(content, dict) else content


def _named(content: object) -> dict[str, Tensor]:
    if not isinstance(content, dict) or not content:
        raise DataError(f"it holds a {type(content).__name__}; expected a dictionary of weights by name")
    for name, value in content.items():
        if not (isinstance(name, str) and isinstance(value, Tensor) and value.layout == torch.strided):
            raise DataError(f"{str(name)[:60]!r} is a {type(value).__name__}; expected nothing but weights by name")
    return {name.removeprefix("module."): value for name, value in content.items()}


def fit_weights(model: Any, weights: Mapping[str, Tensor], *, path: Path, model_name: str) -> None:
    """Put weights into a model, every one of them, in its own precision.

    Weights of open_clip's older layouts are renamed as open_clip itself does it. Nothing is
    resized and nothing is left at random.

    Raises:
        DataError: names the first weights that are missing, superfluous or of another shape.
    """
    state = dict(importlib.import_module("open_clip.convert").convert_state_dict(model, dict(weights)))
    if "positional_embedding" in state and not hasattr(model, "positional_embedding"):
        state = importlib.import_module("open_clip.model").convert_to_custom_text_state_dict(state)
    own = model.state_dict()
    state.pop("text.transformer.embeddings.position_ids", None)  # older transformers saved it
    for scalar in {"logit_scale", "logit_bias"} & set(own) & set(state):
        if own[scalar].numel() == state[scalar].numel() == 1:
            state[scalar] = state[scalar].reshape(own[scalar].shape)
    with naming(path):
        missing, unexpected = sorted(set(own) - set(state)), sorted(set(state) - set(own))
        if missing or unexpected:
            parts = [f"{_some(missing)} missing"] * bool(missing) + [f"{_some(unexpected)} unexpected"] * bool(
                unexpected
            )
            raise DataError(
                f"the weights are not those of {model_name} ({'; '.join(parts)}); choose the model they were trained as"
            )
        for name, tensor in own.items():
            if tensor.shape != state[name].shape:
                raise DataError(
                    f"weight {name!r} has shape {list(state[name].shape)}, but {model_name} needs "
                    f"{list(tensor.shape)}; choose the model it was trained as"
                )
            if not bool(torch.isfinite(state[name]).all()):
                raise DataError(
                    f"weight {name!r} holds NaN or infinite values; the training failed or the file is damaged"
                )
    model.load_state_dict(state)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
