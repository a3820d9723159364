"""The command that perturbs the pictures and captions of a dataset and says which columns style moves."""

from pathlib import Path
from typing import Annotated, Any

import typer

from pico_core.cli.meter import Meter
from pico_core.cli.options import BatchSize, Data, Device, Json, Seed, Weights
from pico_core.cli.printing import err, say
from pico_core.columns.detectors import ProbeAgreement, probe_agreement
from pico_core.columns.probe import ALL, FIXED, StyleProbe, label_probe, style_probe
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.perturbations.reencoding import MIN_ITEMS, N_ITEMS, reencode
from pico_core.formats import open_pairs
from pico_core.method.basis import Basis
from pico_core.retrieval.records import Estimate
from pico_core.studies.probes import check_target, save_probe, study_label_probe, study_variants, with_styles
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study

app = typer.Typer()

TOP = 5  # columns that are listed


@app.command()
def probe(
    data: Data,
    target: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="Run folder: probe its fit split in its columns, and check it.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The model that made the dataset; default the built-in small encoder.")
    ] = None,
    pretrained: Weights = None,
    labels: Annotated[bool, typer.Option("--labels", help="Use the style labels of the dataset, no encoder.")] = False,
    items: Annotated[int, typer.Option(min=MIN_ITEMS, help="At most so many images, each with one caption.")] = N_ITEMS,
    device: Device = "auto",
    batch_size: BatchSize = 32,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Perturb pictures and captions, encode them again, and say how much of every column is style."""
    check_target(target)
    pairs = open_pairs(data)
    study = None if run is None else load_run(run, pairs)
    if labels:
        result = _by_labels(pairs, study)
    else:
        with err.status("loading the encoder"):
            encoder = EncoderChoice(model, pretrained, device=device, seed=seed).load()
        folder = data if data.is_dir() else data.parent
        with Meter("encoding") as meter:
            given: dict[str, Any] = {"folder": folder, "n_items": items, "seed": seed, "batch_size": batch_size}
            if study is None:
                variants = with_styles(reencode(encoder, pairs, reporter=meter, **given), pairs)
            else:
                variants = study_variants(encoder, pairs, study.config, reporter=meter, **given)
        result = style_probe(variants, Basis("given") if study is None else study.basis, seed=seed)
    save_probe(result, target)
    agreements = {
        which: probe_agreement(result, study.construction.probabilities, which=which)
        for which in ((ALL, FIXED) if result.has_fixed else (ALL,))
        if study is not None
    }
    say(_values(result, agreements, target) if as_json else _lines(result, agreements, target), as_json=as_json)


def _by_labels(pairs: PairedEmbeddings, study: Study | None) -> StyleProbe:
    basis = Basis("given")
    result = label_probe(pairs, basis) if study is None else study_label_probe(pairs, study.config, study.basis)
    if result is None:
        raise DataError(
            f"{pairs.name}: no label speaks of style (a column such as style or register, whose values items share); "
            "add one, or probe with an encoder"
        )
    return result


def _values(result: StyleProbe, agreements: dict[str, ProbeAgreement], target: Path) -> dict[str, Any]:
    agreement, fixed = agreements.get(ALL), agreements.get(FIXED)
    return {
        "probe": str(target),
        "source": result.source,
        "encoder": result.encoder,
        "part": result.part,
        "basis": result.basis,
        "n_columns": result.n_columns,
        "sentence": result.sentence,
        "notes": list(result.notes),
        "verdict": None if agreement is None else agreement.sentence,
        "verdict_at_fixed_style": None if fixed is None else fixed.sentence,
        "rank_correlation": _correlations(agreement),
        "rank_correlation_at_fixed_style": _correlations(fixed),
        "sides": {
            side.modality: {
                "n_items": side.n_items,
                "overall": _numbers(side.overall),
                "chance": side.chance,
                "strongest": result.strongest(side.modality, TOP).select("column", "share", "low", "high").to_dicts(),
            }
            for side in result.sides
        },
    }


def _correlations(agreement: ProbeAgreement | None) -> dict[str, dict[str, float] | None] | None:
    if agreement is None:
        return None
    return {name: _numbers(getattr(agreement, name)) for name in ("image", "text", "both")}


def _numbers(estimate: Estimate | None) -> dict[str, float] | None:
    """Value and interval; nothing where there is no number."""
    if estimate is None or estimate.value != estimate.value:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _lines(result: StyleProbe, agreements: dict[str, ProbeAgreement], target: Path) -> dict[str, Any]:
    """The same for people: sentences first, then the columns that style moves most."""
    strongest = {
        f"{side.modality}s": [
            f"{result.noun} {row['column']:<4} {100 * row['share']:3.0f} % "
            f"[{100 * row['low']:.0f}, {100 * row['high']:.0f}]  "
            f"mostly {result.drivers(row['column'], side.modality)['perturbation'][0]}"
            for row in result.strongest(side.modality, TOP).to_dicts()
        ]
        for side in result.sides
    }
    verdict = {"verdict": [agreement.sentence for agreement in agreements.values()]} if agreements else {}
    return {"found": result.sentence, **verdict, "note": list(result.notes), **strongest, "probe": str(target)}
