"""What did I load, and is it sound?"""

from collections.abc import Sequence
from functools import partial
from textwrap import shorten

import streamlit as st

from pico_app.answers import datasets, outside, pictures, retrieval, studies, uploads
from pico_app.pages.buttons import ask_button, report_button
from pico_app.pages.data import encode
from pico_app.pages.page import Page
from pico_app.pages.parts import download, facts, prose, question
from pico_app.state import study
from pico_app.words.markup import plain
from pico_app.workspace import Dataset, Frame, Workspace
from pico_core.common.errors import PicoError
from pico_core.data.labels import has_style_labels
from pico_core.formats.roles import ROLES
from pico_core.method.bases import BASES
from pico_core.storage.headers import ArrayHeader
from pico_core.studies.export import ExportFormat

TITLE = "What did I load, and is it sound?"
ABOUT = {
    "image_emb": "image embeddings",
    "text_emb": "text embeddings",
    "image_mask": "real patches",
    "text_mask": "real words",
    "image_index": "image of each text",
    "captions": "captions",
    "ids": "names of images",
    "image_paths": "paths of pictures",
}
KINDS: tuple[ExportFormat, ...] = ("csv", "parquet", "npz", "safetensors", "json")
TABLES = ("parquet", "csv")
SHOWN = 8


def render(frame: Frame) -> None:
    """Draw the page."""
    dataset = frame.dataset
    if dataset is None:
        question(TITLE, "Nothing is open yet: below is what was found and how to mend it.")
        _look_into(uploads.Source(study.dataset_path()), key="path")
    else:
        pairs = dataset.pairs
        question(
            TITLE,
            f"No problem found in {pairs.name}: {pairs.n_images:,} images and {pairs.n_texts:,} texts in "
            f"{pairs.n_columns} feature columns.",
        )
        if dataset.sample is not None:
            prose(
                f"These are {dataset.sample.sentence}, drawn at random by seed 0, with all their texts: the tokens of "
                "all of them do not fit into memory. Every page shows and computes these only; a study of all images "
                "runs on the command line (`pico-lens construct`), which streams them from the file."
            )
        _facts(dataset)
        encode.report()
        _missing(dataset)
        _examples(dataset, frame.space)
    _upload()
    encode.render()
    if frame.space is not None:
        _export(frame.space)


def _facts(dataset: Dataset) -> None:
    pairs = dataset.pairs
    fewest, most = pairs.texts_per_image
    norms = pairs.normalisation
    facts(
        (
            ("images", _shape(pairs.image_tokens.shape, "patches")),
            ("texts", _shape(pairs.text_tokens.shape, "words at most")),
            ("texts per image", str(fewest) if fewest == most else f"{fewest} to {most}"),
            ("stored as", str(pairs.image_tokens.dtype).removeprefix("torch.")),
            ("length of an image row, as it came", _span(*norms.image_norms)),
            ("length of a text row, as it came", _span(*norms.text_norms)),
            ("length now", "1, divided by its own" if norms.applied else "1, left as they were"),
            ("digest", pairs.digest),
            ("encoder", _encoder(dataset)),
        )
    )


def _shape(sizes: Sequence[int], token: str) -> str:
    """Items, tokens of an item, columns; a global embedding has one vector per item.

    >>> _shape((280, 64, 48), "patches"), _shape((1000, 1, 512), "patches")
    ('280 × 64 patches × 48 columns', '1,000 × 512 columns')
    """
    items, tokens, columns = sizes
    middle = "" if tokens == 1 else f" × {tokens:,} {token}"
    return f"{items:,}{middle} × {columns:,} columns"


def _span(low: float, high: float) -> str:
    """Both ends in three digits, or one number where they are the same.

    >>> _span(1.0, 1.0001), _span(0.5, 12)
    ('1', '0.5 to 12')
    """
    ends = f"{low:.3g}", f"{high:.3g}"
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _encoder(dataset: Dataset) -> str:
    if dataset.pairs.encoder is not None:
        return dataset.pairs.encoder.sentence
    return "a small one, kept with the demo" if outside.can_ask_outside(dataset) else "not recorded"


def _missing(dataset: Dataset) -> None:
    pairs = dataset.pairs
    lacks = []
    if all(path is None for path in pairs.image_paths):
        lacks.append("No pictures, so lists show images by name.")
    if all(caption is None for caption in pairs.captions):
        lacks.append("No captions, so texts are shown by number.")
    if not pairs.image_labels and not pairs.text_labels:
        lacks.append("No labels, so the Subspaces page can colour by modality only, and no purity is measured.")
    if dataset.truth is None:
        ceiling = (
            "the labels of style stand in as the ceiling of the controls"
            if has_style_labels(pairs)
            else "the controls have no ceiling"
        )
        lacks.append(f"No planted truth, which real data never have: {ceiling}.")
    if not outside.can_ask_outside(dataset):
        lacks.append(outside.outside_encoder(dataset).why)
    st.subheader("What is missing, and what that disables", anchor=False)
    prose(" ".join(lacks) or "Nothing.")
    labels = datasets.label_columns(dataset)
    if labels:
        st.subheader("Labels", anchor=False)
        st.dataframe(
            [
                {"label": row.name, "of": row.of, "groups": row.groups, "missing": row.missing, "example": row.example}
                for row in labels
            ],
            hide_index=True,
        )


