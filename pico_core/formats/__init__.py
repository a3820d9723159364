"""Embeddings in, whoever wrote them: one list of formats, and one way from a path to `PairedEmbeddings`.

A format is one file and one line in `FORMATS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pico_core.common.errors import DataError
from pico_core.common.registry import Registry
from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats.assembly import assign_roles
from pico_core.formats.format import Format, NamedArrays
from pico_core.formats.native import NATIVE, dataset_folder
from pico_core.formats.npy import NPY
from pico_core.formats.npz import NPZ
from pico_core.formats.roles import Assignment, assign
from pico_core.formats.safetensors_file import SAFETENSORS
from pico_core.formats.tables import TABLE_EXTENSIONS
from pico_core.formats.torch_file import TORCH
from pico_core.storage.atomic import recover
from pico_core.storage.headers import ArrayHeader, check_file, check_total, naming
from pico_core.storage.token_files import STREAM_FROM

FORMATS: Final[Registry[Format]] = Registry("format", (NATIVE, NPZ, NPY, SAFETENSORS, TORCH))


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in a dataset; None where it cannot be told.

    Attributes:
        path: What was inspected.
        format: Name of its format; of a form that is not known, the ending of the file.
        arrays: Every array, used or not.
        pairs: The dataset itself; only when there is no problem.
        problems: What keeps it from being used, each with the mend.
    """

    path: Path
    format: str
    arrays: tuple[ArrayHeader, ...] = ()
    pairs: PairedEmbeddings | None = None
    problems: tuple[str, ...] = ()

    def array(self, role: str) -> ArrayHeader | None:
        """The array that plays a role."""
        return next((array for array in self.arrays if array.role == role), None)

    @property
    def n_images(self) -> int | None:
        """Images."""
        return self._axis("image_emb", 0) if self.pairs is None else self.pairs.n_images

    @property
    def n_texts(self) -> int | None:
        """Texts."""
        return self._axis("text_emb", 0) if self.pairs is None else self.pairs.n_texts

    @property
    def n_columns(self) -> int | None:
        """Feature columns."""
        return self._axis("image_emb", -1) if self.pairs is None else self.pairs.n_columns

    @property
    def storage(self) -> str | None:
        """Number format of the image embeddings."""
        array = self.array("image_emb")
        if self.pairs is not None:
            return str(self.pairs.image_tokens.dtype).removeprefix("torch.")
        return array.dtype if array is not None else None

    def _axis(self, role: str, axis: int) -> int | None:
        array = self.array(role)
        return array.shape[axis] if array is not None and len(array.shape) > abs(axis) else None


def suffixes(*, tables: bool = False) -> tuple[str, ...]:
    """How the names of files end that hold embeddings, and of tables beside them."""
    return tuple(end for form in FORMATS for end in form.suffixes) + (TABLE_EXTENSIONS if tables else ())


def format_of(path: Path) -> Format:
    """The format of a file or folder: by the ending of its name; by its content, where that leaves a choice or none.

    Raises:
        DataError: there is no such file, or nobody knows its form.
    """
    folder, ending = path.is_dir(), path.suffix.lower()
    fitting = [form for form in FORMATS if (ending in form.suffixes if not folder else not form.suffixes)]
    recognised = (form for form in fitting or FORMATS if form.recognises(path))
    form = next(recognised, next(iter(fitting), None))
    if form is None:
        check_file(path, suffixes(tables=True))
        raise DataError(
            f"{path.name}: a table holds captions and labels, not embeddings; name the file of the embeddings "
            f"({', '.join(suffixes())}) and give this one as its table of images or texts"
        )
    return form


