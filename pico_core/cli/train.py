"""The command that trains alignment heads with the weighting in the loop, and with its controls."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from pico_core.cli.experiment import check_values, end_with
from pico_core.cli.meter import Meter
from pico_core.cli.options import Json, named_values
from pico_core.cli.printing import out, say, tell_trainings
from pico_core.common.errors import SettingError
from pico_core.experiments.comparison import variants_named
from pico_core.experiments.heads import ComparisonConfig
from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.tables import ALONE, LISTED, check_table, read_table
from pico_core.experiments.training_list import TrainingList, find_training_list, read_training_list
from pico_core.experiments.training_summary import TrainingSummary, training_summaries
from pico_core.experiments.trainings import run_training_comparison, run_training_list
from pico_core.formats import open_pairs
from pico_core.storage.token_files import NEVER

app = typer.Typer()
ROW = ("variant", "label", "n_seeds", "rsum", "difference", "p", "p_adjusted", "verdict", "verdicts", "best_epochs")


@app.command()
def train(
    data: Annotated[
        Path, typer.Argument(help="A dataset, a TOML file that lists trainings, or the built-in list: training.")
    ],
    target: Annotated[Path, typer.Option("--out", help="Folder of trainings to write, or to go on with.")],
    variants: Annotated[
        str | None,
        typer.Option(
            help="Weightings of the loop, with commas; none = P = 1 is always there.",
            show_default=",".join(ComparisonConfig().variants),
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many seeds, from 0 on.", show_default="3")
    ] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value, a setting of trainings.")] = None,
    few: Annotated[int, typer.Option(min=0, help="Train on so many images of the fit split; 0 = all.")] = 0,
    hold_out_styles: Annotated[
        str | None, typer.Option(help="Styles, with commas, that only the test split has.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda.")] = "cpu",
    check: Annotated[
        Path | None, typer.Option("--check", help="Table to compare with; code 3 where a training differs.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train alignment heads on frozen tokens: with PICO in the loop, with P = 1, and with controls."""
    expected = None if check is None else read_table(check)
    file = find_training_list(data)
    if file is not None:
        given = {"--variants": variants, "--seeds": seeds, "--set": settings, "--few": few or None}
        for option, value in (given | {"--hold-out-styles": hold_out_styles}).items():
            if value is not None:
                raise SettingError(f"{option} cannot be given with {file.name}: write it there")
        _train_list(read_training_list(file), target, device=device, expected=expected, as_json=as_json)
        return
    named = named_values(settings)
    usual = ComparisonConfig()
    config = ComparisonConfig(
        variants=usual.variants if variants is None else variants_named(_listed(variants)),
        seeds=usual.seeds if seeds is None else tuple(range(seeds)),
        held_out=_listed(hold_out_styles or ""),
    ).with_settings({"n_training_images": few} | named if few else dict(named))
    pairs = open_pairs(data, stream_from=NEVER)
    with Meter("frozen tokens", resumable=True) as meter:
        tables = run_training_comparison(pairs, config, target, device=device, reporter=meter)
    (summary,) = training_summaries(tables.table)
    checked = None if expected is None else check_table(tables.table, expected)
    if as_json:
        say(_plain(summary) | {"table": str(target / ALONE[0])} | check_values(checked), as_json=True)
    else:
        tell_trainings(summary)
        out.print(f"Saved as {target}.", highlight=False)
    end_with(checked, silent=as_json)


def _train_list(
    listed: TrainingList, target: Path, *, device: str, expected: pl.DataFrame | None, as_json: bool
) -> None:
    """Train a list, and tell every comparison under its name."""
    with Meter("opening the datasets", resumable=True) as meter:
        tables = run_training_list(listed, target, device=device, reporter=meter)
    summaries = [replace(summary, experiment=summary.dataset) for summary in training_summaries(tables.table)]
    checked = None if expected is None else check_table(tables.table, expected)
    if as_json:
        answer = {
            "experiment": listed.name,
            "comparisons": [_plain(summary) for summary in summaries],
            "table": str(target / LISTED[0]),
        }
        say(answer | check_values(checked), as_json=True)
    else:
        out.print(listed.sentence, markup=False, highlight=False)
        for summary in summaries:
            tell_trainings(summary)
        out.print(f"Saved as {target}.", highlight=False)
    end_with(checked, silent=as_json)


def _plain(summary: TrainingSummary) -> dict[str, Any]:
    """Plain values for JSON, a change as one object with its interval."""

    def row(of: VariantSummary) -> dict[str, Any]:
        return {name: getattr(of, name) for name in ROW} | {
            "difference": None if of.change is None else asdict(of.change)
        }

    values = asdict(summary) | {name: [row(of) for of in getattr(summary, name)] for name in ("rows", "leads")}
    del values["curves"]
    return values | {"sentence": summary.sentence}


def _listed(text: str) -> tuple[str, ...]:
    """Names between commas.

    >>> _listed("none, pico")
    ('none', 'pico')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())
