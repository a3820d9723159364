"""Pieces that every page is made of: the question, the answer, a figure with its two-part caption."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from pico_app.figures import theme
from pico_app.figures.alt import described, with_first
from pico_app.figures.drawn import Drawn, ready
from pico_app.state import screen
from pico_app.words.glossary import explain

STYLE = """<style>
[data-testid=stMainBlockContainer]{padding:2.6rem 2.6rem 4rem;max-width:1500px;margin:0 auto}
[data-testid=stSidebarUserContent]{padding-bottom:1rem}
[data-testid=stMain],[data-testid=stSidebar]{font-variant-numeric:tabular-nums}
.answer{font-size:1.2rem;line-height:1.45;font-weight:550;max-width:62rem;margin:0 0 .55rem!important}
.prose{line-height:1.55;max-width:62rem;margin:0 0 .55rem!important}
[data-testid=stCaptionContainer] p{max-width:62rem}
abbr.term{text-decoration:underline dotted 1px;text-underline-offset:.2em;cursor:help;
anchor-name:--term;anchor-scope:--term}
abbr.term::after{content:attr(data-tip);position:fixed;position-anchor:--term;left:anchor(left);top:anchor(bottom);
position-try-fallbacks:flip-inline,flip-block,flip-inline flip-block;z-index:99;width:max-content;max-width:17rem;
padding:.45rem .6rem;border-radius:.4rem;background:#1B1F24;color:#F4F6F8;font-size:.85rem;font-weight:400;
line-height:1.35;box-shadow:0 2px 10px rgba(0,0,0,.3);opacity:0;visibility:hidden;pointer-events:none;
transition:opacity .12s;white-space:normal}
abbr.term:hover::after,abbr.term:focus::after{opacity:1;visibility:visible}
.facts{display:flex;flex-wrap:wrap;gap:.6rem 2.2rem;margin:0!important;padding:0!important}
.facts dt{font-size:.82rem;opacity:.72;margin:0}
.facts dd{margin:0!important;padding:0;font-weight:600;font-size:1.05rem}
.asked{border-left:3px solid rgba(128,128,128,.5);padding:.1rem 0 .1rem .8rem;margin:0 0 .3rem}
.asked small{opacity:.72}
[data-testid=stCaptionContainer],[data-testid=stCaptionContainer] :not(a){color:QUIET;opacity:1!important}
[data-testid=stBaseButton-primary]:enabled,[data-testid=stBaseButton-primary]:enabled *,
[data-testid=stMultiSelectTagsContainer] span{color:ON_PRIMARY}
[data-testid=stMain]:focus-visible,[data-testid=data-grid-canvas]:focus-visible{outline:2px solid FOCUS!important;
outline-offset:-2px}
.st-key-columns-mark{position:absolute}
.st-key-run-state{position:sticky;top:0;z-index:5;background:inherit}
.tour-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .8rem;margin:0}
.tour-head span{font-size:.85rem;color:QUIET}.tour-head b{font-size:1.08rem;font-weight:640;flex:1 1 auto}
.tour-way{display:flex;gap:4px;margin:.45rem 0 0}
.tour-way i{flex:1;height:4px;border-radius:2px;background:rgba(128,128,128,.28)}
.tour-way i.done{background:#0072B2}
.st-key-tour-card{border-color:#0072B2!important;background:rgba(0,114,178,.05)}
.st-key-tour-takeaway{border-left:4px solid #0072B2;padding:.1rem 0 .1rem .8rem}
@media (max-width:1000px){[data-testid=stMainBlockContainer]{padding:2.2rem 1rem 3rem}
[data-testid=stSidebar][aria-expanded=true]{width:14.5rem!important;min-width:14.5rem!important}
[class*=st-key-beside-] [data-testid=stColumn]{min-width:100%}
[class*=st-key-row-] [data-testid=stColumn]{min-width:9.5rem}}
</style>"""

# Both looks at once: the browser changes between them before a script runs anew. Streamlit writes white on the primary
# colour, which is a light blue in the dark, and shows not at all that a page or a table has the focus.
LOOKS = {
    "QUIET": f"light-dark({theme.quiet(False)},{theme.quiet(True)})",
    "ON_PRIMARY": "light-dark(#FFFFFF,#12161B)",
    "FOCUS": "light-dark(#0072B2,#56B4E9)",
}


def house_style() -> None:
    """Spacing, tooltips, digits and quiet words of the whole app; the frame calls it once a run."""
    style = STYLE
    for name, colour in LOOKS.items():
        style = style.replace(name, colour)
    st.html(style)


def brand(*, dark: bool) -> None:
    """The name at the head of the sidebar, in the ink of the theme."""
    ink = "#E8EBEE" if dark else "#1B1F24"
    bars = "".join(
        f'<rect x="{x}" y="{28 - h}" width="5" height="{h}" fill="{colour}"/>'
        for x, h, colour in ((2, 11, "#D55E00"), (9, 22, "#2E8FC7"), (16, 8, "#D55E00"), (23, 17, "#2E8FC7"))
    )
    word = (
        f'<text x="38" y="25" font-family="sans-serif" font-size="22" font-weight="700" fill="{ink}">PICO Lens</text>'
    )
    st.logo(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32">{bars}{word}</svg>', size="large")


def question(title: str, answer: str) -> None:
    """The page's title is the reader's question; under it the answer, computed from the data."""
    st.title(title, anchor=False)
    verdict(answer)


def verdict(answer: str) -> None:
    """An answer, computed from the data, set in the weight of one."""
    st.markdown(f'<p class="answer">{explain(answer)}</p>', unsafe_allow_html=True)


def prose(text: str) -> None:
    """A paragraph of plain words; terms of the glossary explain themselves at first use."""
    st.markdown(f'<p class="prose">{explain(text)}</p>', unsafe_allow_html=True)


def led(lead: str, text: str) -> None:
    """A paragraph that begins with a few strong words; terms explain themselves as in `prose`."""
    st.markdown(f'<p class="prose"><b>{escape(lead)}</b> {explain(text)}</p>', unsafe_allow_html=True)


def progress_head(place: str, title: str, *, note: str, done: int, total: int) -> None:
    """Where a reader is on a way of several steps: in words, and as a row of strokes for the eye."""
    strokes = "".join(f"<i{' class=done' if step < done else ''}></i>" for step in range(total))
    st.html(
        f'<div class="tour-head"><span>{escape(place)}</span><b>{escape(title)}</b>'
        f'<span>{escape(note)}</span></div><div class="tour-way" aria-hidden="true">{strokes}</div>'
    )


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values in one wrapping line, never cut off."""
    cells = "".join(f"<div><dt>{explain(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    st.html(f'<dl class="facts">{cells}</dl>')


def asked(kind: str, name: str) -> None:
    """The query of a list, set apart; names come from data and are escaped."""
    st.html(f'<div class="asked"><small>Asked: {escape(kind)}</small><br>{escape(name)}</div>')


def camera(key: str) -> dict[str, Any]:
    """Plotly's settings of a figure: one button, seen on hovering, that saves it as a picture."""
    kind = screen.picture_format()
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": kind, "filename": f"pico-{key}", "scale": 2 if kind == "png" else 1},
    }


def figure(
    fig: Any,
    *,
    key: str,
    read: str,
    beware: str,
    alt: str | None = None,
    select: bool = False,
    modes: str = "points",
    beside: bool = False,
) -> list[Any]:
    """Draw a figure with *read it so* and *do not read it so*, below or beside; returns the points selected in it.

    Whoever does not see it is told what is drawn: `alt`, or a description read off the figure and its caption.
    A figure from `answers.drawn` was finished when it was drawn.
    """
    if isinstance(fig, Drawn):
        alt, fig = alt or with_first(fig.words, read), ready(fig)
    else:
        alt = alt or described(fig, read=read)
        theme.readable(fig, dark=screen.dark())
    alt = alt.replace("*", "")  # it is read out: no stars of Markdown
    event: Any = None
    place, words = st.container(key=f"beside-{key}").columns([8, 4], gap="medium") if beside else (st, st)
    if select:
        event = place.plotly_chart(
            fig,
            key=key,
            on_select="rerun",
            selection_mode=("points", "box", "lasso") if modes == "many" else "points",
            config=camera(key) if modes != "many" else {"displaylogo": False, "displayModeBar": True},
            alt=alt,
        )
    else:
        place.plotly_chart(fig, key=key, config=camera(key), alt=alt)
    words.caption(f"**Read it so:** {read}  \n**Do not read it so:** {beware}")
    return list(event["selection"]["points"]) if event else []
