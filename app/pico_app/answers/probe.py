"""The style probe of the study on the screen: of a demo from its files, else done in the background, or by labels.

One encoding serves every basis: what is kept are token means in the given columns.
"""

from dataclasses import dataclass
from pathlib import Path

from pico_app.answers.encoding import Batches
from pico_app.server.answer import Answer, answer
from pico_app.server.places import check_pictures
from pico_app.server.queue import Job, visit
from pico_app.workspace import Workspace
from pico_core.columns.detectors import ProbeAgreement, detector_agreements, probe_agreement
from pico_core.columns.probe import ALL, StyleProbe, style_probe
from pico_core.demo.probes import demo_probe
from pico_core.encoders.loading import EncoderChoice
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


def _about(space: Workspace) -> str:
    return f"probe:{space.study.digest}:{part_name(space.study.config)}"


@answer(queue="answers", title="Style probe")
def _variants(
    job: Job[StyleVariants], about: str, choice: EncoderChoice, _batch_size: int, _space: Workspace
) -> StyleVariants:
    # A split and an encoder make them, whatever the basis.
    pairs, config, folder = _space.dataset.pairs, _space.study.config, _space.dataset.folder
    job.stage("loading the encoder")
    encoder = choice.load()
    job.share(0.0)
    check_pictures((folder or Path()) / path for path in pairs.image_paths if path is not None)
    return study_variants(
        encoder, pairs, config, folder=folder, n_items=N_ITEMS, batch_size=_batch_size, reporter=Batches(job)
    )


def start(space: Workspace, choice: EncoderChoice, *, batch_size: int = 32) -> None:
    """Perturb and encode in the background; the same question with the same encoder is answered from memory."""
    known = _variants.find(_about(space), choice, batch_size, space)
    if known is not None and known.job is not None and not known.job.running:
        known.job.forget()  # it failed, or was cancelled: once more
    visit().chosen[_about(space)] = choice
    _variants(_about(space), choice, batch_size, space)


def requested_variants(space: Workspace) -> Answer[StyleVariants] | None:
    """What this visit asked for here, however far it is."""
    choice = visit().chosen.get(_about(space))
    return None if choice is None else _variants.find(_about(space), choice, 0, space)


@answer()
def _of_demo(space: Workspace) -> StyleProbe | None:
    demo = space.dataset.demo
    return None if demo is None else demo_probe(demo, space.study)


@answer(spinner="Reading the columns of the probe")
def _of_variants(space: Workspace, choice: EncoderChoice, _made: StyleVariants) -> StyleProbe:
    return style_probe(_made, space.study.basis)


def by_encoder(space: Workspace) -> StyleProbe | None:
    """The probe with an encoder, if it is done: in the basis on the screen."""
    ready = _of_demo(space)
    if ready is not None:
        return ready
    variants = requested_variants(space)
    if variants is None or variants.value is None:
        return None
    return _of_variants(space, visit().chosen[_about(space)], variants.value)


@answer(spinner="Reading the style labels")
def by_labels(space: Workspace) -> StyleProbe | None:
    """The same from style labels; None where no label speaks of style."""
    return study_label_probe(space.dataset.pairs, space.study.config, space.study.basis)


def agreement(space: Workspace, probe: StyleProbe, *, which: str = ALL) -> ProbeAgreement:
    """Whether the probe confirms the probabilities, over all items or at fixed style."""
    return probe_agreement(probe, space.study.construction.probabilities, which=which)


def confirmed(space: Workspace, probe: StyleProbe, *, which: str = ALL) -> list[dict[str, str]]:
    """Every detector with its rank correlations, for a table of words."""
    agreements = detector_agreements(probe, space.study.columns, which=which)
    rows: dict[str, dict[str, str]] = {}
    for row in agreements.iter_rows(named=True):
        shown = "none" if row["rho"] != row["rho"] else f"{row['rho']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        rows.setdefault(row["title"], {"detector": row["title"]})[TITLES[row["modality"]]] = shown
    return list(rows.values())


TITLES = {"image": "with images", "text": "with texts", "both": "with either"}
