"""Numbers above and below 0 counted in one pass over the tokens, by a compiled loop; imported for large tokens only.

What torch does in five passes over a block in the cache, an operation each, is done here while a token is read:
the loop runs along the columns, so that a processor compares and adds a vector of them at a time.
Loading Numba and compiling the loop, or reading what was compiled before, takes a second.

Source: ours; `signs` holds the same in torch, to the bit.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numba


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Compile at the first call, without the checks of shapes that tests put around every function.

    What was compiled is kept beside this file or in the user's cache folder; where neither can be written, it is not.
    """
    plain: Any = inspect.unwrap(function)
    try:
        return numba.njit(nogil=True, cache=True)(plain)
    except RuntimeError:
        return numba.njit(nogil=True)(plain)


@_compiled
def count_signs(bits, real, lowest, above, below):  # type: ignore[no-untyped-def]
    """Add up, per item and column, the real tokens above 0 and those below 0.

    Args:
        bits: Tokens as signed integers of their size, items x tokens x d.
        real: True = real, items x tokens.
        lowest: The smallest integer of that size: the bits of -0.0, which is neither.
        above: Zeros, items x d; the counts are added here.
        below: The same for numbers below 0.
    """
    for item in range(bits.shape[0]):
        up, down = above[item], below[item]
        for token in range(bits.shape[1]):
            if real[item, token]:
                row = bits[item, token]
                for column in range(bits.shape[2]):
                    value = row[column]
                    up[column] += value > 0
                    down[column] += (value < 0) & (value != lowest)
