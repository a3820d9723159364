"""Encoding batch by batch: what lies beside the target is taken as it is, the rest is encoded here or on a cluster."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Relay, Reporter
from pico_core.data.marks import Level
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.protocol import BadItem, Encoder, OnBad, Stage, judge_bad, report_batch
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
            "bad": json.dumps([[bad.position, bad.name, bad.reason] for bad in shard.bad]),
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
                BadItem(int(position), str(name), str(reason)) for position, name, reason in json.loads(record["bad"])
            )
            kept = tuple(int(position) for position in json.loads(record["kept"]))
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


@dataclass(frozen=True)
class Spread:
    """Where batches are encoded by others.

    Attributes:
        cluster: Whose workers can read the pictures under the same paths.
        choice: The encoder, which every worker builds for itself.
    """

    cluster: Cluster
    choice: EncoderChoice


@dataclass(frozen=True, eq=False)
class Side:
    """All pictures, or all captions, and what becomes of them.

    Attributes:
        stage: Which of the two.
        items: Paths, or sentences.
        level: "tokens" or "globals".
        storage: Number format of the data set.
        on_bad: "refuse" or "skip".
    """

    stage: Stage
    items: Sequence[Any]
    level: Level
    storage: torch.dtype
    on_bad: OnBad

    def encode(self, encoder: Encoder, start: int, stop: int, reporter: Reporter = SILENT) -> Shard:
        """The items from one number to before another; their numbers are those of the whole data set."""
        encode = encoder.encode_images if self.stage == "images" else encoder.encode_texts
        output = encode(self.items[start:stop], batch_size=stop - start, on_bad=self.on_bad, reporter=reporter)
        tokens, mask = output.tokens, output.mask
        if self.level != "tokens":
            tokens, mask = output.globals[:, None].contiguous(), torch.ones(len(output.globals), 1, dtype=torch.bool)
        return Shard(
            start,
            stop,
            tokens.to(self.storage),
            mask,
            kept=tuple(start + item for item in output.kept),
            bad=tuple(replace(item, position=start + item.position) for item in output.bad),
            unknown=tuple(dict.fromkeys(word for words in getattr(output, "unknown", ()) for word in words)),
            n_truncated=len(getattr(output, "truncated", ())),
        )


class _NotesOnly(Relay):
    """Within a shard: one that was begun is finished and stored, or the next start would encode it again."""

    def share(self, done: float) -> None:
        pass

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        pass

    def check(self) -> None:
        pass


@dataclass(frozen=True)
class Work:
    """How batches are made.

    Attributes:
        batch_size: Items at a time.
        on_bad: "refuse" or "skip".
        reporter: Hears of every batch.
        spread: A cluster; None = this process does all.
    """

    batch_size: int
    on_bad: OnBad
    reporter: Reporter
    spread: Spread | None = None

    def run(self, store: ShardStore, side: Side, encoder: Encoder) -> list[Shard]:
        """All shards in order: the stored ones as they are, the others encoded and stored."""
        return self._here(store, side, encoder) if self.spread is None else self._there(store, side, encoder)

    def _here(self, store: ShardStore, side: Side, encoder: Encoder) -> list[Shard]:
        shards: list[Shard] = []
        total = len(side.items)
        for start, stop, stored in self._spans(store, total):
            shard = stored
            if shard is None:
                shard = side.encode(encoder, start, stop, _NotesOnly(self.reporter))
                store.put(shard)
            self._judge(shard)
            shards.append(shard)
            report_batch(self.reporter, store.stage, shard.stop, total)
        return shards

    def _there(self, store: ShardStore, side: Side, encoder: Encoder) -> list[Shard]:
        """The missing ones by workers, in any order."""
        assert self.spread is not None
        shards: dict[int, Shard] = {}
        todo: list[tuple[int, int]] = []
        for start, stop, stored in self._spans(store, len(side.items)):
            if stored is None:
                todo.append((start, stop))
            else:
                self._judge(stored)
                shards[start] = stored

        def take(_place: int, shard: Shard) -> None:
            store.put(shard)
            self._judge(shard)
            shards[shard.start] = shard
            done = sum(kept.stop - kept.start for kept in shards.values())
            report_batch(self.reporter, store.stage, done, len(side.items))

        paths = side.stage == "images"
        there = replace(side, items=[item.resolve() for item in side.items]) if paths else side
        self.spread.cluster.each(
            _encode, todo, there, self.spread.choice, encoder.digest, on_result=take, reporter=self.reporter
        )
        return [shards[start] for start in sorted(shards)]

    def _spans(self, store: ShardStore, total: int) -> Iterator[tuple[int, int, Shard | None]]:
        """First item, the item after the last, and the shard if it is stored, of one batch after the other."""
        start = 0
        while start < total:
            stored = store.get(start)
            following = store.next_start(start)
            stop = stored.stop if stored is not None else min(start + self.batch_size, total, following or total)
            yield start, stop, stored
            start = stop

    def _judge(self, shard: Shard) -> None:
        for bad in shard.bad:
            judge_bad(bad, self.on_bad)


def _encode(span: tuple[int, int], side: Side, choice: EncoderChoice, digest: str) -> Shard:
    encoder = _built(choice)
    if encoder.digest != digest:
        raise DataError(
            "a worker of the Ray cluster has another encoder than this machine; install the same pico-lens on all "
            "machines, and put the weights on a shared disk"
        )
    gone = [item for item in side.items[slice(*span)] if side.stage == "images" and not item.is_file()]
    if gone:
        raise DataError(
            f"{gone[0]}: a worker of the Ray cluster does not find it; the pictures must lie at the same path on all "
            "machines: put them on a shared disk"
        )
    return side.encode(encoder, *span)


@lru_cache(maxsize=1)
def _built(choice: EncoderChoice) -> Encoder:
    """A worker builds its encoder once."""
    return choice.load()
