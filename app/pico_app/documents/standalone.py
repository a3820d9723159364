"""A page in one file: its style, its figures and what draws them are all inside, so that it opens without network."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from pico_app.figures.alt import described

STYLE = """
body{font:16px/1.5 "Source Sans 3","Source Sans Pro","Helvetica Neue",Arial,sans-serif;color:#1B1F24;background:#fff;
max-width:1080px;margin:2.5rem auto;padding:0 1.5rem;font-variant-numeric:tabular-nums}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .6rem}h2{font-size:1.15rem;margin:2.2rem 0 .5rem}
p.answer{font-size:1.1rem;font-weight:600;margin:.2rem 0 1rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;font-size:.92rem;margin:0 0 1rem}
dt{color:#5A636C}dd{margin:0;overflow-wrap:anywhere}
.asked{border-left:3px solid #B8B8B8;padding:.2rem 0 .2rem .9rem;margin:0 0 1rem;display:flex;
gap:1rem;align-items:center}
.asked img{width:110px;height:110px;object-fit:cover;border-radius:.3rem}
.beside{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,3fr) minmax(0,5fr)}
.caption{font-size:.86rem;color:#5A636C}.save{font-size:.86rem;margin:.2rem 0 0}
.save button{font:inherit;border:1px solid #B8B8B8;border-radius:.3rem;background:#fff;padding:.1rem .6rem;
cursor:pointer}
.tall{overflow-x:auto}
@media print{.save{display:none}}
"""


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading; empty for none.
        html: Markup that is escaped already.
        figure: Drawn below it, if there is one.
        name: Of the figure's file.
        read: How to read it.
        beware: How not to read it.
        alt: What the figure shows, for who cannot see it; default the heading.
    """

    title: str = ""
    html: str = ""
    figure: go.Figure | None = None
    name: str = "figure"
    read: str = ""
    beware: str = ""
    alt: str = ""


def standalone(
    title: str, *, answer: str, facts: Sequence[tuple[str, str]], sections: Sequence[Section], style: str = ""
) -> str:
    """The page as HTML.

    Args:
        title: Of the page.
        answer: Its answer in a sentence.
        facts: Names and values: what was looked at, and how.
        sections: In order.
        style: Rules of a page of its own, after the common ones.
    """
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    body = "".join(_section(section, number) for number, section in enumerate(sections))
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style><script>{get_plotlyjs()}</script></head><body>"
        f"<h1>{escape(title)}</h1><p class='answer'>{escape(answer)}</p><dl>{listed}</dl>{body}</body></html>"
    )


def figure_html(figure: go.Figure, *, place: str, alt: str = "") -> str:
    """A figure for a page that holds plotly's script already, with words for those who do not see it."""
    said = escape(alt or described(figure), quote=True)
    figure = go.Figure(figure).update_layout(paper_bgcolor="#fff", plot_bgcolor="#fff")
    markup: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        auto_play=False,  # what moves begins when it is asked to
        div_id=place,
        config={"displaylogo": False, "displayModeBar": False},
    )
    return f"<div role='figure' aria-label='{said}'>{markup}</div>"


def caption_html(read: str, beware: str) -> str:
    """The two-part caption; stars of Markdown become nothing."""
    if not read:
        return ""
    said = (escape(text.replace("*", "")) for text in (read, beware))
    return "<p class='caption'><b>Read it so:</b> {}<br><b>Do not read it so:</b> {}</p>".format(*said)


def _section(section: Section, number: int) -> str:
    head = f"<h2>{escape(section.title)}</h2>" if section.title else ""
    drawn = ""
    if section.figure is not None:
        place = f"figure-{number}"
        figure = figure_html(section.figure, place=place, alt=section.alt or section.title)
        drawn = f"<div class='tall'>{figure}</div>{_save(place, section.name)}"
    return f"<section>{head}{section.html}{drawn}{caption_html(section.read, section.beware)}</section>"


def _save(place: str, name: str) -> str:
    """Buttons that save a figure as a picture; the name is a plain word of ours."""
    buttons = " ".join(
        f"<button type='button' onclick=\"Plotly.downloadImage('{place}',"
        f"{{format:'{kind}',filename:'{escape(name)}',scale:{scale}}})\">{kind.upper()}</button>"
        for kind, scale in (("png", 3), ("svg", 1))
    )
    return f"<p class='save'>Save this figure as {buttons}</p>"
