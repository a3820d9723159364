"""`pico-lens experiment`: results on stdout, code 3 where a checked table differs, interrupted work goes on."""

import polars as pl
import pytest

from pico_core.experiments import grid
from pico_core.experiments.grid import RESULTS

TEXT = """
name = "typed"
sentence = "Does the command say what came out?"
seeds = 2
variants = ["p_hat", "mean_removal", "oracle_truth"]
[[datasets]]
data = "data"
settings = { basis = "cross" }
"""


@pytest.fixture
def typed(place):
    (place / "typed.toml").write_text(TEXT)
    return place / "typed.toml"


def test_the_command_says_the_verdict_before_digits(pico, typed, tmp_path):
    shown = pico("experiment", typed, "--out", tmp_path / "e")
    assert shown.code == 0
    assert "Does the command say what came out?" in shown.out
    line = next(line for line in shown.out.splitlines() if "mean_removal" in line)
    verdict = next(word for word in ("helps", "hurts", "none") if word in line)
    assert line.index(verdict) < min(line.index(sign) for sign in "+-" if sign in line)
    assert "oracle_truth" in next(line for line in shown.out.splitlines() if line.lstrip().startswith("-  "))
    again = pico("experiment", typed, "--out", tmp_path / "e", "--json").json
    assert again["cells"] == 8
    assert [one["variant"] for one in again["summary"]] == ["unweighted", "p_hat", "mean_removal", "oracle_truth"]


def test_a_checked_table_that_differs_is_code_3(pico, typed, tmp_path):
    pico("experiment", typed, "--out", tmp_path / "e")
    same = pico("experiment", typed, "--out", tmp_path / "e", "--check", tmp_path / "e" / RESULTS)
    assert same.code == 0
    assert "agree within 1.0 point of rSum per cell" in same.out
    moved = pl.read_parquet(tmp_path / "e" / RESULTS).with_columns(
        pl.when(pl.col("variant") == "p_hat").then(pl.col("rsum") + 1.5).otherwise(pl.col("rsum")).alias("rsum")
    )
    moved.write_parquet(tmp_path / "moved.parquet")
    other = pico("experiment", typed, "--out", tmp_path / "e", "--check", tmp_path / "moved.parquet", "--json")
    assert other.code == 3
    assert other.json["check"]["different"] == ["data / p_hat / 0", "data / p_hat / 1"]
    wrong = pico("experiment", typed, "--out", tmp_path / "e", "--check", typed)
    assert wrong.code == 2
    assert "typed.toml: cannot be read" in wrong.err


def test_interrupted_it_keeps_what_is_done_and_says_how_to_go_on(pico, typed, tmp_path, monkeypatch):
    compute, asked = grid.compute_cell, []

    def interrupted(bench, cell, **rest):
        asked.append(cell)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return compute(bench, cell, **rest)

    monkeypatch.setattr(grid, "compute_cell", interrupted)
    shown = pico("experiment", typed, "--out", tmp_path / "e")
    assert shown.code == 130
    assert "interrupted after 2 of 8 cells; start it again to go on" in shown.err
    assert "nothing was written" not in shown.err
    assert pl.read_parquet(tmp_path / "e" / RESULTS).height == 2
    asked.extend([None] * 3)
    pico("experiment", typed, "--out", tmp_path / "e")
    assert len(asked) == 3 + 3 + 6


def test_mistakes_are_sentences(pico, typed, tmp_path):
    for arguments, words in (
        (("nothing", "--out", tmp_path / "e"), "there is no experiment 'nothing'"),
        ((typed, "--out", typed.parent), "which no experiment wrote"),
        ((typed, "--out", tmp_path / "e", "--check", tmp_path / "none.parquet"), "none.parquet: cannot be read"),
    ):
        refused = pico("experiment", *arguments)
        assert refused.code == 2
        assert words in refused.err
        assert refused.out == ""
