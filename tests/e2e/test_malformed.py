"""Bad addresses, bad files, and data that are sound but ugly: a sentence each, and every page goes on."""

import os

import numpy as np
import polars as pl
import pytest
from PIL import Image

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats.native import save_pairs
from tests.e2e.controls import fits, go, open_own, use_every_control
from tests.e2e.visit import Visit
from tests.marks import LONG
from tests.screen import NO_PICTURE, SAME_IN_BOTH

pytestmark = pytest.mark.browser
PAGES = ("", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
NAMES = ("Overview", "Method", "Columns", "Prototypes", "Subspaces", "Retrieval", "Experiments", "Data")
LONG_WORDS = "a+red+star+" * 10_000  # 110 kB

# Every parameter at once: no two of them are read together. The second and third of a page say the same otherwise.
BROKEN = (
    "dataset=/etc/passwd&strength=nan&column=-5&query=text-999999&part=banana&show=banana&step=banana&preset=banana",
    "dataset=%00&strength=inf&column=1e9&query=image-&basis=banana&left=banana&right=without-99999&tour=99&pick=1-2",
    "dataset=..%2F..&strength=-1e308&column=abc&query=%3Cscript%3E&set=9999999&to=banana&results=own&grid=banana"
    "&variant=banana&pick=999999999-999999999-999999999-999999999&present=banana&words=%00%EF%BF%BD",
    "column=5.5&strength=1e308&query=text-%C2%B2&set=lowest-99999&base=banana&part=switch&show=words&strength=banana",
)


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        pytest.param(
            page, asked, marks=() if number == place % len(BROKEN) else LONG, id=f"{page or 'overview'}-{number}"
        )
        for place, page in enumerate(PAGES)
        for number, asked in enumerate(BROKEN)
    ],
)
def test_a_broken_address_falls_back(visit, page, asked):
    visit.open(f"{page}?{asked}", patience=60)
    assert visit.title.endswith("?")
    assert len(visit.answer) > 20
    assert visit.sidebar.get_by_role("radio", name="Styled scenes: shortcut").is_checked()
    visit.drawn_charts()
    fits(visit)


def test_a_very_long_caption_in_an_address_is_cut(chromium, warm):
    # On a connection that was used before, the server refuses so long a line before the app hears of it.
    with Visit(chromium, warm, own_context=True) as visit:
        visit.open(f"retrieval?words={LONG_WORDS}", patience=120)
        assert SAME_IN_BOTH in visit.answer
        assert len(visit.page.url) < 600
        fits(visit)
        visit.assert_sound()


