"""One choice at a time: what the method does when a single setting has another value."""

from app import state
from app.figures import sweeps as draw
from app.services import experiments
from app.views.parts import figure, prose


def render(found: experiments.Slice) -> None:
    """Draw the instrument."""
    sweeps = found.sweeps
    prose(sweeps.sentence)
    if not sweeps.sweeps:
        return
    figure(
        draw.swept(sweeps.sweeps, dark=state.dark()),
        key="experiments-settings",
        read="every panel changes one setting and leaves all others as the dataset has them; the large mark with the "
        "bold name is the dataset's own value. Lines are 95 % intervals over seeds; filled marks hold "
        "once the number of comparisons is adjusted for.",
        beware="the best of many values flatters itself. These are test images: no value may be chosen by this figure.",
    )
