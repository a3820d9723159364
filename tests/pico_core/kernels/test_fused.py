"""The fused score: its programs through the interpreter and the compiler, what surrounds them, and the card itself."""

import os
import subprocess
import sys
from functools import partial

import pytest
import torch

from pico_core.common.errors import SettingError
from pico_core.kernels import fused, tiles
from pico_core.kernels.arithmetic import Arithmetic, triton_is_installed, uses_triton
from pico_core.kernels.packing import pack, pack_images, pack_texts, unpacked_images, unpacked_texts
from pico_core.kernels.similarity import late_interaction
from pico_core.kernels.tiles import Launch, Tile
from tests.places import ROOT

INTERPRETED = "tests/pico_core/kernels/interpreted_fused.py"
SHARED_MEMORY = 227 * 1024  # of a multiprocessor of compute capability 9.0, for one program

needs_triton = pytest.mark.skipif(not triton_is_installed(), reason="Triton is not installed")
needs_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


def ragged(seed=0, n=6, m=9, p=50, w=20, d=40):
    generator = torch.Generator().manual_seed(seed)
    images, texts = torch.randn(n, p, d, generator=generator), torch.randn(m, w, d, generator=generator)
    image_mask, text_mask = (torch.rand(side.shape[:2], generator=generator) < 0.7 for side in (images, texts))
    image_mask[:, 3], text_mask[:, 2] = True, True
    return images, texts, {"image_mask": image_mask, "text_mask": text_mask, "weights": torch.rand(d)}


@needs_triton
def test_the_programs_through_the_interpreter():
    """In a process of its own: the interpreter is chosen before Triton is imported. Unchecked shapes, to be quick."""
    command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", INTERPRETED]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"TRITON_INTERPRET": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@needs_triton