def _examples(dataset: Dataset, space: Workspace | None) -> None:
    pairs = dataset.pairs
    st.subheader("The first pairs", anchor=False)
    owner = pairs.text_image.tolist()
    rows = []
    for text in range(min(SHOWN, pairs.n_texts)):
        image = owner[text]
        rows.append(
            {
                "picture": pictures.thumbnail(dataset, pairs.image_paths[image]),
                "image": pairs.ids[image],
                "text": pairs.captions[text] or f"text {text}",
            }
        )
    if all(row["picture"] is None for row in rows):
        for row in rows:
            row.pop("picture")
    st.dataframe(
        rows,
        hide_index=True,
        row_height=64 if "picture" in rows[0] else None,
        column_config={"picture": st.column_config.ImageColumn("", width="small")},
    )
    if space is None:
        return
    with st.container(horizontal=True):
        for query in retrieval.queries_named(space, [str(row["image"]) for row in rows]):
            name = shorten(retrieval.item_name(space, "image", query.index), 44, placeholder=" …")
            ask_button(space, query, key=f"data-ask-{query.index}", label=f"Ask with {plain(name)}")


def _upload() -> None:
    st.subheader("Open your own embeddings", anchor=False)
    st.markdown(
        "Common array names (`image_emb`, `text_emb`, `text_mask`, `image_index`, `captions`, `ids` and their usual "
        "variants) are recognised; others are named below after the upload. Nothing leaves this machine, and no "
        "pickle is ever opened."
    )
    arrays = st.file_uploader("Embeddings", type=uploads.upload_endings(), key="upload-arrays")
    with st.expander("Captions, names or labels in tables of their own"):
        left, right = st.columns(2)
        images = left.file_uploader("One row per image: id, path, labels", type=TABLES, key="upload-images")
        texts = right.file_uploader("One row per text: caption, image_index, labels", type=TABLES, key="upload-texts")
    if arrays is None:
        return
    folder = study.own_uploads(uploads.of_one_visit).path
    kept = [
        None if file is None else uploads.keep_upload(folder, file.file_id, file.name, file.getvalue)
        for file in (arrays, images, texts)
    ]
    _look_into(uploads.Source(kept[0] or "", kept[1], kept[2]), key=arrays.file_id)


def _look_into(source: uploads.Source, *, key: str) -> None:
    """What a file holds, which array is what, what is wrong, and the button that opens it."""
    inspection = uploads.inspect(source, {})
    mapping: dict[str, str] = {}
    if inspection.arrays and inspection.format != "dataset":
        mapping = _roles(inspection.arrays, key=key)
        inspection = uploads.inspect(source, mapping) if mapping else inspection
    for problem in inspection.problems:
        st.error(plain(problem), icon=":material/block:")
    if inspection.arrays:
        with st.expander(
            f"The {len(inspection.arrays)} arrays of {plain(inspection.path.name)}", expanded=bool(inspection.problems)
        ):
            st.dataframe(
                [
                    {"array": a.name, "shape": " × ".join(map(str, a.shape)), "type": a.dtype, "used as": a.role or "–"}
                    for a in inspection.arrays
                ],
                hide_index=True,
            )
    if inspection.pairs is None:
        return
    st.success(
        f"No problem found: {inspection.pairs.n_images:,} images, {inspection.pairs.n_texts:,} texts, "
        f"{inspection.pairs.n_columns} columns.",
        icon=":material/check_circle:",
    )
    if st.button("Open this dataset", type="primary", key=f"open-{key}"):
        try:
            study.open_dataset(uploads.keep_import(study.own_uploads(uploads.of_one_visit).path, inspection))
        except PicoError as error:
            st.error(plain(error), icon=":material/block:")
        else:
            st.rerun()


def _roles(arrays: Sequence[ArrayHeader], *, key: str) -> dict[str, str]:
    """Selectboxes from role to array; what is left alone is recognised by its name."""
    guessed = {array.role: array.name for array in arrays if array.role}
    missing = [role for role in ("image_emb", "text_emb") if role not in guessed]
    with st.expander("Which array is what", expanded=bool(missing)):
        chosen: dict[str, str] = {}
        places = st.columns(4)
        for number, role in enumerate(ROLES):
            name = places[number % 4].selectbox(
                ABOUT[role],
                [array.name for array in arrays],
                index=None,
                placeholder=guessed.get(role, "none"),
                key=f"role-{key}-{role}",
            )
            if name is not None:
                chosen[role] = str(name)
    return chosen


def _export(space: Workspace) -> None:
    st.subheader("Take the weights with you", anchor=False)
    for container, kind in zip(st.columns(len(KINDS)), KINDS, strict=True):
        file = f"pico-weights-{space.study.basis.name}.{kind}"
        download(kind, partial(studies.export, space, kind), file=file, key=f"export-{kind}", container=container)
    st.caption(
        f"The weights and probabilities of the study on the screen, one row per column, read in the "
        f"{BASES[space.study.basis.name].title}. npz and safetensors hold the axes "
        "too: weights mean nothing without them."
    )
    report_button(space, key="data-report")


PAGE = Page("data", "Data", ":material/database:", render)
