"""The method against every variant: what it is ahead of, and what does as well."""

from pico_app.answers import experiments
from pico_app.figures import experiments as draw
from pico_app.pages.experiments.instrument import ExperimentInstrument, picked_row
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import prose
from pico_app.state import screen


def render(results: experiments.Results, found: experiments.Slice, chosen: str) -> str | None:
    """Draw the instrument; the row that was clicked in it."""
    prose(found.leads.sentence)
    if not any(one.lead is not None for one in found.summaries):
        return None
    return picked_row(
        draw.leads(found.summaries, selected=chosen, dark=screen.dark()),
        key="experiments-leads",
        read="left of the dotted line are variants that score more than the method's weights in the same splits, right "
        "of it those that score less. Bold rows are simpler ideas. An open circle: the two cannot be told apart.",
        beware="these intervals are not adjusted for the number of rows: of twenty, one may leave zero by chance. And "
        "what cannot be told apart is not thereby equal; more seeds narrow the interval.",
    )


INSTRUMENT: ExperimentInstrument = Instrument(
    name="leads",
    title="Against the method",
    question="Which variants does the method lead, and which do as well?",
    about="The lead of the method over every variant in the same splits, with its interval over seeds.",
    render=render,
)
