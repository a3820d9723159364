"""Step 6: performance feedback, and the proposition: more gain, more weight, whatever the order of arrival."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pico_app.answers import documents, teaching
from pico_app.figures.feedback import Rule, two_rules
from pico_app.figures.theme import Theme
from pico_app.pages.method.step import Pick, Step
from pico_app.pages.parts import figure, one_of
from pico_app.state import screen, widgets
from pico_app.words import read_words
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace
from pico_core.teaching.orders import Arrival, Averaging

ARRIVED, PACE, DRAW = "method-arrived", "method-pace", "method-arrival-draw"
PACES = {"Stop": None, "Slow": 1.6, "Play": 0.6}  # seconds between two arrivals
NAMES: dict[Averaging, str] = {"softmax": "Softmax of the gain", "ema": "Moving average"}


def substituted(space: Workspace, pick: Pick) -> str:
    """The weights of the two candidates of highest gain."""
    construction = space.study.construction
    tau = construction.config.tau
    rows = []
    for share in teaching.shares(space):
        weight, gain = share.printed_weight(), share.printed(tau=tau)
        power = f"({gain.parts[0]} - {gain.parts[1]})/{tau:g}" if share.level else f"{gain.parts[0]}/{tau:g}"
        below = f"(g_r - {gain.parts[1]})/{tau:g}" if share.level else f"g_r/{tau:g}"
        rows.append(
            rf"\omega_{{{share.number}}} &= \frac{{e^{{{power}}}}}{{\sum_r e^{{{below}}}}}"
            rf" = \frac{{{weight.parts[0]}}}{{{weight.parts[1]}}} \approx {weight.whole}"
        )
    if construction.config.rule != "softmax":
        rows.append(
            rf"&\text{{this study averages by another rule, {construction.config.rule}; so softmax would weigh}}"
        )
    return r"\begin{aligned}" + r"\\[4pt]".join(rows) + r"\end{aligned}"


def answer(space: Workspace, pick: Pick) -> str:
    """The proposition over many orders of arrival."""
    many = teaching.many_arrivals(space)
    if many.n_pairs == 0:
        return "No two candidates differ in gain here, so there is no order to keep or to break."
    kept = "no pair" if many.softmax_most == 0 else f"at most {many.softmax_most} pairs"
    return (
        f"In {many.n_orders} random orders of arrival the softmax puts {kept} of {many.n_pairs} in the wrong order; a "
        f"moving average puts {many.ema_mean:.0f} there (95 % of the orders: {many.ema_low} to {many.ema_high})."
    )


def render(space: Workspace, pick: Pick) -> None:
    """Play, slow, step and shuffle; then the two halves. Only the fragment is drawn anew at an arrival."""
    count = len(space.study.construction.history.iterations)
    if widgets.widget(ARRIVED) is None:
        widgets.place_widget(ARRIVED, count)
    widgets.keep_at_most(ARRIVED, count)
    if widgets.widget(PACE) not in PACES or widgets.widget(ARRIVED) == count:
        widgets.place_widget(PACE, "Stop")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = one_of(
            "Let the candidates arrive",
            {pace: pace for pace in PACES},
            key=PACE,
            on_change=_begin_again,
            args=(count,),
            width="content",
        )
        st.button(
            "Shuffle the arrival",
            icon=":material/shuffle:",
            on_click=_shuffle,
            help="The same candidates with the same gains, in another order.",
        )
        st.button("As they came", disabled=not _drawn(), on_click=widgets.place_widget, args=(DRAW, 0))
    st.fragment(_arrivals, run_every=PACES[chosen])(space, count, seconds=PACES[chosen])


def figures(space: Workspace, pick: Pick) -> Sequence[documents.PageSection]:
    """Both ways to average after the last arrival, as the candidates came and shuffled."""
    count = len(space.study.construction.history.iterations)

    def drawn(draw_number: int) -> Any:
        return lambda theme: _figure(teaching.arrival(space, draw=draw_number), count, theme=theme)

    return [
        documents.PageSection(
            title=title,
            words=_said(teaching.arrival(space, draw=number), count),
            figure=drawn(number),
            name=f"feedback-{number}",
            caption=caption_of("method-feedback"),
        )
        for number, title in ((0, "Gain against weight, as they came"), (1, "The same candidates in another order"))
    ]


def _arrivals(space: Workspace, count: int, *, seconds: float | None) -> None:
    if seconds is not None:
        if widgets.widget(ARRIVED) == count:
            st.rerun()  # the last one has been seen: the page sets the play to rest
        widgets.place_widget(ARRIVED, int(widgets.widget(ARRIVED) or 0) + 1)
    step, slide = st.columns([2, 11], vertical_alignment="bottom")
    step.button("Step", icon=":material/skip_next:", on_click=_step, args=(count,), help="One more candidate arrives.")
    if count > 1:
        arrived = slide.slider("Candidates that have arrived", 1, count, key=ARRIVED)
    else:
        arrived = 1
        slide.caption("This study has a single candidate.")
    arrival = teaching.arrival(space, draw=_drawn())
    st.markdown(_said(arrival, arrived))
    figure(
        _figure(arrival, arrived, theme=screen.theme()),
        key="method-feedback",
        alt=f"Gain against weight of {arrived} candidates, left by softmax, right by a moving average. "
        f"{_said(arrival, arrived)}",
    )


def _said(arrival: Arrival, arrived: int) -> str:
    order = "as they came" if bool((arrival.order.diff() > 0).all()) else "shuffled"
    counts = {rule: arrival.check(rule, arrived=arrived) for rule in NAMES}
    pairs = counts["softmax"].n_pairs
    if pairs == 0:
        return f"{arrived} of {len(arrival.gains)} candidates have arrived, {order}: no pair differs in gain yet."
    wrong = {rule: check.n_pairs - check.n_ordered for rule, check in counts.items()}
    of = "1 pair" if pairs == 1 else f"{pairs} pairs"
    return (
        f"{arrived} of {len(arrival.gains)} candidates have arrived, {order}. In the wrong order, of {of}: "
        f"**softmax {wrong['softmax']}, moving average {wrong['ema']}**."
    )


def _figure(arrival: Arrival, arrived: int, *, theme: Theme) -> Any:
    rules = []
    for rule, name in NAMES.items():
        check = arrival.check(rule, arrived=arrived)
        count = f"{check.n_pairs - check.n_ordered} of {check.n_pairs} pairs wrong"
        rules.append(Rule(name, arrival.weights(rule).numpy(), count))
    return two_rules(
        arrival.gains.numpy(), arrival.order.numpy(), left=rules[0], right=rules[1], arrived=arrived, theme=theme
    )


def _drawn() -> int:
    """Which order of arrival is shown; 0 is as they came."""
    return int(widgets.widget(DRAW) or 0)


def _shuffle() -> None:
    widgets.place_widget(DRAW, _drawn() + 1)


def _step(count: int) -> None:
    """One more arrives; after the last it begins again."""
    widgets.place_widget(ARRIVED, int(widgets.widget(ARRIVED) or count) % count + 1)


def _begin_again(count: int) -> None:
    """Playing from the end starts with the first arrival."""
    if widgets.widget(PACE) != "Stop" and widgets.widget(ARRIVED) == count:
        widgets.place_widget(ARRIVED, 0)


STEP = Step(
    name="feedback",
    **read_words("steps")["feedback"],
    picks=(),
    substituted=substituted,
    render=render,
    answer=answer,
    figures=figures,
)
