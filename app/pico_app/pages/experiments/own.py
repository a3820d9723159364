"""A small experiment over the open dataset: which variants, how many seeds; it runs in the background."""

import streamlit as st

from pico_app.answers import experiments
from pico_app.pages.experiments import watch
from pico_app.state import study
from pico_app.words.markup import plain
from pico_app.workspace import Dataset
from pico_core.experiments.small import FAMILIES, MOST_SEEDS
from pico_core.retrieval.schemes.scheme import Family

NAMES: dict[Family, str] = {
    "method": "The method's own versions",
    "feedback": "Feedback rules",
    "control": "Simpler weights",
    "transform": "Other spaces",
    "oracle": "Told the truth",
    "setting": "One setting changed",
}
USUAL: tuple[Family, ...] = ("feedback", "control", "transform")


def choose(dataset: Dataset | None) -> experiments.Results | None:
    """Draw the controls; what is finished of this dataset's experiment, None before its first cell.

    Raises:
        PicoError: what lies there is damaged.
    """
    if dataset is None:
        return None
    config = study.wanted_config()
    families = st.pills(
        "What stands beside PICO and equal weights",
        FAMILIES,
        format_func=NAMES.__getitem__,
        selection_mode="multi",
        default=list(USUAL),
        key="experiments-families",
    )
    seeds, button, words = st.columns([1.6, 1.6, 5], vertical_alignment="bottom")
    number = seeds.number_input("Seeds, each a split of its own", 1, MOST_SEEDS, 3, key="experiments-seeds")
    job = experiments.own_job()
    running = job is not None and job.running
    button.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running or not families,
        width="stretch",
        key="experiments-run",
        on_click=experiments.ask_own,
        args=(dataset, config),
        kwargs={"path": study.dataset_path(), "families": tuple(families), "n_seeds": int(number)},
    )
    words.caption(
        "On the dataset and with the settings at the left. Equal weights, PICO and PICO with its feedback in random "
        "order are always among them. Two or three seeds show little but large differences; more narrow the intervals."
    )
    results = experiments.own_results(dataset, config)
    folder, drawn = experiments.own_folder(dataset, config), 0 if results is None else results.outcome.scored.height
    if job is not None and running:
        watch.follow_own(folder, drawn)
    elif job is not None and job.failure:
        st.error(f"{plain(job.title)} could not be done. {plain(job.failure)}", icon=":material/block:")
    elif results is not None:
        _far(results)
    return results


def nothing(dataset: Dataset | None) -> str:
    """Why there is nothing to show, in one sentence."""
    if dataset is None:
        return "No dataset is open. Correct the path on the left, or choose a built-in demo."
    job = experiments.own_job()
    if job is not None and job.running:
        return "The first cells are on their way; the figure fills as they come."
    return "Nothing was run on the open data yet: choose what stands beside the method, and run it."


def _far(results: experiments.Results) -> None:
    reached = results.outcome.reached
    if reached is not None and reached.state != "finished":
        st.caption(f"{reached.done:,} of {reached.total:,} cells are there; Run goes on where it was.")
    else:
        st.caption("It is finished. Other variants or more seeds add to it; what is there is not computed again.")
