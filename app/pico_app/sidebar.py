"""Widgets to frozen settings: the frame's sidebar, and the state of the result in words."""

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import datasets, studies, uploads
from pico_app.state import screen, study
from pico_app.waiting import progress
from pico_app.words.markup import plain
from pico_app.workspace import Dataset
from pico_core.common.errors import PicoError
from pico_core.demo import demo_of
from pico_core.method.bases import BASES
from pico_core.method.config import RULES, ConstructionConfig, StudyConfig
from pico_core.studies.study import Study

OWN = "My own"
PRESETS = {"default": "Default", "paper": "Paper, as far as known", "own": "My own"}
STOPPING = "Cancelling after this step. What was computed before stays."
WORDS = {
    "n_prototypes": "K",
    "n_iterations": "iterations",
    "basis": "axes",
    "rule": "feedback rule",
    "batch_share": "batch share",
    "n_anchors": "anchors",
    "ema_decay": "decay",
}


def place_for_run() -> DeltaGenerator:
    """Where the state of the run stands: first in the sidebar, in sight however long the sidebar grows."""
    return st.sidebar.container(key="run-state")


def choose_dataset() -> Dataset | None:
    """Pick a built-in demo, or one's own by path; a dataset that cannot be opened says why."""
    st.sidebar.subheader("Dataset", anchor=False)
    now = study.dataset_path()
    own = now not in study.BUILT_IN
    choice = st.sidebar.radio(
        "Dataset",
        (*study.BUILT_IN, OWN),
        index=len(study.BUILT_IN) if own else study.BUILT_IN.index(now),
        format_func=lambda name: OWN if name == OWN else demo_of(name).title,
        label_visibility="collapsed",
    )
    if choice == OWN:
        _own_path(own=own)
    elif choice != now:
        study.open_dataset(choice)
        st.rerun()  # drawn anew with its new choice; a click on the old one would be lost
    try:
        dataset = datasets.open_dataset(study.dataset_path())
    except PicoError as error:
        why = str(error).rstrip(".")
        st.sidebar.error(f"This dataset cannot be opened: {plain(why)}. The Data page shows what was found.")
        return None
    pairs = dataset.pairs
    st.sidebar.caption(
        f"{plain(pairs.name)}: {pairs.n_images:,} images, {pairs.n_texts:,} texts, {pairs.n_columns} columns. "
        + ("" if dataset.demo is None else dataset.demo.lesson)
    )
    return dataset


def _own_path(*, own: bool) -> None:
    now = study.dataset_path() if own else ""
    is_upload = bool(now) and Path(now).is_relative_to(study.own_uploads(uploads.of_one_visit).path)
    path = st.sidebar.text_input(
        "Path on this machine",
        value="" if is_upload else now,
        placeholder="embeddings/pairs.npz",
        help="A folder that pico-lens wrote, or an .npz, .safetensors or .pt file. Uploads are on the Data page.",
    ).strip()
    if path and path != now:
        study.open_dataset(path)
        st.rerun()  # drawn anew with the path in it; what is typed over the old one would be lost
    elif not path and is_upload:
        st.sidebar.caption("Open is the file that you uploaded on the Data page.")
    elif not path:
        if own:
            study.open_dataset(study.DEMO)
        st.sidebar.caption("Give a path, or upload a file on the **Data** page. Until then the demo stays open.")


def choose_config(dataset: Dataset | None = None) -> StudyConfig:
    """Basis, preset and the settings that matter most; the rest is on the command line.

    Axes that the dataset cannot have are not offered; whoever comes with them, from other data or by a
    link, reads the given columns.
    """
    st.sidebar.subheader("Construction", anchor=False)
    now = study.wanted_config()
    names = [basis.name for basis in BASES if not basis.needs_labels or dataset is None or dataset.has_styles]
    basis = st.sidebar.selectbox(
        "Axes in which columns are read",
        names,
        index=names.index(now.basis) if now.basis in names else 0,
        format_func=lambda name: BASES[name].label,
        key=study.frame_key("basis-choice"),
        help="Turning the axes leaves the unweighted score as it is, and gives style other axes to lie on. "
        "Label axes are offered where a label column has 'style' or the like in its name.",
    )
    preset = st.sidebar.selectbox(
        "Preset",
        list(PRESETS),
        format_func=PRESETS.__getitem__,
        key=study.frame_key("preset-choice"),
        help="The paper states gamma = 1 and leaves most else open; the default was chosen by measurement.",
    )
    construction = ConstructionConfig() if preset == "own" else ConstructionConfig.preset(preset)
    with st.sidebar.expander("Settings", expanded=preset == "own"):
        if preset == "own":
            construction = _own_settings(construction)
        else:
            st.caption(
                f"K {construction.n_prototypes} · gamma {construction.gamma:g} · "
                f"{construction.n_iterations} iterations · {construction.rule}, tau {construction.tau:g}. "
                "Choose the preset *My own* to change them."
            )
        seed = int(
            st.number_input(
                "Seed",
                0,
                10_000,
                0,
                key=study.frame_key("seed-choice"),
                persist_state="session",
                help="Decides the split, the batches and the starts of K-means.",
            )
        )
    config = StudyConfig(seed=seed, basis=basis, construction=construction)
    if config != now:
        study.set_wanted_config(config)
    return config


