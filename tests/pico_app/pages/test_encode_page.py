"""The section of own pictures: what it sees before encoding, what it says while and after, and every refusal."""

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers import encoding
from pico_app.server.queue import Visit
from pico_core.encoders import OpenClipEncoder, small
from pico_core.formats import open_pairs
from tests.photos import COLOURS, write_encoder, write_photos
from tests.screen import NO_SUCH_FILE, OWN_ENCODER

PROGRAM = """

from pico_app.answers import encoding
from pico_app.pages.data import encode
import streamlit as st
from pico_app.pages.data.encode import progress
job = encoding.job()
if job is not None and not job.running:
    progress.put_away()
encode.report()
encode.render()
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "small.safetensors", ["a dog", *COLOURS])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_photos(tmp_path)


@pytest.fixture
def app(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setattr(small, "BUILTIN", weights)
    # AppTest has no session that ends, so that the visit would be shared by all tests.
    visit = Visit()
    monkeypatch.setattr(encoding, "visit", lambda: visit)
    yield AppTest.from_string(PROGRAM, default_timeout=60).run()
    visit.close()


def texts(app: AppTest) -> str:
    parts = (*app.markdown, *app.caption, *app.error, *app.warning, *app.info, *app.success)
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


def name_places(app: AppTest, pictures: Path, captions: Path) -> AppTest:
    app.text_input(key="encode-pictures").set_value(str(pictures))
    app.text_input(key="encode-captions").set_value(str(captions)).run()
    assert not app.exception, app.exception
    return app


def shown(app: AppTest) -> str:
    return "\n".join(str(part.proto.body) for part in app.get("html"))


def encode(app: AppTest) -> AppTest:
    app.button(key="encode-start").click().run()
    return waited(app)


def waited(app: AppTest) -> AppTest:
    job = encoding.job()
    assert job is not None
    assert job.ended.wait(60)
    app.run()
    assert not app.exception, app.exception
    return app


def start_button(app: AppTest) -> Any:
    return app.button(key="encode-start")


def test_it_asks_where_they_are_first(app: AppTest) -> None:
    assert not app.exception, app.exception
    assert [part.label for part in app.text_input] == ["Folder of the pictures", "File of the captions"]
    assert not app.button


def test_what_lies_there_is_told_before_anything_is_encoded(app: AppTest, own: Path) -> None:
    (own / "images" / "blue.png").rename(own / "images" / "other.png")
    (own / "images" / "green.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    table = (own / "c.csv").read_text().replace("a black dog", "<b>a black</b> dog")
    (own / "c.csv").write_text(f"{table}bare.png,,\nred.png,a dog,another dog\n")
    name_places(app, own / "images", own / "c.csv")
    said = texts(app)
    assert "1 of the 5 pictures that the captions name cannot be found; 4 are there." in said
    assert "blue.png: there is no such file" in said
    labels = [part.label for part in app.expander]
    assert "1 picture is named in the captions but not found" in labels
    assert "1 picture is in the captions file without any caption; left out" in labels
    assert "1 picture is in the folder that no caption names; left out" in labels
    html = shown(app)
    assert "a table (CSV, TSV)" in html
    assert "<dt>repeated for the same picture</dt><dd>1</dd>" in html
    assert html.count("<img") == 3
    assert "Cannot be read" in html
    assert "<p>&lt;b&gt;a black&lt;/b&gt; dog</p>" in html
    assert start_button(app).disabled
    assert "leave out what cannot be read" in said
    app.radio(key="encode-on-bad").set_value("skip").run()
    assert not start_button(app).disabled
    assert start_button(app).label == "Encode 4 pictures and their captions into 64 feature columns"


def test_encoding_opens_the_dataset_and_lists_what_is_left_out(app: AppTest, own: Path) -> None:
    (own / "images" / "blue.png").unlink()
    (own / "images" / "green.png").write_bytes((own / "images" / "green.png").read_bytes()[:60])
    with (own / "c.csv").open("a") as sink:
        sink.write("red.png,a zebra dog," + "a dog " * 40 + "\n")
    name_places(app, own / "images", own / "c.csv")
    app.radio(key="encode-on-bad").set_value("skip").run()
    encode(app)
    assert app.session_state["dataset"] == str(own / "images-encoded")
    assert open_pairs(own / "images-encoded").ids == ["red.png", "white.png", "black.png"]
    said = texts(app)
    assert "3 pictures and 8 captions" in said
    assert "2 items are left out" in said
    assert "Words that the encoder does not know, left out: zebra." in said
    assert "Captions of which it reads only the beginning: 1." in said
    rows = app.dataframe[0].value
    assert rows["name"].tolist() == ["green.png", "blue.png"]
    assert "cut short" in rows["why"][0]


def test_a_picture_that_cannot_be_read_is_refused_by_name(app: AppTest, own: Path) -> None:
    (own / "images" / "green.png").write_bytes((own / "images" / "green.png").read_bytes()[:60])
    name_places(app, own / "images", own / "c.csv")
    encode(app)
    assert "The pictures were not encoded. green.png: the picture is cut short or damaged" in texts(app)
    assert app.session_state["dataset"] != str(own / "images-encoded")


def test_stopped_it_is_kept_and_goes_on(app: AppTest, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls, gate = OpenClipEncoder.encode_images, [], threading.Event()

    def slow(self: Any, images: Any, **settings: Any) -> Any:
        calls.append(len(images))
        if len(calls) == 2:
            assert gate.wait(30)
        return real(self, images, **settings)

    monkeypatch.setattr(OpenClipEncoder, "encode_images", slow)
    name_places(app, own / "images", own / "c.csv")
    app.number_input(key="encode-batch").set_value(2).run()
    app.button(key="encode-start").click().run()
    until = time.monotonic() + 30
    while len(calls) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    app.run()
    assert start_button(app).disabled
    assert "picture 2 of 5" in app.get("progress")[0].proto.text
    app.button(key="cancel-encoding-page").click().run()
    assert "Stopping after this batch" in texts(app)
    gate.set()
    waited(app)
    assert "Stopped (picture 4 of 5). What is encoded so far is kept" in texts(app)
    assert not (own / "images-encoded").exists()
    encode(app)
    assert calls == [2, 2, 1]
    assert open_pairs(own / "images-encoded").n_images == 5


@pytest.mark.parametrize(
    ("pictures", "captions", "words"),
    [
        ("nowhere", "c.csv", "there is no such folder of pictures"),
        ("images", "nowhere.csv", NO_SUCH_FILE),
        ("images", "images", NO_SUCH_FILE),
        ("images", "images/red.png", "it is a picture"),
        ("empty", "c.csv", "none of the 5 pictures is in this folder"),
    ],
)
def test_wrong_places_are_sentences(app: AppTest, own: Path, pictures: str, captions: str, words: str) -> None:
    (own / "empty").mkdir()
    name_places(app, own / pictures, own / captions)
    assert words in texts(app)
    assert not app.button


def test_columns_can_be_chosen_where_names_do_not_say(app: AppTest, own: Path) -> None:
    (own / "c.csv").write_text("wer,was,noch\n" + "".join(f"{name}.png,a dog,a {name} dog\n" for name in COLOURS))
    name_places(app, own / "images", own / "c.csv")
    assert "name the columns of the pictures and of the captions" in texts(app)
    assert app.expander[0].proto.expanded
    app.selectbox[0].set_value("wer")
    app.multiselect[0].set_value(["was", "noch"]).run()
    assert not app.error
    assert "<dt>captions</dt><dd>10</dd>" in shown(app)
    assert not start_button(app).disabled


def test_a_place_that_holds_something_else_is_refused_before(app: AppTest, own: Path) -> None:
    name_places(app, own / "images", own / "c.csv")
    app.text_input(key=f"encode-target-{own / 'images'}").set_value(str(own)).run()
    assert "holds something else than a data set" in texts(app)
    assert start_button(app).disabled


def test_an_encoder_of_ones_own(app: AppTest, own: Path, weights: Path) -> None:
    name_places(app, own / "images", own / "c.csv")
    app.segmented_control(key="encode-kind").set_value("file").run()
    assert not app.button
    app.text_input(key="encode-small").set_value(str(own / "none.safetensors")).run()
    assert "none.safetensors: there is no such file" in texts(app)
    app.text_input(key="encode-small").set_value(str(weights)).run()
    assert not app.error
    assert not start_button(app).disabled


def test_the_built_in_choice_is_offered_only_where_it_is(app: AppTest, own: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(small, "BUILTIN", own / "none")
    name_places(app, own / "images", own / "c.csv")
    assert app.segmented_control(key="encode-kind").options == [OWN_ENCODER, "A model of open_clip"]


def test_weights_of_open_clip_are_asked_for(app: AppTest, own: Path) -> None:
    name_places(app, own / "images", own / "c.csv")
    app.segmented_control(key="encode-kind").set_value("model").run()
    assert not app.exception, app.exception
    assert app.selectbox(key="encode-model").value == "ViT-B-32"
    assert not app.button
    assert "download" not in texts(app)
    app.segmented_control(key="encode-weights").set_value("tag").run()
    app.selectbox(key="encode-tag-ViT-B-32").set_value("openai").run()
    assert "Encode will download the weights 'openai' of ViT-B-32" in texts(app)
    assert start_button(app).label.endswith("into 512 feature columns")
    app.segmented_control(key="encode-weights").set_value("random").run()
    assert "Random weights: nothing was trained" in texts(app)
    assert not start_button(app).disabled


# --- a zip ----------------------------------------------------------------------------------------


def zipped(own: Path, *, captions: bool = True, **extra: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for picture in sorted((own / "images").iterdir()):
            archive.write(picture, f"mine/{picture.name}")
        if captions:
            archive.write(own / "c.csv", "mine/captions.csv")
        for name, content in extra.items():
            archive.writestr(f"mine/{name}", content)
    return held.getvalue()


def upload(app: AppTest, content: bytes) -> AppTest:
    app.segmented_control(key="encode-place").set_value("zip").run()
    app.file_uploader(key="encode-zip").upload("my photos.zip", content, "application/zip").run()
    assert not app.exception, app.exception
    return app


def test_a_zip_with_its_captions(app: AppTest, own: Path) -> None:
    upload(app, zipped(own, extra=b"x"))
    assert "Every picture that the captions name is there: 5." in texts(app)
    assert "Not unpacked: mine/extra." in texts(app)
    encode(app)
    made = Path(app.session_state["dataset"])
    assert made.name == "my photos"
    assert open_pairs(made).n_images == 5


def test_a_zip_with_captions_beside_it(app: AppTest, own: Path) -> None:
    upload(app, zipped(own, captions=False))
    assert "The zip holds no file of captions" in texts(app)
    app.file_uploader(key="encode-table").upload("c.csv", (own / "c.csv").read_bytes(), "text/csv").run()
    assert not app.exception, app.exception
    encode(app)
    assert open_pairs(app.session_state["dataset"]).n_texts == 10


def test_of_several_files_one_is_chosen(app: AppTest, own: Path) -> None:
    upload(app, zipped(own, **{"a.csv": b"image,caption\nred.png,a dog\n"}))
    assert app.selectbox(key="encode-within").options == ["mine/captions.csv", "mine/a.csv"]
    for name, number in (("mine/a.csv", 1), ("mine/captions.csv", 5), ("mine/a.csv", 1)):
        app.selectbox(key="encode-within").set_value(name).run()
        assert f"Every picture that the captions name is there: {number}." in texts(app)


def test_a_hostile_zip_is_a_sentence(app: AppTest, own: Path) -> None:
    upload(app, zipped(own, **{"../../out.png": b"x"}))
    assert "my photos.zip: the name of member 'mine/../../out.png' leads out of the archive" in texts(app)
    assert not app.button


def test_two_visits_never_write_one_folder() -> None:
    with encoding._alone("/x/y"):
        with pytest.raises(encoding.DataError, match=r"y: another visit is encoding"), encoding._alone("/x/y"):
            pass
        with encoding._alone("/x/z"):
            assert encoding._targets == {"/x/y", "/x/z"}
    assert not encoding._targets
