"""Numbers inside formulas."""


def number(value: float, digits: int = 3) -> str:
    """A number; never minus zero. Braces keep a sign close to its number.

    >>> number(-0.00001), number(1.23456), number(-0.5)
    ('0.000', '1.235', '{-0.500}')
    """
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return f"{{{text}}}" if value < 0 else text


def factor(value: float, digits: int = 3) -> str:
    """A number that is multiplied or subtracted: in brackets where it is below zero.

    >>> factor(-0.25, 2)
    '({-0.25})'
    """
    text = number(value, digits)
    return f"({text})" if text.startswith("{") else text
