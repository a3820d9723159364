"""HTML of the pages and of the documents: a template for every piece, and one stylesheet for all of them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

FOLDER = Path(__file__).parent


class Interval(Protocol):
    """What has a value and the ends of its interval."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def render(name: str, /, **records: object) -> Markup:
    """The HTML of a template; every word that is not markup already is escaped.

    Args:
        name: Of the template, without its suffix.
        records: What it shows.

    >>> render("asked", kind="text", name="a <b> & c")
    Markup('<div class="asked"><small>Asked: text</small><br>a &lt;b&gt; &amp; c</div>')
    """
    return Markup(_environment().get_template(f"{name}.html.j2").render(records))


@cache
def stylesheet(name: str = "style") -> Markup:
    """The rules of a file such as style.css, for a `style` element."""
    return Markup((FOLDER / f"{name}.css").read_text(encoding="utf-8"))


@cache
def _environment() -> Environment:
    environment = Environment(loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined)
    environment.filters |= {"number": format, "with_interval": with_interval, "paragraphs": paragraphs}
    environment.globals["Markup"] = Markup
    return environment


def _template(name: str) -> str:
    """Line breaks of a template are for its readers: in a page they would part words, and Markdown would obey them."""
    return (FOLDER / name).read_text(encoding="utf-8").replace("\n", "")


def with_interval(estimate: Interval, digits: str = ".1f", joint: str = "–") -> Markup:
    """A value, and the ends of its interval in small print.

    >>> from types import SimpleNamespace
    >>> with_interval(SimpleNamespace(value=1.0, low=0.5, high=1.5), "+.1f", " to ")
    Markup('+1.0<small>+0.5 to +1.5</small>')
    """
    value, low, high = (format(number, digits) for number in (estimate.value, estimate.low, estimate.high))
    return Markup("{}<small>{}{}{}</small>").format(value, low, joint, high)


def paragraphs(texts: Sequence[str]) -> Markup:
    """Every text as a paragraph.

    >>> paragraphs(["a", "<b>"])
    Markup('<p>a</p><p>&lt;b&gt;</p>')
    """
    return Markup("").join(Markup("<p>{}</p>").format(text) for text in texts)
