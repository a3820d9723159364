"""The style probe of a demo, made when the demo is made, and read back only where it is of this very run."""

from pico_core.columns.probe import StyleProbe, axes_key, style_probe
from pico_core.common.errors import DataError
from pico_core.demo.catalogue import BASES, Demo
from pico_core.encoders import load_small
from pico_core.formats import open_pairs
from pico_core.studies.probes import load_probe, part_name, save_probe, study_variants
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study


def save_probes(demo: Demo) -> None:
    """Probe the fit split of a demo's runs and write one file per basis; everything is encoded once.

    Raises:
        DataError: the demo's encoder did not make its dataset.
    """
    pairs, encoder = open_pairs(demo.dataset), load_small(demo.encoder)
    studies = {basis: load_run(demo.run(basis), pairs) for basis in BASES}
    variants = study_variants(encoder, pairs, studies[BASES[0]].config, folder=demo.dataset)
    for basis, study in studies.items():
        save_probe(style_probe(variants, study.basis), demo.probe(basis))


def demo_probe(demo: Demo, study: Study) -> StyleProbe | None:
    """The finished probe of a demo's run; None where there is none of this dataset, split and axes."""
    file = demo.probe(study.config.basis)
    if not file.is_file():
        return None
    try:
        return load_probe(file, digest=study.digest, part=part_name(study.config), axes=axes_key(study.basis))
    except DataError:  # of an older dataset, or of other settings: a stale probe is worse than none
        return None
