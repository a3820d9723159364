"""Formulas on paper: LaTeX as MathML, which browsers draw by themselves."""

import re

from latex2mathml.converter import convert
from markupsafe import Markup


def formula_html(latex: str) -> Markup:
    r"""A formula as MathML; the lines of an aligned one stand below each other.

    >>> formula_html(r"p_d")[:5]
    Markup('<math')
    >>> formula_html(r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}").count("<math")
    2
    """
    lined = re.fullmatch(r"\\begin\{aligned\}(.*)\\end\{aligned\}", latex.strip(), flags=re.DOTALL)
    rows = [latex] if lined is None else lined[1].replace("&", "").split(r"\\")  # one below the other, not aligned
    return Markup("".join(convert(row.strip(), display="block") for row in rows))
