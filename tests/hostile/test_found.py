"""What long fuzzing found, each as a small case; folders of experiments lie with their door (`Door.known`)."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pico_core.common.errors import DataError, RunError
from pico_core.experiments.config import BUILT_IN
from pico_core.experiments.tables import read_table
from pico_core.storage.parquet import check_declared, read_parquet
from pico_core.studies.probes import check_target, load_probe

VALUES = bytes.fromhex("2c158001")  # in the header of a page: 64 values


def test_a_page_with_a_negative_number_of_values_ends_no_process(tmp_path: Path) -> None:
    """The reader of polars asked for 2 exabytes, and the operating system was told to end everything."""
    file = tmp_path / "p.parquet"
    pl.DataFrame({"modality": ["image"] * 32 + ["text"] * 32}).write_parquet(file)
    assert read_parquet(file).height == 64
    content = file.read_bytes()
    assert content.count(VALUES) == 1
    file.write_bytes(content.replace(VALUES, bytes.fromhex("2c158101")))
    with pytest.raises(OSError, match="negative number of values"):
        read_parquet(file)
    with pytest.raises(RunError, match=r"^p\.parquet: cannot be read \(.*negative number of values.*\); name the"):
        read_table(file)


def test_statistics_of_a_column_of_another_kind_end_no_process(tmp_path: Path) -> None:
    """Arrow's own look at the footer did: a column of texts was called one of numbers."""
    file = tmp_path / "p.parquet"
    pq.write_table(pa.table({"x": ["a"]}), file, use_dictionary=False)
    content, kind = file.read_bytes(), bytes.fromhex("150c25")
    assert content.count(kind) == 1
    file.write_bytes(content.replace(kind, bytes.fromhex("150825")))
    check_declared(file)
    with pytest.raises(RunError, match=r"^p\.parquet: "):
        read_table(file)


def test_texts_that_are_no_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "p.parquet"
    pl.DataFrame({"caption": ["wxyz"]}).write_parquet(file, compression="uncompressed", statistics=False)
    file.write_bytes(file.read_bytes().replace(b"wxyz", b"\xffxyz"))
    with pytest.raises(OSError, match="Invalid UTF8"):
        read_parquet(file)


@pytest.mark.parametrize("at", range(1, 40, 3))
def test_a_damaged_footer_is_no_error_of_ours(tmp_path: Path, at: int) -> None:
    file = tmp_path / "p.parquet"
    pl.DataFrame({"x": [1], "y": [[1]]}).write_parquet(file)
    content = bytearray(file.read_bytes())
    content[-8 - at] ^= 0xFF
    file.write_bytes(content)
    with suppress(OSError, DataError):
        check_declared(file)


def test_structures_without_end_and_lists_of_a_billion(tmp_path: Path) -> None:
    many, long = bytes.fromhex("19fcffffffff0f"), bytes.fromhex("16ffffffffffffffffffff01")
    for footer in (bytes.fromhex("1c") * 100_000, bytes.fromhex("19") * 100_000, many, long):
        (tmp_path / "p.parquet").write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
        with pytest.raises(OSError, match="its footer is damaged"):
            check_declared(tmp_path / "p.parquet")


def test_a_column_whose_name_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "p.parquet"
    pl.DataFrame({"wxyz": [1]}).write_parquet(file)
    file.write_bytes(file.read_bytes().replace(b"wxyz", b"\xffxyz"))
    with pytest.raises(RunError, match=r"^p\.parquet: cannot be read \('utf-8' codec can't decode"):
        read_table(file)
    with pytest.raises(DataError, match=r"^p\.parquet: it cannot be read as a style probe"):
        load_probe(file)
    with pytest.raises(DataError, match=r"^p\.parquet: what is there is no style probe"):
        check_target(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("difference", pl.lit(Decimal("0.5")).cast(pl.Decimal(30, 2))),
        ("seed", pl.lit(Decimal(0)).cast(pl.Decimal(30, 2))),
        ("basis", pl.lit([["a", "b"]]).first()),
        ("digest", pl.lit(1.5)),
    ],
)
def test_trainings_whose_values_are_of_other_kinds(tmp_path: Path, name: str, value: pl.Expr) -> None:
    table = pl.read_parquet(BUILT_IN / "training.parquet")
    table.with_columns(value.alias(name)).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(RunError, match=rf"^t\.parquet: its column {name} holds "):
        read_table(tmp_path / "t.parquet")
