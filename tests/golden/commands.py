"""What the command line says: the help of every command, and every command on the demos and on planted data."""

import contextlib
import io
import json
import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.golden.children import ROOT, scrubbed
from tests.golden.compacting import compact

NAMES = (
    *("app", "report", "inspect", "import", "planted", "encode", "construct", "repeat", "evaluate", "export"),
    *("replay", "experiment", "train", "retrieve", "probe", "demo"),
)
DEMOS = {"shortcut": "assets/scenes/shortcut", "clean": "assets/scenes/clean", "planted": "assets/planted"}


def _settings(*values: str) -> str:
    return " ".join(f"--set {value}" for value in values)


QUICK = _settings("n_iterations=2", "n_prototypes=3", "n_anchors=16")
TRAINED = _settings("n_epochs=2", "batch_size=16", "n_prototypes=2", "n_iterations=2", "n_anchors=8")
CLOCK = re.compile(r"^(seconds +)[0-9.]+$")
DIGEST = re.compile(r"^(digest +)[0-9a-f]{16}$")
TIMES = ("seconds", "megabytes")
EXPERIMENT = """
name = "tiny"
sentence = "Does it come out again?"
seeds = 2
variants = ["pico", "uniform", "permuted", "p_hat", "mean_removal", "oracle_labels", "oracle_truth"]

[settings]
n_iterations = 2
n_prototypes = 3
n_anchors = 16

[[datasets]]
name = "tiny, given"
data = "d"

[sweep]
gamma = ["1", "2"]
"""
TRAININGS = """
name = "list"
sentence = "Does training come out again?"
seeds = 1
variants = ["pico", "permuted"]

[settings]
n_epochs = 2
n_iterations = 2
batch_size = 16
n_prototypes = 2
n_anchors = 8

[[comparisons]]
name = "all pairs"
data = "d"

[[comparisons]]
name = "few pairs"
data = "d"
few = 20
"""


