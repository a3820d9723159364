"""Killed with SIGKILL at any step: the old result opens, or the new one is whole, and the next start goes on."""

import random

import numpy as np
import polars as pl
import pytest
from safetensors.torch import load_file

from pico_core.experiments.grid import results
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.retrieval import rank_files
from pico_core.storage import atomic as whole_module
from pico_core.studies.plain_values import report_json
from pico_core.studies.runs import load_run
from tests.faults import work
from tests.faults.killed import killed_after, killed_before, traces
from tests.photos import write_encoder, write_photos

MOST = 200  # steps of any of these works


@pytest.fixture(scope="module")
def made(tmp_path_factory, planted):
    """A foreign file, a dataset, two runs of it, pictures with their encoder, and an experiment."""
    folder = tmp_path_factory.mktemp("made")
    draw = np.random.default_rng(0)
    np.savez(folder / "new.npz", image_emb=draw.normal(size=(9, 4)), text_emb=draw.normal(size=(9, 4)))
    save_pairs(planted.pairs, folder / "data")
    for seed in (0, 1):
        work.construct(folder / "data", folder / f"run-{seed}", seed)
    write_photos(folder)
    write_encoder(folder / "encoder.safetensors", pl.read_csv(folder / "c.csv")["caption_1"].to_list())
    (folder / "one.toml").write_text(
        'name = "one"\nsentence = "Does it last?"\nseeds = [0]\nvariants = ["p_hat"]\n'
        '[settings]\nn_iterations = 2\nn_prototypes = 2\nn_anchors = 8\n[[datasets]]\ndata = "data"\n'
    )
    return folder


def at_every_step(do, *arguments, check):
    """Kill before the first step on the disk, the second, and so on, until one gets through; how many died."""
    for step in range(1, MOST):
        died = killed_before(step, do, *arguments)
        check(died)
        if not died:
            return step - 1
    raise AssertionError("it never came to an end")


def again_and_again(do, *arguments, check=lambda: None):
    """Kill every start a little later than the one before, until one gets through; how many died."""
    step = died = 1
    while killed_before(step, do, *arguments):
        check()
        step, died = step + 1 + step // 3, died + 1
        assert step < MOST
    check()
    return died - 1


def test_an_import_leaves_the_old_dataset_or_the_whole_new_one(made, tmp_path):
    target = tmp_path / "set"
    old = open_pairs(made / "data")
    new = open_pairs(made / "new.npz")
    save_pairs(old, target)
    seen = []

    def check(died):
        seen.append(open_pairs(target).digest)
        assert seen[-1] == (old.digest if died and new.digest not in seen else new.digest)

    died = at_every_step(work.import_dataset, made / "new.npz", target, check=check)
    assert died >= 8, "three files and their folder, two names, and the lock"
    assert seen[0] == old.digest
    assert seen[-1] == new.digest
    assert traces(tmp_path) == []


def test_a_run_that_is_saved_leaves_the_old_run_or_the_whole_new_one(made, tmp_path):
    target = tmp_path / "run"
    work.save_again(made / "run-0", target)
    seen = []

    def check(died):
        found = load_run(target)
        seen.append(found.config.seed)
        assert open_pairs(made / "data").digest == found.digest

    died = at_every_step(work.save_again, made / "run-1", target, check=check)
    assert died >= 10
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 1)
    assert traces(tmp_path) == []


def test_a_folder_that_was_set_aside_is_put_back_by_whoever_opens_it(made, tmp_path):
    for name, opened in (("run", load_run), ("set", open_pairs)):
        save = work.save_again if name == "run" else lambda source, target: save_pairs(open_pairs(source), target)
        source = made / ("run-0" if name == "run" else "data")
        save(source, tmp_path / name)
        digest = opened(tmp_path / name).digest
        (tmp_path / name).rename(tmp_path / f".{name}.0a1b2c3d.old")
        assert opened(tmp_path / name).digest == digest
    assert traces(tmp_path) == []


