"""What a variant costs."""

from pico_app.answers import experiments
from pico_app.figures.experiments import costs
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import screen
from pico_app.words.experiments import cost_sentence
from pico_core.experiments.verdicts import cost_on


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    prose(cost_sentence(cost_on(part.summaries)))
    figure(costs(part.summaries, selected=chosen, theme=screen.theme()), key="experiments-costs")


INSTRUMENT: ExperimentInstrument = Instrument(
    name="cost",
    title="Cost",
    question="What does a variant cost?",
    about="Mean processor time of one split, for the weights and for scoring the test split.",
    render=render,
)
