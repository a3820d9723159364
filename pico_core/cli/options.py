"""Arguments that several commands share, and how they are read."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pico_core.common.errors import SettingError

if TYPE_CHECKING:  # `pico-lens --help` reads the options and loads no library
    from pico_core.cluster import Cluster
    from pico_core.data.pairs import PairedEmbeddings

Data = Annotated[Path, typer.Argument(help="A dataset folder or a file of embeddings: inspect --help lists the forms.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides everything random.")]
RayHelp = "Work on a Ray cluster: auto, HOST:PORT, ray://HOST:PORT, local, local:WORKERS."
Ray = Annotated[str | None, typer.Option("--ray", metavar="ADDRESS", help=RayHelp)]
RunFolder = Annotated[Path, typer.Argument(help="Run folder.")]
DatasetOut = Annotated[Path, typer.Option("--out", help="Dataset folder to write.")]
Preset = Annotated[str, typer.Option(help="default, or paper (as far as known).")]
Weights = Annotated[
    str | None, typer.Option(help="Its weights: a file on this machine, or a tag, which downloads them.")
]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, or auto.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Pictures, and captions, at a time.")]


def open_data(data: Path, cluster: "Cluster | None") -> "PairedEmbeddings":
    """Open a dataset; for a cluster its tokens stay in their file, where every machine reads its part."""
    from pico_core.formats import open_pairs
    from pico_core.storage.token_files import STREAM_FROM

    return open_pairs(data, stream_from=STREAM_FROM if cluster is None else 0)


def named_values(texts: list[str] | None) -> dict[str, str]:
    """Names and values of `name=value`, each name once.

    Raises:
        SettingError: no equals sign, or a name given twice.

    >>> named_values(["tau=1", "basis=cross"])
    {'tau': '1', 'basis': 'cross'}
    """
    for text in texts or []:
        if "=" not in text:
            raise SettingError(f"{text!r} is not of the form name=value")
    split = [text.split("=", 1) for text in texts or []]
    for name, count in sorted(Counter(name for name, _ in split).items()):
        if count > 1:
            raise SettingError(f"{name} is given {count} times; give it once")
    return dict(split)
