"""One column from near: its numbers, its values, its items."""

from html import escape

import polars as pl
import streamlit as st

from app import services, state
from app.figures import columns as draw
from app.views.parts import figure
from pico_core.data.pairs import PairedEmbeddings

SHOWN_ITEMS = 4


def render(space: services.Workspace, column: int) -> None:
    """Draw the instrument."""
    row = space.study.columns.row(column, named=True)
    st.subheader(row["title"][0].upper() + row["title"][1:], divider="grey", anchor=False)
    if space.study.basis.name != "given":
        parts = ", ".join(f"{load.column} ({load.value:+.2f})" for load in services.loadings(space, column))
        st.markdown(f"This axis is mostly made of the given columns {parts}; in brackets their share, a signed cosine.")
    st.html(draw.numbers_html(row))
    near = services.column_items(space, column, SHOWN_ITEMS)
    figure(
        draw.values(near.images.numpy(), near.texts.numpy(), dark=state.dark()),
        key="columns-values",
        read="where images (plain) and texts (hatched) of the fit split lie in this column.",
        beware="a shift between the two is the modality offset: neither style nor meaning. Shares, not counts: "
        "there may be several texts per image.",
    )
    st.markdown("**Items at both ends of this column** (of the fit split, which p̂ was read from)")
    fit = space.splits.fit
    for place, name, high, low in zip(
        st.columns(2),
        ("im", "tx"),
        (near.top_images, near.top_texts),
        (near.low_images, near.low_texts),
        strict=True,
    ):

        def body(index: int, *, images: bool = name == "im") -> str:
            return _image_card(space.dataset, fit, index) if images else _text_card(fit, index)

        ends = [
            f"<p>{end}</p>" + "".join(_card(item.value, body(item.index), name) for item in found)
            for end, found in (("Highest values", high), ("Lowest values", low))
        ]
        title = "Images" if name == "im" else "Texts"
        place.html(
            f"<style>{CARD_STYLE}</style><div class='ends'><h4>{title}</h4>"
            + "".join(f"<div>{end}</div>" for end in ends)
            + "</div>"
        )


def _card(value: float, body: str, name: str) -> str:
    return f"<figure class='{name}'><b>{value:+.3f}</b>{body}</figure>"


def _image_card(dataset: services.Dataset, fit: PairedEmbeddings, index: int) -> str:
    address = services.thumbnail(dataset, fit.image_paths[index], size=160)
    picture = f"<img src='{address}' alt=''>" if address else ""
    return f"{picture}<span>{escape(fit.ids[index])}</span>{_labels(fit.images, fit.image_labels, index)}"


def _text_card(fit: PairedEmbeddings, index: int) -> str:
    caption = fit.captions[index] or f"text {index}, no caption"
    return f"<span>{escape(caption)}</span>{_labels(fit.texts, fit.text_labels, index)}"


def _labels(frame: pl.DataFrame, names: list[str], index: int) -> str:
    told = "; ".join(f"{name}: {frame[name][index]}" for name in names[:3])
    return f"<small>{escape(told)}</small>" if told else ""


CARD_STYLE = (
    ".ends h4{font-size:1rem;margin:.2rem 0}.ends p{margin:.5rem 0 .25rem;font-size:.85rem;opacity:.75}"
    ".ends>div>figure{display:flex;gap:.7rem;align-items:center;flex-wrap:wrap;margin:0 0 .3rem;padding:.35rem .7rem;"
    "border-radius:.4rem;font-size:.9rem;line-height:1.35;background:rgba(128,128,128,.08)}"
    ".ends .im{border-left:4px solid #009E73}.ends .tx{border-left:4px solid #CC79A7}"
    ".ends b{font-variant-numeric:tabular-nums;min-width:3.6rem;text-align:right}.ends span{flex:1 1 8rem}"
    ".ends small{opacity:.75}.ends img{height:72px;border-radius:.25rem}"
)
