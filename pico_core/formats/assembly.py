"""Arrays and tables by their roles, checked and paired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data import checks
from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats.format import NamedArrays
from pico_core.formats.roles import Assignment, assign, shape_problems
from pico_core.formats.tables import Table, owners_from_table, read_table
from pico_core.storage.headers import naming

PLAIN_STEMS = ("pairs", "data", "embeddings", "features", "arrays")  # say less than their folder does


@dataclass(frozen=True, eq=False)
class Parts:
    """What a dataset will be made of: arrays that know their role but are not read, and tables that are."""

    arrays: NamedArrays
    roles: Assignment
    images: Table | None
    texts: Table | None

    def shape_problems(self) -> list[str]:
        """Everything that is wrong with names, kinds and shapes, from headers alone; the file is named."""
        paired = self.texts is not None and bool(self.texts.column("image_index") or self.texts.image_name_column())
        problems = shape_problems(self.arrays.headers, self.roles, paired=paired)
        return [f"{self.arrays.path.name}: {problem}" for problem in problems]

    def value_problems(self) -> list[str]:
        """Everything that is wrong with values, each check on its own, so that one does not hide the next."""
        problems: list[str] = []

        def passes(check: Callable[..., object], *given: object) -> bool:
            try:
                check(*given)
            except DataError as error:
                problems.append(f"{self.arrays.path.name}: {self.roles.explain(str(error))}")
                return False
            return True

        values = self._values
        for modality in ("image", "text"):
            tokens, mask = checks.as_tokens(values[f"{modality}_tokens"], modality), values[f"{modality}_mask"]
            if passes(checks.as_mask, mask, tokens, modality):
                real = checks.as_mask(mask, tokens, modality)
                _ = passes(checks.finite, tokens, real, modality) and passes(checks.unit_tokens, tokens, real, modality)
        passes(self._check_owner, values["text_image"], values["ids"])
        return problems

    def pairs(self) -> PairedEmbeddings:
        """Read every array that plays a role, check the values, normalise and pair; shapes must have been checked.

        Raises:
            DataError: the first thing that is wrong; it names the file and the array.
        """
        path, values = self.arrays.path, self._values
        stem = path.parent.resolve().name if path.stem in PLAIN_STEMS else path.stem
        try:
            return PairedEmbeddings.from_arrays(**values, name=stem or "unnamed")
        except DataError as error:
            raise DataError(f"{path.name}: {self.roles.explain(str(error))}") from error

    @cached_property
    def _values(self) -> dict[str, Any]:
        """Everything that is read, by the parameters of `PairedEmbeddings.from_arrays`."""
        ids = self._strings("ids", self.images)
        return {
            "image_tokens": self._tensor("image_emb"),
            "text_tokens": self._tensor("text_emb"),
            "image_mask": self._tensor("image_mask"),
            "text_mask": self._tensor("text_mask"),
            "text_image": self._owner(ids),
            "ids": ids,
            "captions": self._strings("captions", self.texts),
            "image_paths": self._paths(),
            "image_labels": self._labels(self.roles.image_labels, self.images, ("ids", "image_paths")),
            "text_labels": self._labels(self.roles.text_labels, self.texts, ("captions", "image_index")),
        }

    def _tensor(self, role: str) -> Tensor | None:
        name = self.roles.array(role)
        return None if name is None else self.arrays.tensor(name)

    def _strings(self, role: str, table: Table | None) -> list[str] | None:
        listed, name = None if table is None else table.strings(role), self.roles.array(role)
        return listed if listed is not None or name is None else self.arrays.strings(name)

    def _n_images(self) -> int:
        return _rows(self.arrays, self.roles, "image_emb") or 0

    def _check_owner(self, text_image: Tensor | None, ids: list[str] | None) -> None:
        n_texts = _rows(self.arrays, self.roles, "text_emb") or 0
        owner = checks.as_text_image(text_image, n_images=self._n_images(), n_texts=n_texts)
        checks.every_image_has_text(owner, ids or [str(i) for i in range(self._n_images())])

    def _owner(self, ids: list[str] | None) -> Tensor | None:
        """The image of each text: by index in the table, by index in the file, by names in the table."""
        owner = self._tensor("image_index")
        if self.texts is None or (owner is not None and self.texts.column("image_index") is None):
            return owner
        with naming(self.texts.path):
            names = ids or [str(i) for i in range(self._n_images())]
            by_table = owners_from_table(self.texts, names)
            if by_table is None:
                return owner
            index = checks.as_text_image(by_table, n_images=len(names), n_texts=len(by_table))
            checks.every_image_has_text(index, names)  # judged here too, where the table can be named
            return by_table

    def _paths(self) -> list[str] | None:
        """Paths as they are, except that a picture lying where its list lies is named in full."""
        paths = self._strings("image_paths", self.images)
        if paths is None:
            return None
        base = (self.arrays if self.images is None else self.images).path.resolve().parent
        return [str(base / path) if path and _is_file(base / path) else path for path in paths]

    def _labels(self, names: tuple[str, ...], table: Table | None, roles: tuple[str, ...]) -> pl.DataFrame | None:
        listed = pl.DataFrame() if table is None else table.labels(*roles)
        columns = [pl.Series(name, self.arrays.strings(name)) for name in names if name not in listed.columns]
        frame = listed.hstack(columns) if listed.width else pl.DataFrame(columns)
        return frame if frame.width else None


def assign_roles(
    arrays: NamedArrays, *, mapping: Mapping[str, str], images: Path | str | None, texts: Path | str | None
) -> Parts:
    """Give the arrays their roles, and read the tables; arguments as for `open_pairs`.

    Raises:
        DataError: a role cannot be given, or a table cannot be read or has other rows.
    """
    with naming(arrays.path):
        roles = assign(arrays.headers, mapping)
    tables = []
    for of, given, own in (("image", images, arrays.images), ("text", texts, arrays.texts)):
        path, rows = given or own, _rows(arrays, roles, f"{of}_emb")
        tables.append(None if path is None else read_table(Path(path), rows=rows, of=f"{of}s"))
    return Parts(arrays, roles, *tables)


def _rows(arrays: NamedArrays, roles: Assignment, role: str) -> int | None:
    name = roles.array(role)
    shape = () if name is None else arrays.header(name).shape
    return shape[0] if shape else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long a name, or one that no file can have
        return False
