"""Words and pictures from outside an own dataset: through the encoder that made it, and through no other."""

import io
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch.testing import assert_close

from pico_app.answers import datasets, outside
from pico_app.pages.retrieval import asking
from pico_app.state import queries
from pico_core.common.errors import DataError
from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.encoders import encode_dataset, load_small, save_small, small, small_clip, vocabulary_of
from pico_core.encoders.pictures import MAX_PIXELS
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from tests.photos import CONFIG, write_encoder
from tests.pico_app.reading import answer, prose
from tests.screen import NO_PICTURE, NO_SUCH_FILE

PROGRAM = """
import streamlit as st
from pico_app.answers import datasets, studies
from pico_app.answers import studies
from tests.pico_app.opening import draw
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.study import run_study

dataset = datasets.open_dataset(st.session_state["folder"])
config = StudyConfig(construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8))
study = studies.find_study(dataset, config)
if study is None:
    study = run_study(dataset.pairs, config)
    studies.finished.put(studies.study_key(dataset, config), study)
draw("retrieval", studies.frame_of(dataset, study))
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four scenes, encoded twice by a small encoder of random weights: as tokens, and as one vector each."""
    folder = tmp_path_factory.mktemp("outside")
    scenes = render_scenes(ScenesConfig(n_images=24), seed=4)
    (folder / "pictures").mkdir()
    for i in range(24):
        scenes.picture(i).save(folder / "pictures" / f"{i}.png")
    table = pl.DataFrame({"image": [f"{i}.png" for i in scenes.text_image.tolist()], "caption": scenes.captions})
    table.write_csv(folder / "c.csv")
    encoder = load_small(write_encoder(folder / "small.safetensors", scenes.captions))
    for level in ("tokens", "globals"):
        encode_dataset(
            encoder, folder / "pictures", folder / "c.csv", out=folder / level, level=level, storage="float32"
        )
    return folder


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What this visit remembers, outside AppTest."""
    held: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", held)
    return held


@pytest.fixture
def here(own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The encoder of the dataset is one that comes with the project."""
    monkeypatch.setattr(small, "BUILTIN", own / "small.safetensors")
    return own


def marked(own: Path, folder: Path, **changes: object) -> datasets.Dataset:
    """The dataset with another mark."""
    pairs = open_pairs(own / "tokens")
    assert pairs.encoder is not None
    save_pairs(replace(pairs, encoder=replace(pairs.encoder, **changes)), folder / "marked")
    return datasets.open_dataset(str(folder / "marked"))


