"""Encoding batch by batch: what is stored is taken as it is, the rest is encoded here or by a cluster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.data.marks import Level
from pico_core.encoders.choice import EncoderChoice
from pico_core.encoders.protocol import BadItem, Encoder, OnBad, Stage, judge_bad, report_batch
from pico_core.encoders.shards import Shard, ShardStore
from pico_core.errors import DataError
from pico_core.reporter import SILENT, Reporter


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
        some, size = self.items[start:stop], stop - start
        unknown: tuple[str, ...] = ()
        n_truncated = 0
        if self.stage == "images":
            images = encoder.encode_images(some, batch_size=size, on_bad=self.on_bad, reporter=reporter)
            tokens, mask, vectors, kept, bad = images.tokens, images.mask, images.globals, images.kept, images.bad
        else:
            texts = encoder.encode_texts(some, batch_size=size, on_bad=self.on_bad, reporter=reporter)
            tokens, mask, vectors, kept, bad = texts.tokens, texts.mask, texts.globals, texts.kept, texts.bad
            unknown = tuple(dict.fromkeys(word for row in texts.unknown for word in row))
            n_truncated = len(texts.truncated)
        if self.level != "tokens":
            tokens, mask = _as_tokens(vectors)
        placed = tuple(BadItem(start + item.place, item.name, item.reason) for item in bad)
        return Shard(
            start, stop, tokens.to(self.storage), mask, tuple(start + k for k in kept), placed, unknown, n_truncated
        )


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
                shard = side.encode(encoder, start, stop, self.reporter.inner())
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
            done = sum(one.stop - one.start for one in shards.values())
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


def _as_tokens(vectors: Tensor) -> tuple[Tensor, Tensor]:
    return vectors[:, None].contiguous(), torch.ones(len(vectors), 1, dtype=torch.bool)
