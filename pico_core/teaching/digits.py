"""Numbers printed so that whoever checks them by hand arrives at the printed result."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pico_core.common.errors import SettingError

MORE = 6  # further digits that the parts may take


@dataclass(frozen=True)
class Printed:
    """Parts and their result as they are printed.

    Attributes:
        parts: With as many digits as it takes.
        whole: The result; what the printed parts give, rounded to its digits, is printed the same.
        digits: That the parts are printed with.
    """

    parts: tuple[str, ...]
    whole: str
    digits: int


def agreeing(
    parts: Sequence[float], whole: float, *, combine: Callable[..., float], digits: int = 3, significant: bool = False
) -> Printed:
    """Give the parts just so many digits that the printed arithmetic comes out as printed.

    Args:
        parts: What goes in.
        whole: What the engine made of them.
        combine: The same arithmetic on the printed parts.
        digits: After the point; or significant ones.
        significant: Which of the two: numbers far below 1 need the latter.

    Raises:
        SettingError: no number of digits makes them agree: `combine` is other arithmetic than the engine's.

    >>> agreeing([0.0004, 0.0004], 0.0008, combine=lambda a, b: a + b)  # 0.000 + 0.000 would not give 0.001
    Printed(parts=('0.0004', '0.0004'), whole='0.001', digits=4)
    """
    write = _significant if significant else _fixed
    result = write(whole, digits)
    for more in range(MORE + 1):
        shown = tuple(write(part, digits + more) for part in parts)
        if write(combine(*map(float, shown)), digits) == result:
            return Printed(shown, result, digits + more)
    # On the edge between two roundings: one digit more of the result decides it.
    if digits < MORE:
        return agreeing(parts, whole, combine=combine, digits=digits + 1, significant=significant)
    raise SettingError(f"the parts {list(parts)} do not give {whole:g}; combine them as the engine does")


def _fixed(value: float, digits: int) -> str:
    return f"{value + 0.0:.{digits}f}".replace(f"-{0:.{digits}f}", f"{0:.{digits}f}")


def _significant(value: float, digits: int) -> str:
    """So many significant digits, without an exponent.

    >>> _significant(0.0012345, 3), _significant(1234.6, 3), _significant(0.0, 3)
    ('0.00123', '1235', '0')
    """
    if value == 0:
        return "0"
    power = int(f"{abs(value):.{digits - 1}e}".split("e")[1])
    return f"{value:.{max(0, digits - 1 - power)}f}"
