"""Which array of a foreign file plays which role, and whether their shapes fit, from headers alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data import checks
from pico_core.storage.headers import ArrayHeader

MIN_IMPORTED_IMAGES = 8  # with fewer, no statistic of a column means anything
EMBEDDINGS = ("emb", "embs", "embed", "embeds", "embedding", "embeddings", "features", "feats", "tokens", "vectors")
# The role's own name wins. Of other names only one may be there, and it must hold fitting values.
NAMES = {
    "image_emb": tuple(f"{stem}_{end}" for stem in ("image", "images", "img", "visual") for end in EMBEDDINGS),
    "text_emb": tuple(f"{s}_{end}" for s in ("text", "texts", "txt", "caption", "captions") for end in EMBEDDINGS),
    "image_mask": ("image_masks", "image_token_mask", "img_mask", "patch_mask"),
    "text_mask": ("text_masks", "text_token_mask", "txt_mask", "caption_mask", "word_mask", "attention_mask"),
    "image_index": ("text_image", "image_idx", "image_indices", "img_index", "text_to_image", "caption_image"),
    "captions": ("caption", "texts", "text", "sentences", "sentence"),
    "ids": ("id", "image_ids", "image_id", "image_names", "image_name", "filenames", "filename", "names"),
    "image_paths": ("image_path", "paths", "path", "image_files"),
}
FALLBACKS = {"image_emb": ("images", "image_global"), "text_emb": ("texts", "text_global")}
KINDS = {
    "image_emb": ("floating",),
    "text_emb": ("floating",),
    "image_mask": ("flag", "integer", "floating"),
    "text_mask": ("flag", "integer", "floating"),
    "image_index": ("integer", "floating"),
    "captions": ("text",),
    "ids": ("text", "integer"),
    "image_paths": ("text",),
}
ROLES = tuple(NAMES)
WORDS = {"image_emb": "image embeddings", "text_emb": "text embeddings", "image_mask": "image mask",
         "text_mask": "text mask", "image_index": "image_index"}  # fmt: skip
RESERVED = ("id", "path", "caption")


@dataclass(frozen=True)
class Assignment:
    """Which array plays which role.

    Attributes:
        names: The name of the array of each role that one plays.
        image_labels: Arrays of text that label images.
        text_labels: The same of texts.
    """

    names: Mapping[str, str]
    image_labels: tuple[str, ...] = ()
    text_labels: tuple[str, ...] = ()

    def array(self, role: str) -> str | None:
        """The array of a role."""
        return self.names.get(role)

    def role_of(self, name: str) -> str | None:
        """The role of an array, None if it is not used."""
        if name in self.image_labels or name in self.text_labels:
            return "image_label" if name in self.image_labels else "text_label"
        return next((role for role, array in self.names.items() if array == name), None)

    def explain(self, message: str) -> str:
        """Say after the words for a role which array it is."""
        for role, words in WORDS.items():
            name = self.array(role)
            if name is not None and message.startswith(words) and name != words:
                return f"{words} (array {name!r}){message.removeprefix(words)}"
        return message


def canonical(name: str) -> str:
    """A name without the differences that people do not mean."""
    return name.casefold().replace("-", "_").replace(".", "_").replace(" ", "_")


def listing(headers: tuple[ArrayHeader, ...]) -> str:
    """What a file holds, in a form that people can compare with what they meant."""
    shown = "; ".join(str(header) for header in headers[:20])
    return shown + (f"; and {len(headers) - 20} more" if len(headers) > 20 else "")


def assign(headers: tuple[ArrayHeader, ...], mapping: Mapping[str, str]) -> Assignment:
    """Give every role its array: by the mapping, else by its name.

    Raises:
        DataError: the mapping names an unknown role or array, or two arrays claim one role.
    """
    by_name = {header.name: header for header in headers}
    for role, name in mapping.items():
        if role not in ROLES:
            raise DataError(f"the mapping names the role {role!r}; the roles are {', '.join(ROLES)}")
        if name not in by_name:
            raise DataError(f"the mapping gives {role} the array {name!r}, but the file holds {listing(headers)}")
    if mapping.get("image_emb") is not None and mapping["image_emb"] == mapping.get("text_emb"):
        raise DataError(
            f"the mapping gives image_emb and text_emb the same array {mapping['image_emb']!r}, so that every text "
            "would be its image; name two arrays"
        )
    names = dict(mapping)
    taken = set(mapping.values())
    for role in ROLES:
        if role not in names:
            rows = _rows(names, by_name, role)
            known = _recognised(role, tuple(h for h in headers if h.name not in taken), rows)
            if known is not None and not _left_behind(role, by_name[known], names, mapping, by_name):
                names[role] = known
                taken.add(known)
    labels = _labels([h for h in headers if h.name not in taken], names, by_name)
    return Assignment(names, *labels)


def _rows(names: dict[str, str], by_name: dict[str, ArrayHeader], role: str) -> int | None:
    owner = names.get({"captions": "text_emb", "ids": "image_emb", "image_paths": "image_emb"}.get(role, ""))
    return by_name[owner].shape[0] if owner and by_name[owner].shape else None


def _recognised(role: str, headers: tuple[ArrayHeader, ...], rows: int | None) -> str | None:
    for header in headers:
        if canonical(header.name) == role:
            return header.name
    for names in (NAMES[role], FALLBACKS.get(role, ())):
        fitting = [
            header.name
            for header in headers
            if canonical(header.name) in names
            and header.kind in KINDS[role]
            and (rows is None or header.shape[:1] == (rows,))
        ]
        if len(fitting) > 1:
            raise DataError(f"{fitting} could each be {role}; say which by a mapping, such as {role} = {fitting[0]}")
        if fitting:
            return fitting[0]
    return None


def _left_behind(
    role: str, mask: ArrayHeader, names: dict[str, str], mapping: Mapping[str, str], by_name: dict[str, ArrayHeader]
) -> bool:
    """Whether this is the mask of tokens that the mapping replaced by global vectors."""
    emb = role.replace("_mask", "_emb")
    return (
        role.endswith("_mask")
        and emb in mapping
        and len(by_name[names[emb]].shape) == 2
        and len(mask.shape) == 2
        and mask.shape[1] > 1
    )


def _labels(
    rest: list[ArrayHeader], names: dict[str, str], by_name: dict[str, ArrayHeader]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Texts that no role took: labels of whatever they are as many as."""
    counts = [by_name[names[role]].shape[:1] if role in names else None for role in ("image_emb", "text_emb")]
    image: list[str] = []
    text: list[str] = []
    for header in rest:
        if header.kind != "text" or len(header.shape) != 1 or canonical(header.name) in RESERVED:
            continue
        starts = canonical(header.name)
        same = counts[0] == counts[1]
        if header.shape == counts[0] and (not same or starts.startswith(("image", "img"))):
            image.append(header.name)
        elif header.shape == counts[1] and (not same or starts.startswith(("text", "caption", "word"))):
            text.append(header.name)
    return tuple(image), tuple(text)


