"""Errors that a person caused and can mend; every message says what, where and the mend."""

LONGEST = 1000  # letters of a message: it may quote what somebody else wrote


class PicoError(ValueError):
    """Bad input or a request that cannot be met. The message is shown to the user as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class DataError(PicoError):
    """An array, a file or a dataset is not what the engine needs."""


class SettingError(PicoError):
    """A setting has a name or a value that does not exist."""


class RunError(PicoError):
    """A saved run cannot be read, or belongs to another dataset."""


def one_line(text: str, longest: int = LONGEST) -> str:
    r"""A message that quotes foreign words, on one line: what steers a terminal is spelt out, the middle is cut.

    The start names the file, and the end says the mend, so both are kept.

    >>> one_line("a\x1b[31m b"), one_line("x" * 20, longest=11)
    ('a\\x1b[31m b', 'xxx [...] x')
    """
    plain = " ".join(text.splitlines()) if "\n" in text or "\r" in text else text
    if not plain.isprintable():
        plain = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in plain)
    if len(plain) <= longest:
        return plain
    end = (longest - 7) // 3
    return f"{plain[: longest - 7 - end]} [...] {plain[len(plain) - end :]}"
