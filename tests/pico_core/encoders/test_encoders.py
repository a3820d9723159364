"""Encoders: tokens as the model itself would pool them, bad files by name, nothing encoded twice."""

import json
import os
import pickle
import struct
import sys
import threading
import time
import zlib
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import open_clip
import polars as pl
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.testing import assert_close

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.encoders import (
    OpenClipEncoder,
    SmallClipConfig,
    encode_dataset,
    load_encoder,
    load_small,
    read_captions,
    save_small,
    small_clip,
    small_encoder,
    vocabulary_of,
)
from pico_core.encoders import captions as captions_module
from pico_core.encoders.checkpoints import fit_weights, read_weights
from pico_core.encoders.pictures import MAX_PIXELS, find_pictures, read_picture, upright_rgb
from pico_core.encoders.towers import image_output, text_output
from pico_core.encoders.words import BytePairWords, HubWords, SmallWords
from pico_core.formats import open_pairs
from tests.reporters import Calls, stop_at

TINY_VISION = {"image_size": 32, "patch_size": 8, "width": 64, "layers": 2, "head_width": 32}
TINY_TEXT = {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
COLOURS = ("red", "green", "blue", "white", "black", "yellow", "pink")


def seeded(make):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().eval()


def tiny_clip(**vision):
    return seeded(lambda: open_clip.CLIP(16, {**TINY_VISION, **vision}, TINY_TEXT))


def byte_pairs(length=12):
    return BytePairWords(open_clip.SimpleTokenizer(), context_length=length)


def wrapped(model, **settings):
    return OpenClipEncoder(model, words=byte_pairs(), name="tiny", **settings)


@pytest.fixture(scope="module")
def tiny():
    return wrapped(tiny_clip())


def pictures(n=7, size=(40, 32)):
    draw = torch.Generator().manual_seed(1)
    noise = torch.randint(0, 256, (n, size[1], size[0], 3), generator=draw, dtype=torch.uint8)
    return [Image.fromarray(picture.numpy()) for picture in noise]


def pixels_of(encoder, images):
    return torch.stack([encoder._to_pixels(image) for image in images])


def folder_of_pictures(folder: Path, n=7) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures(n)):
        picture.save(folder / f"p{number}.png")
    return [f"p{number}.png" for number in range(n)]


def write_captions(path: Path, names: list[str], per_image=2) -> Path:
    lines = [f"{name},a {COLOURS[i % 7]} dog number {c}" for i, name in enumerate(names) for c in range(per_image)]
    path.write_text("\n".join(["image,caption", *lines]), encoding="utf-8")
    return path


def png_header(path: Path, width: int, height: int) -> Path:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


# --- tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("vision", [{}, {"pool_type": "avg"}, {"final_ln_after_pool": True}])
def test_a_patch_token_is_what_the_model_pools_from_that_patch_alone(vision):
    model = tiny_clip(**vision)
    pixels = torch.randn(3, 3, 32, 32)
    found = image_output(model, pixels)
    assert found.grid == (4, 4)
    visual = model.visual
    states = visual.transformer(visual._embeds(pixels))
    for place in (0, 7, 15):
        alone = states[:, [place + 1, place + 1]]  # as the class token, and as the only patch
        assert_close(found.tokens[:, place], visual._pool(alone)[0] @ visual.proj, rtol=0, atol=1e-5)
    assert_close(found.globals, model.encode_image(pixels), rtol=0, atol=1e-6)


def test_averaged_patches_are_the_global_vector():
    model = tiny_clip(pool_type="avg")
    found = image_output(model, torch.randn(2, 3, 32, 32))
    assert_close(found.tokens.mean(dim=1), found.globals, rtol=0, atol=1e-5)


def test_globals_are_the_models_own(tiny):
    images, captions = pictures(4), ["a red dog", "two cats on a mat", "!", "Ein Hund 🐕"]
    pixels = pixels_of(tiny, images)
    with torch.no_grad():
        assert_close(
            tiny.encode_images(images).globals, tiny.model.encode_image(pixels, normalize=True), atol=1e-5, rtol=0
        )
        ids = open_clip.SimpleTokenizer()(captions, context_length=12)
        assert_close(
            tiny.encode_texts(captions).globals, tiny.model.encode_text(ids, normalize=True), atol=1e-5, rtol=0
        )


def test_word_tokens_are_the_projected_words_and_nothing_else(tiny):
    captions = ["a red dog", "what is this? a cat!!", "!!! !", "A  DOG &amp; a cat"]
    tokenizer, model = open_clip.SimpleTokenizer(), tiny.model
    found = tiny.encode_texts(captions)
    for row, caption in enumerate(captions):
        words = tokenizer.encode(caption)
        ids = tokenizer([caption], context_length=12)
        with torch.no_grad():
            states = model.token_embedding(ids) + model.positional_embedding
            states = model.ln_final(model.transformer(states, attn_mask=model.attn_mask)) @ model.text_projection
        expected = torch.nn.functional.normalize(states[0, 1 : len(words) + 1], dim=-1)
        assert int(found.mask[row].sum()) == len(words) == len(found.pieces[row])
        assert_close(found.tokens[row, : len(words)], expected, rtol=0, atol=1e-5)
        assert not found.tokens[row, len(words) :].any()
        # the end of the text, projected in the same way, is the global vector
        end = torch.nn.functional.normalize(states[0, len(words) + 1], dim=-1)
        assert_close(found.globals[row], end, rtol=0, atol=1e-5)
    assert found.pieces[0] == ("a", "red", "dog")
    assert found.tokens.shape[1] == max(len(tokenizer.encode(c)) for c in captions)


def test_tokens_are_unit_vectors_under_a_full_mask(tiny):
    found = tiny.encode_images(pictures(2))
    assert found.tokens.shape == (2, 16, 16)
    assert bool(found.mask.all())
    assert_close(found.tokens.norm(dim=2), torch.ones(2, 16))
    assert_close(found.globals.norm(dim=1), torch.ones(2))


def test_long_and_typed_special_captions(tiny):
    found = tiny.encode_texts(["dog " * 40, "a dog", "a <end_of_text> dog", "a <start_of_text> dog"])
    assert found.truncated == (0,)
    assert found.mask.sum(dim=1).tolist() == [10, 2, 1, 2]


