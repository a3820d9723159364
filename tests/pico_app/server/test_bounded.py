"""Caches are bounded: every one in entries, those of what is large in bytes too."""

import re
import threading
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
import torch

from pico_app.answers import datasets
from pico_app.server import cache
from pico_app.server.answer import answer
from pico_app.server.cache import ByteLRU, held_bytes
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats.native import save_pairs
from tests.places import ROOT


def test_what_was_used_longest_ago_goes_first_when_bytes_run_out():
    shelf = ByteLRU(entries=10, max_bytes=100)
    for key in "ab":
        shelf.get(key, lambda: bytes(40))
    shelf.get("a", lambda: pytest.fail("it was kept"))
    shelf.get("c", lambda: bytes(40))
    assert shelf.keys == ["a", "c"]
    assert shelf.n_bytes == 80


def test_entries_are_bounded_too():
    shelf = ByteLRU(entries=2, max_bytes=100)
    for key in "abc":
        shelf.get(key, lambda: b"1")
    assert shelf.keys == ["b", "c"]


def test_one_value_larger_than_the_shelf_stays_alone():
    shelf = ByteLRU(entries=4, max_bytes=100)
    shelf.get("small", lambda: bytes(10))
    shelf.get("large", lambda: bytes(1000))
    assert shelf.keys == ["large"]
    shelf.get("small", lambda: bytes(10))
    assert shelf.keys == ["small"]


def test_two_that_ask_at_once_wait_for_one_making():
    shelf, begun, made = ByteLRU(entries=2, max_bytes=100), threading.Event(), []

    def make():
        made.append(threading.current_thread().name)
        begun.set()
        threading.Event().wait(0.1)
        return b"1"

    threads = [threading.Thread(target=shelf.get, args=("a", make)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_could_not_be_made_is_tried_again():
    shelf = ByteLRU(entries=2, max_bytes=100)
    with pytest.raises(ZeroDivisionError):
        shelf.get("a", lambda: 1 // 0)
    assert shelf.get("a", lambda: b"1") == b"1"


def test_arguments_with_an_underscore_are_no_part_of_the_key():
    calls = []

    @answer(entries=2, max_bytes=100)
    def data(key, _data):
        calls.append(_data)
        return _data

    assert [data("a", b"1"), data("a", _data=b"2"), data(key="b", _data=b"3")] == [b"1", b"1", b"3"]
    assert calls == [b"1", b"3"]


def test_blocks_of_memory_count_once():
    @dataclass(frozen=True, eq=False)
    class Holder:
        whole: torch.Tensor
        part: torch.Tensor
        other: np.ndarray
        table: pl.DataFrame

    whole = torch.zeros(100, dtype=torch.float32)
    found = held_bytes([Holder(whole, whole[:10], np.zeros(4), pl.DataFrame({"a": [1, 2]})), whole])
    assert found == 400 + 32 + 16


def test_every_cache_says_how_much_it_keeps():
    unbounded = [
        f"{file.name}: {line}"
        for file in sorted((ROOT / "app").rglob("*.py"))
        for line in re.findall(r"^@st\.cache_\w+.*$", file.read_text(encoding="utf-8"), re.MULTILINE)
        if "max_entries=" not in line and 'scope="session"' not in line
    ]
    assert not unbounded


def test_visitors_with_data_of_their_own_do_not_drive_each_other_out(tmp_path):
    """With four entries a server of thirteen datasets opened one anew at every run, and every visit kept a copy."""
    for number in range(13):
        save_pairs(planted_pairs(PlantedConfig(n_images=8, n_columns=4), seed=number).pairs, tmp_path / str(number))
    cache.empty()
    first = [datasets.open_dataset(str(tmp_path / str(number))) for number in range(13)]
    again = [datasets.open_dataset(str(tmp_path / str(number))) for number in range(13)]
    assert all(one is other for one, other in zip(first, again, strict=True))
