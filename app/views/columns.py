"""Which columns carry style, and how sure are we?"""

from html import escape

import polars as pl
import streamlit as st

from app import services, state
from app.figures import columns as draw
from app.views.empty import workspace_or_say
from app.views.parts import figure, question
from pico_core.data.pairs import PairedEmbeddings

TITLE = "Which columns carry style, and how sure are we?"
SHOWN_ITEMS = 4


def render() -> None:
    """Draw the page."""
    space = workspace_or_say(TITLE)
    if space is None:
        return
    summary = services.columns_summary(space)
    question(TITLE, summary.sentence)
    if summary.agreement is not None:
        st.markdown(summary.agreement.sentence)
    st.space("small")
    table = services.columns_frame(space)
    start = state.column(table.height)
    selected = _controls(table, summary.lowest if start < 0 else start)
    _overview(space, table, selected)
    _sureness(table, selected)
    _one_column(space, selected)
    with st.expander("All columns as a table"):
        st.dataframe(table.drop("shown_weight"), hide_index=True)


def _controls(table: pl.DataFrame, current: int) -> int:
    before, number, after, _ = st.columns([2, 3, 2, 4], vertical_alignment="bottom")
    if before.button("Previous", icon=":material/chevron_left:", width="stretch"):
        current = (current - 1) % table.height
    if after.button("Next", icon=":material/chevron_right:", icon_position="right", width="stretch"):
        current = (current + 1) % table.height
    chosen = int(
        number.number_input(
            f"Column, 0 to {table.height - 1}",
            0,
            table.height - 1,
            current,
            help="Or click a column in any figure below.",
        )
    )
    if chosen != state.column(table.height):
        state.set_column(chosen)
    return chosen


def _overview(space: services.Workspace, table: pl.DataFrame, selected: int) -> None:
    what, how, _ = st.columns([3, 2, 3], vertical_alignment="bottom")
    names = {"probability": "Probability", "shown_weight": f"Weight at strength λ = {space.strength:g}"}
    measure = what.segmented_control(
        "Show", list(names), format_func=names.__getitem__, default="probability", required=True, key="columns-measure"
    )
    order = how.segmented_control("Order", ("Sorted", "By index"), default="Sorted", required=True, key="columns-order")
    key = f"columns-{measure}-{order}"
    points = figure(
        draw.all_columns(table, measure=measure, by_value=order == "Sorted", selected=selected, dark=state.dark()),
        key=key,
        read="every bar is a column, dark where the semantic probability is low: such a column behaves like a style "
        "prototype in images, in texts, or in both. At the side: how many columns lie at which height. Click a bar.",
        beware="the height has no interval, for it comes from one construction on one split; and what moves with a "
        "style prototype need not be style. Compare the detectors below.",
        select=True,
    )
    _follow(key, points, selected)


def _sureness(table: pl.DataFrame, selected: int) -> None:
    one, two = st.columns(2)
    with one:
        st.subheader("Is p̂ more than chance?", anchor=False)
        points = figure(
            draw.against_null(table, selected=selected, dark=state.dark()),
            key="columns-null",
            read="p̂ is the share of token pairs whose signs agree. Filled blue points differ from their null at 5 % "
            "false discovery; lines are 95 % intervals, grey bars the null's central 95 %.",
            beware="a high p̂ on the dotted diagonal is an offset that both modalities share, not meaning. And a column "
            "that differs is not thereby large.",
            select=True,
        )
        _follow("columns-null", points, selected)
    with two:
        st.subheader("Which side looks like style?", anchor=False)
        points = figure(
            draw.two_sides(table, selected=selected, dark=state.dark()),
            key="columns-sides",
            read="far right: moves with a style prototype in images; far up: the same in texts. Lower left carries "
            "meaning on both sides, as far as the prototypes can tell.",
            beware="prototypes gather columns that move together; that is style only where style dominates the data.",
            select=True,
        )
        _follow("columns-sides", points, selected)


def _follow(key: str, points: list[object], selected: int) -> None:
    """Go to a column that was just clicked; a click that was already followed stays quiet."""
    clicked = state.fresh(key, draw.chosen_column(points))
    if clicked is not None and clicked != selected:
        state.set_column(clicked)
        st.rerun()


def _one_column(space: services.Workspace, column: int) -> None:
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