def test_batch_size_changes_nothing(tiny):
    images, captions = pictures(7), [f"a {colour} dog" + " runs" * i for i, colour in enumerate(COLOURS)]
    whole, texts = tiny.encode_images(images, batch_size=7), tiny.encode_texts(captions, batch_size=7)
    for size in (1, 3):
        assert_close(tiny.encode_images(images, batch_size=size).tokens, whole.tokens, rtol=0, atol=1e-5)
        again = tiny.encode_texts(captions, batch_size=size)
        assert_close(again.tokens, texts.tokens, rtol=0, atol=1e-5)
        assert torch.equal(again.mask, texts.mask)


def test_results_can_be_trained_on(tiny):
    """Tensors made in inference mode could not enter a computation with gradients."""
    tokens = tiny.encode_images(pictures(1)).tokens
    weight = torch.ones(16, requires_grad=True)
    (tokens * weight).sum().backward()
    assert weight.grad is not None


def test_coca_pools_each_patch_by_its_attention():
    text = {**TINY_TEXT, "embed_cls": True, "output_tokens": True}
    vision = {
        **TINY_VISION,
        "attentional_pool": True,
        "attn_pooler_queries": 5,
        "attn_pooler_heads": 2,
        "output_tokens": True,
    }
    decoder = {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    model = seeded(
        lambda: open_clip.CoCa(16, decoder, open_clip.CLIPTextCfg(**text), open_clip.CLIPVisionCfg(**vision))
    )
    pixels = torch.randn(2, 3, 32, 32)
    found, visual = image_output(model, pixels), model.visual
    states = visual.transformer(visual._embeds(pixels))
    for place in (0, 9):
        pooled = visual._pool(states[:, [place + 1]])[0] @ visual.proj
        assert_close(found.tokens[:, place], pooled, rtol=0, atol=1e-5)
    assert_close(found.globals, model.encode_image(pixels, normalize=False))
    encoder = wrapped(model)
    words = encoder.encode_texts(["a red dog"])
    assert words.mask.sum() == 3
    ids = open_clip.SimpleTokenizer()(["a red dog"], context_length=12)
    with torch.no_grad():
        tower = model.text
        embedded, mask = tower._embeds(ids)
        states = tower.ln_final(tower.transformer(embedded, attn_mask=mask)) @ tower.text_projection
        assert_close(words.tokens[0], torch.nn.functional.normalize(states[0, 1:4], dim=-1), rtol=0, atol=1e-5)
        assert_close(words.globals, model.encode_text(ids, normalize=True), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("pool", "projection"), [("map", "none"), ("avg", "linear"), ("token", "mlp")])
def test_timm_sequences(pool, projection):
    """SigLIP, averaged and class-token towers: the head applied to the set of one patch."""
    vision = {"timm_model_name": "vit_tiny_patch16_224", "timm_pool": pool, "timm_proj": projection, "image_size": 224}
    width = 192 if projection == "none" else 16
    model = seeded(
        lambda: open_clip.CustomTextCLIP(width, vision, {**TINY_TEXT, "proj_bias": True, "pool_type": "last"})
    )
    pixels = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        found = image_output(model, pixels)
        trunk = model.visual.trunk
        states = trunk.forward_features(pixels)
        assert found.tokens.shape == (2, 196, width)
        assert found.grid == (14, 14)
        for place in (0, 100):
            one = states[:, place + 1]
            alone = torch.stack([one if pool == "token" else states[:, 0], one], dim=1)
            assert_close(found.tokens[:, place], model.visual.head(trunk.forward_head(alone)), rtol=0, atol=1e-5)
        assert_close(found.globals, model.encode_image(pixels), rtol=0, atol=1e-5)
        ids = open_clip.SimpleTokenizer()(["a red dog"], context_length=12)
        words = text_output(model, ids)
        assert_close(words.tokens[:, -1], model.encode_text(ids), rtol=0, atol=1e-5)  # it pools the last position


def test_timm_maps():
    """ConvNeXt: the head applied to a map that shows the same everywhere."""
    vision = {"timm_model_name": "convnext_atto", "timm_pool": "", "timm_proj": "linear", "image_size": 64}
    model = seeded(lambda: open_clip.CustomTextCLIP(16, vision, TINY_TEXT))
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        found = image_output(model, pixels)
        trunk = model.visual.trunk
        states = trunk.forward_features(pixels)
        assert found.grid == (2, 2)
        for place in range(4):
            same = states[:, :, place // 2, place % 2, None, None].expand(-1, -1, 2, 2)
            assert_close(found.tokens[:, place], model.visual.head(trunk.forward_head(same)), rtol=0, atol=1e-5)
        assert_close(found.globals, model.encode_image(pixels), rtol=0, atol=1e-5)


def test_a_model_without_patch_tokens_gives_its_global_vector_and_says_so():
    encoder = wrapped(tiny_clip(layers=[1, 1, 1, 1], width=8, head_width=8))
    found = encoder.encode_images(pictures(3))
    assert found.tokens.shape == (3, 1, 16)
    assert torch.equal(found.tokens[:, 0], found.globals)
    assert len(encoder.notes) == 1
    assert "ModifiedResNet" in encoder.notes[0]
    assert encoder.grid is None


class HubTower(torch.nn.Module):
    """The parts of open_clip's HFTextEncoder that matter here; the library behind it need not be installed."""

    def __init__(self, pooler_output):
        super().__init__()
        self.transformer, self.proj = torch.nn.Identity(), torch.nn.Linear(8, 16, bias=False)
        self.embed, self.pooler_output = torch.nn.Embedding(10, 8), pooler_output
        self.transformer.forward = self._states

    def _states(self, ids):
        return SimpleNamespace(last_hidden_state=self.embed(ids), pooler_output=self.pooler_output)

    def forward(self, ids):
        mask = (ids != 0)[..., None]
        states = self.transformer(ids).last_hidden_state
        return self.proj((states * mask).sum(dim=1) / mask.sum(dim=1))


@pytest.mark.parametrize("pooler_output", [None, torch.zeros(2, 8)])
def test_a_text_tower_of_the_hub(pooler_output):
    tower = seeded(lambda: HubTower(pooler_output))
    model = SimpleNamespace(text=tower, encode_text=lambda ids, normalize: tower(ids))
    ids = torch.tensor([[1, 5, 2, 0], [1, 5, 6, 2]])
    found = text_output(model, ids)
    if pooler_output is not None:
        assert found.tokens is None
        assert found.why
        return
    assert_close(found.tokens[1].mean(dim=0), found.globals[1])

    class Tokenizer:
        strip_sep_token, tokenizer_mode, context_length = False, "", 4
        tokenizer = SimpleNamespace(
            all_special_ids=[0, 1, 2], name_or_path="x", convert_ids_to_tokens=lambda ids: [f"t{i}" for i in ids]
        )

        def __call__(self, captions, context_length):
            return ids

    words = HubWords(Tokenizer(), context_length=4)(["x", "x y"])
    assert words.real.tolist() == [[False, True, False, False], [False, True, True, False]]
    assert words.pieces == (("t5",), ("t5", "t6"))


def test_byte_pairs_agree_with_the_tokenizer():
    captions = ["a red dog", "it's 1000 dogs!!!", "ünïcode 🐕", ""]
    words = byte_pairs()(captions)
    assert torch.equal(words.ids, open_clip.SimpleTokenizer()(captions, context_length=12))
    assert words.real.sum(dim=1).tolist() == [min(10, len(open_clip.SimpleTokenizer().encode(c))) for c in captions]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near_the_full_one(precision):
    full = small_encoder(small_clip(n_words=len(WORDS)), WORDS)
    half = small_encoder(small_clip(n_words=len(WORDS), precision=precision), WORDS, precision=precision)
    images = pictures(3)
    a, b = full.encode_images(images), half.encode_images(images)
    assert b.tokens.dtype == torch.float32
    assert float((a.tokens * b.tokens).sum(dim=2).min()) > 0.99
    a, b = full.encode_texts(["a red dog"]), half.encode_texts(["a red dog"])
    assert float((a.tokens * b.tokens).sum(dim=2).min()) > 0.99
    assert full.digest != half.digest


def test_two_threads_share_an_encoder():
    """Tokens are seen on their way through the model, so one batch at a time may be on its way."""
    encoder = wrapped(tiny_clip())
    alone = {n: encoder.encode_images(pictures(n)).tokens for n in (2, 5)}
    together, inside, most = {}, [], []

    def slow(*_):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()

    encoder.model.visual.transformer.register_forward_hook(slow)

    def work(n):
        for _ in range(5):
            together[n] = encoder.encode_images(pictures(n)).tokens

    threads = [threading.Thread(target=work, args=(n,)) for n in alone]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    for n, tokens in alone.items():
        assert_close(together[n], tokens)


def test_progress_and_cancel(tiny):
    seen = []

    def log(done, total, name):
        seen.append((name, done, total))

    tiny.encode_images(pictures(5), batch_size=2, reporter=Calls(step=log))
    assert seen == [("images", 2, 5), ("images", 4, 5), ("images", 5, 5)]
    calls = []
    with pytest.raises(Cancelled, match=r"stopped after 4 of 5 texts"):
        tiny.encode_texts(["a dog"] * 5, batch_size=2, reporter=stop_at(4, calls))
    assert len(calls) == 2


def test_the_digest_follows_weights_words_and_pixels(tiny):
    assert wrapped(tiny_clip()).digest == tiny.digest
    changed = tiny_clip()
    changed.visual.proj.data[0, 0] += 1
    assert wrapped(changed).digest != tiny.digest
    assert OpenClipEncoder(tiny_clip(), words=SmallWords(WORDS, context_length=12), name="x").digest != tiny.digest
    other = tiny_clip()
    other.visual.preprocess_cfg = {"size": 32, "resize_mode": "squash"}
    assert wrapped(other).digest != tiny.digest


# --- pictures -------------------------------------------------------------------------------------


def test_pictures_are_turned_as_they_were_taken(tmp_path):
    flat = Image.new("RGB", (32, 16), "white")
    flat.paste((255, 0, 0), (0, 0, 16, 16))
    note = Image.Exif()
    note[0x0112] = 6  # turn by a quarter to the right
    flat.save(tmp_path / "a.jpg", exif=note, quality=95)
    seen = read_picture(tmp_path / "a.jpg")
    assert seen.size == (16, 32)
    assert seen.getpixel((8, 4))[1] < 60
    assert seen.getpixel((8, 28))[1] > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode):
    grey = Image.new("L", (4, 4), 128)
    if mode == "I;16":
        image = Image.new("I;16", (4, 4), 128 * 257)
    elif mode in ("I", "F", "PA"):
        image = Image.new(mode, (4, 4), {"I": 128, "F": 0.5, "PA": (0, 255)}[mode])
    else:
        image = grey.convert("RGB").quantize(4) if mode == "P" else grey.convert("RGB").convert(mode)
    seen = upright_rgb(image)
    assert seen.mode == "RGB"
    if mode not in ("1", "PA"):
        assert all(abs(value - 128) <= 2 for value in seen.getpixel((1, 1)))


def test_what_is_transparent_is_white():
    image = Image.new("P", (2, 1), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((1, 0), 1)
    image.info["transparency"] = 0
    assert [upright_rgb(image).getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (255, 0, 0)]


@pytest.mark.parametrize("side", [9_000, 50_000])
def test_a_picture_that_declares_too_many_pixels(tmp_path, side):
    assert side**2 > MAX_PIXELS
    with pytest.raises(DataError, match=r"80 million pixels"):
        read_picture(png_header(tmp_path / "bomb.png", side, side))


def test_a_program_is_never_started_for_a_picture(tmp_path):
    (tmp_path / "a.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    with pytest.raises(DataError, match=r"no picture that can be read here"):
        read_picture(tmp_path / "a.eps")


def test_bad_pictures_are_named_and_skipped_or_refused(tmp_path, tiny):
    good = folder_of_pictures(tmp_path, 3)
    whole = (tmp_path / good[0]).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    png_header(tmp_path / "bomb.png", 60_000, 60_000)
    names = ["p0.png", "cut.png", "p1.png", "text.jpg", "empty.jpg", "folder.jpg", "bomb.png", "gone.jpg", "p2.png"]
    paths = [tmp_path / name for name in names]
    found = tiny.encode_images(paths, batch_size=2, on_bad="skip")
    assert found.kept == (0, 2, 8)
    assert [bad.name for bad in found.bad] == names[1:2] + names[3:8]
    assert [bad.position for bad in found.bad] == [1, 3, 4, 5, 6, 7]
    for bad, words in zip(
        found.bad,
        ["cut short", "no picture", "empty", "no regular file", "million pixels", "no such file"],
        strict=True,
    ):
        assert words in bad.reason
    assert_close(found.tokens, tiny.encode_images([paths[0], paths[2], paths[8]]).tokens, rtol=0, atol=1e-5)
    for name in names[3:8]:
        with pytest.raises(DataError, match=name):
            tiny.encode_images([paths[0], tmp_path / name])
    only_bad = tiny.encode_images([tmp_path / "gone.jpg"], on_bad="skip")
    assert only_bad.tokens.shape == (0, 1, 16)
    png_header(tmp_path / "b.png", 9_000, 9_000)
    with Image.open(tmp_path / "b.png") as huge, pytest.raises(DataError, match=r"image 1: .*million"):
        tiny.encode_images([pictures(1)[0], huge])  # an open image is judged as well


def test_pictures_are_found_by_name_and_never_outside(tmp_path):
    root = tmp_path / "images"
    folder_of_pictures(root, 2)
    folder_of_pictures(root / "val", 1)
    (tmp_path / "secret.png").write_bytes(b"x")
    names = ["p0.png", "val/p0.png", "images/p1.png", "../secret.png", str(tmp_path / "secret.png"), "a\0b", "p9.png"]
    found = find_pictures(root, names)
    assert [path.relative_to(root).as_posix() for path in found.paths] == ["p0.png", "val/p0.png", "p1.png"]
    assert found.positions == (0, 1, 2)
    assert [bad.position for bad in found.missing] == [3, 4, 5, 6]
    assert "leads out" in found.missing[0].reason
    assert "leads out" in found.missing[1].reason
    with pytest.raises(DataError, match=r"none of the 1 pictures.*'x.png'.*'p0.png'"):
        find_pictures(root, ["x.png"])
    with pytest.raises(DataError, match=r"no such folder"):
        find_pictures(root / "no", ["x.png"])


def test_two_names_never_share_a_file_by_their_ending(tmp_path):
    folder_of_pictures(tmp_path, 1)
    found = find_pictures(tmp_path, ["p0.png", "train/p0.png"])
    assert found.positions == (0,)


# --- checkpoints ----------------------------------------------------------------------------------


class Canary:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_pickle_is_refused_and_never_runs(tmp_path):
    sprung = tmp_path / "sprung"
    torch.save({"state_dict": {"a": torch.ones(1)}, "args": Canary(sprung)}, tmp_path / "new.pt")
    torch.save({"a": Canary(sprung)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("bare.pt", "bare.safetensors", "bare.bin"):
        (tmp_path / name).write_bytes(pickle.dumps({"a": Canary(sprung)}))
    for name in ("new.pt", "old.pth", "bare.pt", "bare.safetensors", "bare.bin"):
        with pytest.raises(DataError, match=rf"{name}.*(pickle|Python objects)"):
            load_encoder("ViT-B-32", tmp_path / name)
    with pytest.raises(DataError, match=r"bare.safetensors: it is a pickle"):
        read_weights(tmp_path / "bare.safetensors")
    assert not sprung.exists()
    torch.load(tmp_path / "new.pt", weights_only=False)  # the canary does sing when it is let out
    assert sprung.exists()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_torchscript_program_is_refused(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "script.pt")
    with pytest.raises(DataError, match=r"script.pt.*TorchScript"):
        read_weights(tmp_path / "script.pt")


def test_other_files_are_refused(tmp_path):
    for name, content, words in [
        ("a.ckpt", b"x", "not known here"),
        ("a.safetensors", b"\xff" * 100, "header"),
        ("b.pt", b"hello, world", "does not|begins with"),
        ("empty.pt", b"", "empty"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}.*({words})"):
            read_weights(tmp_path / name)
    with pytest.raises(DataError, match=r"gone.pt.*no such file"):
        load_encoder("ViT-B-32", tmp_path / "gone.pt")
    torch.save([torch.ones(1)], tmp_path / "list.pt")
    with pytest.raises(DataError, match=r"list.pt.*dictionary of weights"):
        read_weights(tmp_path / "list.pt")
    torch.save({"a": torch.ones(1), "epoch": 3}, tmp_path / "mixed.pt")
    with pytest.raises(DataError, match=r"mixed.pt.*'epoch' is a int"):
        read_weights(tmp_path / "mixed.pt")


def test_weights_fit_or_are_refused_by_name(tmp_path):
    model, path = tiny_clip(), tmp_path / "w.safetensors"
    whole = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def refusal(change) -> str:
        state = dict(whole)
        change(state)
        with pytest.raises(DataError, match=r"^w.safetensors: ") as caught:
            fit_weights(tiny_clip(), state, path=path, model_name="tiny")
        return str(caught.value)

    assert "ln_final.bias missing" in refusal(lambda s: s.pop("ln_final.bias"))
    assert "extra unexpected" in refusal(lambda s: s.update(extra=torch.ones(1)))
    assert "'visual.proj' has shape [2], but tiny needs [64, 16]" in refusal(
        lambda s: s.update({"visual.proj": torch.ones(2)})
    )
    assert "NaN" in refusal(lambda s: s.update({"visual.proj": torch.full((64, 16), torch.nan)}))
    other = seeded(lambda: small_clip(n_words=50, seed=5))
    with pytest.raises(DataError, match=r"transformer.resblocks.1.* missing"):
        fit_weights(other, whole, path=path, model_name="tiny")
    changed = tiny_clip()
    changed.visual.proj.data.zero_()
    for wrap in (lambda s: s, lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}, "epoch": 1}):
        torch.save(wrap(whole), tmp_path / "w.pt")
        fit_weights(changed, read_weights(tmp_path / "w.pt"), path=path, model_name="tiny")
        assert torch.equal(changed.visual.proj, model.visual.proj)


def test_old_weights_fit_a_model_with_its_own_text_tower(tmp_path):
    old = tiny_clip()
    new = seeded(lambda: open_clip.CustomTextCLIP(16, TINY_VISION, TINY_TEXT))
    fit_weights(new, old.state_dict(), path=tmp_path / "w.pt", model_name="tiny")
    assert torch.equal(new.text.text_projection, old.text_projection)


def test_an_untrained_vit_b_32_from_a_local_file(tmp_path):
    model = open_clip.create_model("ViT-B-32")
    save_file(model.state_dict(), tmp_path / "b32.safetensors")
    encoder = load_encoder("ViT-B-32", str(tmp_path / "b32.safetensors"), device="cpu")
    assert encoder.name == "ViT-B-32 b32"
    assert encoder.notes == ()
    assert encoder.grid == (7, 7)
    assert encoder.n_columns == 512
    images = pictures(2)
    found = encoder.encode_images(images)
    assert found.tokens.shape == (2, 49, 512)
    with torch.no_grad():
        own = model.eval().encode_image(pixels_of(encoder, images), normalize=True)
    assert_close(found.globals, own, rtol=0, atol=1e-5)


def test_names_and_downloads_are_judged(monkeypatch, tmp_path):
    with pytest.raises(SettingError, match=r"did you mean ViT-B-32"):
        load_encoder("ViT-B32")
    with pytest.raises(SettingError, match=r"neither a file nor one of .* openai"):
        load_encoder("ViT-B-32", "opanai")
    with pytest.raises(SettingError, match=r"device is 'tpu'"):
        load_encoder("ViT-B-32", device="tpu")

    def offline(*_args, **_settings):
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(sys.modules["open_clip.factory"], "download_pretrained", offline)
    with pytest.raises(DataError, match=r"'openai' of ViT-B-32 could not be fetched: .*no route to host\. Connect"):
        load_encoder("ViT-B-32", "openai", device="cpu")
    monkeypatch.setattr(sys.modules["open_clip.factory"], "download_pretrained_from_hf", offline)
    with pytest.raises(DataError, match=r"hf-hub:a/b .* could not be fetched"):
        load_encoder("hf-hub:a/b", device="cpu")


def test_random_weights_say_so_and_leave_the_random_state_alone():
    before = torch.random.get_rng_state()
    encoder = load_encoder("RN50", device="cpu", seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert "random" in encoder.notes[0]
    assert "ModifiedResNet" in encoder.notes[1]


# --- the small encoder ----------------------------------------------------------------------------

SENTENCES = ["a red dog", "two green cats on a mat", "the blue dog and a white cat"]
WORDS = vocabulary_of(SENTENCES)


def test_the_small_encoder_round_trips(tmp_path):
    config = SmallClipConfig(patch_size=16, vision_layers=2, embed_dim=32)
    model = small_clip(config, n_words=len(WORDS), seed=4)
    path = save_small(model, WORDS, tmp_path / "small.safetensors", config=config, name="scenes")
    assert 1e6 < path.stat().st_size < 4e6
    stored = load_file(path)
    assert stored["visual.proj"].dtype == torch.float16
    assert stored["token_embedding.weight"].shape == (len(WORDS), 192)
    assert stored["vocabulary"].tolist() == list(WORDS)
    with safe_open(path, framework="pt") as file:
        assert json.loads(file.metadata()["pico-lens encoder"])["config"]["patch_size"] == 16
    back = load_small(path)
    assert back.name == "scenes"
    assert back.grid == (4, 4)
    halved = small_clip(config, n_words=len(WORDS), seed=4)
    halved.load_state_dict({name: tensor.half().float() for name, tensor in halved.state_dict().items()})
    before = small_encoder(halved, WORDS, config=config)
    images = pictures(2)
    assert torch.equal(back.encode_images(images).tokens, before.encode_images(images).tokens)
    assert torch.equal(back.encode_texts(SENTENCES).tokens, before.encode_texts(SENTENCES).tokens)
    assert back.digest == before.digest
    save_small(back.model, WORDS, tmp_path / "again.safetensors", config=config, name="scenes")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    assert load_encoder("pico-small", path, device="cpu").digest == back.digest


def test_a_whole_vocabulary_is_cut_to_the_used_rows(tmp_path):
    """The same caption comes out the same by open_clip's own tokenizer and by the small vocabulary."""
    config = SmallClipConfig(vision_layers=1, context_length=12)
    model = small_clip(config, n_words=49408)
    for tensor in model.parameters():
        tensor.data = tensor.data.half().float()
    save_small(model, WORDS, tmp_path / "s.safetensors", config=config)
    small, whole = load_small(tmp_path / "s.safetensors"), wrapped(model)
    a, b = small.encode_texts(SENTENCES), whole.encode_texts(SENTENCES)
    assert_close(a.tokens, b.tokens, rtol=0, atol=1e-5)
    assert_close(a.globals, b.globals, rtol=0, atol=1e-5)
    assert a.pieces == b.pieces
    with pytest.raises(DataError, match=r"give its own vocabulary"):
        save_small(small_clip(config, n_words=50), WORDS, tmp_path / "t.safetensors", config=config)


def test_unknown_words_are_left_out_and_told():
    encoder = small_encoder(small_clip(n_words=len(WORDS)), WORDS)
    found = encoder.encode_texts(["a purple dog", "a dog", "zebra zebra", "", "a dog <end_of_text>"], on_bad="skip")
    assert found.kept == (0, 1, 4)
    assert found.unknown == (("purple",), (), ())
    assert_close(found.tokens[0], found.tokens[1])
    assert_close(found.tokens[2], found.tokens[1])
    assert [bad.position for bad in found.bad] == [2, 3]
    assert "zebra" in found.bad[0].reason
    with pytest.raises(DataError, match=r"'zebra!': this encoder knows none of its words \(zebra, !\)"):
        encoder.encode_texts(["zebra!"])
    assert encoder.encode_texts(["a " * 60]).truncated == (0,)


def small_record(config, version=1):
    return {"pico-lens encoder": json.dumps({"version": version, "name": "x", "config": config})}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image_size": 10**9}, "image_size"),
        ({"image_size": True}, "image_size"),
        ({"patch_size": 7}, "multiple"),
        ({"vision_layers": 3}, "resblocks.2"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_small_file_with_false_settings(tmp_path, change, words):
    path = save_small(
        small_clip(SmallClipConfig(vision_layers=2), n_words=len(WORDS)), WORDS, tmp_path / "s.safetensors"
    )
    settings = {**asdict(SmallClipConfig(vision_layers=2)), **change}
    save_file(load_file(path), path, metadata=small_record(settings))
    with pytest.raises(DataError, match=rf"^s.safetensors: .*{words}"):
        load_small(path)


def test_a_small_file_with_a_false_vocabulary_or_version(tmp_path):
    good = save_small(small_clip(n_words=len(WORDS)), WORDS, tmp_path / "s.safetensors")
    with safe_open(good, framework="pt") as file:
        header = file.metadata()
    arrays = load_file(good)
    bad = tmp_path / "bad.safetensors"
    swapped = (WORDS[0], WORDS[2], WORDS[1], *WORDS[3:])
    for vocabulary in (torch.tensor(swapped).int(), torch.tensor(WORDS[:-1]).int()):
        save_file({**arrays, "vocabulary": vocabulary}, bad, metadata=header)
        with pytest.raises(DataError, match=r"bad.safetensors: the vocabulary"):
            load_small(bad)
    save_file(arrays, bad, metadata=small_record({}, version=9))
    with pytest.raises(DataError, match=r"version 1"):
        load_small(bad)
    save_file(arrays, bad)
    with pytest.raises(DataError, match=r"no small encoder"):
        load_small(bad)
    with pytest.raises(SettingError, match=r"load it as 'pico-small'"):
        load_encoder("ViT-B-32", good, device="cpu")
    with pytest.raises(DataError, match=r"rising"):
        save_small(small_clip(n_words=3), [0, 2, 1], bad)
    broken = small_clip(n_words=len(WORDS))
    broken.logit_scale.data.fill_(1e9)
    with pytest.raises(DataError, match=r"logit_scale"):
        save_small(broken, WORDS, bad)


# --- captions -------------------------------------------------------------------------------------

EXPECTED = (("a.jpg", "a dog"), ("a.jpg", "a brown, small dog"), ("b.jpg", "a cat"))


def pairs_of(found):
    return tuple((found.images[i], text) for i, text in zip(found.text_image, found.texts, strict=True))


COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}],
    "annotations": [{"image_id": 7, "caption": "a dog"}, {"image_id": 7, "caption": "a brown, small dog"},
                    {"image_id": 8, "caption": "a cat"}],
}  # fmt: skip
KARPATHY = {
    "dataset": "x",
    "images": [
        {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "a dog"}, {"raw": "a brown, small dog"}]},
        {"filename": "b.jpg", "split": "test", "sentences": [{"raw": "a cat"}]},
    ],
}
RECORDS = [{"image": "a.jpg", "caption": ["a dog", "a brown, small dog"]}, {"image": "b.jpg", "caption": ["a cat"]}]
TEXTS = {
    "csv": ("delimited", 'image,caption\na.jpg,a dog\na.jpg,"a brown, small dog"\nb.jpg,a cat\n'),
    "bom": ("delimited", '\ufefffile_name,Caption\r\na.jpg,a dog\r\na.jpg,"a brown, small dog"\r\nb.jpg,a cat\r\n'),
    "tsv": ("delimited", "filename\tsentence\na.jpg\ta dog\na.jpg\ta brown, small dog\nb.jpg\ta cat"),
    "semicolons": ("delimited", "image;caption\na.jpg;a dog\na.jpg;a brown, small dog\nb.jpg;a cat"),
    "bars": ("delimited", "image_name| comment_number| comment\na.jpg| 0| a dog\na.jpg| 1| a brown, small dog\n"
                          "b.jpg| 0| a cat"),
    "wide": ("delimited", 'image,caption_1,caption_2\na.jpg,a dog,"a brown, small dog"\nb.jpg,a cat,\n'),
    "tokens": ("flickr tokens", "a.jpg#0\ta dog\na.jpg#1\ta brown, small dog\nb.jpg#0\ta cat\n"),
    "jsonl": ("records", '{"image": "a.jpg", "caption": "a dog"}\n\n'
                         '{"image": "a.jpg", "caption": "a brown, small dog"}\n'
                         '{"image": "b.jpg", "caption": "a cat"}\n'),
    "jsonl of lists": ("records", "\n".join(map(json.dumps, RECORDS))),
    "json list": ("records", json.dumps(RECORDS, indent=1)),
    "dictionary": ("dictionary", json.dumps({"a.jpg": ["a dog", "a brown, small dog"], "b.jpg": "a cat"})),
    "coco": ("coco", json.dumps(COCO)),
    "karpathy": ("karpathy", json.dumps(KARPATHY)),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_captions_are_recognised_by_their_content(tmp_path, name):
    kind, text = TEXTS[name]
    path = tmp_path / "captions.txt"  # the name says nothing
    path.write_bytes(text.encode())
    found = read_captions(path)
    assert found.format == kind
    assert pairs_of(found) == EXPECTED
    assert found.images == ("a.jpg", "b.jpg")
    assert found.texts_per_image == (1, 2)
    assert found.without_caption == ()


@pytest.mark.parametrize("lists", [False, True])
def test_captions_in_parquet(tmp_path, lists):
    frame = pl.DataFrame({"image": [a for a, _ in EXPECTED], "caption": [b for _, b in EXPECTED]})
    if lists:
        frame = frame.group_by("image", maintain_order=True).agg("caption")
    frame = frame.with_columns(other=pl.Series([{"x": 1}] * len(frame)))
    frame.write_parquet(tmp_path / "c.bin")
    found = read_captions(tmp_path / "c.bin")
    assert (found.format, pairs_of(found)) == ("parquet", EXPECTED)
    pl.DataFrame({"image": [{"bytes": b"x"}], "caption": ["a"]}).write_parquet(tmp_path / "d.parquet")
    with pytest.raises(DataError, match=r"d.parquet: row 1 names its picture by a dict"):
        read_captions(tmp_path / "d.parquet")


def test_utf_16_as_spreadsheets_write_it(tmp_path):
    (tmp_path / "c.txt").write_bytes("image\tcaption\nä.jpg\tein Hund 🐕\n".encode("utf-16"))
    assert pairs_of(read_captions(tmp_path / "c.txt")) == (("ä.jpg", "ein Hund 🐕"),)


def test_columns_can_be_chosen(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("image,name,caption,long,kurz\n1,a.jpg,no,a dog,dog\n2,b.jpg,no,a cat,cat\n", encoding="utf-8")
    found = read_captions(path, image_column="name", caption_column=["long", "kurz"])
    assert pairs_of(found) == (("a.jpg", "a dog"), ("a.jpg", "dog"), ("b.jpg", "a cat"), ("b.jpg", "cat"))
    assert read_captions(path, image_column="name").texts == ("no", "no")
    with pytest.raises(DataError, match=r"no column 'nam'; the columns are 'image', 'name'"):
        read_captions(path, image_column="nam")


def test_labels_follow_pictures_or_captions(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("image,caption,style,tone,id\nb,x,ink,dry,1\na,y,oil,dry,2\nb,z,ink,warm,3\na,,oil,cold,4\n")
    found = read_captions(path)
    assert found.images == ("b", "a")
    assert found.image_labels.to_dict(as_series=False) == {"style": ["ink", "oil"]}
    assert found.text_labels.to_dict(as_series=False) == {"tone": ["dry", "dry", "warm"]}
    path.write_text(json.dumps(KARPATHY))
    assert read_captions(path).image_labels["split"].to_list() == ["train", "test"]


def test_repeated_shared_empty_and_missing_captions_are_counted(tmp_path):
    path = tmp_path / "c.json"
    notes = [(7, "a dog"), (7, "a  dog "), (8, "a dog"), (8, " "), (9, None)]
    images = [{"id": i, "file_name": f"{i}.jpg"} for i in (7, 8, 9, 10)]
    path.write_text(json.dumps({"images": images, "annotations": [{"image_id": i, "caption": c} for i, c in notes]}))
    found = read_captions(path)
    assert found.texts == ("a dog", "a dog", "a dog")
    assert (found.n_repeated, found.n_shared, found.n_empty) == (1, 3, 1)
    assert found.without_caption == ("9.jpg", "10.jpg")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "white space"),
        (b"\x80\x04.", "pickle"),
        (b"PK\x03\x04", "spreadsheet"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x89PNG\r\n", "picture"),
        (b"PAR1xxxx", "cannot be read"),
        (b"caf\xe9,x", "UTF-8"),
        (b"image,caption\na,\0\n", "zero bytes"),
        (b"a dog", "its first line is 'a dog'"),
        (b"a.jpg,a dog\nb.jpg,a cat\n", "no column names the pictures.*'a.jpg', 'a dog'"),
        (b"image,words\na,b\n", "no column holds captions.*'image', 'words'"),
        (b"image,caption\n", "no row"),
        (b"image,caption\na.jpg,\n", "every caption is empty"),
        (b"image,caption\na.jpg,a dog, brown\n", "line 2 has 3 fields"),
        (b"image,caption,caption\na,b,c\n", "twice"),
        (b"image,caption\n,a dog\n", "row 1 names no picture"),
        (b"a.jpg#0\ta dog\nnonsense\n", "line 2 is 'nonsense'"),
        (b'{"image": "a.jpg", "caption": "x"}\n{"image": \n', "broken in line 2"),
        (b'{"images": [1,', "broken in line 1"),
        (b"[1, 2]", "something else than records"),
        (b'[{"image": "a.jpg", "caption": 3}]', "'a.jpg' is a int"),
        (b'[{"image": null, "caption": "x"}]', "row 1 names its picture by a NoneType"),
        (b'{"info": {}, "licenses": []}', "'info' holds a dict"),
        (b'{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 1, "bbox": []}]}', "captions_"),
        (b'{"images": [{"id": 1, "file_name": "a"}], "annotations": [{"image_id": 2, "caption": "x"}]}', "image 2"),
        (b'{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []}', "two images"),
        (b'{"images": 3, "annotations": []}', "not a list of records"),
        (b'{"images": [{"filename": "a.jpg"}]}', "no list of sentences"),
        (b"[" * 100_000, "cannot be read as captions"),
    ],
)
def test_other_files_are_no_captions(tmp_path, content, words):
    path = tmp_path / "c.dat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"(?s)^c.dat: .*{words}"):
        read_captions(path)


def test_missing_files_and_folders_are_no_captions(tmp_path):
    with pytest.raises(DataError, match=r"gone.csv: there is no such file"):
        read_captions(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"is a folder"):
        read_captions(tmp_path)


def test_a_parquet_that_expands_is_stopped(tmp_path, monkeypatch):
    from pico_core.encoders import caption_rows

    pl.DataFrame({"image": ["a"] * 5000, "caption": ["x" * 1000] * 5000}).write_parquet(tmp_path / "c.parquet")
    monkeypatch.setattr(caption_rows, "MAX_CHARACTERS", 2**20)
    with pytest.raises(DataError, match=r"c.parquet: its columns take more than"):
        read_captions(tmp_path / "c.parquet")
    monkeypatch.setattr(caption_rows, "MAX_ROWS", 100)
    with pytest.raises(DataError, match=r"5000 rows"):
        read_captions(tmp_path / "c.parquet")


# --- data sets ------------------------------------------------------------------------------------


class Counting:
    """An encoder that counts what it is asked for."""

    def __init__(self, inner):
        self.inner, self.images, self.texts = inner, [], []

    name = property(lambda self: self.inner.name)
    digest = property(lambda self: self.inner.digest)
    mark = property(lambda self: self.inner.mark)
    notes = property(lambda self: self.inner.notes)

    def encode_images(self, images, **settings):
        self.images.append(len(images))
        return self.inner.encode_images(images, **settings)

    def encode_texts(self, captions, **settings):
        self.texts.append(len(captions))
        return self.inner.encode_texts(captions, **settings)


def content_of(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def test_a_folder_becomes_a_data_set(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images")
    captions = write_captions(tmp_path / "c.csv", names)
    seen = []
    made = encode_dataset(
        tiny, tmp_path / "images", captions, out=tmp_path / "set", batch_size=3,
        reporter=Calls(step=lambda done, _total, name: seen.append((name, done))), name="dogs",
    )  # fmt: skip
    assert seen == [("images", 3), ("images", 6), ("images", 7), *[("texts", n) for n in (3, 6, 9, 12, 14)]]
    back = open_pairs(tmp_path / "set")
    assert back.digest == made.pairs.digest
    assert back.name == "dogs"
    assert (back.ids, back.texts_per_image) == (names, (2, 2))
    assert back.image_paths[2] == str(tmp_path / "images" / "p2.png")
    assert back.image_tokens.dtype == torch.float16
    images = tiny.encode_images([tmp_path / "images" / name for name in names])
    assert_close(back.image_tokens.float(), images.tokens, rtol=0, atol=1e-3)
    texts = tiny.encode_texts(back.captions)
    assert torch.equal(back.text_mask, texts.mask)
    assert_close(back.text_tokens.float(), texts.tokens, rtol=0, atol=1e-3)
    assert (made.bad_images, made.bad_texts, made.n_truncated) == ((), (), 0)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["c.csv", "images", "set"]


def test_an_interrupted_encoding_goes_on_where_it_was(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images")
    captions = write_captions(tmp_path / "c.csv", names)

    def encode(encoder, out, **settings):
        return encode_dataset(encoder, tmp_path / "images", captions, out=tmp_path / out, batch_size=2, **settings)

    whole = Counting(tiny)
    encode(whole, "whole")
    assert (whole.images, whole.texts) == ([2, 2, 2, 1], [2] * 7)

    first = Counting(tiny)
    with pytest.raises(Cancelled, match=r"4 of 7 images"):
        encode(first, "set", reporter=stop_at(4))
    assert first.images == [2, 2]
    second = Counting(tiny)
    with pytest.raises(KeyboardInterrupt):
        encode(second, "set", reporter=Calls(step=interrupt))
    assert (second.images, second.texts) == ([2, 1], [2, 2, 2])
    third = Counting(tiny)
    encode(third, "set")
    assert (third.images, third.texts) == ([], [2, 2, 2, 2])
    same = {name: data for name, data in content_of(tmp_path / "whole").items() if name != "pairs.safetensors"}
    assert {name: content_of(tmp_path / "set")[name] for name in same} == same
    one, other = load_file(tmp_path / "set/pairs.safetensors"), load_file(tmp_path / "whole/pairs.safetensors")
    assert all(torch.equal(one[name], other[name]) for name in other)
    assert open_pairs(tmp_path / "set").digest == open_pairs(tmp_path / "whole").digest
    assert not list(tmp_path.glob(".*part"))


def interrupt(done, _total, name):
    if (name, done) == ("texts", 6):
        raise KeyboardInterrupt


def stopped(tmp_path, encoder, captions, after=14, **settings):
    with pytest.raises(Cancelled):
        encode_dataset(
            encoder, tmp_path / "images", captions, out=tmp_path / "set", batch_size=2,
            reporter=stop_at(after, only="texts"), **settings,
        )  # fmt: skip


def test_only_what_changed_is_encoded_anew(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images")
    captions = write_captions(tmp_path / "c.csv", names)
    stopped(tmp_path, tiny, captions)
    pictures(9)[8].save(tmp_path / "images" / names[2])  # the same name and size, other pixels
    part = next(tmp_path.glob(".set*.part"))
    damaged = part / "texts-000000004-000000006.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-7])
    again = Counting(tiny)
    encode_dataset(again, tmp_path / "images", captions, out=tmp_path / "set", batch_size=5)
    assert (again.images, again.texts) == ([2], [2])
    changed = tiny.encode_images([tmp_path / "images" / names[2]])
    assert_close(open_pairs(tmp_path / "set").image_tokens[2].float(), changed.tokens[0], rtol=0, atol=1e-3)

    stopped(tmp_path, tiny, captions)
    for other in (wrapped(tiny_clip(pool_type="avg")), tiny):
        settings = {"level": "globals"} if other is tiny else {}
        counted = Counting(other)
        stopped(tmp_path, counted, captions, **settings)
        assert sum(counted.images) == 7
    fewer = write_captions(tmp_path / "d.csv", names[1:])
    counted = Counting(tiny)
    encode_dataset(counted, tmp_path / "images", fewer, out=tmp_path / "set", batch_size=2)
    assert sum(counted.images) == 6


def test_bad_items_are_listed_or_refused(tmp_path):
    encoder = small_encoder(small_clip(SmallClipConfig(vision_layers=1), n_words=len(WORDS)), WORDS)
    names = folder_of_pictures(tmp_path / "images", 5)
    (tmp_path / "images" / "p1.png").write_bytes((tmp_path / "images" / "p1.png").read_bytes()[:300])
    rows = [("p0.png", "a dog"), ("p1.png", "a cat"), ("p2.png", "zebra"), ("gone.png", "a dog"),
            ("p3.png", "a purple cat"), ("p4.png", "zebra"), ("p4.png", "a mat " * 30)]  # fmt: skip
    lines = "\n".join(f"{image}\t{caption}" for image, caption in rows)
    (tmp_path / "c.tsv").write_text(f"image\tcaption\n{lines}\n")
    assert names

    def encode(on_bad, out="set"):
        return encode_dataset(
            encoder, tmp_path / "images", tmp_path / "c.tsv", out=tmp_path / out, batch_size=2, on_bad=on_bad
        )

    with pytest.raises(DataError, match=r"gone.png: there is no such file"):
        encode("refuse")
    made = encode("skip")
    assert made.pairs.ids == ["p0.png", "p3.png", "p4.png"]
    assert made.pairs.captions == ["a dog", "a purple cat", ("a mat " * 30).strip()]
    assert made.pairs.text_image.tolist() == [0, 1, 2]
    assert [(bad.position, bad.name) for bad in made.bad_images] == [(1, "p1.png"), (2, "p2.png"), (3, "gone.png")]
    assert "cut short" in made.bad_images[0].reason
    assert "none of its captions" in made.bad_images[1].reason
    assert [bad.position for bad in made.bad_texts] == [2, 5]
    assert made.unknown_words == ("purple",)
    assert made.n_truncated == 1
    # what was skipped once is refused when that is asked, and a mended picture is taken in
    (tmp_path / "c.tsv").write_text(f"image\tcaption\n{lines}\n".replace("gone.png\ta dog\n", ""))
    with pytest.raises(DataError, match=r"p1.png"):
        encode("refuse")
    pictures(1)[0].save(tmp_path / "images" / "p1.png")
    assert encode("skip").pairs.ids == ["p0.png", "p1.png", "p3.png", "p4.png"]


def test_a_shard_of_skipped_items_is_refused_when_asked(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images")
    (tmp_path / "images" / names[1]).write_bytes(b"x")
    captions = write_captions(tmp_path / "c.csv", names)
    stopped(tmp_path, tiny, captions, on_bad="skip")
    with pytest.raises(DataError, match=r"p1.png"):
        encode_dataset(tiny, tmp_path / "images", captions, out=tmp_path / "set", batch_size=2)


def test_global_vectors_only(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images", 3)
    captions = write_captions(tmp_path / "c.csv", names)
    made = encode_dataset(
        tiny, tmp_path / "images", captions, out=tmp_path / "set", level="globals", storage="float32"
    ).pairs
    assert made.image_tokens.shape == (3, 1, 16)
    assert_close(made.text_tokens[:, 0], tiny.encode_texts(made.captions).globals)


def test_a_target_that_is_something_else_is_refused_first(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images", 2)
    captions = write_captions(tmp_path / "c.csv", names)
    counted = Counting(tiny)
    for out in (tmp_path / "images", tmp_path / "c.csv"):
        with pytest.raises(DataError, match=rf"^{out.name}: "):
            encode_dataset(counted, tmp_path / "images", captions, out=out)
    assert counted.images == []
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"c.csv: no picture with a caption|none of"):
        encode_dataset(tiny, tmp_path / "bad", captions, out=tmp_path / "set", on_bad="skip")


def test_files_that_are_not_ours_stay_in_the_part_folder(tmp_path, tiny):
    names = folder_of_pictures(tmp_path / "images", 2)
    captions = write_captions(tmp_path / "c.csv", names)
    part = tmp_path / ".set.encoding.part"
    part.mkdir()
    (part / "diary.txt").write_text("mine")
    encode_dataset(tiny, tmp_path / "images", captions, out=tmp_path / "set")
    assert [entry.name for entry in part.iterdir()] == ["diary.txt"]


def test_captions_already_read_can_be_given(tmp_path, tiny, monkeypatch):
    names = folder_of_pictures(tmp_path / "images", 2)
    captions = read_captions(write_captions(tmp_path / "c.csv", names))
    monkeypatch.setattr(captions_module, "recognise", None)
    made = encode_dataset(tiny, tmp_path / "images", captions, out=tmp_path / "set")
    assert made.pairs.n_texts == 4