@pytest.mark.skipif(os.environ.get("TRITON_INTERPRET") == "1", reason="the interpreter compiles nothing")
@pytest.mark.parametrize("name", ["score_short", "score_long"])
def test_the_programs_compile_for_a_card_that_is_not_here(name, tmp_path, monkeypatch):
    """To the matrix unit and its loads, for compute capability 9.0: what the interpreter accepts may not compile."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from pico_core.kernels import fused_triton

    tile = Tile(128 if name == "score_short" else 64, 64, 64, warps=4, stages=3)
    launch = Launch(torch.zeros(1, 64).bfloat16(), torch.zeros(1, 64).bfloat16(), 32, "stored")
    sizes = {"WIDTH": 32, "TEXTS": tile.words // 32, "APART": tile.apart, "BAND": 16, "SLOTS": tile.words}
    constants = {k: v for k, v in (launch.constants(tile) | sizes).items() if k.isupper()} | {"UPCAST": False}
    program = getattr(fused_triton, name)
    types = dict.fromkeys(("lengths", "starts", "owners"), "*i32") | dict.fromkeys(("text_at", "image_at"), "*i64")
    types |= dict.fromkeys(("text_factors", "image_factors", "scores", "best_patches"), "*fp32")
    types |= {"totals": "*i64", "words": f"tensordesc<bf16[{tile.words},64]>", "patches": "tensordesc<bf16[64,64]>"}
    signature = {a: "constexpr" if a in constants else types.get(a, "i32") for a in program.arg_names}
    source = ASTSource(program, signature, {k: v for k, v in constants.items() if k in program.arg_names})
    options = {"num_warps": tile.warps, "num_stages": tile.stages}
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    assert "wgmma.mma_async" in made.asm["ptx"]
    assert "cp.async.bulk.tensor" in made.asm["ptx"]
    table = f"tensor<{tile.words}x64xf32, #mma>"
    moved = [line for line in made.asm["ttgir"].splitlines() if table in line and ("convert_layout" in line)]
    assert not moved, "the table leaves the registers"
    assert made.metadata.shared <= SHARED_MEMORY


@pytest.mark.parametrize("tile", [*tiles.HALF, *tiles.SINGLE, *tiles.TENSOR_SINGLE])
def test_the_loads_in_flight_of_every_tile_fit_a_multiprocessor(tile):
    size = 2 if tile in tiles.HALF else 4
    assert tile.stages * tile.depth * (tile.words + tile.patches) * size < SHARED_MEMORY
    assert tile.words >= fused.WIDEST
    for number in (tile.words, tile.patches, tile.depth, tile.warps):
        assert number.bit_count() == 1
    assert tile.patches * 2**22 * 1.01 <= 2**31, "the sum over a tile in 32 bits"


def test_words_lie_in_slots_and_patches_without_gaps():
    images, texts, masks = ragged(n=3, m=4)
    (image,) = fused.image_slabs(pack(images, masks["image_mask"], max_tokens=60), masks["weights"], torch.float32)
    assert image.starts.diff().tolist() == masks["image_mask"].sum(1)[image.items].tolist()
    assert image.tokens.shape == (int(masks["image_mask"].sum()), 48)  # 40 columns, filled up to lines of 16
    for place, item in enumerate(image.items.tolist()):
        rows = image.tokens[image.owners == place, :40] * image.factors[place]
        torch.testing.assert_close(rows, images[item][masks["image_mask"][item]] * masks["weights"])
    for text in fused.text_slabs(pack(texts, masks["text_mask"], max_tokens=60), torch.float32):
        slots = text.tokens.view(len(text.items), text.width, 48) * text.factors[:, None, None]
        for place, item in enumerate(text.items.tolist()):
            length = int(text.lengths[place])
            torch.testing.assert_close(slots[place, :length, :40], texts[item][masks["text_mask"][item]])
            assert not bool(slots[place, length:].any())


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e25])
def test_scaled_tokens_are_no_longer_than_one_and_change_by_powers_of_two(scale):
    tokens = torch.randn(4, 3, 5) * scale
    part = fused.scaled(next(pack(tokens, torch.ones(4, 3) > 0, max_tokens=100)), None, torch.float32)
    lengths = part.tokens.norm(dim=2).amax(dim=1)
    assert bool(((lengths <= 1) & (lengths >= 0.5)).all())
    torch.testing.assert_close(part.tokens * part.factors[:, None, None], tokens, rtol=0, atol=0)


def test_packed_sides_give_their_tokens_back():
    images, texts, masks = ragged()
    for packed, side, mask, back in (
        (pack_images(images, masks["image_mask"]), images, masks["image_mask"], unpacked_images),
        (pack_texts(texts, masks["text_mask"]), texts, masks["text_mask"], unpacked_texts),
    ):
        found = {i: t for block in back(packed) for i, t in zip(block.items.tolist(), block.tokens, strict=True)}
        assert sorted(found) == list(range(len(side)))
        for item, tokens in found.items():
            torch.testing.assert_close(tokens, side[item][mask[item]], rtol=0, atol=0)


def test_images_are_packed_once_where_one_slab_holds_them():
    images, texts, masks = ragged(m=40, w=40)
    asked = []

    def launch(scores, image, text, precision, tile):
        scores[image.items[:, None], text.items[None]] = 1.0

    def ask():
        asked.append(1)
        return pack(images, masks["image_mask"], max_tokens=50)

    with pytest.MonkeyPatch.context() as change:
        change.setattr(fused, "_launch", launch)
        change.setattr(fused, "TEXT_SLAB", 300)
        for slab, times in ((10**6, 1), (200, None)):
            asked.clear()
            change.setattr(fused, "IMAGE_SLAB", slab)
            scores = fused.fused_scores(
                torch.zeros(6, 40),
                ask,
                pack(texts, masks["text_mask"], max_tokens=50),
                weights=None,
                stored=torch.float32,
                precision="stored",
            )
            assert bool((scores == 1).all())
            assert len(asked) == times if times else len(asked) > 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backend": "cuda"}, "backend 'cuda' does not exist; choose one of auto, torch, triton"),
        ({"precision": "half"}, "precision 'half' does not exist"),
        ({"backend": "torch", "precision": "tf32"}, "precision 'tf32' exists in the Triton program only"),
    ],
)
def test_settings_that_do_not_exist_are_refused(settings, message):
    made = object.__new__(Arithmetic)  # what checks types while tests run would be first to refuse
    for name, value in {"backend": "auto", "precision": "stored", **settings}.items():
        object.__setattr__(made, name, value)
    with pytest.raises(SettingError, match=message):
        made.__post_init__()


def test_what_cannot_be_had_on_the_processor_is_refused_and_the_default_is_torch():
    images, texts, masks = ragged()
    for asked in (Arithmetic(backend="triton"), Arithmetic(precision="float16")):
        with pytest.raises(SettingError, match="the tokens are on cpu and cpu and not on one CUDA device"):
            late_interaction(images, texts, **masks, arithmetic=asked)
    plain = late_interaction(images, texts, **masks, arithmetic=Arithmetic(backend="torch"))
    torch.testing.assert_close(late_interaction(images, texts, **masks), plain, rtol=0, atol=0)


def test_a_card_is_used_where_it_can_be(monkeypatch):
    class OnCard(torch.Tensor):
        """A tensor that says it is on a card."""

        device = property(lambda self: torch.device("cuda", 0))

    def side(dtype=torch.float16, gradient=False):
        return torch.ones(1, dtype=dtype, requires_grad=gradient).as_subclass(OnCard)

    monkeypatch.setattr("pico_core.kernels.arithmetic.triton_is_installed", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    ask = partial(uses_triton, tokens_each=(49, 18))
    auto = Arithmetic()
    assert ask(auto, side(), side())
    assert not ask(Arithmetic(backend="torch"), side(), side())
    assert not ask(auto, side(torch.float64), side())
    assert not ask(auto, side(gradient=True), side())
    assert not ask(auto, side(), side(), weights=side(gradient=True))
    with torch.no_grad():
        assert ask(auto, side(gradient=True), side())
    assert not ask(auto, side(), side(), tokens_each=(1, 18))  # one vector per image: a plain product
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    assert not ask(auto, side(), side())
    monkeypatch.setattr("pico_core.kernels.arithmetic.triton_is_installed", lambda: False)
    with pytest.raises(SettingError, match="Triton is not installed"):
        ask(Arithmetic(backend="triton"), side(), side())


def test_a_tile_is_measured_once_and_only_where_it_is_worth_it(monkeypatch):
    monkeypatch.setattr(tiles, "_tuned", {})
    took = {tile: 10.0 - place for place, tile in enumerate(tiles.HALF)} | {tiles.HALF[2]: 0.5}
    monkeypatch.setattr(tiles, "_milliseconds", lambda run, tile: run(tile) or took[tile])
    launch = Launch(torch.ones(4, 16).half(), torch.ones(8, 16).half(), 8, "stored")
    tried = []
    assert tiles.chosen_tile(launch, tried.append, n_products=100) == tiles.HALF[0]
    assert not tried
    for _ in range(2):
        assert tiles.chosen_tile(launch, tried.append, n_products=10**13) == tiles.HALF[2]
    assert tried == list(tiles.HALF)


@needs_card
@needs_triton
@pytest.mark.parametrize(
    ("dtype", "precision", "atol"),
    [
        (torch.float32, "stored", 1e-5),
        (torch.float32, "tf32x3", 1e-5),
        (torch.float32, "tf32", 2e-2),
        (torch.bfloat16, "stored", 5e-2),
        (torch.float16, "stored", 1e-2),
    ],
)
@pytest.mark.parametrize("shape", [(5, 7, 196, 32, 512), (3, 4, 1, 1, 24), (9, 5, 49, 18, 1000), (4, 3, 130, 200, 64)])
def test_on_the_card_scores_are_those_of_the_reference(dtype, precision, atol, shape):
    n, m, p, w, d = shape
    images, texts, masks = ragged(n=n, m=m, p=max(p, 4), w=max(w, 3), d=d)
    masks["image_mask"][:, p:], masks["text_mask"][:, w:] = False, False
    masks["image_mask"][:, 0], masks["text_mask"][:, 0] = True, True
    images, texts = (torch.nn.functional.normalize(side, dim=2).to(dtype) for side in (images, texts))
    expected = late_interaction(images.double(), texts.double(), **masks).float()
    on_card = {name: value.cuda() for name, value in masks.items()}
    asked = Arithmetic(backend="triton", precision=precision)
    found = late_interaction(images.cuda(), texts.cuda(), **on_card, arithmetic=asked)
    torch.testing.assert_close(found.cpu(), expected, rtol=0, atol=atol)
    again = late_interaction(
        images.cuda()[[0, 0]],
        texts.cuda(),
        image_mask=on_card["image_mask"][[0, 0]],
        text_mask=on_card["text_mask"],
        weights=on_card["weights"],
        arithmetic=asked,
    )
    torch.testing.assert_close(again, found[[0, 0]], rtol=0, atol=0)