def test_an_export_leaves_the_old_file_or_the_whole_new_one(made, tmp_path):
    work.export(made / "run-0", tmp_path / "w.csv")
    old = (tmp_path / "w.csv").read_bytes()
    work.export(made / "run-1", tmp_path / "n.csv")
    new = (tmp_path / "n.csv").read_bytes()

    def check(_died):
        assert (tmp_path / "w.csv").read_bytes() in (old, new)

    died = at_every_step(work.export, made / "run-1", tmp_path / "w.csv", check=check)
    assert died >= 3
    assert (tmp_path / "w.csv").read_bytes() == new


def test_an_evaluation_goes_on_from_what_it_kept(made, tmp_path, monkeypatch):
    whole = report_json(work.evaluate(made / "data", made / "run-1", tmp_path / "whole"))
    keep = tmp_path / "keep"
    work.evaluate(made / "data", made / "run-0", keep)
    old = {file.name: file.read_bytes() for file in keep.iterdir()}
    seen = []

    def check():
        assert {name: (keep / name).read_bytes() for name in old} == old, "what another evaluation kept stays"
        counts = [file for file in keep.glob("ranks-*.safetensors") if file.name not in old]
        assert all(bool(load_file(file)["done"].all()) for file in counts)
        seen.append(len(counts))

    assert again_and_again(work.evaluate, made / "data", made / "run-1", keep, check=check) >= 4
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == len(list((tmp_path / "whole").iterdir()))
    # Drafts of killed writers go when they are old; nothing is counted again.
    monkeypatch.setattr(rank_files, "count_block", None)
    monkeypatch.setattr(whole_module, "LONGEST", -1.0)
    assert report_json(work.evaluate(made / "data", made / "run-1", keep)) == whole
    assert traces(tmp_path) == []


def test_an_encoding_goes_on_after_every_kill(made, tmp_path):
    work.encode(made, tmp_path / "whole")
    assert again_and_again(work.encode, made, tmp_path / "set") >= 4
    assert open_pairs(tmp_path / "set").digest == open_pairs(tmp_path / "whole").digest
    assert traces(tmp_path) == []


def test_an_experiment_goes_on_after_every_kill(made, tmp_path):
    work.experiment(made / "one.toml", tmp_path / "whole")
    assert again_and_again(work.experiment, made / "one.toml", tmp_path / "run") >= 4
    same = pl.exclude("seconds")
    assert results(tmp_path / "run").select(same).equals(results(tmp_path / "whole").select(same))
    assert traces(tmp_path) == []


def test_a_training_goes_on_after_every_kill(made, tmp_path):
    work.train(made / "data", tmp_path / "whole")
    assert again_and_again(work.train, made / "data", tmp_path / "killed") >= 4
    tables = [pl.read_parquet(tmp_path / name / "table.parquet") for name in ("whole", "killed")]
    same = pl.exclude("seconds")
    assert tables[0].select(same).equals(tables[1].select(same))
    assert traces(tmp_path) == []


@pytest.mark.parametrize("seed", [0, 1])
def test_a_kill_at_any_moment_spoils_nothing(made, tmp_path, seed):
    draw = random.Random(seed)
    target = tmp_path / "run"
    work.save_again(made / "run-0", target)
    died = [
        killed_after(draw.uniform(0.0, 0.15), do, *arguments)
        for do, *arguments in (
            (work.construct, made / "data", target, 1),
            (work.save_again, made / "run-1", target),
            (work.import_dataset, made / "new.npz", tmp_path / "set"),
            (work.encode, made, tmp_path / "encoded"),
            (work.experiment, made / "one.toml", tmp_path / "grid"),
        )
    ]
    assert any(died)
    assert load_run(target).config.seed in (0, 1)
    work.save_again(made / "run-1", target)
    work.import_dataset(made / "new.npz", tmp_path / "set")
    work.encode(made, tmp_path / "encoded")
    work.experiment(made / "one.toml", tmp_path / "grid")
    assert load_run(target).config.seed == 1
    assert open_pairs(tmp_path / "set").digest == open_pairs(made / "new.npz").digest
    assert results(tmp_path / "grid").height > 0
    assert traces(tmp_path) == []
