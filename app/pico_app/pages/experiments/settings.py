"""One choice at a time: what the method does when a single setting has another value."""

from pico_app.answers import experiments
from pico_app.figures import experiments as draw
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import screen
from pico_app.words.experiments import sweeps_sentence
from pico_app.words.markup import plain


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    sweeps = part.sweeps
    prose(sweeps_sentence(sweeps))
    if not sweeps.sweeps:
        others = [plain(name[:60]) for name in results.datasets if results.on(name).sweeps.sweeps]
        if others:
            names = ", ".join(f"“{name}”" for name in others)
            prose(f"One at a time they were changed on {names}; choose such a dataset above.")
        return
    figure(draw.swept(sweeps.sweeps, theme=screen.theme()), key="experiments-settings")


INSTRUMENT: ExperimentInstrument = Instrument(
    name="settings",
    title="One choice at a time",
    question="Does a single setting decide the result?",
    about="What the method does when one setting has another value and all others stay.",
    render=render,
)