def shape_problems(headers: tuple[ArrayHeader, ...], roles: Assignment, *, paired: bool = False) -> Iterator[str]:
    """Everything that is wrong with names, kinds and shapes.

    Args:
        headers: What the file declares.
        roles: Which array plays which role.
        paired: Whether a table says which image each text belongs to.
    """
    by_name = {header.name: header for header in headers}
    for role in ("image_emb", "text_emb"):
        if roles.array(role) is None:
            yield (
                f"no array is recognised as {WORDS[role]} ({role}); the file holds {listing(headers)}: "
                f"say which by a mapping, such as {role} = its name"
            )
    tokens: dict[str, Tensor] = {}
    for role in ROLES:
        name = roles.array(role)
        if name is None:
            continue
        header = by_name[name]
        if header.kind not in KINDS[role]:
            yield (
                f"array {name!r} ({role}) holds {header.dtype}; expected {' or '.join(KINDS[role])} values: "
                "convert the array, or map the role to another one"
            )
        elif role.endswith("_emb"):
            try:
                shape_only = torch.empty(header.shape, dtype=getattr(torch, header.dtype), device="meta")
                tokens[role] = checks.as_tokens(shape_only, role.removesuffix("_emb"))
            except DataError as error:
                yield roles.explain(str(error))
        else:
            yield from _fit_problems(role, header, tokens)
    if len(tokens) == 2:
        yield from _joint_problems(roles, tokens["image_emb"], tokens["text_emb"], paired=paired)
    if "image_emb" in tokens and len(tokens["image_emb"]) < MIN_IMPORTED_IMAGES:
        yield (
            f"there are {len(tokens['image_emb'])} images (array {roles.array('image_emb')!r}); at least "
            f"{MIN_IMPORTED_IMAGES} are needed to fit, steer and test on different images: bring more"
        )


def _joint_problems(roles: Assignment, images: Tensor, texts: Tensor, *, paired: bool) -> Iterator[str]:
    try:
        checks.same_width(images, texts)
    except DataError as error:
        yield roles.explain(str(error))
    try:
        if roles.array("image_index") is None and not paired:
            checks.as_text_image(None, n_images=len(images), n_texts=len(texts))
    except DataError as error:
        yield str(error)


def _fit_problems(role: str, header: ArrayHeader, tokens: dict[str, Tensor]) -> Iterator[str]:
    modality = "image" if role in ("image_mask", "ids", "image_paths") else "text"
    items = tokens.get(f"{modality}_emb")
    if items is None:
        return
    rows, per_item = items.shape[:2]
    if role.endswith("_mask"):
        if header.shape != (rows, per_item) and not (per_item == 1 and header.shape == (rows,)):
            yield (
                f"{modality} mask (array {header.name!r}) has shape {list(header.shape)}; expected "
                f"{[rows, per_item]}, one flag per token: reshape it, or map {role} to another array"
            )
    elif header.shape != (rows,):
        yield (
            f"array {header.name!r} ({role}) has shape {list(header.shape)}; expected [{rows}], one per {modality}: "
            f"correct it, or map {role} to another array"
        )
