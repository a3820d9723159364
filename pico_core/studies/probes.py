"""The style probe of a study, and a probe on disk: one parquet with what it is about in its header.

A study's probabilities come from its fit split, and so does its yardstick: feedback and test are not looked at.
"""

import io
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.columns.probe import SCHEMA, ProbeSide, StyleProbe, label_probe
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.labels import style_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.perturbations.reencoding import N_ITEMS, reencode
from pico_core.encoders.perturbations.variants import StyleVariants, Variants
from pico_core.encoders.protocol import Encoder
from pico_core.method.bases import BASES
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.retrieval.records import Estimate
from pico_core.storage.atomic import write_atomically
from pico_core.storage.headers import reading
from pico_core.storage.parquet import read_parquet
from pico_core.studies.study import study_part

FORMAT: Final = "pico-lens probe 1"
KEY: Final = b"pico-lens"
NUMBERS: Final = ("share", "low", "high", "chance")


def part_name(config: StudyConfig) -> str:
    """Names the fit split of a study by all that decides it.

    >>> part_name(StudyConfig())
    'fit split of seed 0 (shares 0.45, 0.15)'
    """
    return f"fit split of seed {config.seed} (shares {config.fit:g}, {config.feedback:g})"


def study_variants(
    encoder: Encoder,
    pairs: PairedEmbeddings,
    config: StudyConfig,
    *,
    folder: Path | str | None = None,
    n_items: int = N_ITEMS,
    seed: int = 0,
    batch_size: int = 32,
    reporter: Reporter = SILENT,
) -> StyleVariants:
    """Perturb and encode items of the fit split of a study; one encoding serves every basis (`style_probe`).

    Args:
        encoder: The one that made the dataset.
        pairs: The whole dataset in its given columns.
        config: Decides the split.
        folder: The dataset's, for relative paths of pictures.
        n_items: At most so many images, each with one caption.
        seed: Draws them.
        batch_size: Pictures, and captions, at a time.
        reporter: Hears of every batch.

    Raises:
        DataError: as `reencode`.
        Cancelled: by the reporter.
    """
    fit = study_part(pairs, config, "fit")
    variants = reencode(
        encoder,
        fit,
        folder=folder,
        n_items=n_items,
        seed=seed,
        batch_size=batch_size,
        reporter=reporter,
        digest=pairs.digest,
        part=part_name(config),
    )
    return with_styles(variants, fit)


def with_styles(variants: StyleVariants, pairs: PairedEmbeddings) -> StyleVariants:
    """Put the style labels of the items beside them, where there are any: several labels count as one.

    Args:
        variants: Of `reencode`.
        pairs: What was sampled.
    """

    def labelled(side: Variants | None, table: pl.DataFrame, names: list[str]) -> Variants | None:
        usable = style_labels(table, names)
        if side is None or not usable or not side.rows:
            return side
        rows = table[list(side.rows)].select(usable).rows()
        if any(None in row for row in rows):
            return side  # an item of unknown style cannot be held fixed
        return replace(side, styles=tuple(" / ".join(map(str, row)) for row in rows))

    return replace(
        variants,
        images=labelled(variants.images, pairs.images, pairs.image_labels),
        texts=labelled(variants.texts, pairs.texts, pairs.text_labels),
    )


def study_label_probe(pairs: PairedEmbeddings, config: StudyConfig, basis: Basis) -> StyleProbe | None:
    """The probe by style labels on the fit split of a study; None where no label speaks of style."""
    fit = study_part(pairs, config, "fit")
    return label_probe(fit, basis, digest=pairs.digest, part=part_name(config))


def probe_bytes(probe: StyleProbe) -> bytes:
    """The frame in single precision, and all the rest in the header of the file."""
    import pyarrow.parquet as pq

    about = {f.name: getattr(probe, f.name) for f in fields(probe) if f.name not in ("frame", "sides")}
    about |= {"format": FORMAT, "sides": [asdict(side) for side in probe.sides]}
    narrow = [pl.col(name).cast(pl.Float32) for name in NUMBERS]
    table = probe.frame.with_columns(*narrow, pl.col("column").cast(pl.Int32)).to_arrow()
    table = table.replace_schema_metadata({KEY: json.dumps(about, allow_nan=False).encode()})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", compression_level=19)
    return buffer.getvalue()


def check_target(path: Path | str) -> Path:
    """A place where a probe may be written: nothing there yet, or an older probe.

    Raises:
        DataError: something else is there, or the folder is missing.
    """
    target = Path(path)
    if not target.absolute().parent.is_dir():
        raise DataError(f"{target.name}: there is no folder {target.parent} to write it into; make it first")
    if target.exists() and not _is_probe(target):
        raise DataError(f"{target.name}: what is there is no style probe; choose another name")
    return target


def save_probe(probe: StyleProbe, path: Path | str) -> Path:
    """Write a probe; a file there is replaced in one step.

    Raises:
        DataError: the disk refuses; what was there stays.
    """
    target = Path(path)
    write_atomically(target, probe_bytes(probe))
    return target


def _is_probe(path: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return KEY in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return False


def load_probe(
    path: Path | str, *, digest: str | None = None, part: str | None = None, axes: str | None = None
) -> StyleProbe:
    """Read a probe; with `digest`, `part` or `axes`, refuse one of other data or of other axes.

    Args:
        path: What `save_probe` wrote.
        digest: Of the dataset that it must be about.
        part: The part of it (`part_name`) that it must be of.
        axes: Key of the axes (`axes_key`) that it must be in.

    Raises:
        DataError: missing, damaged, or about something else.
    """
    import pyarrow.parquet as pq

    file = Path(path)
    with reading(file, "a style probe"):
        stored = pq.read_schema(file).metadata or {}
        if KEY not in stored:
            raise DataError("it is no style probe; make one with the probe command")
        about = json.loads(stored[KEY])
        if about.pop("format") != FORMAT:
            raise DataError("it was written by another version; make the probe again")
        for name, wanted in (("digest", digest), ("part", part), ("axes", axes)):
            if wanted is not None and about[name] != wanted:
                raise DataError(f"it is of another {name} ({about[name]}, not {wanted}); make the probe again")
        sides = tuple(
            ProbeSide(
                **{
                    **side,
                    "overall": Estimate(**side["overall"]),
                    "fixed": None if side["fixed"] is None else Estimate(**side["fixed"]),
                    "without_effect": tuple(side["without_effect"]),
                    "aside": tuple(side["aside"]),
                }
            )
            for side in about.pop("sides")
        )
        frame = read_parquet(file).cast(SCHEMA)  # type: ignore[arg-type]
        about["basis"] = BASES.current_name(about["basis"])
        about["unknown_words"] = tuple(about["unknown_words"])
        return StyleProbe(frame=frame, sides=sides, **about)
