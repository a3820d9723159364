"""The style probe of the study on the screen: of a demo from its files, else done in the background, or by labels.

One encoding serves every basis: what is kept are token means in the given columns.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pico_app.server import background
from pico_app.server.jobs import Batches, Job
from pico_app.server.places import check_pictures
from pico_app.workspace import Workspace
from pico_core.columns.probe import ALL, StyleProbe, style_probe
from pico_core.columns.probe_agreement import ProbeAgreement, detector_agreements, probe_agreement
from pico_core.demo.probes import demo_probe
from pico_core.encoders.choice import EncoderChoice
from pico_core.encoders.perturbations import StyleVariants
from pico_core.encoders.perturbations.reencoding import N_ITEMS
from pico_core.studies.probes import part_name, study_label_probe, study_variants


@dataclass(frozen=True)
class Sources:
    """What a dataset offers to a probe.

    Attributes:
        pictures: Whether it says where pictures lie.
        captions: Whether it holds captions.
        own_encoder: The encoder that made it, where it is known: that of a demo.
    """

    pictures: bool
    captions: bool
    own_encoder: EncoderChoice | None


def sources(space: Workspace) -> Sources:
    """What could be perturbed here."""
    pairs, demo = space.dataset.pairs, space.dataset.demo
    own = demo is not None and demo.encoder.is_file()
    return Sources(
        pictures=pairs.images["path"].null_count() < pairs.n_images,
        captions=pairs.texts["caption"].null_count() < pairs.n_texts,
        own_encoder=EncoderChoice(None, str(demo.encoder), device="cpu") if own and demo is not None else None,
    )


@st.cache_resource(scope="session", max_entries=1, show_spinner=False)
def _asked() -> dict[str, str]:
    """Key of the last job that this visit asked for, by dataset and split."""
    return {}


def _about(space: Workspace) -> str:
    return f"{space.study.digest}:{part_name(space.study.config)}"


def start(space: Workspace, choice: EncoderChoice, *, batch_size: int = 32) -> None:
    """Perturb and encode in the background; the same question with the same encoder is answered from memory."""
    pairs, config, folder = space.dataset.pairs, space.study.config, space.dataset.folder
    key = f"probe:{_about(space)}:{choice}"
    _asked()[_about(space)] = key

    def work(job: Job[StyleVariants]) -> StyleVariants:
        job.stage = "loading the encoder"
        encoder = choice.load()
        job.pulse(0.0)
        check_pictures((folder or Path()) / path for path in pairs.image_paths if path is not None)
        return study_variants(
            encoder, pairs, config, folder=folder, n_items=N_ITEMS, batch_size=batch_size, reporter=Batches(job)
        )

    known = background.find(key)
    if known is not None and known.result is None and not known.running:
        background.forget(key)  # it failed, or was cancelled: once more
    background.ask(key, "Style probe", work)


def job(space: Workspace) -> Job[StyleVariants] | None:
    """What this visit asked for here, however far it is."""
    key = _asked().get(_about(space))
    return None if key is None else background.find(key)


@st.cache_resource(max_entries=8, show_spinner=False)
def _of_demo(key: str, _space: Workspace) -> StyleProbe | None:
    demo = _space.dataset.demo
    return None if demo is None else demo_probe(demo, _space.study)


@st.cache_resource(max_entries=8, show_spinner="Reading the columns of the probe")
def _of_variants(key: str, asked: str, _space: Workspace, _variants: StyleVariants) -> StyleProbe:
    return style_probe(_variants, _space.study.basis)


def by_encoder(space: Workspace) -> StyleProbe | None:
    """The probe with an encoder, if it is done: in the basis on the screen."""
    ready = _of_demo(space.key, space)
    if ready is not None:
        return ready
    asked = job(space)
    if asked is None or asked.result is None:
        return None
    return _of_variants(space.key, asked.key, space, asked.result)


@st.cache_resource(max_entries=8, show_spinner="Reading the style labels")
def _of_labels(key: str, _space: Workspace) -> StyleProbe | None:
    return study_label_probe(_space.dataset.pairs, _space.study.config, _space.study.basis)


def by_labels(space: Workspace) -> StyleProbe | None:
    """The same from style labels; None where no label speaks of style."""
    return _of_labels(space.key, space)


def agreement(space: Workspace, probe: StyleProbe, *, which: str = ALL) -> ProbeAgreement:
    """Whether the probe confirms the probabilities, over all items or at fixed style."""
    return probe_agreement(probe, space.study.construction.probabilities, which=which)


def confirmed(space: Workspace, probe: StyleProbe, *, which: str = ALL) -> list[dict[str, str]]:
    """Every detector with its rank correlations, for a table of words."""
    found = detector_agreements(probe, space.study.columns, which=which)
    rows: dict[str, dict[str, str]] = {}
    for row in found.iter_rows(named=True):
        shown = "none" if row["rho"] != row["rho"] else f"{row['rho']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        rows.setdefault(row["title"], {"detector": row["title"]})[TITLES[row["modality"]]] = shown
    return list(rows.values())


TITLES = {"image": "with images", "text": "with texts", "both": "with either"}