def _own_settings(base: ConstructionConfig) -> ConstructionConfig:
    number: Any = partial(st.number_input, persist_state="session")
    rules: dict[Any, str] = {rule.name: rule.title for rule in RULES}
    return ConstructionConfig(
        n_prototypes=int(number("Style prototypes, K", 1, 64, base.n_prototypes, key="own-k")),
        gamma=float(number("Instance weight exponent, gamma", 0.0, 16.0, base.gamma, key="own-g")),
        n_iterations=int(number("Iterations", 1, 64, base.n_iterations, key="own-t")),
        rule=st.selectbox(
            "Feedback rule", list(rules), format_func=rules.__getitem__, key="own-rule", persist_state="session"
        ),
        tau=float(
            number(
                "Temperature, tau",
                0.001,
                10.0,
                base.tau,
                format="%.3f",
                key="own-tau",
                help="Of the softmax rule, in units of relative gain: low lets the best candidate count alone.",
            )
        ),
    )


def choose_strength() -> None:
    """Strength of the weights in lists and rankings."""
    key = study.frame_key("strength-choice")
    st.sidebar.slider(
        "Strength λ of the weights",
        0.0,
        study.SLIDER_MAX,
        study.strength(),
        step=0.05,
        key=key,
        on_change=study.follow_strength,
        args=(key,),
        help="Weights are p to the power λ, scaled to mean 1. λ = 0 is the unweighted baseline. "
        "Lists follow it at once; reports keep the strength that the guard chose.",
    )


def study_for(dataset: Dataset, config: StudyConfig, *, container: DeltaGenerator) -> Study | None:
    """The study on the screen and its state in words, in `container`: fresh, stale, computing, or not done yet."""
    fresh = studies.find_study(dataset, config)
    key = studies.study_key(dataset, config)
    older = studies.latest_study(dataset, shown=screen.shown_study()) if fresh is None else None
    job = studies.job()
    with container:
        if job is not None and job.running:
            progress(job, key="study", stopping=STOPPING)
        if fresh is not None:
            st.success("Fresh: what you see fits the data and the settings.", icon=":material/check_circle:")
        elif job is None or not job.running or job.key != key:
            st.warning("Stale: the settings have changed." if older else "Not computed yet.", icon=":material/history:")
            if st.button("Compute", type="primary", width="stretch", key="compute"):
                studies.start_job(dataset, config, title=job_title(config))
                st.rerun()
    if job is not None and job.failure and job.key == key:
        st.error(f"The study could not be done. {plain(job.failure)}", icon=":material/block:")
    if older is not None:
        st.warning(
            f"Stale: this is an older result. Since then: {changes(older.config, config)}. "
            "Compute, on the left, brings it up to date.",
            icon=":material/history:",
        )
    return fresh or older


def job_title(config: StudyConfig) -> str:
    """What a study computes, in a few words."""
    return BASES[config.basis].title


def changes(old: StudyConfig, new: StudyConfig) -> str:
    """What differs between two settings, in words.

    >>> changes(StudyConfig(), StudyConfig(seed=3, construction=ConstructionConfig(gamma=1.0)))
    'seed 0 → 3, gamma 4 → 1'
    """
    before = asdict(old) | asdict(old.construction)
    after = asdict(new) | asdict(new.construction)
    listed = [name for name in before if name != "construction" and before[name] != after[name]]
    return ", ".join(f"{WORDS.get(name, name)} {_short(before[name])} → {_short(after[name])}" for name in listed)


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