def png(width: int = 40, height: int = 30, colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(held, format="PNG")
    return held.getvalue()


@pytest.mark.parametrize("level", ["tokens", "globals"])
def test_words_and_a_picture_give_the_tokens_of_the_datasets_own_items(here: Path, level: str) -> None:
    dataset = datasets.open_dataset(str(here / level))
    pairs = dataset.pairs
    assert outside.outside_encoder(dataset) == outside.OutsideEncoder("pico-small", scenes_only=True)
    for text in (0, 5):
        words = outside.encode_words(dataset, pairs.captions[text])
        assert_close(words.tokens, pairs.text_tokens[text][pairs.text_mask[text]], rtol=0, atol=1e-6)
        assert words.unknown == ()
    for image in (1, 9):
        data = (here / "pictures" / pairs.ids[image]).read_bytes()
        picture = outside.encode_picture(dataset, "mine.png", data)
        assert_close(picture.tokens, pairs.image_tokens[image], rtol=0, atol=1e-6)
        assert picture.grid == ((8, 8) if level == "tokens" else None)
        assert picture.thumbnail.startswith("data:image/jpeg;base64,")
        assert picture.name == "mine.png"


def test_a_demo_answers_with_its_own_encoder() -> None:
    dataset = datasets.open_dataset("shortcut")
    place = dataset.folder / dataset.pairs.image_paths[3]
    picture = outside.encode_picture(dataset, place.name, place.read_bytes())
    # The demo keeps its tokens in bytes.
    assert_close(picture.tokens, dataset.pairs.image_tokens[3].float(), rtol=0, atol=0.01)
    words = outside.encode_words(dataset, "a red star above a zebra")
    assert (words.pieces, words.unknown) == (("a", "red", "star", "above", "a"), ("zebra",))


def test_two_queries_have_two_names_and_the_same_query_one(here: Path) -> None:
    tokens, whole = (datasets.open_dataset(str(here / level)) for level in ("tokens", "globals"))
    said = tokens.pairs.captions[0]
    keys = {
        outside.encode_words(tokens, said).key,
        outside.encode_words(whole, said).key,
        outside.encode_words(tokens, tokens.pairs.captions[5]).key,
        outside.encode_picture(tokens, "a.png", png()).key,
        outside.encode_picture(tokens, "b.png", png()).key,
        outside.encode_picture(tokens, "a.png", png(colour="blue")).key,
    }
    assert len(keys) == 5  # the name of a file is no part of what it shows


@pytest.mark.usefixtures("visit")
def test_without_the_encoder_it_says_what_is_needed(own: Path) -> None:
    dataset = datasets.open_dataset(str(own / "tokens"))
    found = outside.outside_encoder(dataset)
    assert outside.can_ask_outside(dataset)
    assert (found.encoder, found.needed) == (None, dataset.pairs.encoder)
    assert dataset.pairs.encoder.digest in found.why
    with pytest.raises(DataError, match="pico-small made this dataset; its weights"):
        outside.encode_words(dataset, "a star")


@pytest.mark.parametrize(("weights_from", "why"), [("random", "random weights"), ("hub", "lies on the hub")])
def test_what_cannot_be_given_is_not_asked_for(own: Path, tmp_path: Path, weights_from: str, why: str) -> None:
    dataset = marked(own, tmp_path, weights_from=weights_from)
    assert not outside.can_ask_outside(dataset)
    found = outside.outside_encoder(dataset)
    assert found.needed is None
    assert why in found.why


def test_a_dataset_without_a_mark_and_one_that_nothing_encoded_say_so(own: Path, tmp_path: Path) -> None:
    save_pairs(replace(open_pairs(own / "tokens"), encoder=None), tmp_path / "bare")
    for path, why in ((str(tmp_path / "bare"), "does not say which encoder"), ("planted", "No encoder made")):
        dataset = datasets.open_dataset(path)
        assert not outside.can_ask_outside(dataset)
        assert why in outside.outside_encoder(dataset).why
        with pytest.raises(DataError, match=why):
            outside.encode_picture(dataset, "a.png", png())
    with pytest.raises(DataError, match="does not say which encoder"):
        outside.check_weights(datasets.open_dataset(str(tmp_path / "bare")), str(own / "small.safetensors"))


@pytest.mark.usefixtures("visit")
def test_weights_given_by_path_answer_until_their_file_goes(own: Path, tmp_path: Path) -> None:
    dataset = datasets.open_dataset(str(own / "tokens"))
    shutil.copy(own / "small.safetensors", tmp_path / "copy.safetensors")
    path = str(tmp_path / "copy.safetensors")
    queries.set_weights(outside.check_weights(dataset, path), path)
    space = SimpleNamespace(dataset=dataset)
    assert asking.encoder_of(space).encoder == "pico-small"
    assert not asking.encoder_of(space).scenes_only
    words = outside.encode_words(dataset, dataset.pairs.captions[2], weights=path)
    assert_close(words.tokens, dataset.pairs.text_tokens[2][dataset.pairs.text_mask[2]], rtol=0, atol=1e-6)
    (tmp_path / "copy.safetensors").unlink()
    gone = asking.encoder_of(space)
    assert gone.needed == dataset.pairs.encoder
    assert NO_SUCH_FILE in gone.why
    assert "its weights" in asking.encoder_of(space).why, "forgotten, so that it is asked for anew"


def test_other_weights_are_refused(own: Path, tmp_path: Path, visit: dict[str, object]) -> None:
    dataset = datasets.open_dataset(str(own / "tokens"))
    words = vocabulary_of(open_pairs(own / "tokens").captions)
    other = save_small(small_clip(CONFIG, n_words=len(words), seed=1), words, tmp_path / "o.safetensors", config=CONFIG)
    with pytest.raises(DataError, match=r"o\.safetensors: these are not the weights that made this dataset"):
        outside.check_weights(dataset, str(other))
    (tmp_path / "bad.safetensors").write_bytes(b"\x80\x04nonsense")
    for path, why in (
        (tmp_path / "bad.safetensors", "bad.safetensors"),
        (tmp_path / "none.safetensors", NO_SUCH_FILE),
        (tmp_path, NO_SUCH_FILE),
        ("laion2b_s34b_b79k", NO_SUCH_FILE),
        ("a\0b", "check|cannot be read|no such file"),
    ):
        with pytest.raises(DataError, match=why):
            outside.check_weights(dataset, str(path))
    assert not visit.get("weights")


def test_an_unknown_model_in_the_mark_is_a_sentence(own: Path, tmp_path: Path) -> None:
    dataset = marked(own, tmp_path, model="hf-hub:somebody/something")
    with pytest.raises(DataError, match="brings its own weights"):
        outside.check_weights(dataset, str(own / "c.csv"))
    dataset = marked(own, tmp_path, model="local-dir:/etc")
    with pytest.raises(DataError, match="there is no model"):
        outside.check_weights(dataset, str(own / "c.csv"))
    dataset = marked(own, tmp_path, model="ViT-B-32")
    with pytest.raises(DataError, match=r"small\.safetensors: it is a small encoder of PICO Lens, and ViT-B-32 made"):
        outside.check_weights(dataset, str(own / "small.safetensors"))


def test_an_encoder_of_another_width_is_refused(here: Path, tmp_path: Path) -> None:
    pairs = open_pairs(here / "tokens")
    narrow = replace(pairs, image_tokens=pairs.image_tokens[..., :32], text_tokens=pairs.text_tokens[..., :32])
    dataset = datasets.Dataset(narrow, None)
    for ask in (lambda: outside.encode_words(dataset, "a star"), lambda: outside.encode_picture(dataset, "a", png())):
        with pytest.raises(DataError, match="gives 64 columns and the dataset has 32"):
            ask()


def test_a_turned_photo_is_seen_upright(here: Path) -> None:
    dataset = datasets.open_dataset(str(here / "tokens"))
    upright = Image.linear_gradient("L").resize((64, 48)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    plain, turned = io.BytesIO(), io.BytesIO()
    upright.save(plain, format="PNG")
    upright.transpose(Image.Transpose.ROTATE_90).save(turned, format="PNG", exif=exif)
    one, other = (outside.encode_picture(dataset, "x.png", held.getvalue()) for held in (plain, turned))
    assert_close(one.tokens, other.tokens, rtol=0, atol=1e-6)


HOSTILE = {
    "empty": (b"", "the file is empty"),
    "no picture": (b"hello, world", "it is no picture that can be read here"),
    "cut short": (png(400, 300)[:200], "cut short or damaged"),
    "a program": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "it is no picture"),
    "too many bytes": (b"\x89PNG" + bytes(outside.MAX_PICTURE_MIB * 2**20), "the limit is 20 MiB"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_picture_is_a_sentence_with_its_name(here: Path, kind: str) -> None:
    data, why = HOSTILE[kind]
    dataset = datasets.open_dataset(str(here / "tokens"))
    with pytest.raises(DataError, match=why) as caught:
        outside.encode_picture(dataset, "../../etc/holiday.png", data)
    assert str(caught.value).startswith("holiday.png: ")


def huge() -> bytes:
    """A small file that declares more pixels than are unpacked."""
    held = io.BytesIO()
    Image.new("1", (MAX_PIXELS // 8000 + 1, 8000)).save(held, format="PNG")
    return held.getvalue()


def test_a_picture_made_to_fill_the_memory_is_refused(here: Path) -> None:
    assert len(huge()) < 2**17
    with pytest.raises(DataError, match=r"bomb\.png: it declares 10001 x 8000 pixels"):
        outside.encode_picture(datasets.open_dataset(str(here / "tokens")), "bomb.png", huge())


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def app(own: Path) -> AppTest:
    app = AppTest.from_string(PROGRAM, default_timeout=120)
    app.session_state["folder"] = str(own / "tokens")
    return app


@pytest.fixture
def app_here(app: AppTest, own: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(small, "BUILTIN", own / "small.safetensors")
    return app


def turned_to(app: AppTest, kind: str) -> AppTest:
    next(group for group in app.segmented_control if group.label == "Ask with").set_value(kind).run()
    assert not app.exception, app.exception
    return app


def test_words_of_ones_own_are_asked_of_an_own_dataset(app_here: AppTest) -> None:
    app = turned_to(app_here.run(), "words")
    assert answer(app) == "Describe a scene, and see which images come first on either side."
    app.text_input[0].set_value("a red star, dogs").run()
    assert not app.exception, app.exception
    assert app.query_params["words"] in ("a red star, dogs", ["a red star, dogs"])
    assert "are the same" in answer(app)
    assert any("a · red · star" in text.value for text in app.text)
    assert any("does not know" in caption.value for caption in app.caption)


def test_a_dropped_picture_is_asked_of_an_own_dataset(app_here: AppTest, own: Path) -> None:
    app = turned_to(app_here.run(), "picture")
    assert answer(app) == "Drop a picture, and see which captions come first on either side."
    assert "words" not in app.query_params
    data = (own / "pictures" / "3.png").read_bytes()
    app.file_uploader[0].upload("mine.png", data, "image/png").run()
    assert not app.exception, app.exception
    assert "are the same" in answer(app)
    assert any("which captions describe it?" in part.value for part in app.markdown)
    assert [text.value for text in app.text][-1] == "mine.png"
    assert app.session_state["dropped"].data == data
    assert "mine.png" not in str(dict(app.query_params))
    turned_to(app, "text")
    assert "right answer" in answer(app)
    turned_to(app, "picture")
    assert "are the same" in answer(app), "the picture is still there"


@pytest.mark.parametrize(
    ("data", "why"), [(HOSTILE["cut short"][0], "cut short or damaged"), (huge(), "10001 x 8000 pixels")]
)
def test_a_bad_picture_is_refused_by_name_on_the_page(app_here: AppTest, data: bytes, why: str) -> None:
    app = turned_to(app_here.run(), "picture")
    app.file_uploader[0].upload("bad*one*.png", data, "image/png").run()
    assert not app.exception, app.exception
    assert answer(app) == NO_PICTURE
    said = app.info[0].value
    assert said.startswith("bad\\*one\\*")  # a name is no Markdown
    assert why in said.replace("\\", "")
    app.file_uploader[0].upload("good.png", png(), "image/png").run()
    assert "are the same" in answer(app)


def test_the_page_asks_for_the_weights_and_refuses_others(app: AppTest, own: Path) -> None:
    app = turned_to(app.run(), "words")
    assert answer(app) == "The encoder that made this dataset is needed first."
    assert not [part for part in app.button if (part.key or "").startswith("try-")]
    field = app.text_input(key="weights-path")
    field.set_value(str(own / "c.csv")).run()
    app.button(key="weights-use").click().run()
    assert not app.exception, app.exception
    assert "c.csv: files ending in .csv are not known here" in app.error[0].value.replace("\\", "")
    app.text_input(key="weights-path").set_value(str(own / "small.safetensors")).run()
    app.button(key="weights-use").click().run()
    assert not app.exception, app.exception
    assert answer(app).startswith("Describe a scene")
    assert not [part for part in app.button if part.key == "weights-use"]
    assert "small.safetensors" not in str(dict(app.query_params))


def test_data_that_do_not_know_their_encoder_offer_neither(app: AppTest, own: Path, tmp_path: Path) -> None:
    save_pairs(replace(open_pairs(own / "tokens"), encoder=None), tmp_path / "bare")
    app.session_state["folder"] = str(tmp_path / "bare")
    app.query_params["words"] = "a red star"
    app.run()
    assert not app.exception, app.exception
    kinds = next(group for group in app.segmented_control if group.label == "Ask with").options
    assert kinds == ["Caption", "Image"]
    assert "right answer" in answer(app)


DATA_PAGE = """
from pico_app.answers import datasets, studies
from tests.pico_app.opening import draw
dataset = datasets.open_dataset({path!r})
draw("data", studies.frame_of(dataset, None))
"""


def data_page(path: object) -> str:
    app = AppTest.from_string(DATA_PAGE.format(path=str(path)), default_timeout=60).run()
    assert not app.exception, app.exception
    return "\n".join([*prose(app), *(str(part.proto.body) for part in app.get("html"))])


def test_the_data_page_names_the_encoder_or_what_its_absence_disables(own: Path, tmp_path: Path) -> None:
    said = data_page(own / "tokens")
    assert f"<dd>{open_pairs(own / 'tokens').encoder.sentence}</dd>" in said
    assert "does not say which encoder" not in said
    save_pairs(replace(open_pairs(own / "tokens"), encoder=None), tmp_path / "bare")
    said = data_page(tmp_path / "bare")
    assert "<dd>not recorded</dd>" in said
    assert "This dataset does not say which encoder made it" in said
    assert "a small one, kept with the demo" in data_page("shortcut")
