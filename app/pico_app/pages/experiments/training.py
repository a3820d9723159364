"""With the weighting in the loop: learning curves, and what training came to on the test split."""

import streamlit as st

from pico_app.answers import experiments
from pico_app.figures import learning as draw
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import screen
from pico_core.experiments.training_summary import TrainingSummary

MAKE = "pico-lens train shortcut --out my-trainings"


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    render_training(results)


def render_training(results: experiments.Results) -> None:
    """Draw what is recorded of trainings; it needs no finished cell of an experiment."""
    if not results.training:
        prose(
            "No training is recorded beside these results. The paper's claim comes from training with the weighting in "
            "the loop; this command trains alignment heads on frozen tokens with it, and with the controls."
        )
        st.code(MAKE, language="bash")
        return
    groups = results.training
    index = 0
    if len(groups) > 1:
        names = [group.dataset for group in groups]
        if len(set(names)) < len(names):
            names = [group.title for group in groups]
        index = st.selectbox(
            "Comparison", range(len(groups)), format_func=lambda number: names[number][:120], key="experiments-training"
        )
    shown = groups[index]
    prose(shown.sentence)
    if shown.curves:
        figure(draw.learning_curves(shown.curves, theme=screen.theme()), key="experiments-curves", beside=True)
    figure(draw.trained(shown.rows, theme=screen.theme()), key="experiments-trained")
    st.html(draw.trained_html(shown))
    st.caption(_how(shown, sum(group.experiment == shown.experiment for group in groups)))


def _how(summary: TrainingSummary, n_comparisons: int) -> str:
    images = f"{summary.n_images:,} test images"
    if summary.n_seeds == 1:
        return f"{images}, one seed: intervals are those of its images."
    test = "the corrected resampled t test, which knows that splits overlap"
    if summary.fresh:
        test = "Student's t test: every seed has images of its own"
    among = "" if n_comparisons == 1 else f" among the weightings of all {n_comparisons} comparisons"
    return (
        f"{images} a seed. Intervals over {summary.n_seeds} seeds by {test}. P is adjusted{among} (Benjamini and "
        "Yekutieli), and a verdict needs less than 0.05; PICO's leads over its controls are not adjusted. Within a "
        "seed: its own paired interval, over its test images. Best epoch 0 or 1: the weights P were still 1."
    )


INSTRUMENT: ExperimentInstrument = Instrument(
    name="training",
    title="In training",
    question="What does weighting do inside a training?",
    about="Learning curves with the weighting in the loop and with its controls, and what training came to on the "
    "test split.",
    render=render,
)
