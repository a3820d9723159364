"""Commands about data: inspect, import, planted."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from pico_core import formats
from pico_core.cli.options import Data, DatasetOut, Json, Seed, named_values
from pico_core.cli.printing import say
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs, write_truth
from pico_core.formats.native import save_pairs

app = typer.Typer()

Mapping = Annotated[list[str] | None, typer.Option("--map", help="role=array, where names are not common.")]
TextFile = Annotated[Path | None, typer.Option(help="The .npy file of the texts.")]
ImageTable = Annotated[Path | None, typer.Option(help="Parquet or CSV with one row per image.")]
TextTable = Annotated[Path | None, typer.Option(help="Parquet or CSV with one row per text.")]


class FormatsCommand(TyperCommand):
    """A command whose help lists every format that can be opened."""

    def format_help(self, *given: Any) -> None:
        """Write the help, the formats at its end."""
        self.epilog = "\n\n".join(
            f"{form.title} ({', '.join(form.suffixes) or 'folder'}): {form.sentence}" for form in formats.FORMATS
        )
        super().format_help(*given)


@app.command(cls=FormatsCommand)
def inspect(
    data: Data,
    mapping: Mapping = None,
    text_file: TextFile = None,
    images: ImageTable = None,
    texts: TextTable = None,
    as_json: Json = False,
) -> None:
    """Say what lies in a file or folder, and every problem found; exit code 2 where there is one."""
    inspection = formats.inspect(data, mapping=named_values(mapping), text_path=text_file, images=images, texts=texts)
    pairs = inspection.pairs
    values: dict[str, Any] = {
        "path": str(inspection.path),
        "format": inspection.format,
        "arrays": {a.name: {"shape": list(a.shape), "dtype": a.dtype, "role": a.role} for a in inspection.arrays},
        **{name: getattr(inspection, name) for name in ("n_images", "n_texts", "n_columns", "storage")},
        "texts_per_image": pairs and list(pairs.texts_per_image),
        "digest": pairs and pairs.digest,
        "encoder": pairs and pairs.encoder and pairs.encoder.sentence,
        "problems": list(inspection.problems),
    }
    say(values, as_json=as_json)
    if inspection.problems:
        raise typer.Exit(2)


@app.command(name="import", cls=FormatsCommand)
def import_(
    file: Annotated[Path, typer.Argument(help="Embeddings of another program.")],
    target: DatasetOut,
    mapping: Mapping = None,
    text_file: TextFile = None,
    images: ImageTable = None,
    texts: TextTable = None,
    as_json: Json = False,
) -> None:
    """Turn arrays of another program into a dataset folder."""
    pairs = formats.open_pairs(file, mapping=named_values(mapping), text_path=text_file, images=images, texts=texts)
    pairs = replace(pairs, name=target.name)
    save_pairs(pairs, target)
    _say_saved(pairs, target, as_json=as_json)


@app.command()
def planted(
    target: DatasetOut,
    style_strength: Annotated[float, typer.Option(help="Size of style beside meaning; 0 = none.")] = 2.0,
    coupling: Annotated[float, typer.Option(help="Probability that a text's style is its image's.")] = 0.0,
    images: Annotated[int, typer.Option(help="Number of images.")] = 800,
    columns: Annotated[int, typer.Option(help="Number of feature columns.")] = 96,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make a dataset whose style columns are known; the truth is written beside it."""
    config = PlantedConfig(n_images=images, n_columns=columns, style_strength=style_strength, coupling=coupling)
    data = planted_pairs(config, seed=seed)
    save_pairs(data.pairs, target)
    write_truth(data.semantic_share, target / "truth.parquet")
    _say_saved(data.pairs, target, as_json=as_json)


def _say_saved(pairs: PairedEmbeddings, target: Path, *, as_json: bool) -> None:
    sizes = {name: getattr(pairs, name) for name in ("n_images", "n_texts", "n_columns", "digest")}
    say({"dataset": str(target)} | sizes, as_json=as_json)
