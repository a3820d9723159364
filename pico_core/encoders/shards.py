"""What was encoded so far, kept beside the target until the data set is finished."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pico_core.encoders.protocol import BadItem, Stage
from pico_core.errors import DataError
from pico_core.storage.atomic import atomic_file, is_trace
from pico_core.storage.headers import reading, safetensors_headers

NAME = re.compile(r"(images|texts)-(\d{9})-(\d{9})\.safetensors")


@dataclass(frozen=True, eq=False)
class Shard:
    """The tokens of the items from `start` to before `stop`.

    Attributes:
        start: The first item.
        stop: The item after the last.
        tokens: As they are stored in the data set.
        mask: True = real.
        kept: The item of each row.
        bad: Items without a row, with reasons.
        unknown: Words that the encoder did not know.
        n_truncated: Captions that were too long.
    """

    start: int
    stop: int
    tokens: Tensor
    mask: Tensor
    kept: tuple[int, ...]
    bad: tuple[BadItem, ...]
    unknown: tuple[str, ...] = ()
    n_truncated: int = 0


@dataclass(frozen=True)
class ShardStore:
    """Shards of one stage in one folder; a shard counts only under the key that it was written with.

    Attributes:
        folder: Where they lie; made when the first is written.
        stage: "images" or "texts".
        key_of: The key of the items from one number to before another: everything that decides their tokens.
    """

    folder: Path
    stage: Stage
    key_of: Callable[[int, int], str]

    def get(self, start: int) -> Shard | None:
        """The stored shard that begins here, if its key is the present one and it is whole."""
        for first, stop in self._spans():
            if first == start:
                try:
                    return self._read(start, stop)
                except DataError:
                    continue  # stale, or cut short when the power failed: encoded anew
        return None

    def next_start(self, after: int) -> int | None:
        """Where the next stored shard begins."""
        return min((first for first, _ in self._spans() if first > after), default=None)

    def put(self, shard: Shard) -> None:
        """Write a shard; it is there whole or not at all."""
        record = {
            "key": self.key_of(shard.start, shard.stop),
            "kept": json.dumps(shard.kept),
            "bad": json.dumps([[bad.place, bad.name, bad.reason] for bad in shard.bad]),
            "unknown": json.dumps(shard.unknown),
            "n_truncated": str(shard.n_truncated),
        }
        target = self._path(shard.start, shard.stop)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(target) as draft:
                save_file({"tokens": shard.tokens, "mask": shard.mask}, draft, metadata=record)
        except OSError as error:
            raise DataError(
                f"{self.folder.name}: what was encoded could not be written ({error.strerror or error}); free some "
                "space, then start it again: what is done is kept"
            ) from error

    def _path(self, start: int, stop: int) -> Path:
        return self.folder / f"{self.stage}-{start:09d}-{stop:09d}.safetensors"

    def _spans(self) -> list[tuple[int, int]]:
        if not self.folder.is_dir():
            return []
        names = (NAME.fullmatch(entry.name) for entry in self.folder.iterdir())
        return sorted((int(name[2]), int(name[3])) for name in names if name and name[1] == self.stage)

    def _read(self, start: int, stop: int) -> Shard:
        path = self._path(start, stop)
        with reading(path, "a shard"):
            safetensors_headers(path)
            with safe_open(path, framework="pt", device="cpu") as stored:
                record = stored.metadata() or {}
                if record.get("key") != self.key_of(start, stop):
                    raise DataError("it belongs to other data")
                tokens, mask = stored.get_tensor("tokens").clone(), stored.get_tensor("mask").clone()
            bad = tuple(
                BadItem(int(place), str(name), str(reason)) for place, name, reason in json.loads(record["bad"])
            )
            kept = tuple(int(place) for place in json.loads(record["kept"]))
            unknown = tuple(str(word) for word in json.loads(record["unknown"]))
            return Shard(start, stop, tokens, mask, kept, bad, unknown, int(record["n_truncated"]))


def remove_store(folder: Path) -> None:
    """Remove our shards, and their folder if nothing else lies in it."""
    if folder.is_dir():
        for entry in folder.iterdir():
            if NAME.fullmatch(entry.name) or is_trace(entry.name):
                entry.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def joined(shards: list[Shard]) -> tuple[Tensor, Tensor]:
    """Tokens and masks of all shards, padded with zeros to the longest item."""
    width = max(shard.tokens.shape[1] for shard in shards if len(shard.tokens))
    rows = sum(len(shard.tokens) for shard in shards)
    tokens = torch.zeros(rows, width, shards[0].tokens.shape[2], dtype=shards[0].tokens.dtype)
    mask = torch.zeros(rows, width, dtype=torch.bool)
    at = 0
    for shard in shards:
        n, w = shard.tokens.shape[:2]
        if n:
            tokens[at : at + n, :w], mask[at : at + n, :w] = shard.tokens, shard.mask
        at += n
    return tokens, mask