def written(folder):
    """Files that are no dataset, each with a part of the sentence that says so."""
    draw = np.random.default_rng(0)
    good = draw.normal(size=(40, 12)).astype(np.float32)
    np.savez(folder / "good.npz", image_emb=good, text_emb=good + 0.1)
    whole = (folder / "good.npz").read_bytes()
    (folder / "truncated.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "words.npz").write_text("image,caption\n1,a dog\n")
    (folder / "empty.npz").write_bytes(b"")
    holes = good.copy()
    holes[3, 4] = np.nan
    np.savez(folder / "nan.npz", image_emb=holes, text_emb=good)
    np.savez(folder / "widths.npz", image_emb=good, text_emb=good[:, :7])
    np.savez(folder / "lengths.npz", image_emb=good, text_emb=good[:31])
    (folder / "table.parquet").write_bytes(b"PAR1 no parquet PAR1")
    (folder / "short.csv").write_text("caption\na dog\na cat\n")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    (folder / "dog.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


def says(visit, *words):
    """A sentence in red or as the answer of the page holds these words."""
    said = [*visit.main.get_by_role("alert").all_inner_texts(), visit.answer]
    assert any(all(word in one for word in words) for one in said), f"{words} not in {said}"
    visit.assert_sound()
    fits(visit)


def upload(visit, field, file):
    visit.upload(visit.main.locator('[data-testid="stFileUploader"]', has_text=field), file)


def test_a_broken_file_is_a_sentence_and_the_old_result_stays(visit, tmp_path):
    files = written(tmp_path)
    visit.open("data", patience=60)
    for name, words in {
        "truncated": ("truncated.npz",),
        "words": ("words.npz",),
        "empty": ("empty.npz",),
        "nan": ("nan.npz",),
        "widths": ("12", "7"),
        "lengths": ("40", "31"),
    }.items():
        upload(visit, "Embeddings", files / f"{name}.npz")
        says(visit, *words)
        assert visit.button("Open this dataset").count() == 0
    # Tables beside good arrays.
    upload(visit, "Embeddings", files / "good.npz")
    assert visit.button("Open this dataset").count() == 1
    visit.click(visit.main.get_by_text("Captions, names or labels in tables of their own"))
    upload(visit, "One row per text", files / "short.csv")
    says(visit, "short.csv", "2", "40")
    upload(visit, "One row per image", files / "table.parquet")
    says(visit, "table.parquet")
    # A zip of pictures.
    visit.click(visit.main.get_by_role("radio", name="In a zip"))
    upload(visit, "Zip of the pictures", files / "broken.zip")
    says(visit, "broken.zip")
    # What was there before is there still.
    assert visit.sidebar.get_by_text("Fresh").count() == 1
    assert visit.answer.startswith("No problem found in")
    for name in ("Retrieval", *(NAMES if os.environ.get("PICO_LONG") == "1" else ())):
        go(visit, name)
        assert len(visit.answer) > 20
        visit.drawn_charts()


def test_a_broken_picture_or_path_is_a_sentence(visit, tmp_path):
    files = written(tmp_path)
    visit.open("retrieval", patience=60)
    visit.click(visit.main.get_by_role("radio", name="Your picture"))
    visit.upload(visit.main.locator('[data-testid="stFileUploader"]'), files / "dog.png", patience=90)
    assert visit.answer == NO_PICTURE
    assert "dog.png: " in visit.main.inner_text()
    visit.assert_sound()
    open_own(visit, files / "nan.npz", compute=False)
    for name in NAMES if os.environ.get("PICO_LONG") == "1" else ("Columns", "Data"):
        go(visit, name)
        assert len(visit.answer) > 20
        fits(visit)
    says(visit, "nan.npz")
    visit.click(visit.sidebar.get_by_text("Styled scenes: shortcut", exact=True))
    assert visit.answer.startswith("No problem found in")


UGLY = (
    "قطة حمراء تجلس فوق مربع أزرق", "👩‍👩‍👧‍👦🦄" * 40, "a dog " * 17_000, "<script>alert(1)</script><b>bold", "", " ",
    "![x](http://example.invalid/x.png) $x^2$ :bug: **stars** `code`", "same", "same", "\u202eturned around", "W" * 400,
    "e\u0301" * 60,
)  # fmt: skip


@pytest.fixture(scope="session")
def ugly(tmp_path_factory):
    """Twelve pairs: words of many kinds, columns that never change, an item twice, names with markup."""
    folder = tmp_path_factory.mktemp("ugly")
    made = planted_pairs(PlantedConfig(n_images=12, captions_per_image=1, n_columns=16), seed=0).pairs
    images, texts = made.image_tokens.clone(), made.text_tokens.clone()
    images[..., :4], texts[..., :4] = 0.5, 0.0
    real = made.text_mask.clone()
    images[7], texts[7], real[7] = images[8], texts[8], real[8]
    for number in range(12):
        Image.new("RGB", (3 if number else 900, 700), (20 * number, 90, 0)).save(folder / f"{number}.png")
    pairs = PairedEmbeddings.from_arrays(
        images,
        texts,
        text_mask=real,
        ids=[f"<i>{number}</i> {'W' * 90}" for number in range(12)],
        image_paths=[str(folder / f"{number}.png") for number in range(12)],
        captions=UGLY,
        image_labels=pl.DataFrame({"style": ["<b>one</b>", "two" * 60] * 6}),
        text_labels=pl.DataFrame({"label": [None, "x"] * 6}),
        name="<img src=x onerror=alert(1)>" + "W" * 80,
    )
    return save_pairs(pairs, folder / "pairs")


@pytest.mark.parametrize(
    ("width", "dark", "controls"),
    [(1280, False, False), pytest.param(1280, True, True, marks=LONG), pytest.param(1920, False, True, marks=LONG)],
)
def test_ugly_data_are_shown_on_every_page(chromium, warm, ugly, width, dark, controls):
    with Visit(chromium, warm, width=width, dark=dark) as visit:
        visit.open("", patience=60)
        open_own(visit, ugly)
        for name in NAMES:
            go(visit, name)
            assert len(visit.answer) > 20
            if controls:
                use_every_control(visit)
            visit.drawn_charts()
            fits(visit)
            visit.assert_sound()
