"""The command that trains alignment heads with the weighting in the loop, and with its controls."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from pico_core.cli.options import Data, Json, named_values
from pico_core.data.files import load_pairs
from pico_core.printing import err, out, say, tell_trainings
from pico_core.training.stopping import TrainingStopped
from pico_core.trainings.comparison import TABLE, ComparisonProgress, run_training_comparison
from pico_core.trainings.settings import ComparisonConfig, variants_named
from pico_core.trainings.summary import training_summary

app = typer.Typer()


@app.command()
def train(
    data: Data,
    target: Annotated[Path, typer.Option("--out", help="Folder of trainings to write, or to go on with.")],
    variants: Annotated[
        str, typer.Option(help="Weightings of the loop, with commas; none = P = 1 is always there.")
    ] = ",".join(ComparisonConfig().variants),
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="How many seeds, from 0 on.")] = 3,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value, a setting of trainings.")] = None,
    few: Annotated[int, typer.Option(min=0, help="Train on so many images of the fit split; 0 = all.")] = 0,
    hold_out_styles: Annotated[
        str | None, typer.Option(help="Styles, with commas, that only the test split has.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Train alignment heads on frozen tokens: with PICO in the loop, with P = 1, and with controls."""
    named = named_values(settings)
    config = ComparisonConfig(
        variants=variants_named(_listed(variants)),
        seeds=tuple(range(seeds)),
        held_out=_listed(hold_out_styles or ""),
    ).with_settings({"n_training_images": few} | named if few else dict(named))
    pairs = load_pairs(data)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("frozen tokens")
        last: list[ComparisonProgress] = []

        def tick(now: ComparisonProgress) -> None:
            last[:] = [now]
            words = f"{now.variant}, seed {now.seed}, epoch {now.epoch}"
            progress.update(task, completed=now.done, total=now.total, description=words)

        try:
            found = run_training_comparison(pairs, config, target, device=device, on_progress=tick)
        except KeyboardInterrupt:
            done = f"after {last[0].done} of {last[0].total} epochs" if last else "before the first epoch"
            raise TrainingStopped(f"{done}; what is finished is kept in {target}: start it again to go on") from None
    summary = training_summary(found.table)
    if as_json:
        say(asdict(summary) | {"sentence": summary.sentence, "table": str(target / TABLE)}, as_json=True)
        return
    tell_trainings(summary)
    out.print(f"Saved as {target}.", highlight=False)


def _listed(text: str) -> tuple[str, ...]:
    """Names between commas.

    >>> _listed("none, pico")
    ('none', 'pico')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())
