"""Five small pictures with two captions each, and an encoder of random weights that knows their words."""

from pathlib import Path

from PIL import Image

from pico_core.encoders import SmallClipConfig, save_small, small_clip, vocabulary_of

COLOURS = ("red", "green", "blue", "white", "black")
CONFIG = SmallClipConfig(vision_layers=1, text_layers=1)


def write_photos(folder: Path) -> Path:
    """Write `images/` and the table of captions `c.csv` into a folder."""
    (folder / "images").mkdir()
    for name in COLOURS:
        Image.new("RGB", (40, 30), name).save(folder / "images" / f"{name}.png")
    rows = [f"{name}.png,a {name} dog,a dog" for name in COLOURS]
    (folder / "c.csv").write_text("\n".join(["image,caption_1,caption_2", *rows]) + "\n")
    return folder


def write_encoder(path: Path, captions: list[str]) -> Path:
    """Write a small encoder of random weights whose vocabulary is that of these captions."""
    words = vocabulary_of(captions)
    return save_small(small_clip(CONFIG, n_words=len(words)), words, path, config=CONFIG)
