"""The native dataset: what is written comes back the same, and an old dataset is never half lost."""

from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from pico_core.common.errors import DataError
from pico_core.data.compact import rounded_to_bytes
from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats import inspect, native, open_pairs
from pico_core.formats.native import save_pairs
from pico_core.storage import atomic
from pico_core.storage.atomic import atomic_folder


def make_pairs(dtype: torch.dtype = torch.float32, seed: int = 0, n: int = 12) -> PairedEmbeddings:
    draw = torch.Generator().manual_seed(seed)
    mask = torch.ones(2 * n, 3, dtype=torch.bool)
    mask[::3, 2] = False
    return PairedEmbeddings.from_arrays(
        torch.randn(n, 4, 8, generator=draw).to(dtype),
        torch.randn(2 * n, 3, 8, generator=draw).to(dtype),
        text_mask=mask,
        text_image=torch.arange(2 * n) % n,
        ids=[f"img-{i}" for i in range(n)],
        captions=[f"a “caption” {i}, ünïcode 🐕" for i in range(2 * n)],
        image_labels=pl.DataFrame({"group": ["a", None] * (n // 2), "size": list(range(n))}),
        text_labels=pl.DataFrame({"words": [f"w {i}" for i in range(2 * n)]}),
        name="small",
    )


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_round_trip_keeps_the_digest(tmp_path: Path, dtype: torch.dtype) -> None:
    pairs = make_pairs(dtype)
    assert save_pairs(pairs, tmp_path / "set") == tmp_path / "set"
    back = open_pairs(tmp_path / "set")
    assert back.digest == pairs.digest
    assert back.image_tokens.dtype == dtype
    assert (back.name, back.part, back.normalisation) == (pairs.name, pairs.part, pairs.normalisation)
    assert back.images.equals(pairs.images)
    assert back.texts.schema == pairs.texts.schema
    assert names(tmp_path) == ["set"]


def test_a_packed_dataset_is_smaller_and_reads_the_same(tmp_path: Path) -> None:
    pairs = make_pairs(n=120)
    save_pairs(pairs, tmp_path / "whole")
    save_pairs(pairs, tmp_path / "packed", packed=True)
    back = open_pairs(tmp_path / "packed")
    assert back.digest == pairs.digest
    assert torch.equal(back.text_tokens, pairs.text_tokens)
    sizes = [(tmp_path / name / native.ARRAYS).stat().st_size for name in ("whole", "packed")]
    assert sizes[1] == pytest.approx(sizes[0] - int((~pairs.text_mask).sum()) * 8 * 4, abs=256)


def test_tokens_that_bytes_can_hold_are_kept_in_bytes(tmp_path: Path) -> None:
    pairs = rounded_to_bytes(make_pairs(torch.float16, n=120))
    save_pairs(pairs, tmp_path / "bytes", packed=True)
    save_pairs(make_pairs(torch.float16, n=120), tmp_path / "halves", packed=True)
    assert open_pairs(tmp_path / "bytes").digest == pairs.digest
    sizes = [(tmp_path / name / native.ARRAYS).stat().st_size for name in ("bytes", "halves")]
    assert sizes[0] < 0.75 * sizes[1]  # 8 columns: 10 bytes a row against 16


def test_rounding_to_bytes_is_small_and_happens_once() -> None:
    pairs = make_pairs(torch.float32)
    once = rounded_to_bytes(pairs)
    assert rounded_to_bytes(once).digest == once.digest
    largest = pairs.image_tokens.abs().amax(dim=2, keepdim=True)
    assert bool(((once.image_tokens.float() - pairs.image_tokens).abs() <= largest * (1 / 254 + 1e-3)).all())
    assert not torch.equal(once.image_tokens, pairs.image_tokens.half())


def test_bytes_without_their_scale_are_refused(tmp_path: Path) -> None:
    save_pairs(rounded_to_bytes(make_pairs()), tmp_path / "set", packed=True)
    file = tmp_path / "set" / native.ARRAYS
    with safe_open(file, framework="pt") as stored:
        header, arrays = stored.metadata(), {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    arrays.pop("image_tokens_largest")
    save_file(arrays, file, metadata=header)
    with pytest.raises(DataError, match="image_tokens holds bytes without one largest value per row"):
        open_pairs(tmp_path / "set")


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t[None], lambda t: t[:, :-1]])
def test_a_packed_dataset_that_was_changed_is_refused(tmp_path: Path, change) -> None:
    save_pairs(make_pairs(), tmp_path / "set", packed=True)
    file = tmp_path / "set" / native.ARRAYS
    with safe_open(file, framework="pt") as stored:
        header, arrays = stored.metadata(), {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    arrays["text_tokens"] = change(arrays["text_tokens"]).contiguous()
    save_file(arrays, file, metadata=header)
    with pytest.raises(DataError, match=r"text_tokens has shape|whose length is not 1"):
        open_pairs(tmp_path / "set")


def test_a_part_with_few_images_round_trips(tmp_path: Path) -> None:
    part = make_pairs().split(fit=0.5, feedback=0.2).feedback
    save_pairs(part, tmp_path / "part")
    assert open_pairs(tmp_path / "part").part == "feedback"
    assert open_pairs(tmp_path / "part").digest == part.digest


def test_halves_read_as_floats_round_trip(tmp_path: Path) -> None:
    """Their norms are off by a half's rounding, more than float32 allows at import."""
    pairs = make_pairs(torch.bfloat16).to(dtype=torch.float32)
    save_pairs(pairs, tmp_path / "set")
    assert open_pairs(tmp_path / "set").digest == pairs.digest


def test_arrays_that_share_memory_are_written(tmp_path: Path) -> None:
    tokens = torch.nn.functional.normalize(torch.randn(9, 1, 4), dim=2)
    pairs = PairedEmbeddings.from_arrays(tokens, tokens)
    save_pairs(pairs, tmp_path / "set")
    assert open_pairs(tmp_path / "set").digest == pairs.digest


def test_a_loaded_dataset_replaces_itself(tmp_path: Path) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    mapped = open_pairs(tmp_path / "set")
    save_pairs(mapped, tmp_path / "set")
    assert open_pairs(tmp_path / "set").digest == mapped.digest == make_pairs().digest


def test_the_file_inside_opens_the_folder(tmp_path: Path) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    assert open_pairs(tmp_path / "set" / "pairs.safetensors").captions == make_pairs().captions


@pytest.mark.parametrize("broken", ["write_parquet", "rename", "fsync"])
def test_a_failure_leaves_the_old_dataset_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    save_pairs(make_pairs(seed=1), tmp_path / "set")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    real = Path.rename

    def fail_on_draft(self: Path, target: Path) -> Path:
        if self.suffix == ".part":
            fail()
        return real(self, target)

    match broken:
        case "write_parquet":
            monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
        case "rename":
            monkeypatch.setattr(Path, "rename", fail_on_draft)
        case "fsync":
            monkeypatch.setattr(atomic.os, "fsync", fail)
    with pytest.raises(DataError, match=r"set: .*No space left on device.*free some space"):
        save_pairs(make_pairs(seed=2), tmp_path / "set")
    monkeypatch.undo()
    assert open_pairs(tmp_path / "set").digest == make_pairs(seed=1).digest
    assert names(tmp_path) == ["set"]


def test_an_interrupt_leaves_no_draft(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "set") as draft:  # noqa: PT012
        (draft / "half").write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_a_folder_of_somebody_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds thesis\.txt.*choose a new or an empty folder"):
        save_pairs(make_pairs(), tmp_path)
    assert names(tmp_path) == ["thesis.txt"]


def test_a_dataset_with_files_of_somebody_is_left_alone(tmp_path: Path) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    (tmp_path / "set" / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"notes\.txt"):
        save_pairs(make_pairs(), tmp_path / "set")


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("mine")
    with pytest.raises(DataError, match="is a file; a dataset is a folder"):
        save_pairs(make_pairs(), tmp_path / "set")


def test_planted_truth_does_not_stop_a_replacement(tmp_path: Path) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    (tmp_path / "set" / "truth.parquet").write_text("old truth")
    save_pairs(make_pairs(), tmp_path / "set")
    assert not (tmp_path / "set" / "truth.parquet").exists()  # it belonged to the old data


def change(folder: Path, **arrays: torch.Tensor | None) -> None:
    """Write the arrays of a dataset again with some replaced (None = without it)."""
    file = folder / "pairs.safetensors"
    with safe_open(file, framework="pt") as stored:
        metadata = stored.metadata()
        old = {name: stored.get_tensor(name).clone() for name in stored.keys()}  # noqa: SIM118
    merged = {**old, **arrays}
    save_file({name: a for name, a in merged.items() if a is not None}, file, metadata=metadata)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image_tokens": None}, r"arrays \['image_tokens'\] are missing"),
        ({"image_tokens": torch.full((12, 4, 8), torch.nan)}, r"384 NaN or infinite.*item 0, token 0, column 0"),
        ({"image_tokens": torch.full((12, 4, 8), 2.0)}, r"length is not 1.*import the arrays anew"),
        ({"text_mask": torch.ones(24, 3, dtype=torch.bool)}, r"text embeddings.*length is not 1"),
        ({"text_tokens": torch.ones(24, 3, 5)}, r"8 columns and text embeddings 5|length is not 1"),
        ({"text_image": torch.zeros(24, dtype=torch.int64)}, r"11 image\(s\) have no text: img-1"),
        ({"text_image": torch.full((24,), 99)}, r"image_index\[0\] is 99, but there are 12 images"),
    ],
)
def test_a_changed_dataset_is_refused(tmp_path: Path, arrays: dict[str, torch.Tensor | None], message: str) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    change(tmp_path / "set", **arrays)
    with pytest.raises(DataError, match=r"^set/pairs\.safetensors: .*(" + message + ")"):
        open_pairs(tmp_path / "set")
    found = inspect(tmp_path / "set")
    assert found.problems
    assert found.format == "dataset"


def test_a_folder_that_is_no_dataset_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    with pytest.raises(DataError, match=r"some: .*pairs\.safetensors, images\.parquet, texts\.parquet missing"):
        open_pairs(tmp_path / "some")


def test_a_later_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "VERSION", "3")
    save_pairs(make_pairs(), tmp_path / "set")
    monkeypatch.undo()
    with pytest.raises(DataError, match="of version 3; this program reads versions 1 and 2: update it"):
        open_pairs(tmp_path / "set")


@pytest.mark.parametrize("table", ["images.parquet", "texts.parquet"])
def test_a_table_of_other_length_is_refused(tmp_path: Path, table: str) -> None:
    save_pairs(make_pairs(), tmp_path / "set")
    pl.read_parquet(tmp_path / "set" / table).head(3).write_parquet(tmp_path / "set" / table)
    with pytest.raises(DataError, match=table + r": 3 rows"):
        open_pairs(tmp_path / "set")
    assert any(table in problem for problem in inspect(tmp_path / "set").problems)


def test_inspection_of_a_dataset(tmp_path: Path) -> None:
    save_pairs(make_pairs(torch.float16), tmp_path / "set")
    found = inspect(tmp_path / "set")
    assert (found.n_images, found.n_texts, found.n_columns, found.storage) == (12, 24, 8, "float16")
    assert found.problems == ()
    assert found.pairs.digest == make_pairs(torch.float16).digest
