"""What a file holds and everything that is wrong with it, without ever refusing to look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pico_core.data import checks
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.formats.gathering import Foreign, Gathered, build, gather, open_foreign
from pico_core.formats.roles import MIN_IMPORTED_IMAGES, ROLES, Assignment, shape_problems
from pico_core.formats.sources import open_source


@dataclass(frozen=True)
class ArrayInfo:
    """One array of a file.

    Attributes:
        name: Its name.
        shape: Its axes.
        dtype: What it holds.
        role: What it is used as, None if it is not used.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    role: str | None


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in a dataset; None where it cannot be told.

    Attributes:
        path: What was inspected.
        format: "dataset" for a native folder, else the kind of file.
        arrays: Every array, used or not.
        n_images: Images.
        n_texts: Texts.
        n_columns: Feature columns.
        storage: Number format of the image embeddings.
        texts_per_image: Fewest and most.
        digest: Content digest after import; only when there is no problem.
        encoder: Which encoder made it, in words, where the dataset remembers it.
        roles: "role = array" for every array that plays one.
        pairs: The dataset itself; only when there is no problem.
        problems: What keeps it from being used, each with the mend.
    """

    path: Path
    format: str
    arrays: tuple[ArrayInfo, ...] = ()
    n_images: int | None = None
    n_texts: int | None = None
    n_columns: int | None = None
    storage: str | None = None
    texts_per_image: tuple[int, int] | None = None
    digest: str | None = None
    encoder: str | None = None
    roles: tuple[str, ...] = ()
    pairs: PairedEmbeddings | None = None
    problems: tuple[str, ...] = ()


def inspect_dataset(
    path: Path | str,
    *,
    mapping: Mapping[str, str] | None = None,
    images: Path | str | None = None,
    texts: Path | str | None = None,
    text_path: Path | str | None = None,
) -> Inspection:
    """Look at a native folder or a foreign file and report every problem; bad content never raises.

    Arguments as for `import_arrays`.
    """
    from pico_core.formats.native import ARRAYS, IMAGES, TEXTS  # files imports imports, which names this function

    place = Path(path)
    native = place.is_dir()
    kind = "dataset" if native else place.suffix.lower().removeprefix(".") or "unknown"
    file = place / ARRAYS if native else place
    if native:
        mapping, text_path = None, None
        images, texts = (str(place / name) if (place / name).is_file() else None for name in (IMAGES, TEXTS))
    try:
        foreign = open_foreign(file, mapping=mapping, images=images, texts=texts, text_path=text_path)
    except DataError as error:
        return _without_roles(place, kind, file, str(error), text_path)
    return _inspect_open(place, kind, foreign)


def _without_roles(place: Path, kind: str, file: Path, problem: str, text_path: Path | str | None) -> Inspection:
    """What can still be said when headers, roles or tables are wrong: the arrays, if they can be listed."""
    try:
        source = open_source(file, None if text_path is None else Path(text_path))
    except DataError:
        return Inspection(place, kind, problems=(problem,))
    arrays = tuple(ArrayInfo(h.name, h.shape, h.dtype, None) for h in source.headers)
    return Inspection(place, kind, arrays=arrays, problems=(problem,))


def _inspect_open(place: Path, kind: str, foreign: Foreign) -> Inspection:
    from pico_core.formats.native import load_pairs

    source, roles, native = foreign.source, foreign.roles, kind == "dataset"
    minimum = 1 if native else MIN_IMPORTED_IMAGES
    problems = [
        f"{source.path.name}: {problem}"
        for problem in shape_problems(source.headers, roles, paired=foreign.paired, minimum=minimum)
    ]
    pairs: PairedEmbeddings | None = None
    if not problems:
        try:
            gathered = gather(foreign)
            problems += [f"{source.path.name}: {problem}" for problem in _value_problems(gathered, roles)]
            if not problems:
                pairs = load_pairs(place) if native else build(foreign, gathered)
        except DataError as error:
            problems.append(str(error))
    shape = {role: source.header(name).shape for role in ("image_emb", "text_emb") if (name := roles.array(role))}
    image_shape, text_shape = shape.get("image_emb", ()), shape.get("text_emb", ())
    return Inspection(
        path=place,
        format=kind,
        arrays=tuple(ArrayInfo(h.name, h.shape, h.dtype, roles.role_of(h.name)) for h in source.headers),
        n_images=image_shape[0] if image_shape else None,
        n_texts=text_shape[0] if text_shape else None,
        n_columns=image_shape[-1] if len(image_shape) > 1 else None,
        storage=source.header(roles.image_emb).dtype if roles.image_emb else None,
        texts_per_image=None if pairs is None else pairs.texts_per_image,
        digest=None if pairs is None else pairs.digest,
        encoder=None if pairs is None or pairs.encoder is None else pairs.encoder.sentence,
        roles=tuple(f"{role} = {name}" for role in ROLES if (name := roles.array(role))),
        pairs=pairs,
        problems=tuple(problems),
    )


def _value_problems(gathered: Gathered, roles: Assignment) -> list[str]:
    """Every check of values on its own, so that one failure does not hide the next."""
    found: list[str] = []

    def check(test: Callable[[], object]) -> None:
        try:
            test()
        except DataError as error:
            found.append(roles.explain(str(error)))

    for modality, array, mask in (
        ("image", gathered.image_tokens, gathered.image_mask),
        ("text", gathered.text_tokens, gathered.text_mask),
    ):
        tokens = checks.as_tokens(array, modality)
        try:
            real = checks.as_mask(mask, tokens, modality)
        except DataError as error:
            found.append(roles.explain(str(error)))
            continue
        before = len(found)
        check(lambda t=tokens, r=real, m=modality: checks.finite(t, r, m))  # type: ignore[misc]
        if len(found) == before:
            check(lambda t=tokens, r=real, m=modality: checks.unit_tokens(t, r, m))  # type: ignore[misc]
    check(lambda: _check_pairing(gathered))
    return found


def _check_pairing(gathered: Gathered) -> None:
    n_images, n_texts = len(gathered.image_tokens), len(gathered.text_tokens)
    owner = checks.as_text_image(gathered.text_image, n_images=n_images, n_texts=n_texts)
    checks.every_image_has_text(owner, gathered.ids or [str(i) for i in range(n_images)])
