"""What holds for every format, whoever adds it, as scikit-learn's checks hold for every estimator."""

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats import FORMATS, format_of, inspect, open_pairs
from pico_core.formats.format import Format
from pico_core.formats.native import ARRAYS, save_pairs
from tests.places import ROOT

Arrays = dict[str, np.ndarray]
N, D = 8, 3  # the smallest dataset that is sound
each_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)


def arrays(*, tokens: tuple[int, ...] = (2,), text_columns: int = D) -> Arrays:
    draw = np.random.default_rng(0)
    return {
        "image_emb": draw.normal(size=(N, *tokens, D)).astype(np.float32),
        "text_emb": draw.normal(size=(N, *tokens, text_columns)).astype(np.float32),
    }


def as_tensors(content: Arrays) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in content.items()}


def write_folder(stem: Path, content: Arrays) -> Path:
    """A dataset; arrays that it would not take are put into its file afterwards."""
    images, texts = as_tensors(content).values()
    folder = save_pairs(PairedEmbeddings.from_arrays(images, texts[..., :D]), stem)
    if texts.shape[-1] != D:
        with safe_open(folder / ARRAYS, framework="pt") as stored:
            header, held = stored.metadata(), {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        unit = torch.nn.functional.normalize(texts, dim=-1)
        save_file(held | {"text_tokens": unit}, folder / ARRAYS, metadata=header)
    return folder


def write_npy(stem: Path, content: Arrays) -> Path:
    np.save(f"{stem}.npy", content["image_emb"])
    np.save(f"{stem}-texts.npy", content["text_emb"])
    return stem.with_suffix(".npy")


def write_with(save: Callable[[Path, Arrays], object], ending: str) -> Callable[[Path, Arrays], Path]:
    def write(stem: Path, content: Arrays) -> Path:
        path = stem.with_suffix(ending)
        save(path, content)
        return path

    return write


WRITERS: dict[str, Callable[[Path, Arrays], Path]] = {
    "dataset": write_folder,
    "npy": write_npy,
    "npz": write_with(lambda path, content: np.savez(path, **content), ".npz"),
    "safetensors": write_with(lambda path, content: save_file(as_tensors(content), path), ".safetensors"),
    "pt": write_with(lambda path, content: torch.save(as_tensors(content), path), ".pt"),
}


def written(form: Format, folder: Path, **changes: object) -> tuple[Path, dict[str, Path]]:
    """A file of a format, and what else opens it."""
    path = WRITERS[form.name](folder / "sample", arrays(**changes))
    return path, {"text_path": path.with_name("sample-texts.npy")} if form.one_array else {}


def refusal(path: Path, options: dict[str, Path]) -> str:
    """The sentence that refuses; inspection has to say something too."""
    with pytest.raises(DataError) as caught:
        open_pairs(path, **options)
    message = str(caught.value)
    assert message.startswith(path.name)
    assert "\n" not in message
    assert len(re.findall(r"[.!?](?=\s+[A-Z]|$)", message)) <= 1
    found = inspect(path, **options)
    assert found.problems
    assert found.pairs is None
    return message


@each_format
def test_its_words_are_complete(form: Format) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", form.name)
    assert form.title
    assert re.fullmatch(r"[A-Z].*[^.]\.", form.sentence)
    assert all(re.fullmatch(r"\.[a-z0-9_.]+", ending) for ending in form.suffixes)
    endings = ", ".join(f"`{ending}`" for ending in form.suffixes) or "a folder"
    row = f"| {form.title} | `{form.name}` | {endings} | {form.sentence} |"
    assert row in (ROOT / "docs" / "formats.md").read_text().splitlines()


@each_format
@pytest.mark.parametrize("tokens", [(2,), (1,), ()], ids=["tokens", "one token", "one vector"])
def test_the_smallest_dataset_comes_back(form: Format, tmp_path: Path, tokens: tuple[int, ...]) -> None:
    given = arrays(tokens=tokens)
    path, options = written(form, tmp_path, tokens=tokens)
    pairs = open_pairs(path, **options)
    assert format_of(path) is form
    for array, opened in zip(given.values(), (pairs.image_tokens, pairs.text_tokens), strict=True):
        expected = array / np.linalg.norm(array, axis=-1, keepdims=True)
        np.testing.assert_allclose(opened, expected.reshape(N, -1, D), atol=1e-6)
    assert pairs.text_image.tolist() == list(range(N))
    assert pairs.image_mask.all()
    found = inspect(path, **options)
    assert (found.format, found.problems) == (form.name, ())
    assert (found.n_images, found.n_texts, found.n_columns, found.storage) == (N, N, D, "float32")
    assert {info.role for info in found.arrays} >= {"image_emb", "text_emb"}
    assert open_pairs(path, **options).digest == found.pairs.digest == pairs.digest


@each_format
@pytest.mark.parametrize("share", [0.0, 0.2, 0.6, 0.99])
def test_a_truncated_file_is_refused(form: Format, tmp_path: Path, share: float) -> None:
    path, options = written(form, tmp_path)
    file = path / ARRAYS if path.is_dir() else path
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    assert file.name in refusal(path, options)


@each_format
def test_wrong_shapes_are_refused(form: Format, tmp_path: Path) -> None:
    path, options = written(form, tmp_path, text_columns=D + 2)
    assert f"have {D} columns and text embeddings" in refusal(path, options)


@each_format
def test_only_its_own_content_is_recognised(form: Format, tmp_path: Path) -> None:
    path, _ = written(form, tmp_path)
    assert [other.name for other in FORMATS if other.recognises(path)] == [form.name]
    for content in (b"", b"PK", b"PK\x05\x06", b"\x93NUMP", b"{}", b"image,text\n", b"\x80\x04N."):
        (tmp_path / "foreign").write_bytes(content)
        assert not form.recognises(tmp_path / "foreign")
    assert not form.recognises(tmp_path)
    assert not form.recognises(tmp_path / "none")


@each_format
def test_content_decides_where_the_name_says_nothing(form: Format, tmp_path: Path) -> None:
    path, options = written(form, tmp_path)
    renamed = path.rename(tmp_path / "without-ending")
    assert format_of(renamed) is form
    pairs = open_pairs(renamed, **options)
    assert pairs.n_images == N


TOY = '''
"""A form that nobody uses: JSON, with a table beside it."""

import json

import torch

from pico_core.formats.format import Format, NamedArrays
from pico_core.storage.headers import ArrayHeader


def inspect(path):
    content = json.loads(path.read_text())
    tensors = {name: torch.tensor(rows) for name, rows in content.items()}
    headers = tuple(ArrayHeader(name, tuple(t.shape), "float32", 4 * t.numel()) for name, t in tensors.items())
    return NamedArrays(path, headers, tensors.__getitem__, images=path.with_suffix(".csv"))


TOY = Format(
    name="toy",
    title="Toy numbers",
    sentence="Lists of numbers in JSON, beside a table of images.",
    suffixes=(".toy",),
    sniff=lambda path: path.read_bytes()[:1] == b"{",
    inspect=inspect,
)
'''


def test_a_new_format_is_one_file_and_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pico: Callable[..., object]
) -> None:
    """From a module of a stranger to the command line, without an edit anywhere."""
    (tmp_path / "toy_of_a_stranger.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "vectors.toy"
    path.write_text(json.dumps({name: array.tolist() for name, array in arrays().items()}))
    path.with_suffix(".csv").write_text("id\n" + "".join(f"image {i}\n" for i in range(N)))
    assert "files ending in .toy are not known here" in refusal(path, {})
    with FORMATS.extended(importlib.import_module("toy_of_a_stranger").TOY):
        pairs = open_pairs(path)
        assert pairs.ids[1] == "image 1"
        found = pico("inspect", path, "--json").json
        assert (found["format"], found["digest"], found["problems"]) == ("toy", pairs.digest, [])
        assert pico("import", path, "--out", tmp_path / "set", "--json").json["digest"] == pairs.digest
        assert open_pairs(tmp_path / "set").digest == pairs.digest
        for command in ("inspect", "import"):
            told = " ".join(pico(command, "--help").out.split())
            assert "Toy numbers (.toy): Lists of numbers in JSON, beside a table of images." in told
        (tmp_path / "x.other").write_bytes(b"x")
        assert ".toy" in refusal(tmp_path / "x.other", {})
    assert "Toy numbers" not in pico("inspect", "--help").out
    assert "files ending in .toy are not known here" in refusal(path, {})


def test_hints_that_a_dataset_cannot_use_are_refused(tmp_path: Path) -> None:
    path, _ = written(FORMATS["dataset"], tmp_path)
    message = refusal(path, {"images": tmp_path / "images.csv"})
    assert "has roles and tables of its own" in message
