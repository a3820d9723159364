"""Foreign files, opened and gathered by role, in the terms of `PairedEmbeddings.from_arrays`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from torch import Tensor

from pico_core.data.checks import as_text_image, every_image_has_text
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.formats.roles import Assignment, assign
from pico_core.formats.sources import Source, open_source
from pico_core.formats.tables import Table, owners_from_table, read_table
from pico_core.storage.headers import naming

PLAIN_STEMS = ("pairs", "data", "embeddings", "features", "arrays")  # say less than their folder does


@dataclass(frozen=True, eq=False)
class Gathered:
    """The arrays and metadata of a foreign dataset as they were read, in the terms of `from_arrays`."""

    image_tokens: Tensor
    text_tokens: Tensor
    image_mask: Tensor | None
    text_mask: Tensor | None
    text_image: Tensor | None
    ids: list[str] | None
    captions: list[str] | None
    image_paths: list[str] | None
    image_labels: pl.DataFrame | None
    text_labels: pl.DataFrame | None


@dataclass(frozen=True, eq=False)
class Foreign:
    """A foreign dataset whose headers and tables are read, and whose arrays are not."""

    source: Source
    roles: Assignment
    images: Table | None
    texts: Table | None

    @property
    def paired(self) -> bool:
        """Whether a table can say which image each text belongs to."""
        return self.texts is not None and bool(self.texts.column("image_index") or self.texts.image_name_column())


def open_foreign(
    path: Path | str,
    *,
    mapping: Mapping[str, str] | None = None,
    images: Path | str | None = None,
    texts: Path | str | None = None,
    text_path: Path | str | None = None,
) -> Foreign:
    """Read headers and tables, and give the arrays their roles; arguments as for `import_arrays`."""
    source = open_source(Path(path), None if text_path is None else Path(text_path))
    with naming(source.path):
        roles = assign(source.headers, mapping or {})
    return Foreign(
        source=source,
        roles=roles,
        images=None if images is None else read_table(Path(images), rows=_rows(source, roles.image_emb), of="images"),
        texts=None if texts is None else read_table(Path(texts), rows=_rows(source, roles.text_emb), of="texts"),
    )


def _rows(source: Source, array: str | None) -> int | None:
    shape = () if array is None else source.header(array).shape
    return shape[0] if shape else None


def gather(foreign: Foreign) -> Gathered:
    """Read every array that plays a role; shapes must have been checked."""
    source, roles = foreign.source, foreign.roles
    if roles.image_emb is None or roles.text_emb is None:
        raise DataError(f"{source.path.name}: image and text embeddings are both needed")
    ids = _strings(foreign, "ids", foreign.images)
    owner = _tensor(source, roles.image_index)
    if foreign.texts is not None and (owner is None or _names_index(foreign.texts)):
        with naming(foreign.texts.path):
            names = ids or _numbers(source, roles)
            by_table = owners_from_table(foreign.texts, names)
            if by_table is not None:  # judged here too, where the table can be named
                every_image_has_text(as_text_image(by_table, n_images=len(names), n_texts=len(by_table)), names)
        owner = owner if by_table is None else by_table
    return Gathered(
        image_tokens=source.tensor(roles.image_emb),
        text_tokens=source.tensor(roles.text_emb),
        image_mask=_tensor(source, roles.image_mask),
        text_mask=_tensor(source, roles.text_mask),
        text_image=owner,
        ids=ids,
        captions=_strings(foreign, "captions", foreign.texts),
        image_paths=_found_from(_strings(foreign, "image_paths", foreign.images), foreign),
        image_labels=_labels(source, roles.image_labels, foreign.images, ("ids", "image_paths")),
        text_labels=_labels(source, roles.text_labels, foreign.texts, ("captions", "image_index")),
    )


def _numbers(source: Source, roles: Assignment) -> list[str]:
    """What images are called that came without names."""
    return [str(i) for i in range(_rows(source, roles.image_emb) or 0)]


def _names_index(texts: Table) -> bool:
    return texts.column("image_index") is not None


def _tensor(source: Source, array: str | None) -> Tensor | None:
    return None if array is None else source.tensor(array)


def _strings(foreign: Foreign, role: str, table: Table | None) -> list[str] | None:
    listed = None if table is None else table.strings(role)
    array = foreign.roles.array(role)
    return listed if listed is not None or array is None else foreign.source.strings(array)


def _found_from(paths: list[str] | None, foreign: Foreign) -> list[str] | None:
    """Paths as they are, except that a picture lying where its list lies is named in full."""
    if paths is None:
        return None
    base = (foreign.source if foreign.images is None else foreign.images).path.resolve().parent
    return [str(base / path) if path and _is_file(base / path) else path for path in paths]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, or one that no file can have
        return False


def _labels(
    source: Source, arrays: tuple[str, ...], table: Table | None, roles: tuple[str, ...]
) -> pl.DataFrame | None:
    listed = pl.DataFrame() if table is None else table.labels(*roles)
    columns = [pl.Series(name, source.strings(name)) for name in arrays if name not in listed.columns]
    frame = listed.hstack(columns) if listed.width else pl.DataFrame(columns)
    return frame if frame.width else None


def build(foreign: Foreign, gathered: Gathered, *, name: str | None = None) -> PairedEmbeddings:
    """Check the values, normalise, and pair; every error names the file and the array."""
    path = foreign.source.path
    stem = path.parent.resolve().name if path.stem in PLAIN_STEMS else path.stem
    try:
        return PairedEmbeddings.from_arrays(
            gathered.image_tokens,
            gathered.text_tokens,
            image_mask=gathered.image_mask,
            text_mask=gathered.text_mask,
            text_image=gathered.text_image,
            ids=gathered.ids,
            captions=gathered.captions,
            image_paths=gathered.image_paths,
            image_labels=gathered.image_labels,
            text_labels=gathered.text_labels,
            name=name or stem or "unnamed",
        )
    except DataError as error:
        raise DataError(f"{path.name}: {foreign.roles.explain(str(error))}") from error