def recorded(work: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Run everything in a folder.

    Args:
        work: An empty folder; commands run inside it, so that no path of this machine stands in what they say.
        tell: Takes a line of progress.
    """
    os.chdir(work)
    prepare()
    found: dict[str, Any] = {}
    for name, arguments in plan():
        tell(name)
        found[name] = _without_digest(ran(arguments)) if "encode" in name else ran(arguments)
        target = Path(arguments[arguments.index("--out") + 1]) if "--out" in arguments else None
        if target is not None and target.suffix in (".csv", ".parquet", ".json") and target.is_file():
            found[name]["file"] = table(target)
    return found


def prepare() -> None:
    """Write what commands read."""
    import numpy as np
    from PIL import Image

    Path("e.toml").write_text(EXPERIMENT, encoding="utf-8")
    Path("t.toml").write_text(TRAININGS, encoding="utf-8")
    draws = np.random.default_rng(0)
    made = draws.normal(size=(3, 12, 8)).astype(np.float32)
    np.savez("a.npz", image_emb=made[0], text_emb=made[1])
    np.savez("named.npz", mine=made[0], yours=made[2])
    np.savez("bad.npz", image_emb=np.ones((9, 4), np.float32), text_emb=np.ones((9, 5), np.float32))
    Path("pictures").mkdir()
    lines = ["file,caption"]
    for index, colour in enumerate(("red", "blue", "green", "yellow")):
        Image.new("RGB", (32, 32), colour).save(f"pictures/{index}.png")
        lines += [f"{index}.png,a {colour} star", f"{index}.png,one {colour} ring above a cross"]
    Path("captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def plan() -> Iterator[tuple[str, list[str]]]:
    """Names and arguments, in order."""
    yield "help", ["--help"]
    for name in NAMES:
        yield f"help {name}", [name, "--help"]
    for name in ("planted", "build"):
        yield f"help demo {name}", ["demo", name, "--help"]
    yield from ((text, text.split()) for text in _on_planted())
    for demo, place in DEMOS.items():
        for told in _on_a_demo(demo):
            yield f"{demo}: {told}", [word.replace("@", f"{ROOT}/{place}/") for word in told.split()]


def _on_planted() -> Iterator[str]:
    yield "planted --out d --images 80 --columns 24 --seed 4 --json"
    yield "planted --out styleless --images 40 --columns 12 --style-strength 0 --json"
    for more in ("", " --json"):
        yield f"inspect d{more}"
        yield f"construct d --out r --seed 5 {QUICK}{more}"
        yield f"repeat d --seeds 2 {QUICK}{more}"
        yield f"evaluate d --run r{more}"
        yield f"replay r d{more}"
        yield f"retrieve d --out hits.csv --top 3{more}"
        yield f"probe d --labels --run r --out labels.parquet{more}"
        yield f"experiment e.toml --out e{more}"
        yield f"train d --out t --variants pico,permuted --seeds 1 {TRAINED}{more}"
        yield f"train t.toml --out l{more}"
    for basis in ("cross", "pca", "ica", "probe"):
        yield f"construct d --out r-{basis} --set basis={basis} {QUICK} --json"
        yield f"export r-{basis} --out {basis}.csv --json"
    yield "construct d --out r-paper --preset paper --set n_iterations=2 --set n_anchors=16 --json"
    yield "evaluate d --run r-cross --precision bfloat16 --json"
    yield "retrieve d --run r-cross --direction text-to-image --out best.csv --top 2 --json"
    for kind in ("csv", "json", "parquet"):
        yield f"export r --format {kind} --out weights.{kind} --json"
    yield "experiment e.toml --out e --markdown"
    yield "experiment e.toml --out e --check e/results.parquet --json"
    yield "train d --out t2 --variants none --seeds 1 --few 20 --set n_epochs=1 --set batch_size=16 --json"
    yield "inspect a.npz --json"
    yield "inspect bad.npz --json"
    yield "import a.npz --out imported --json"
    yield "import named.npz --out named --map image_emb=mine --map text_emb=yours --json"
    yield "encode pictures captions.csv --out encoded --device cpu --json"
    yield "encode pictures captions.csv --out flat --level globals --device cpu"
    yield "inspect encoded --json"
    yield "report r --out r.html --data d --json"
    yield from (
        "construct nothing --out new",
        "construct d --out new --set colour=blue",
        "construct d --out new --set tau=inf",
        "construct d --out new --preset best",
        "construct d --out d",
        "evaluate d --run nothing",
        "export r --json",
        "retrieve d --out hits.xlsx",
        "train d --out new --variants magic",
        "experiment nothing --out new",
        "probe d --out new.parquet",
        "report r --out r.pdf",
        "planted --out new --images 0",
        "nonsense",
    )


def _on_a_demo(demo: str) -> Iterator[str]:
    yield "inspect @dataset --json"
    for basis in ("given", "cross"):
        yield f"evaluate @dataset --run @run-{basis} --json"
        yield f"export @run-{basis} --out {demo}-{basis}.csv --json"
        yield f"retrieve @dataset --run @run-{basis} --out {demo}-{basis}-hits.csv --top 2 --json"
    yield "replay @run-given @dataset --json"
    yield f"construct @dataset --out {demo}-run {QUICK} --json"
    yield f"probe @dataset --run @run-given --labels --out {demo}-labels.parquet --json"
    if demo != "planted":
        yield f"probe @dataset --run @run-cross --items 6 --device cpu --out {demo}-probe.parquet --json"


def ran(arguments: list[str]) -> dict[str, Any]:
    """One command, as `python -m pico_core` runs it: its code and what it says."""
    out, err = _Sink(), _Sink()
    argv, sys.argv = sys.argv, ["pico-lens", *arguments]
    code: Any = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            runpy.run_module("pico_core", run_name="__main__")
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = argv
    said = out.text()
    try:
        told: Any = _timeless(json.loads(said))
    except ValueError:
        told = [CLOCK.sub(r"\1<time>", line.rstrip()) for line in said.splitlines()]
    return compact({"code": code, "out": told, "err": [line.rstrip() for line in err.text().splitlines()]}, scrubbed)


def table(file: Path) -> Any:
    """The columns of a written table, or the content of a JSON file."""
    import polars as pl

    if file.suffix == ".json":
        return compact(_timeless(json.loads(file.read_text(encoding="utf-8"))), scrubbed)
    frame = pl.read_csv(file) if file.suffix == ".csv" else pl.read_parquet(file)
    return {name: compact(frame[name].to_list(), scrubbed) for name in frame.columns if "seconds" not in name}


def _without_digest(found: dict[str, Any]) -> dict[str, Any]:
    """What an encoder computes differs in its last bits from process to process, and so does the digest."""
    if isinstance(found["out"], dict):
        return found | {"out": found["out"] | {"digest": "<digest>"}}
    return found | {"out": [DIGEST.sub(r"\1<digest>", line) for line in found["out"]]}


def _timeless(value: Any) -> Any:
    """Without what a clock says."""
    if isinstance(value, dict):
        kept = {key: _timeless(one) for key, one in value.items()}
        return {key: "<time>" if any(part in key for part in TIMES) else one for key, one in kept.items()}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


class _Sink(io.TextIOWrapper):
    """Takes text and bytes; looks like no terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def text(self) -> str:
        """What was written."""
        self.flush()
        return self.buffer.getvalue().decode(errors="replace")
