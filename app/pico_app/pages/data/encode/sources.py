"""Where pictures and captions lie: in folders of this machine, or in a zip that is uploaded."""

from dataclasses import replace

import streamlit as st

from pico_app.answers import encoding, uploads
from pico_app.pages.parts import one_of
from pico_app.server.places import opened_place
from pico_app.state import study
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError
from pico_core.encoders.archive import Archive

PLACES = {"here": "On this machine", "zip": "In a zip"}
CAPTION_FILES = ("csv", "tsv", "json", "jsonl", "ndjson", "parquet", "txt", "token")
KINDS = "CSV, TSV, parquet, JSON lines, COCO, Karpathy or Flickr token files"
ZIP_MIB = 400


def choose_source() -> encoding.Source | None:
    """Ask where they lie; None until both are there. What is wrong is said in place."""
    where = one_of("Where are they?", PLACES, default="here", key="encode-place", persist_state="session")
    source = _by_path() if where == "here" else _by_zip()
    return None if source is None else _with_columns(source)


def _by_path() -> encoding.Source | None:
    left, right = st.columns(2)
    pictures = left.text_input(
        "Folder of the pictures", placeholder="/home/me/photos", key="encode-pictures", persist_state="session"
    ).strip()
    captions = right.text_input(
        "File of the captions",
        placeholder="/home/me/captions.csv",
        help=f"{KINDS}. A picture may have several captions.",
        key="encode-captions",
        persist_state="session",
    ).strip()
    return encoding.Source(pictures, captions) if pictures and captions else None


def _by_zip() -> encoding.Source | None:
    left, right = st.columns(2)
    upload = left.file_uploader("Zip of the pictures", type="zip", max_upload_size=ZIP_MIB, key="encode-zip")
    table = right.file_uploader("Captions, if they are not in the zip", type=CAPTION_FILES, key="encode-table")
    st.caption(
        "An upload stays on this machine and goes when you leave; of the zip, only pictures and one file of "
        "captions are unpacked. To keep the dataset, unpack the zip yourself and name its folder."
    )
    if upload is None:
        return None
    folder = study.own_uploads(uploads.of_one_visit).path
    path = uploads.keep_upload(folder, upload.file_id, upload.name, upload.getvalue)
    try:
        archive = encoding.look_into_zip(path)
        own = None if table is None else uploads.keep_upload(folder, table.file_id, table.name, table.getvalue)
        chosen = _captions_within(archive) if own is None else None
        if own is None and chosen is None:
            return None
        pictures, captions = encoding.unpack_zip(path, chosen)
    except PicoError as error:
        st.error(plain(error), icon=":material/block:")
        return None
    _say_ignored(archive, chosen)
    return encoding.Source(pictures, own or captions or "", upload=path)


def _captions_within(archive: Archive) -> str | None:
    if not archive.tables:
        st.info("The zip holds no file of captions; bring it beside the zip.", icon=":material/info:")
        return None
    if len(archive.tables) == 1:
        return archive.tables[0]
    return st.selectbox("Which file holds the captions?", archive.tables, key="encode-within", persist_state="session")


def _say_ignored(archive: Archive, chosen: str | None) -> None:
    ignored = [*archive.ignored, *(name for name in archive.tables if name != chosen)]
    if ignored:
        names = ", ".join(ignored[:5]) + (f" and {len(ignored) - 5:,} more" if len(ignored) > 5 else "")
        st.caption(f"Not unpacked: {plain(names)}.")


def _with_columns(source: encoding.Source) -> encoding.Source | None:
    """The same source with the columns that were chosen, where the file leaves a choice."""
    try:
        names = encoding.columns_of(source.captions)
    except PicoError as error:
        st.error(plain(error), icon=":material/block:")
        return None
    if not names:
        return source
    unclear = _unclear(source)
    mark = abs(hash((source.captions, names)))
    with st.expander("Which columns hold what", expanded=unclear):
        left, right = st.columns(2)
        image = left.selectbox(
            "File names of the pictures", names, index=None, placeholder="by its name", key=f"encode-image-{mark}"
        )
        captions = right.multiselect(
            "Captions, one column or several", names, placeholder="by their names", key=f"encode-texts-{mark}"
        )
    return replace(source, image_column=image, caption_columns=tuple(captions))


def _unclear(source: encoding.Source) -> bool:
    """Whether common names do not decide; other faults are said where the file is looked over."""
    try:
        if not opened_place(source.pictures).is_dir():
            return False
        encoding.look_over(source)
    except PicoError as error:
        return "no column" in str(error)
    return False
