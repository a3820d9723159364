"""The command that turns a folder of pictures and a file of captions into a dataset."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pico_core.cli.meter import Meter
from pico_core.cli.options import BatchSize, DatasetOut, Device, Json, Ray, Seed, Weights
from pico_core.cli.printing import err, say
from pico_core.cluster import cluster_at
from pico_core.data.marks import Level, Precision
from pico_core.encoders import BadItem, Captions, EncodedDataset, encode_dataset
from pico_core.encoders.captions import read_captions
from pico_core.encoders.dataset import check_target
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.pictures import survey
from pico_core.encoders.protocol import OnBad
from pico_core.encoders.work import Spread

app = typer.Typer()


@app.command()
def encode(
    images: Annotated[Path, typer.Argument(help="Folder of pictures.")],
    captions: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON (lines), parquet, COCO, Karpathy, or Flickr tokens.")
    ],
    target: DatasetOut,
    model: Annotated[
        str | None, typer.Option(help="A model of open_clip, such as ViT-B-32; default the built-in small encoder.")
    ] = None,
    pretrained: Weights = None,
    random_weights: Annotated[bool, typer.Option("--random-weights", help="No weights at all, to try it out.")] = False,
    image_column: Annotated[
        str | None, typer.Option(help="Column of file names, where its name is not common.")
    ] = None,
    caption_column: Annotated[list[str] | None, typer.Option(help="Column of captions; may be repeated.")] = None,
    on_bad: Annotated[OnBad, typer.Option(help="Bad pictures and captions: stop, or leave out and list.")] = "refuse",
    level: Annotated[Level, typer.Option(help="Patches and words, or one vector each.")] = "tokens",
    precision: Annotated[Precision, typer.Option(help="Number format of the model.")] = "fp32",
    device: Device = "auto",
    batch_size: BatchSize = 32,
    seed: Seed = 0,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Encode pictures and their captions; started again after an interruption, it goes on where it was."""
    began = time.monotonic()
    check_target(target.resolve())
    sentences = read_captions(captions, image_column=image_column, caption_column=caption_column)
    pictures = survey(images, sentences)
    if on_bad == "refuse":
        pictures.check_complete()
    choice = EncoderChoice(model, pretrained, random_weights, precision, device, seed)
    with err.status("loading the encoder"):  # of workers with GPUs this machine is none
        encoder = (choice if ray is None else replace(choice, device="cpu")).load()
    for note in encoder.notes:
        err.print(f"Note: {note}", markup=False, highlight=False)
    gpus = device.startswith("cuda")
    with cluster_at(ray, gpus=float(gpus)) as cluster, Meter("encoding", resumable=True) as meter:
        there = None if cluster is None else Spread(cluster, choice.elsewhere("cuda" if gpus else "cpu"))
        encoded = encode_dataset(
            encoder,
            images,
            sentences,
            out=target,
            batch_size=batch_size,
            on_bad=on_bad,
            reporter=meter,
            level=level,
            spread=there,
        )
    values = _values(encoded, sentences, encoder.name) | {"unnamed_pictures": list(pictures.unnamed)}
    values["seconds"] = round(time.monotonic() - began, 2)
    say(values if as_json else _lines(values), as_json=as_json)


def _values(encoded: EncodedDataset, captions: Captions, encoder: str) -> dict[str, Any]:
    pairs = encoded.pairs
    return {
        "dataset": str(encoded.folder),
        "encoder": encoder,
        "n_images": pairs.n_images,
        "n_texts": pairs.n_texts,
        "n_columns": pairs.n_columns,
        "digest": pairs.digest,
        "captions_format": captions.format,
        "n_repeated": captions.n_repeated,
        "n_shared": captions.n_shared,
        "n_empty": captions.n_empty,
        "n_truncated": encoded.n_truncated,
        "unknown_words": list(encoded.unknown_words),
        "without_caption": list(captions.without_caption),
        "left_out_images": _named(encoded.bad_images),
        "left_out_texts": _named(encoded.bad_texts),
        "notes": list(encoded.notes),
    }


def _named(items: tuple[BadItem, ...]) -> list[dict[str, str]]:
    return [{"name": item.name, "reason": item.reason} for item in items]


def _lines(values: dict[str, Any]) -> dict[str, Any]:
    """The same for people: items with their reasons, words on one line."""
    items = {
        n: [f"{item['name']}: {item['reason']}" for item in values[n]] for n in ("left_out_images", "left_out_texts")
    }
    return values | items | {"unknown_words": ", ".join(values["unknown_words"]) or "none"}
