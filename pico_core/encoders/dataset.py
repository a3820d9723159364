"""A folder of pictures and a file of captions as a data set, resumable after an interruption."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl
import torch

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.marks import Level
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.captions import Captions, read_captions
from pico_core.encoders.pictures import FoundPictures, find_pictures
from pico_core.encoders.protocol import BadItem, Encoder, OnBad, check_batch_size, judge_bad
from pico_core.encoders.work import Shard, ShardStore, Side, Spread, Work, joined, remove_store
from pico_core.formats.native import is_dataset, save_pairs
from pico_core.storage.atomic import recover, remove_drafts
from pico_core.storage.locks import exclusive_lock, lock_beside

Storage = Literal["float16", "float32"]
PICTURE_WORK = 3  # captions that take about as long as one picture
STORAGE: dict[Storage, torch.dtype] = {"float16": torch.float16, "float32": torch.float32}


@dataclass(frozen=True, eq=False)
class EncodedDataset:
    """A finished data set and everything that is not in it.

    Attributes:
        pairs: The data set, as it was saved.
        folder: Where it was saved.
        bad_images: Pictures that are not in it, with reasons.
        bad_texts: Captions that are not in it, with reasons; those of bad pictures are not listed again.
        unknown_words: Words that the encoder did not know and left out, each once.
        n_truncated: Captions of which the encoder read only the beginning.
        notes: What a user should know of the encoder.
    """

    pairs: PairedEmbeddings
    folder: Path
    bad_images: tuple[BadItem, ...]
    bad_texts: tuple[BadItem, ...]
    unknown_words: tuple[str, ...]
    n_truncated: int
    notes: tuple[str, ...]


def encode_dataset(
    encoder: Encoder,
    folder: Path | str,
    captions: Captions | Path | str,
    *,
    out: Path | str,
    batch_size: int = 32,
    on_bad: OnBad = "refuse",
    reporter: Reporter = SILENT,
    level: Level = "tokens",
    storage: Storage = "float16",
    name: str | None = None,
    spread: Spread | None = None,
) -> EncodedDataset:
    """Encode pictures and captions and save them as a data set of the engine.

    Every finished batch is kept in a `.part` folder beside `out` under a key of the encoder, the
    bytes of its pictures and the words of its captions. Started again, with any batch size, only
    what is not there is encoded. The `.part` folder goes when the data set is complete.

    Args:
        encoder: Makes the tokens.
        folder: Holds the pictures.
        captions: A file of captions, or what `read_captions` made of it.
        out: The folder of the new data set; a data set there is replaced.
        batch_size: Pictures, and captions, at a time.
        on_bad: "refuse" the first bad picture or caption, or "skip" all such and list them.
        reporter: Hears of every batch; cancelled there, what is done is kept.
        level: "tokens" for patches and words, "globals" for one vector each.
        storage: Number format of the data set.
        name: What to call it; default the name of `out`.
        spread: A cluster whose workers encode; default this process does.

    Raises:
        DataError: nothing to encode, a bad item, or a target that is something else.
        Cancelled: by the reporter.
        SettingError: another process writes this folder.
    """
    check_batch_size(batch_size)
    if level not in ("tokens", "globals") or storage not in STORAGE:
        raise SettingError(
            f"level is {level!r} and storage {storage!r}; expected tokens or globals, float16 or float32"
        )
    target = Path(out).resolve()
    recover(target)
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(lock_beside(target), target):
        sentences = captions if isinstance(captions, Captions) else read_captions(captions)
        pictures = find_pictures(folder, sentences.images)
        missing = [judge_bad(item, on_bad) for item in pictures.missing]
        part = target.with_name(f".{target.name}.encoding.part")
        remove_drafts(part)
        base = f"{encoder.digest} {level} {storage}"
        seconds = PICTURE_WORK * len(pictures.paths)
        share = seconds / (seconds + len(sentences.texts) or 1)
        image_shards = Work(batch_size, on_bad, reporter.part(0.0, share, steps=True), spread).run(
            ShardStore(part, "images", _picture_key(base, pictures.paths)),
            Side("images", pictures.paths, level, STORAGE[storage], on_bad),
            encoder,
        )
        text_shards = Work(batch_size, on_bad, reporter.part(share, 1.0, steps=True), spread).run(
            ShardStore(part, "texts", lambda start, stop: _key(base, sentences.texts[start:stop])),
            Side("texts", sentences.texts, level, STORAGE[storage], on_bad),
            encoder,
        )
        pairs, lonely = _paired(sentences, pictures, image_shards, text_shards, name or target.name)
        pairs = replace(pairs, encoder=replace(encoder.mark, level=level))
        save_pairs(pairs, target)
        remove_store(part)
    unread = [(pictures.positions[bad.position], bad.reason) for shard in image_shards for bad in shard.bad]
    unread_images = [BadItem(position, sentences.images[position], reason) for position, reason in unread]
    return EncodedDataset(
        pairs=pairs,
        folder=Path(out),
        bad_images=tuple(sorted([*missing, *unread_images, *lonely], key=lambda bad: bad.position)),
        bad_texts=tuple(bad for shard in text_shards for bad in shard.bad),
        unknown_words=tuple(dict.fromkeys(word for shard in text_shards for word in shard.unknown)),
        n_truncated=sum(shard.n_truncated for shard in text_shards),
        notes=encoder.notes,
    )


def check_target(target: Path) -> None:
    """Refuse before hours of work what could not be saved after them.

    Raises:
        DataError: the target is a file, or a folder of something else.
    """
    if target.is_file():
        raise DataError(f"{target.name}: is a file; a data set is a folder: choose another name")
    if target.is_dir() and any(target.iterdir()) and not is_dataset(target):
        raise DataError(f"{target.name}: the folder holds something else than a data set; choose a new or an empty one")


def _picture_key(base: str, paths: Sequence[Path]) -> Callable[[int, int], str]:
    @cache
    def content(position: int) -> str:
        with paths[position].open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    return lambda start, stop: _key(base, [content(position) for position in range(start, stop)])


def _key(base: str, items: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join((base, *items)).encode("utf-8", "surrogatepass")).hexdigest()


def _paired(
    captions: Captions, pictures: FoundPictures, images: list[Shard], texts: list[Shard], name: str
) -> tuple[PairedEmbeddings, list[BadItem]]:
    """Good pictures with their good captions; a picture whose captions are all bad is left out and listed."""
    good_images = [position for shard in images for position in shard.kept]
    good_texts = [position for shard in texts for position in shard.kept]
    described = {captions.text_image[text] for text in good_texts}
    rows = [row for row, position in enumerate(good_images) if pictures.positions[position] in described]
    lonely = [pictures.positions[p] for p in good_images if pictures.positions[p] not in described]
    places = [pictures.positions[good_images[row]] for row in rows]
    new = {position: row for row, position in enumerate(places)}
    text_rows = [row for row, text in enumerate(good_texts) if captions.text_image[text] in new]
    if not rows:
        raise DataError(f"{captions.path.name}: no picture with a caption can be encoded; see which are bad, and why")
    image_tokens, image_mask = joined(images)
    text_tokens, text_mask = joined(texts)
    kept_texts = [good_texts[row] for row in text_rows]
    pairs = PairedEmbeddings.from_arrays(
        image_tokens[rows],
        text_tokens[text_rows],
        image_mask=image_mask[rows],
        text_mask=text_mask[text_rows],
        text_image=torch.tensor([new[captions.text_image[text]] for text in kept_texts]),
        ids=[captions.images[position] for position in places],
        captions=[captions.texts[text] for text in kept_texts],
        image_paths=[str(pictures.paths[good_images[row]]) for row in rows],
        image_labels=_labels(captions.image_labels, places),
        text_labels=_labels(captions.text_labels, kept_texts),
        name=name,
    )
    why = "none of its captions can be encoded; give it one in other words"
    return pairs, [BadItem(position, captions.images[position], why) for position in lonely]


def _labels(frame: pl.DataFrame, rows: list[int]) -> pl.DataFrame | None:
    return frame[rows] if frame.width else None
