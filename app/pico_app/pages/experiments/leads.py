"""The method against every variant: what it is ahead of, and what does as well."""

from pico_app.answers import experiments
from pico_app.figures import experiments as draw
from pico_app.pages.experiments.instrument import ExperimentInstrument, picked_row
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import prose
from pico_app.state import screen
from pico_app.words.experiments import leads_sentence


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> str | None:
    """Draw the instrument; the row that was clicked in it."""
    prose(leads_sentence(part.leads))
    if not any(summary.lead is not None for summary in part.summaries):
        return None
    return picked_row(draw.leads(part.summaries, selected=chosen, theme=screen.theme()), key="experiments-leads")


INSTRUMENT: ExperimentInstrument = Instrument(
    name="leads",
    title="Against the method",
    question="Which variants does the method lead, and which do as well?",
    about="The lead of the method over every variant in the same splits, with its interval over seeds.",
    render=render,
)
