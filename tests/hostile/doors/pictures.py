"""Doors for zips of pictures, and for pictures in every format that is read."""

import io
import shutil
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from pico_core.common.errors import DataError
from pico_core.encoders.archive import look_into, unpack
from pico_core.encoders.captions import read_captions
from pico_core.encoders.pictures import MAX_PIXELS, find_pictures, picture_of, read_picture
from tests.hostile.harness import Door


def picture(path: Path) -> None:
    """A picture of a folder, and the same dropped onto the Retrieval page."""
    try:
        found = read_picture(path)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error  # as everybody who knows the name does
    finally:
        dropped(path.read_bytes())
    if found.mode != "RGB" or found.width * found.height > MAX_PIXELS:
        raise AssertionError(f"{found.mode} {found.size}")


def dropped(data: bytes) -> None:
    """A picture without a name: refused or taken."""
    try:
        picture_of(data)
    except DataError as error:
        if not str(error):
            raise AssertionError("no words") from error


def archive(path: Path) -> None:
    """A zip is looked into and unpacked; what comes out lies inside."""
    target = path.parent / "out"
    shutil.rmtree(target, ignore_errors=True)
    found = look_into(path)
    made = unpack(found, target, captions=found.tables[0] if found.tables else None)
    lying = [one for one in target.rglob("*") if one.is_symlink() or target.resolve() not in one.resolve().parents]
    if lying or len([one for one in target.rglob("*") if one.is_file()]) != len(found.pictures) + bool(found.tables):
        raise AssertionError(f"strange files: {lying}, {sorted(target.rglob('*'))}")
    if made.captions is not None:
        try:
            find_pictures(made.pictures, read_captions(made.captions).images)
        except DataError as error:
            if made.captions.name not in str(error) and made.pictures.name not in str(error):
                raise AssertionError(f"unnamed: {error}") from error


def drawn(kind: str, mode: str, **options: object) -> bytes:
    """A small picture of noise in some format."""
    channels = {"L": (), "RGB": (3,), "RGBA": (4,)}
    values = np.random.default_rng(0).integers(0, 256, (12, 10, *channels.get(mode, ())), dtype=np.uint8)
    image = Image.fromarray(values) if mode in channels else Image.fromarray(values).convert(mode)
    held = io.BytesIO()
    image.save(held, format=kind, **options)
    return held.getvalue()


def zipped(members: dict[str, bytes], packed: int) -> bytes:
    """A zip."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packed) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return held.getvalue()


def doors() -> tuple[Door, ...]:
    """All of them."""
    exif = Image.Exif()
    exif[274] = 6
    frames = [Image.new("P", (8, 8), n) for n in range(3)]
    moving = io.BytesIO()
    frames[0].save(moving, format="GIF", save_all=True, append_images=frames[1:])
    files = {
        "grey.png": drawn("PNG", "L"),
        "clear.png": drawn("PNG", "RGBA"),
        "deep.png": drawn("PNG", "I;16"),
        "palette.png": drawn("PNG", "P"),
        "turned.jpg": drawn("JPEG", "RGB", exif=exif.tobytes()),
        "cmyk.jpg": drawn("JPEG", "CMYK"),
        "moving.gif": moving.getvalue(),
        "x.bmp": drawn("BMP", "RGB"),
        "x.tiff": drawn("TIFF", "RGB", compression="tiff_lzw"),
        "float.tiff": drawn("TIFF", "F"),
        "x.webp": drawn("WEBP", "RGBA", lossless=True),
        "x.ppm": drawn("PPM", "RGB"),
        **({"x.avif": drawn("AVIF", "RGB")} if "AVIF" in Image.SAVE else {}),
    }
    members = {
        "mine/a.png": files["grey.png"],
        "mine/b.jpg": files["turned.jpg"],
        "mine/captions.csv": b"image,caption\na.png,a red dog\nb.jpg,a dog\n",
        "mine/notes.txt": b"nothing",
    }
    zips = {"stored.zip": zipped(members, zipfile.ZIP_STORED), "packed.zip": zipped(members, zipfile.ZIP_DEFLATED)}
    return Door("pictures", files, picture), Door("zip", zips, archive)
