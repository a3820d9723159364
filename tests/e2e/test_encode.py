"""Own pictures in a real browser: by path and by zip, with a small encoder of a file, until the result is open."""

import zipfile

import pytest
from PIL import Image

from pico_core.encoders import SmallClipConfig, save_small, small_clip, vocabulary_of
from pico_core.formats import open_pairs
from tests.e2e.visit import seen
from tests.screen import OWN_ENCODER

pytestmark = pytest.mark.browser

COLOURS = ("red", "green", "blue", "white", "black", "yellow", "purple", "orange")
CONFIG = SmallClipConfig(vision_layers=1, text_layers=1)


@pytest.fixture
def own(tmp_path):
    """Eight pictures, one of them damaged; captions that name a ninth; and a small encoder of random weights."""
    (tmp_path / "photos").mkdir()
    for name in COLOURS:
        Image.new("RGB", (60, 40), name).save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "photos" / "blue.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    rows = [f"{name}.png,a {name} {what}" for name in (*COLOURS, "gone") for what in ("dog", "cat")]
    (tmp_path / "captions.csv").write_text("\n".join(["image,caption", *rows]) + "\n")
    words = vocabulary_of(["a dog", "a cat", *COLOURS])
    save_small(small_clip(CONFIG, n_words=len(words)), words, tmp_path / "small.safetensors", config=CONFIG)
    return tmp_path


def fill(visit, label, text):
    field = visit.main.get_by_role("textbox", name=label, exact=True)
    seen(field)
    field.fill(str(text))
    field.press("Enter")
    visit.settle()


def choose_encoder(visit, own):
    visit.click(visit.main.get_by_role("radio", name=OWN_ENCODER).or_(visit.button(OWN_ENCODER)).first)
    fill(visit, "File of the encoder", own / "small.safetensors")


def encode(visit, number):
    visit.click(visit.main.get_by_role("button", name=f"Encode {number} pictures"), patience=60)
    visit.main.get_by_text("The dataset is open").wait_for(timeout=60_000)
    visit.settle()
    visit.assert_sound()


def test_a_folder_is_looked_over_encoded_and_opened(visit, own):
    visit.open("data")
    fill(visit, "Folder of the pictures", own / "photos")
    fill(visit, "File of the captions", own / "captions.csv")
    assert visit.main.get_by_text("1 of the 9 pictures that the captions name cannot be found").count() == 1
    assert visit.main.locator(".found img").count() == 5
    assert visit.main.locator(".found .unread").count() == 1
    seen(visit.main.locator(".found img").first)
    assert visit.main.locator(".found img").first.evaluate("image => image.naturalWidth") > 0
    choose_encoder(visit, own)
    assert visit.main.get_by_role("button", name="Encode 8 pictures").is_disabled()
    visit.click(visit.main.get_by_text("leave it out and list it"))
    encode(visit, 8)
    assert visit.answer.startswith("No problem found in photos-encoded: 7 images and 14 texts")
    assert visit.main.get_by_text("2 items are left out").count() == 1
    assert open_pairs(own / "photos-encoded").n_images == 7
    assert visit.sidebar.get_by_text("Not computed yet").count() == 1
    assert visit.sidebar.get_by_text("Encoding").count() == 0


def test_a_zip_is_unpacked_encoded_and_opened(visit, own):
    (own / "photos" / "blue.png").unlink()
    with zipfile.ZipFile(own / "mine.zip", "w") as archive:
        for picture in sorted((own / "photos").iterdir()):
            archive.write(picture, f"mine/{picture.name}")
        archive.writestr(
            "mine/captions.csv", "image,caption\n" + "".join(f"{n}.png,a {n} dog\n" for n in COLOURS if n != "blue")
        )
        archive.writestr("mine/notes.docx", "x")
    visit.open("data")
    visit.click(visit.main.get_by_role("radio", name="In a zip").or_(visit.button("In a zip")).first)
    uploader = visit.main.locator('[data-testid="stFileUploader"]', has_text="Zip of the pictures")
    visit.upload(uploader, own / "mine.zip")
    visit.main.get_by_text("Every picture that the captions name is there").wait_for()
    visit.settle()
    assert visit.main.get_by_text("Not unpacked: mine/notes.docx").count() == 1
    choose_encoder(visit, own)
    encode(visit, 7)
    assert visit.answer.startswith("No problem found in mine: 7 images and 7 texts")
    assert visit.sidebar.get_by_text("7 images, 7 texts, 64 columns").count() == 1