def open_pairs(
    path: Path | str,
    *,
    mapping: Mapping[str, str] | None = None,
    images: Path | str | None = None,
    texts: Path | str | None = None,
    text_path: Path | str | None = None,
    stream_from: int = STREAM_FROM,
) -> PairedEmbeddings:
    """Open a dataset: a folder that `save_pairs` wrote, or arrays that another program wrote.

    Arrays of a foreign file that have common names find their role themselves (image_emb, text_emb, image_mask,
    text_mask, image_index, captions, ids, image_paths); `mapping` names the others and wins. Other arrays of text
    become labels when they are as many as the images or the texts. Headers are checked before anything is
    allocated, and no pickle is ever opened.

    Args:
        path: The folder or the file, of any of `FORMATS`.
        mapping: Role to array name, such as {"image_emb": "image_emb_random"}.
        images: .parquet, .csv or .tsv with one row per image, in order: id, path, and labels.
        texts: The same with one row per text: caption, image_index or the image's id, and labels.
            What a table says of these wins over an array of the file, except that images named in the
            table of texts pair only where no image_index does.
        text_path: The file of the texts, where `path` holds the images alone (.npy).
        stream_from: Tokens of a dataset folder that take so many bytes together stay in its file and are read in
            blocks (`StoredTokens`); all else is read into memory of its own.

    Raises:
        DataError: the first thing that is wrong, with file, array, what was found and the mend.
    """
    path = dataset_folder(Path(path))
    recover(path)
    form = format_of(path)
    if form.open is not None:
        _refuse_hints(path, mapping, images, texts, text_path)
        return form.open(path, stream_from)
    parts = assign_roles(_arrays(form, path, text_path), mapping=mapping or {}, images=images, texts=texts)
    for problem in parts.shape_problems():
        raise DataError(problem)
    return parts.pairs()


def inspect(
    path: Path | str,
    *,
    mapping: Mapping[str, str] | None = None,
    images: Path | str | None = None,
    texts: Path | str | None = None,
    text_path: Path | str | None = None,
) -> Inspection:
    """Look at whatever `open_pairs` opens and report every problem; bad content never raises. Arguments as there."""
    path = dataset_folder(Path(path))
    inspection = Inspection(path, path.suffix.lower().removeprefix(".") or "unknown")
    try:
        form = format_of(path)
        inspection = replace(inspection, format=form.name)
        arrays = _arrays(form, path, text_path)
        inspection = _with_roles(inspection, arrays, Assignment({}))
        if form.open is not None:
            _refuse_hints(path, mapping, images, texts)
            inspection = _with_roles(inspection, arrays, assign(arrays.headers, {}))
            return replace(inspection, pairs=form.open(path, STREAM_FROM))
        parts = assign_roles(arrays, mapping=mapping or {}, images=images, texts=texts)
        inspection = _with_roles(inspection, arrays, parts.roles)
        problems = parts.shape_problems() or parts.value_problems()
        return replace(inspection, problems=tuple(problems)) if problems else replace(inspection, pairs=parts.pairs())
    except DataError as error:
        return replace(inspection, problems=(str(error),))


def _with_roles(inspection: Inspection, arrays: NamedArrays, roles: Assignment) -> Inspection:
    return replace(
        inspection, arrays=tuple(replace(header, role=roles.role_of(header.name)) for header in arrays.headers)
    )


def _refuse_hints(path: Path, *hints: object) -> None:
    if any(hints):
        raise DataError(
            f"{path.name}: a {NATIVE.title} has roles and tables of its own; leave out the mapping, the tables and "
            "the file of the texts"
        )


def _arrays(form: Format, path: Path, text_path: Path | str | None) -> NamedArrays:
    """The arrays of one file or, where each file holds one array, of two."""
    if not form.one_array:
        if text_path is not None:
            single = ", ".join(f"an {other.suffixes[0]}" for other in FORMATS if other.one_array)
            raise DataError(
                f"{path.name}: a second file for the texts ({Path(text_path).name}) goes with {single} of images only; "
                f"a {path.suffix.lower()} file holds both: leave the second one out"
            )
        return form.arrays(path)
    if text_path is None:
        raise DataError(
            f"{path.name}: an {form.suffixes[0]} file holds one array, here the images; name the file of the texts "
            "too (--text-file, text_path), or save both in one .npz"
        )
    check_file(Path(text_path), form.suffixes)
    halves = {"image_emb": form.arrays(path), "text_emb": form.arrays(Path(text_path))}
    with naming(path):
        headers = check_total(tuple(replace(half.headers[0], name=role) for role, half in halves.items()))
    return NamedArrays(path, headers, lambda role: halves[role].load(halves[role].headers[0].name))
