"""With what to encode: the built-in encoder, a small one of a file, or a model of open_clip with its weights."""

from dataclasses import dataclass
from typing import get_args

import streamlit as st

from pico_app.answers import encoding
from pico_app.pages.parts import one_of
from pico_app.server.places import opened_place
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError
from pico_core.data.marks import Level, Precision
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.small import builtin_encoder

KINDS = {"built-in": "Built-in small encoder", "file": "A small encoder of mine", "model": "A model of open_clip"}
WEIGHTS = {"file": "A file on this machine", "tag": "Download by tag", "random": "None: random"}
LEVELS: dict[Level, str] = {"tokens": "patches and words (tokens)", "globals": "one vector each (globals)"}
FIRST_MODEL = "ViT-B-32"


@dataclass(frozen=True)
class Means:
    """What to encode with.

    Attributes:
        encoder: The model and its weights.
        level: What becomes of a picture and of a caption.
        batch_size: Pictures, and captions, at a time.
    """

    encoder: EncoderChoice
    level: Level
    batch_size: int


def choose_means() -> Means | None:
    """Ask for the encoder and its weights; None until the choice is complete."""
    builtin = builtin_encoder() is not None
    kinds = {kind: title for kind, title in KINDS.items() if builtin or kind != "built-in"}
    kind = one_of("Encoder", kinds, default=next(iter(kinds)), key="encode-kind", persist_state="session")
    model: str | None
    weights: str | None
    if kind == "built-in":
        st.caption("It has seen nothing but rendered scenes of simple shapes: fit to try things out, not for photos.")
        model, weights, random = None, str(builtin_encoder()), False
    elif kind == "file":
        model, random = None, False
        weights = _path("File of the encoder", "/home/me/encoder.safetensors", key="encode-small")
        if weights is None:
            return None
    else:
        model, weights, random = _open_clip()
        if weights is None and not random:
            return None
    level, precision, batch_size = _settings()
    choice = EncoderChoice(model, weights, random, precision)
    _say_downloads(choice)
    return Means(choice, level, batch_size)


def _open_clip() -> tuple[str, str | None, bool]:
    left, right = st.columns([2, 3])
    names = encoding.model_names()
    model = left.selectbox("Model", names, index=names.index(FIRST_MODEL), key="encode-model", persist_state="session")
    kind = one_of("Weights", WEIGHTS, default="file", key="encode-weights", container=right, persist_state="session")
    if kind == "file":
        return model, _path("Checkpoint", "/home/me/weights.safetensors", key="encode-checkpoint"), False
    if kind == "tag":
        tags = encoding.pretrained_tags(model)
        chosen = st.selectbox(
            "Tag", tags, index=None, placeholder="choose one" if tags else "none is known", key=f"encode-tag-{model}"
        )
        return model, chosen, False
    st.warning(
        "Random weights: nothing was trained, so nothing that is found means anything. Only to try out the way.",
        icon=":material/warning:",
    )
    return model, None, True


def _path(label: str, example: str, *, key: str) -> str | None:
    typed = st.text_input(
        label,
        placeholder=example,
        help="A .safetensors, or a .pt with nothing but weights; a file that could run code is never opened.",
        key=key,
        persist_state="session",
    )
    if not typed.strip():
        return None
    try:
        return str(opened_place(typed.strip()))
    except PicoError as error:
        st.error(plain(error), icon=":material/block:")
        return None


def _settings() -> tuple[Level, Precision, int]:
    with st.expander("Level, precision, batch size"):
        left, middle, right = st.columns(3)
        level = left.selectbox(
            "What becomes of a picture and a caption",
            list(LEVELS),
            format_func=LEVELS.__getitem__,
            key="encode-level",
            persist_state="session",
        )
        precision = middle.selectbox(
            "Precision of the model", list(get_args(Precision)), key="encode-precision", persist_state="session"
        )
        size = right.number_input("Pictures at a time", 1, 1024, 32, key="encode-batch", persist_state="session")
    return level, precision, int(size)


def _say_downloads(choice: EncoderChoice) -> None:
    fetched = choice.downloads
    if fetched:
        st.info(
            f"Encode will download {plain(' and '.join(fetched))}, unless that was done before. Until you press it, "
            "nothing is fetched; your pictures never leave this machine.",
            icon=":material/download:",
        )
