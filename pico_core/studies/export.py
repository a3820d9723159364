"""Weights and tables for other programs: CSV, parquet, npz, safetensors or JSON."""

import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import polars as pl
import torch
from safetensors.torch import save
from torch import Tensor

from pico_core.studies.study import Study

ExportFormat = Literal["csv", "parquet", "npz", "safetensors", "json"]
TableFormat = Literal["csv", "parquet"]
FORMULA = re.compile(r"^([=+\-@\t\r])")
ARRAYS = ("weights", "unguarded_weights", "probabilities", "pseudo_semantic", "image_similarity", "text_similarity")


def export_bytes(study: Study, kind: ExportFormat) -> bytes:
    """The columns of a study as a file: tables hold one row per column, array files one vector each.

    Array files hold the basis too (rows are the axes), because weights mean nothing without it.
    """
    writers: Mapping[str, Callable[[], bytes]] = {
        "csv": lambda: frame_bytes(study.columns, "csv"),
        "parquet": lambda: frame_bytes(study.columns, "parquet"),
        "npz": lambda: _npz(study),
        "safetensors": lambda: save(_arrays(study), metadata=_about(study)),
        "json": lambda: json.dumps(_about(study) | {"columns": study.columns.to_dicts()}, indent=1).encode(),
    }
    return writers[kind]()


def frame_bytes(frame: pl.DataFrame, kind: TableFormat) -> bytes:
    """A table as a file; a CSV may be opened by a spreadsheet, so no cell of it begins as a formula does."""
    if kind == "csv":
        return without_formulas(frame).write_csv().encode()
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with an apostrophe before every text that a spreadsheet would reckon with; numbers stay as they are.

    Source: the advice of OWASP on CSV injection.

    >>> without_formulas(pl.DataFrame({"caption": ["=1+1", "a dog", "-2"], "n": [-2, 0, 1]}))["caption"].to_list()
    ["'=1+1", 'a dog', "'-2"]
    """
    names = {name: FORMULA.sub(r"'\1", name) for name in frame.columns}
    return frame.with_columns(pl.col(pl.String).str.replace(FORMULA.pattern, "'${1}")).rename(names)


def _arrays(study: Study) -> dict[str, Tensor]:
    arrays: dict[str, Tensor] = {
        name: getattr(study.construction, name).clone(memory_format=torch.contiguous_format) for name in ARRAYS
    }
    if study.basis.matrix is not None:
        arrays["basis"] = study.basis.matrix.contiguous()
    return arrays


def _about(study: Study) -> dict[str, str]:
    return {"dataset": study.dataset, "digest": study.digest, "basis": study.basis.name}


def _npz(study: Study) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{name: tensor.numpy() for name, tensor in _arrays(study).items()})  # type: ignore[arg-type]
    return buffer.getvalue()
