"""What lies there before anything is encoded: counts, what is missing, and the first pictures with their captions."""

import streamlit as st

from pico_app import templates
from pico_app.answers import encoding
from pico_app.pages.parts import facts, prose
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError
from pico_core.encoders.captions import CaptionFormat
from pico_core.encoders.pictures import Survey

FORMATS: dict[CaptionFormat, str] = {
    "delimited": "a table (CSV, TSV)",
    "parquet": "a parquet table",
    "records": "JSON records",
    "dictionary": "JSON by file name",
    "coco": "COCO captions",
    "karpathy": "Karpathy's splits",
    "flickr tokens": "a Flickr token file",
}
SHOWN, CAPTIONS_SHOWN, NAMES_SHOWN = 6, 2, 100


def show(survey: Survey) -> None:
    """Counts and names of everything worth knowing before hours of work."""
    captions = survey.captions
    fewest, most = captions.texts_per_image
    prose(_verdict(survey))
    rows = [
        ("captions read as", FORMATS[captions.format]),
        ("captions", f"{len(captions.texts):,}"),
        ("captions per picture", str(fewest) if fewest == most else f"{fewest} to {most}"),
        ("repeated for the same picture", f"{captions.n_repeated:,}"),
    ]
    if captions.n_shared:
        rows.append(("in the words of another picture", f"{captions.n_shared:,}"))
    if captions.n_empty:
        rows.append(("empty, left out", f"{captions.n_empty:,}"))
    facts(rows)
    if captions.n_shared:
        st.caption("Captions in the very words of another picture's cannot be ranked right by any method.")
    missing = [f"{item.name}: {item.reason}" for item in survey.pictures.missing]
    _names("named in the captions but not found", missing, warn=True)
    _names("in the captions file without any caption; left out", list(captions.without_caption))
    _names("in the folder that no caption names; left out", list(survey.unnamed))
    _preview(survey)


def _verdict(survey: Survey) -> str:
    there, named = len(survey.pictures.paths), len(survey.captions.images)
    if there == named:
        return f"Every picture that the captions name is there: {there:,}."
    return f"{named - there:,} of the {named:,} pictures that the captions name cannot be found; {there:,} are there."


def _names(what: str, names: list[str], *, warn: bool = False) -> None:
    if not names:
        return
    several = "picture is" if len(names) == 1 else "pictures are"
    title = f"{len(names):,} {several} {what}"
    with st.expander(title, icon=":material/warning:" if warn else ":material/info:", expanded=warn and len(names) < 6):
        st.markdown("  \n".join(map(plain, names[:NAMES_SHOWN])))
        if len(names) > NAMES_SHOWN:
            st.caption(f"and {len(names) - NAMES_SHOWN:,} more")


def _preview(survey: Survey) -> None:
    captions, cards = survey.captions, []
    for position, path in list(zip(survey.pictures.positions, survey.pictures.paths, strict=True))[:SHOWN]:
        texts = [text for text, owner in zip(captions.texts, captions.text_image, strict=True) if owner == position]
        picture = error = ""
        try:
            picture = encoding.preview(path)
        except PicoError as unreadable:
            error = str(unreadable)
        more, shown = max(0, len(texts) - CAPTIONS_SHOWN), texts[:CAPTIONS_SHOWN]
        name = captions.images[position]
        cards.append({"name": name, "picture": picture, "error": error, "captions": shown, "more": more})
    st.html(templates.render("found", cards=cards))
