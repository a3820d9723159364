"""Pieces that every page is made of: the question, the answer, a figure with its two-part caption."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from pico_app import templates
from pico_app.figures.drawn import Drawn, described, ready, with_first
from pico_app.figures.theme import Theme, readable
from pico_app.state import screen
from pico_app.words.captions import Caption, caption_of
from pico_app.words.glossary import explain

Option = TypeVar("Option")
MIMES = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "npz": "application/octet-stream",
    "parquet": "application/vnd.apache.parquet",
    "safetensors": "application/octet-stream",
    "toml": "application/toml",
}


def house_style() -> None:
    """Spacing, tooltips, digits and quiet words of the whole app; the frame calls it once a run."""
    st.html(f"<style>{templates.stylesheet()}</style>")


def brand(*, theme: Theme) -> None:
    """The name at the head of the sidebar, in the ink of the theme."""
    bars = "".join(
        f'<rect x="{x}" y="{28 - h}" width="5" height="{h}" fill="{colour}"/>'
        for x, h, colour in ((2, 11, "#D55E00"), (9, 22, "#2E8FC7"), (16, 8, "#D55E00"), (23, 17, "#2E8FC7"))
    )
    text = f'x="38" y="25" font-family="sans-serif" font-size="22" font-weight="700" fill="{theme.ink}"'
    st.logo(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 32">{bars}<text {text}>PICO Lens</text></svg>',
        size="large",
    )


def question(title: str, answer: str) -> None:
    """The page's title is the reader's question; under it the answer, computed from the data."""
    st.title(title, anchor=False)
    verdict(answer)


def verdict(answer: str) -> None:
    """An answer, computed from the data, set in the weight of one."""
    _paragraph("answer", answer)


def prose(text: str) -> None:
    """A paragraph of plain words; terms of the glossary explain themselves at first use."""
    _paragraph("prose", text)


def led(lead: str, text: str) -> None:
    """A paragraph that begins with a few strong words; terms explain themselves as in `prose`."""
    _paragraph("prose", text, lead=lead)


def _paragraph(kind: str, text: str, *, lead: str = "") -> None:
    html = templates.render("paragraph", kind=kind, lead=lead, text=explain(text))
    st.markdown(html, unsafe_allow_html=True)


def progress_head(position: str, title: str, *, note: str, done: int, total: int) -> None:
    """Where a reader is on a way of several steps: in words, and as a row of strokes for the eye."""
    st.html(templates.render("progress", position=position, title=title, note=note, done=done, total=total))


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values in one wrapping line, never cut off."""
    st.html(templates.render("facts", rows=[(explain(name), value) for name, value in rows]))


def query_head(kind: str, name: str) -> None:
    """The query of a list, set apart; names come from data and are escaped."""
    st.html(templates.render("asked", kind=kind, name=name))


def one_of(
    label: str,
    titles: Mapping[Option, str],
    *,
    key: str,
    default: Option | None = None,
    container: Any = st,
    **settings: Any,
) -> Option:
    """A row of choices, each with its title, of which one is always chosen; what it opens with may stand in its key."""
    chosen: Option = container.segmented_control(
        label, list(titles), format_func=titles.__getitem__, default=default, required=True, key=key, **settings
    )
    return chosen


def download(
    label: str, data: Callable[[], str | bytes] | str, *, file: str, key: str, container: Any = st, **more: Any
) -> None:
    """A button that saves a file, made when it is asked for; nothing on the page changes."""
    more = {"icon": ":material/download:", "width": "stretch", "mime": MIMES[file.rpartition(".")[2]], **more}
    container.download_button(label, data, file_name=file, on_click="ignore", key=key, **more)


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
    caption: Caption | None = None,
    alt: str | None = None,
    select: bool = False,
    modes: str = "points",
    beside: bool = False,
) -> list[Any]:
    """Draw a figure with *read it so* and *do not read it so*, below or beside; returns the points selected in it.

    The caption is that of its key in words/captions.toml, unless another is given. Whoever does not see the figure is
    told what is drawn: `alt`, or a description read off the figure and its caption.
    A figure from `answers.drawn` was finished when it was drawn.
    """
    caption = caption or caption_of(key)
    if isinstance(fig, Drawn):
        alt, fig = alt or with_first(fig.words, caption.read), ready(fig)
    else:
        alt = alt or described(fig, read=caption.read)
        readable(fig, theme=screen.theme())
    alt = alt.replace("*", "")  # it is read out: no stars of Markdown
    event: Any = None
    container, words = st.container(key=f"beside-{key}").columns([8, 4], gap="medium") if beside else (st, st)
    if select:
        event = container.plotly_chart(
            fig,
            key=key,
            on_select="rerun",
            selection_mode=("points", "box", "lasso") if modes == "many" else "points",
            config=camera(key) if modes != "many" else {"displaylogo": False, "displayModeBar": True},
            alt=alt,
        )
    else:
        container.plotly_chart(fig, key=key, config=camera(key), alt=alt)
    words.caption(caption.markdown)
    return list(event["selection"]["points"]) if event else []
