"""Words that come from data are shown, never obeyed."""

MEANINGFUL = frozenset("\\`*_{}[]()#+-.!$<>~|:")


def plain(text: object) -> str:
    r"""The text with every mark escaped that Markdown would obey: links, pictures, emphasis, formulas, icons.

    >>> print(plain("[a](b)"))
    \[a\]\(b\)
    """
    return "".join(f"\\{letter}" if letter in MEANINGFUL else letter for letter in str(text))
