"""Tokens of open_clip's towers in the joint space, before any normalisation.

Pooling turns a set of tokens into one vector of the joint space. The token itself is there by the
same road: it is what the model's own pooling, norm and projection make of the set that holds this
token alone. For a class token or an average this is norm and projection; for attention pooling the
softmax over one key is 1, so it is the value path.  (Reconstruction: the paper names patch and
word tokens of CLIP and not the way they are projected.)

The global vector always comes out of the model's own code; the tokens on the way are seen by a hook.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class TowerOutput:
    """What a tower makes of a batch.

    Attributes:
        tokens: Tokens in the joint space; None where the model has none.
        globals: The model's own vectors, not normalised.
        grid: Rows and columns of the patches, where they form a grid.
        why: Why there are no tokens.
    """

    tokens: Float[Tensor, "items tokens d"] | None
    globals: Float[Tensor, "items d"]
    grid: tuple[int, int] | None = None
    why: str = ""


@contextmanager
def _watching(module: nn.Module) -> Iterator[list[Any]]:
    """The outputs of a module while the block runs; one thread at a time may do so."""
    outputs: list[Any] = []
    handle = module.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    try:
        yield outputs
    finally:
        handle.remove()


def image_output(model: Any, pixels: Float[Tensor, "items 3 height width"]) -> TowerOutput:
    """Patch tokens and global vectors of a batch of pictures."""
    visual, kind = model.visual, type(model.visual).__name__
    if isinstance(visual, importlib.import_module("open_clip.transformer").VisionTransformer):
        return _vision_transformer(model, pixels)
    if isinstance(visual, importlib.import_module("open_clip.timm_model").TimmModel):
        return _timm(visual, pixels)
    whole = model.encode_image(pixels, normalize=False)
    return TowerOutput(None, whole, why=f"{kind} pools its map by attention and has no patch tokens in the joint space")


def _vision_transformer(model: Any, pixels: Tensor) -> TowerOutput:
    visual = model.visual
    with _watching(visual.transformer) as outputs:
        whole = model.encode_image(pixels, normalize=False)
    patches = outputs[-1][:, 1:]  # the first is the class token
    if visual.attn_pool is None:
        tokens = visual.ln_post(patches)
    elif visual.attn_pool_contrastive is None:
        tokens = visual.ln_post(_attention_alone(visual.attn_pool, patches))
    else:
        return TowerOutput(None, whole, why="the two-step attention pooling of this model has no single-token form")
    grid = (int(visual.grid_size[0]), int(visual.grid_size[1]))
    return TowerOutput(_projected(tokens, visual.proj), whole, grid)


def _attention_alone(pool: Any, tokens: Tensor) -> Tensor:
    """What attention pooling makes of each token alone; every query gives the same, so one is asked."""
    alone = pool.ln_k(tokens).flatten(0, 1)[:, None]
    query = pool.ln_q(pool.query[:1]).expand(len(alone), 1, -1)
    return pool.attn(query, alone, alone, need_weights=False)[0].unflatten(0, tokens.shape[:2])[:, :, 0]  # type: ignore[no-any-return]


def _timm(visual: Any, pixels: Tensor) -> TowerOutput:
    """A tower of timm: forward_head pools and projects what forward_features gives."""
    trunk = visual.trunk
    features = trunk.forward_features(pixels)
    whole = visual.head(trunk.forward_head(features))
    name = type(trunk).__name__
    if isinstance(features, Tensor) and features.ndim == 3 and _plain_sequence(trunk):
        patches = features[:, trunk.num_prefix_tokens :]
        alone = patches if trunk.attn_pool is None else _each_alone(trunk.attn_pool, patches)
        tokens = visual.head(trunk.head(trunk.fc_norm(alone)))
        rows, columns = getattr(getattr(trunk, "patch_embed", None), "grid_size", None) or (0, 0)
        return TowerOutput(tokens, whole, (int(rows), int(columns)) if rows * columns == patches.shape[1] else None)
    if isinstance(features, Tensor) and features.ndim == 4 and features.shape[1] == trunk.num_features:
        if "pool" in dict(visual.head.named_children()):
            return TowerOutput(None, whole, why=f"{name} pools its whole map by attention and has no patch tokens")
        rows, columns = features.shape[2:]
        alone = features.flatten(2).transpose(1, 2).flatten(0, 1)[:, :, None, None]
        tokens = visual.head(trunk.forward_head(alone)).unflatten(0, (len(features), rows * columns))
        return TowerOutput(tokens, whole, (rows, columns))
    return TowerOutput(None, whole, why=f"{name} gives its tokens in a form that is not known here")


def _plain_sequence(trunk: Any) -> bool:
    known = all(hasattr(trunk, part) for part in ("num_prefix_tokens", "attn_pool", "fc_norm", "head"))
    return known and getattr(trunk.attn_pool, "pos_embed", None) is None


def _each_alone(pool: Any, tokens: Tensor) -> Tensor:
    return pool(tokens.flatten(0, 1)[:, None]).unflatten(0, tokens.shape[:2])  # type: ignore[no-any-return]


def text_output(model: Any, ids: Int[Tensor, "items length"]) -> TowerOutput:
    """Word tokens, one per position of `ids`, and global vectors of a batch of captions."""
    tower = getattr(model, "text", model)
    with _watching(tower.transformer) as outputs:
        whole = model.encode_text(ids, normalize=False)
    output = outputs[-1]
    if hasattr(output, "last_hidden_state"):  # a text tower of the Hugging Face hub
        if getattr(output, "pooler_output", None) is not None:
            return TowerOutput(None, whole, why="the text tower pools by a layer of its own, made for one token only")
        return TowerOutput(tower.proj(output.last_hidden_state), whole)
    words = tower.ln_final(output[:, : ids.shape[1]])  # CoCa's own token comes after the words
    return TowerOutput(_projected(words, tower.text_projection), whole)


def _projected(tokens: Tensor, projection: Any) -> Tensor:
    if projection is None:
        return tokens
    return projection(tokens) if isinstance(projection, nn.Module) else torch.matmul(tokens, projection)
