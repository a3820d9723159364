"""Sizes of the tiles of the fused score: which are tried, which is taken, how a program is launched with them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.kernels.arithmetic import Precision

WORTH_TUNING = 10**12  # multiplications of a call: some milliseconds; below it the first of the list is taken
ROWS_EACH = 32  # tiles of patches that one program walks along, where there is work enough for all of the card
FULL_CARD = 1024  # programs that keep every card busy to the end


@dataclass(frozen=True)
class Tile:
    """One size of tile.

    Attributes:
        words: Slots of words, a power of two.
        patches: Rows of patches, a power of two.
        depth: Columns multiplied at a time.
        warps: Groups of 32 threads.
        stages: Loads in flight, each of words and patches.
        registers: Most registers of a thread; None leaves it to the compiler.
    """

    words: int
    patches: int
    depth: int
    warps: int
    stages: int
    registers: int | None = None

    @property
    def apart(self) -> int:
        """How many times 16 rows of the tile a warp holds: a text is spread over them first, see `fused_triton`."""
        return max(1, self.words // (16 * self.warps))

    def with_words(self, words: int) -> "Tile":
        """The same with other words: what is not bound by the product may be smaller."""
        return replace(self, words=words)


# The first of each list is for calls too small to try the others. Measured figures: none yet, see docs/engine.md.
HALF = (
    Tile(128, 128, 64, warps=4, stages=3),  # two programs on a multiprocessor: one multiplies while one reduces
    Tile(256, 128, 64, warps=8, stages=3),  # one, which reads a quarter less
    Tile(128, 128, 32, warps=4, stages=4),
    Tile(128, 64, 64, warps=4, stages=4),
    Tile(128, 128, 64, warps=8, stages=3, registers=128),
    Tile(128, 256, 64, warps=8, stages=3),
)
SINGLE = (
    Tile(64, 64, 16, warps=8, stages=3, registers=128),
    Tile(64, 64, 16, warps=4, stages=3),
    Tile(128, 64, 16, warps=8, stages=3),
)
TENSOR_SINGLE = (
    Tile(128, 128, 32, warps=8, stages=2),
    Tile(128, 128, 32, warps=8, stages=3),
    Tile(64, 128, 32, warps=4, stages=3),
)

_tuned: dict[tuple[object, ...], Tile] = {}


class Launch(NamedTuple):
    """Two sides on a card, ready to be multiplied."""

    patches: Float[Tensor, "rows d"]
    words: Float[Tensor, "slots d"]
    width: int
    precision: Precision

    @property
    def columns(self) -> int:
        """Columns of both sides, those that were filled up included."""
        return self.patches.shape[1]

    @property
    def is_half(self) -> bool:
        """Whether the numbers have 16 bits."""
        return self.patches.dtype.itemsize == 2

    @property
    def scale(self) -> float:
        """Points per unit: a similarity is added as a whole number of them."""
        return float(2**22) if self.is_half else float(2**40)

    def operands(self, tile: Tile) -> tuple[Any, Any]:
        """Words and patches as the program takes them."""
        from triton.tools.tensor_descriptor import TensorDescriptor

        return (
            TensorDescriptor.from_tensor(spread(self.words, tile), [tile.words, tile.depth]),
            TensorDescriptor.from_tensor(self.patches, [tile.patches, tile.depth]),
        )

    def constants(self, tile: Tile) -> dict[str, Any]:
        """What is fixed when a program is compiled: the keywords of a Triton launch."""
        import triton.language as tl
        from triton import knobs

        interpreted = bool(knobs.runtime.interpret)
        product = {"tf32": "tf32", "tf32x3": "tf32x3"}.get(self.precision, "ieee")
        return {
            "PATCHES": tile.patches,
            "DEPTH": tile.depth,
            "GRID": tl.int32 if self.is_half else tl.int64,
            "SCALE": self.scale,
            "PRECISION": product,
            "UPCAST": interpreted,  # the interpreter would multiply the bits of bfloat16 as whole numbers
            "num_warps": tile.warps,
            "num_stages": tile.stages,
            **({} if tile.registers is None else {"maxnreg": tile.registers}),
        }


def spread(words: Float[Tensor, "slots d"], tile: Tile) -> Float[Tensor, "rows d"]:
    """Words in the order of the rows of a tile, 16 at a time: with `apart` = 2 every second, then the rest.

    >>> rows = spread(torch.arange(64.0)[:, None], Tile(64, 16, 16, warps=2, stages=2))
    >>> rows[::16, 0].tolist()
    [0.0, 32.0, 16.0, 48.0]
    """
    if tile.apart == 1:
        return words
    rows = torch.nn.functional.pad(words, (0, 0, 0, -len(words) % tile.words))
    return rows.view(-1, tile.words // (16 * tile.apart), tile.apart, 16, words.shape[1]).transpose(1, 2).flatten(0, 3)


def candidates(launch: Launch) -> tuple[Tile, ...]:
    """The tiles that are tried for a precision.

    >>> candidates(Launch(torch.ones(1, 1).half(), torch.ones(1, 1).half(), 8, "stored"))[0].words
    128
    """
    if launch.is_half:
        return HALF
    return TENSOR_SINGLE if launch.precision in ("tf32", "tf32x3") else SINGLE


def chosen_tile(launch: Launch, run: Callable[[Tile], None] | None = None, *, n_products: int = 0) -> Tile:
    """The fastest tile on this card for this width, depth and precision; measured once per process, on a large call.

    What is chosen moves no sum (they are exact), so scores before and after tuning agree as far as the product of
    one entry does.

    Args:
        launch: The sides.
        run: Scores with a tile; None takes the first of the list.
        n_products: Multiplications of the call.
    """
    key = (launch.patches.device, launch.patches.dtype, launch.precision, launch.width, launch.columns)
    if key in _tuned:
        return _tuned[key]
    tiles = candidates(launch)
    if run is None or n_products < WORTH_TUNING:
        return tiles[0]
    _tuned[key] = min(tiles, key=lambda tile: _milliseconds(run, tile))
    return _tuned[key]


def _milliseconds(run: Callable[[Tile], None], tile: Tile) -> float:
    from triton.compiler.errors import CompilationError
    from triton.runtime.errors import OutOfResources, PTXASError

    try:
        run(tile)  # compiles
        torch.cuda.synchronize()
        began = time.perf_counter()
        run(tile)
        torch.cuda.synchronize()
        return 1e3 * (time.perf_counter() - began)
    except (OutOfResources, PTXASError, CompilationError):
        return float("inf")  # a smaller card


def images_each(launch: Launch, *, n_images: int, n_texts: int, tile: Tile) -> int:
    """Images that one program walks along: many, so that few rows of a last tile are empty, but none idle.

    >>> sides = Launch(torch.ones(1960, 1).half(), torch.ones(320, 1).half(), 32, "stored")
    >>> images_each(sides, n_images=10, n_texts=10, tile=HALF[0])  # little work: one image each
    1
    """
    long = max(1, ROWS_EACH * tile.patches * n_images // len(launch.patches))
    blocks = max(1, n_texts * launch.width // tile.words)
    return max(1, min(long, n_images * blocks // FULL_CARD))
