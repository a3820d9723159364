"""A page in one file: its style, its figures and what draws them are all inside, so that it opens without network."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from pico_app.figures.drawn import described
from pico_app.templates import render, stylesheet
from pico_app.words.captions import NO_CAPTION, Caption


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading; empty for none.
        html: What stands below the heading; what is no markup is escaped.
        figure: Drawn below it, if there is one.
        name: Of the figure's file.
        caption: How to read it, and how not to.
        alt: What the figure shows, for who cannot see it; default the heading.
    """

    title: str = ""
    html: str = ""
    figure: go.Figure | None = None
    name: str = "figure"
    caption: Caption = NO_CAPTION
    alt: str = ""


def standalone(
    title: str, *, answer: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section], kind: str = ""
) -> str:
    """The page as HTML.

    Args:
        title: Of the page.
        answer: Its answer in a sentence.
        facts: Names and values: what was looked at, and how.
        sections: In order.
        kind: A class of the body, for rules of its own in the stylesheet.
    """
    page = render(
        "document",
        title=title,
        kind=kind,
        answer=answer,
        facts=facts,
        sections=sections,
        style=stylesheet(),
        script=Markup(get_plotlyjs()),
        drawn=figure_html,
        caption=caption_html,
    )
    return str(page)


def figure_html(figure: go.Figure, *, name: str, alt: str = "") -> Markup:
    """A figure for a page that holds plotly's script already, with words for those who do not see it."""
    figure = go.Figure(figure).update_layout(paper_bgcolor="#fff", plot_bgcolor="#fff")
    markup = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        auto_play=False,  # what moves begins when it is asked to
        div_id=name,
        config={"displaylogo": False, "displayModeBar": False},
    )
    element = Markup('<div role="figure" aria-label="{}">{}</div>')
    return element.format(alt or described(figure), Markup(markup))


def caption_html(caption: Caption) -> Markup:
    """The two-part caption; stars of Markdown become nothing."""
    return render("caption", caption=caption)
