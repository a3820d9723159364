"""Does feedback matter, and does it do what it promises: higher gain, higher weight?"""

import streamlit as st

from pico_app.answers import experiments
from pico_app.figures import experiments as draw
from pico_app.figures.feedback import MOST, gain_order
from pico_app.pages.experiments.instrument import ExperimentInstrument, picked_row
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, one_of, prose
from pico_app.state import screen
from pico_app.words.captions import caption_of
from pico_app.words.experiments import feedback_order_sentence
from pico_app.words.markup import plain
from pico_core.experiments.order import PROMISED

# A setting's name, as a file has it, and what it does.
NAMES = {
    "accept": "positive gains alike",
    "best": "the best alone",
    "ema": "moving average",
    "last": "the newest alone",
    "shuffled": "gains in random order",
    "uniform": "all alike",
}


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> str | None:
    """Draw the instrument; the row that was clicked in it."""
    st.subheader("Do other rules score otherwise?", anchor=False)
    clicked = picked_row(
        draw.rules(part.summaries, part.table, selected=chosen, theme=screen.theme()), key="experiments-rules"
    )
    st.subheader("Higher gain, higher weight?", anchor=False)
    _order(results, part)
    return clicked


def _order(results: experiments.Results, part: experiments.Slice) -> None:
    if not results.orders:
        st.info("No construction is recorded in this table.", icon=":material/equal:")
        return
    rules = {order.rule: _named(order.rule) for order in results.orders}
    rule = one_of(
        "Rule",
        rules,
        default=next(iter(rules)),
        key=f"experiments-rule-{'-'.join(rules)}",
        label_visibility="collapsed",
    )
    order = next(order for order in results.orders if order.rule == rule)
    prose(feedback_order_sentence(order))
    runs = [run for run in results.runs if run.rule == rule and run.dataset == part.dataset]
    if not runs:
        st.caption("None of them is of this dataset.")
        return
    many = len(runs) > MOST
    drawn = f"{len(runs)} recorded, {MOST} drawn" if many else f"{len(runs)} recorded"
    level = f" In {order.n_level:,} pairs both weigh the same." if order.n_level else ""
    figure(
        gain_order(runs, theme=screen.theme()),
        key="experiments-order",
        caption=caption_of("experiments-order", drawn=drawn, level=level),
        beside=True,
    )


def _named(rule: str) -> str:
    phrase = "as PICO uses it" if rule == PROMISED else NAMES.get(rule, "")
    return f"{rule}: {phrase}" if phrase else plain(rule)


INSTRUMENT: ExperimentInstrument = Instrument(
    name="feedback",
    title="Feedback",
    question="Does feedback matter, and does more gain earn more weight?",
    about="Other feedback rules beside that of the method, and the order of gain and weight in every recorded "
    "construction.",
    render=render,
)
