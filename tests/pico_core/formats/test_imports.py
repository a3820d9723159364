"""Foreign arrays become the dataset that they are, whatever wrote them."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import save_file

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats import inspect, open_pairs

N, M, D = 10, 20, 6


def arrays(**changes: Any) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    made = {
        "image_emb": draw.normal(size=(N, 4, D)).astype(np.float32),
        "text_emb": draw.normal(size=(M, 3, D)).astype(np.float32),
        "text_mask": np.arange(3)[None, :] < 1 + np.arange(M)[:, None] % 3,
        "image_index": np.arange(M) // 2,
        "captions": np.array([f"caption {i}" for i in range(M)]),
        "ids": np.array([f"i{i}" for i in range(N)]),
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def npz(folder: Path, **changes: Any) -> Path:
    np.savez_compressed(folder / "some.npz", **arrays(**changes))
    return folder / "some.npz"


def tensors(**changes: Any) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(v) for name, v in arrays(**changes).items() if v.dtype.kind != "U"}


def test_every_kind_of_file_gives_the_same_dataset(tmp_path: Path) -> None:
    given = arrays()
    expected = open_pairs(npz(tmp_path))
    np.save(tmp_path / "a.npy", given["image_emb"])
    np.save(tmp_path / "b.npy", given["text_emb"])
    save_file(tensors(), tmp_path / "x.safetensors")
    strings = {name: given[name].tolist() for name in ("captions", "ids")}
    torch.save({**tensors(), **strings}, tmp_path / "x.pt")
    torch.save({**tensors(), **strings, "image_index": given["image_index"].tolist()}, tmp_path / "x.pth")
    pl.DataFrame({"id": given["ids"]}).write_csv(tmp_path / "images.csv")
    pl.DataFrame({"caption": given["captions"], "image_index": given["image_index"]}).write_parquet(
        tmp_path / "texts.parquet"
    )
    tables = {"images": tmp_path / "images.csv", "texts": tmp_path / "texts.parquet"}
    assert open_pairs(tmp_path / "x.pt").digest == expected.digest
    assert open_pairs(tmp_path / "x.pth").digest == expected.digest
    assert open_pairs(tmp_path / "x.safetensors", **tables).digest == expected.digest
    two = open_pairs(tmp_path / "a.npy", text_path=tmp_path / "b.npy", **tables)
    assert two.captions == expected.captions
    assert torch.equal(two.image_tokens, expected.image_tokens)
    assert open_pairs(tmp_path / "some.npz").digest == expected.digest
    assert expected.ids[3] == "i3"
    assert expected.texts_per_image == (2, 2)
    assert expected.normalisation.applied


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"])
def test_number_formats_and_byte_orders(tmp_path: Path, dtype: str) -> None:
    given = arrays()
    pairs = open_pairs(npz(tmp_path, image_emb=given["image_emb"].astype(dtype)))
    expected = open_pairs(npz(tmp_path, image_emb=given["image_emb"].astype(dtype).astype("<" + dtype[1:])))
    assert pairs.digest == expected.digest
    assert pairs.image_tokens.element_size() == int(dtype[2])


def test_bfloat16_keeps_its_format(tmp_path: Path) -> None:
    given = {n: t.bfloat16() if n.endswith("emb") else t for n, t in tensors().items()}
    save_file(given, tmp_path / "x.safetensors")
    torch.save(given, tmp_path / "x.pt")
    for name in ("x.safetensors", "x.pt"):
        assert open_pairs(tmp_path / name).text_tokens.dtype == torch.bfloat16


def test_fortran_order_and_big_endian_text_and_unsigned_index(tmp_path: Path) -> None:
    given = arrays()
    plain = open_pairs(npz(tmp_path)).digest
    odd = npz(
        tmp_path,
        image_emb=np.asfortranarray(given["image_emb"]),
        image_index=given["image_index"].astype(">u8"),
        captions=given["captions"].astype(">U40"),
        ids=np.char.encode(given["ids"]),
    )
    assert open_pairs(odd).digest == plain


def test_transposed_views_in_torch_files(tmp_path: Path) -> None:
    given = tensors()
    given["image_emb"] = given["image_emb"].permute(2, 1, 0).contiguous().permute(2, 1, 0)
    torch.save(given, tmp_path / "x.pt")
    assert torch.equal(open_pairs(tmp_path / "x.pt").image_tokens, open_pairs(npz(tmp_path)).image_tokens)


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("image_embeddings", "text_features"),
        ("img_emb", "caption_emb"),
        ("Image-Embeds", "txt_emb"),
        ("images", "texts"),
    ],
)
def test_common_names_find_their_role(tmp_path: Path, image: str, text: str) -> None:
    given = arrays()
    changes = {"image_emb": None, "text_emb": None, image: given["image_emb"], text: given["text_emb"]}
    assert open_pairs(npz(tmp_path, **changes)).digest == open_pairs(npz(tmp_path)).digest


def test_two_candidates_for_a_role_must_be_decided(tmp_path: Path) -> None:
    emb = arrays()["image_emb"]
    path = npz(tmp_path, image_emb=None, image_embeds=emb, image_features=emb)
    with pytest.raises(DataError, match=r"'image_embeds', 'image_features'.*could each be image_emb; say which"):
        open_pairs(path)
    assert open_pairs(path, mapping={"image_emb": "image_embeds"}).n_images == N


def test_mapping_wins(tmp_path: Path) -> None:
    other = arrays()["image_emb"][::-1].copy()
    pairs = open_pairs(npz(tmp_path, other=other), mapping={"image_emb": "other"})
    assert torch.equal(pairs.image_tokens.flip(0), open_pairs(npz(tmp_path)).image_tokens)


def test_the_tokens_win_over_the_global_vectors(tmp_path: Path) -> None:
    path = npz(tmp_path, image_global=np.ones((N, D), np.float32), text_global=np.ones((M, D), np.float32))
    roles = {info.name: info.role for info in inspect(path).arrays}
    assert (roles["image_emb"], roles["image_global"]) == ("image_emb", None)
    assert open_pairs(path).image_tokens.shape[1] == 4
    mapped = open_pairs(path, mapping={"image_emb": "image_global", "text_emb": "text_global"})
    assert mapped.text_tokens.shape == (M, 1, D)  # the mask of the tokens stays behind with them


def test_other_texts_become_labels(tmp_path: Path) -> None:
    path = npz(
        tmp_path,
        words=np.array([f"w{i}" for i in range(M)]),
        scene=np.array(["in", "out"] * (N // 2)),
        odd=np.array(["neither", "fits", "here"]),
    )
    pairs = open_pairs(path)
    assert (pairs.text_labels, pairs.image_labels) == (["words"], ["scene"])
    roles = {info.name: info.role for info in inspect(path).arrays}
    assert (roles["words"], roles["scene"], roles["odd"]) == ("text_label", "image_label", None)


def test_labels_of_either_are_left_out_unless_their_name_tells(tmp_path: Path) -> None:
    given = arrays()
    both = {"words": given["captions"][:N], "image_scene": given["ids"], "unclear": given["ids"]}
    cut = {"text_emb": given["text_emb"][:N], "text_mask": None, "image_index": None, "captions": None}
    pairs = open_pairs(npz(tmp_path, **cut, **both))
    assert (pairs.text_labels, pairs.image_labels) == (["words"], ["image_scene"])


def test_csv_keeps_names_and_reads_numbers(tmp_path: Path) -> None:
    (tmp_path / "images.csv").write_text(
        "id,path,size,code,score,note\n" + "".join(f"{i:03d},p/{i}.jpg,{i},{i:02d},{i}.5,\n" for i in range(N))
    )
    pairs = open_pairs(npz(tmp_path), images=tmp_path / "images.csv")
    assert pairs.ids[:2] == ["000", "001"]  # the table wins over the array, zeros in front stay
    assert pairs.image_paths[2] == "p/2.jpg"
    assert [str(pairs.images[c].dtype) for c in ("size", "code", "score", "note")] == [
        "Int64", "String", "Float64", "String",
    ]  # fmt: skip


def test_texts_find_their_image_by_name(tmp_path: Path) -> None:
    order = np.arange(M) % N
    rows = "".join(f"i{i}\tcaption of {i}\n" for i in order)
    (tmp_path / "texts.tsv").write_text("image\tcaption\n" + rows)
    path = npz(tmp_path, image_index=None, captions=None)
    pairs = open_pairs(path, texts=tmp_path / "texts.tsv")
    assert pairs.text_image.tolist() == order.tolist()
    (tmp_path / "texts.tsv").write_text("image\tcaption\n" + rows.replace("i3\t", "i33\t", 1))
    with pytest.raises(DataError, match=r"texts\.tsv: column 'image' names 'i33' in row 3.*ids look like 'i0'"):
        open_pairs(path, texts=tmp_path / "texts.tsv")


def test_pictures_are_found_beside_the_table_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "0.jpg").write_bytes(b"a picture")
    rows = "".join(f"i{i},p/{i}.jpg\n" for i in range(N))
    (tmp_path / "images.csv").write_text("id,path\n" + rows)
    pairs = open_pairs(npz(tmp_path), images=tmp_path / "images.csv")
    assert pairs.image_paths[:2] == [str(tmp_path.resolve() / "p" / "0.jpg"), "p/1.jpg"]


def test_texts_find_unnamed_images_by_number_or_are_refused(tmp_path: Path) -> None:
    """Names must never be dropped in silence: with as many texts as images they would pair by row instead."""
    path = npz(tmp_path, image_index=None, captions=None, ids=None, text_emb=arrays()["text_emb"][:N], text_mask=None)
    (tmp_path / "texts.csv").write_text("image_id,caption\n" + "".join(f"{N - 1 - i},c\n" for i in range(N)))
    assert open_pairs(path, texts=tmp_path / "texts.csv").text_image.tolist() == list(range(N))[::-1]
    (tmp_path / "texts.csv").write_text("image_id,caption\n" + "".join(f"q{i},c\n" for i in range(N)))
    with pytest.raises(DataError, match="no image has that id"):
        open_pairs(path, texts=tmp_path / "texts.csv")


def test_vectors_beyond_float32_are_refused_not_zeroed(tmp_path: Path) -> None:
    values = torch.ones(9, 4)
    with pytest.raises(DataError, match="length exceeds float32, the first at item 0, token 0"):
        PairedEmbeddings.from_arrays(values.double() * 1e60, values)
    large = PairedEmbeddings.from_arrays(values * 1e25, values)
    torch.testing.assert_close(torch.linalg.vector_norm(large.image_tokens, dim=2), torch.ones(9, 1))


def test_inspection_lists_every_problem(tmp_path: Path) -> None:
    given = arrays()
    given["image_emb"][2, 1, 3] = np.nan
    given["text_emb"][5, 0] = 0
    path = npz(tmp_path, **given | {"image_index": np.arange(M) - 1})
    found = inspect(path)
    assert len(found.problems) == 3
    assert all(problem.startswith("some.npz: ") for problem in found.problems)
    assert (found.n_images, found.n_texts, found.n_columns, found.pairs) == (N, M, D, None)
    shapes = inspect(npz(tmp_path, text_emb=np.ones((M, 3, 5), "f4"), text_mask=np.ones((M, 7), bool)))
    assert len(shapes.problems) == 2


def test_inspection_agrees_with_the_import(tmp_path: Path) -> None:
    found = inspect(npz(tmp_path))
    assert found.problems == ()
    assert found.pairs.digest == open_pairs(npz(tmp_path)).digest
    assert found.pairs.texts_per_image == (2, 2)
    assert found.array("image_emb").name == "image_emb"


def test_inspection_of_nothing(tmp_path: Path) -> None:
    found = inspect(tmp_path / "none.npz")
    assert found.arrays == ()
    assert len(found.problems) == 1


@pytest.mark.real
def test_coco_global_vectors(real_data: Path) -> None:
    path = real_data / "coco500_clip_b16" / "pairs.npz"
    pairs = open_pairs(path)
    assert pairs.image_tokens.shape == pairs.text_tokens.shape == (500, 1, 512)
    assert pairs.name == "coco500_clip_b16"
    assert len(pairs.captions[0] or "") > 10
    control = open_pairs(path, mapping={"image_emb": "image_emb_random", "text_emb": "text_emb_random"})
    assert control.image_tokens.shape == (500, 1, 512)
    assert control.digest != pairs.digest


@pytest.mark.real
def test_flickr_tokens(real_data: Path) -> None:
    path = real_data / "flickr8k_test1k" / "pairs.npz"
    pairs = open_pairs(path)
    assert pairs.image_tokens.shape == (1000, 49, 192)
    assert pairs.text_tokens.shape == (5000, 18, 192)
    assert pairs.image_tokens.dtype == torch.float16
    assert pairs.texts_per_image == (5, 5)
    assert pairs.text_labels == ["words"]
    lengths = pairs.text_mask.sum(1).tolist()
    assert [len(words.split()) for words in pairs.texts["words"]] == lengths
    short = open_pairs(path, mapping={"image_emb": "image_global", "text_emb": "text_global"})
    assert short.text_tokens.shape == (5000, 1, 192)
