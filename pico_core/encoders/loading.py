"""An encoder by its name, or by what a person asked for: a model of open_clip with its weights, or a small one."""

import difflib
import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import torch

from pico_core.common.errors import DataError, PicoError, SettingError
from pico_core.data.marks import Precision, WeightsFrom
from pico_core.encoders.checkpoints import CHECKPOINTS, fit_weights, read_weights
from pico_core.encoders.openclip import OpenClipEncoder
from pico_core.encoders.small import SMALL, builtin_encoder, is_small, load_small
from pico_core.encoders.words import BytePairWords, HubWords, Words
from pico_core.storage.headers import check_file, reading, safetensors_headers

HUB = "hf-hub:"
UNTRAINED = "the weights are random: nothing was trained, so nothing it finds means anything"


def model_names() -> tuple[str, ...]:
    """Names of all models that `load_encoder` knows, the small one first."""
    return (SMALL, *importlib.import_module("open_clip").list_models())


def pretrained_tags(model_name: str) -> tuple[str, ...]:
    """Tags of the weights that open_clip can download for a model; empty if there are none."""
    return tuple(importlib.import_module("open_clip").list_pretrained_tags_by_model(model_name))


def load_encoder(
    model_name: str,
    pretrained: str | Path | None = None,
    *,
    device: str = "auto",
    precision: Precision = "fp32",
    seed: int = 0,
) -> OpenClipEncoder:
    """Build an encoder from open_clip, or open a small one.

    Args:
        model_name: Of `model_names`, or "hf-hub:owner/name", which downloads.
        pretrained: A checkpoint file (.safetensors, or .pt with nothing but weights); or a tag of
            `pretrained_tags`, which open_clip downloads; None = random weights, and `notes` says so.
        device: "cpu", "cuda", "cuda:1", or "auto" for the graphics card if there is one.
        precision: "fp32", "bf16" or "fp16", as open_clip casts models.
        seed: Decides random weights.

    Raises:
        SettingError: an unknown model, tag, device or precision.
        DataError: a checkpoint that is unsafe, damaged or of another model, or a failed download.
    """
    torch_device = _device(device)
    if precision not in get_args(Precision):
        raise SettingError(f"precision is {precision!r}; expected one of {', '.join(get_args(Precision))}")
    file = as_file(pretrained)
    if model_name == SMALL:
        if file is None:
            raise SettingError(f"{SMALL} is read from a file; give the file of its weights")
        return load_small(file, device=torch_device, precision=precision)
    check_model(model_name)
    tag = str(pretrained) if pretrained is not None and file is None else None
    weights = None
    if file is None:
        _check_tag(model_name, tag)
    elif model_name.startswith(HUB):
        raise SettingError(f"{model_name} brings its own weights; leave {file.name} out, or name the model itself")
    elif is_small(file):
        raise SettingError(f"{file.name}: it is a small encoder of PICO Lens, not {model_name}; load it as {SMALL!r}")
    else:
        weights = read_weights(file)
    with _download(model_name, tag), torch.random.fork_rng(devices=[]), _quiet():
        torch.default_generator.manual_seed(seed)
        model = importlib.import_module("open_clip").create_model(
            model_name,
            tag,
            device=torch_device if file is None else "cpu",
            precision=precision,
            pretrained_text=False,
            weights_only=True,
        )
        words = _words(model_name, model)
    if file is not None and weights is not None:
        fit_weights(model, weights, path=file, model_name=model_name)
    origin: WeightsFrom = "file" if file else "tag" if tag else "hub" if model_name.startswith(HUB) else "random"
    return OpenClipEncoder(
        model,
        words=words,
        name=" ".join([model_name, file.stem if file else tag or ""]).strip(),
        model_name=model_name,
        device=torch_device,
        precision=precision,
        notes=(UNTRAINED,) if origin == "random" else (),
        weights_from=origin,
    )


def _words(model_name: str, model: Any) -> Words:
    open_clip = importlib.import_module("open_clip")
    tokenizer = open_clip.get_tokenizer(model_name)
    length = int(getattr(model, "text", model).context_length)
    if isinstance(tokenizer, open_clip.SimpleTokenizer):
        return BytePairWords(tokenizer, context_length=length)
    return HubWords(tokenizer, context_length=tokenizer.context_length or length)


def _device(device: str) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device)
        torch.zeros(1, device=kind)
    except Exception as error:
        raise SettingError(f"device is {device!r}, which this machine does not have; use 'cpu' or 'auto'") from error
    return device


def as_file(pretrained: str | Path | None) -> Path | None:
    """The checkpoint file that is meant, if it is a file and not a tag."""
    if pretrained is None:
        return None
    path = Path(pretrained)
    named = isinstance(pretrained, Path) or path.suffix.lower() in CHECKPOINTS or len(path.parts) > 1
    return path if named or path.is_file() else None


def check_model(model_name: str) -> None:
    """Refuse a name that is none of `model_names`, with the nearest ones.

    Raises:
        SettingError: the name is unknown.
    """
    if model_name.startswith(HUB) or model_name in model_names():
        return
    near = difflib.get_close_matches(model_name, model_names(), n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else "see model_names()"
    raise SettingError(f"there is no model {model_name!r} in open_clip; {hint}")


def _check_tag(model_name: str, tag: str | None) -> None:
    tags = pretrained_tags(model_name)
    if tag is not None and tag not in tags:
        known = ", ".join(tags) if tags else "none"
        raise SettingError(f"{tag!r} is neither a file nor one of {model_name}'s weights; known tags: {known}")


@contextmanager
def _download(model_name: str, tag: str | None) -> Iterator[None]:
    """Whatever fails while a model is built with downloads becomes one sentence."""
    try:
        yield
    except PicoError:
        raise
    except Exception as error:  # a network, a hub and a missing library fail in a hundred ways
        what = f"the weights {tag!r} of {model_name}" if tag else f"{model_name} (its weights or its tokenizer)"
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"{what} could not be fetched: {reason}. Connect to the internet, install what is missing, or give a "
            "checkpoint file on this machine"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence open_clip's log, which calls weights random that are about to be read from a file."""

    def foreign(record: logging.LogRecord) -> bool:
        return "open_clip" not in record.pathname

    root = logging.getLogger()
    root.addFilter(foreign)
    try:
        yield
    finally:
        root.removeFilter(foreign)


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
        width = _config(name).get("embed_dim")
        return width if isinstance(width, int) else None

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
