"""An embedded Ray cluster of two workers: the same results to the bit, and a dead worker costs one block."""

import os
import signal
import socket
import time

import pytest
import torch

from pico_core.cluster import cluster_at, connection
from pico_core.common.errors import DataError, SettingError
from pico_core.data.distributed_statistics import distributed_statistics
from pico_core.encoders.dataset import encode_dataset
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.work import Spread
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.retrieval import distributed_ranks
from pico_core.retrieval.distributed_ranks import distributed_plan
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.rank_files import count_ranks
from pico_core.retrieval.ranker import ranker_for
from pico_core.storage.token_files import StoredTokens
from pico_core.studies.runs import _compared
from pico_core.studies.study import evaluate_study, run_study, study_splits
from tests.photos import COLOURS, write_encoder, write_photos
from tests.reporters import Calls

ray = pytest.importorskip("ray", reason="the extra [ray] is not installed: pip install -e .[ray]")


class Enough(Exception):  # noqa: N818
    pass


@pytest.fixture(scope="module")
def cluster():
    with cluster_at("local:2") as embedded:
        yield embedded


@pytest.fixture(scope="module")
def folder(planted, tmp_path_factory):
    return save_pairs(planted.pairs, tmp_path_factory.mktemp("cluster") / "data")


@pytest.fixture
def stored(folder):
    """The planted pairs, all tokens in their file."""
    return open_pairs(folder, stream_from=0)


def test_a_study_is_that_of_one_process_to_the_bit(cluster, stored, study):
    shares = []
    found = run_study(stored, study.config, cluster=cluster, reporter=Calls(share=shares.append))
    assert all(torch.equal(a, b) for a, b in zip(_compared(found), _compared(study), strict=True))
    assert found.columns.equals(study.columns)
    for mine, its in zip(found.report.controls, study.report.controls, strict=True):
        assert mine.metrics == its.metrics
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1.0


def test_evaluation_too_and_what_was_counted_is_gone_on_with(cluster, stored, study, tmp_path, monkeypatch):
    monkeypatch.setattr(distributed_ranks, "IMAGE_TASK", 16)
    shares = []

    def tell(share):
        shares.append(share)
        if share > 0.5:
            raise Enough

    with pytest.raises(Enough):
        evaluate_study(stored, study, cluster=cluster, keep=tmp_path, reporter=Calls(share=tell))
    assert list(tmp_path.iterdir())
    again = evaluate_study(stored, study, cluster=cluster, keep=tmp_path)
    assert [row.metrics for row in again.controls] == [row.metrics for row in study.report.controls]
    asked = []
    monkeypatch.setattr(distributed_ranks, "_bests", lambda *_: asked.append(1))
    evaluate_study(stored, study, cluster=cluster, keep=tmp_path)
    assert asked == [], "all blocks of all scorings were kept"


def test_a_sample_of_queries(cluster, stored, study, monkeypatch):
    monkeypatch.setattr(distributed_ranks, "IMAGE_TASK", 5)
    monkeypatch.setattr(distributed_ranks, "TEXT_TASK", 7)
    test = study_splits(stored, study.config, study.basis).test
    queries = torch.arange(1, test.n_images, 3)
    plan, weights = rank_plan(test, queries), study.construction.unguarded_weights
    here = count_ranks(test, plan, weights=weights)
    there = distributed_ranks.distributed_ranks(cluster, test, distributed_plan(plan), weights=weights)
    assert all(torch.equal(a, b) for a, b in zip(here, there, strict=True))
    own, theirs = (
        retrieval_report(test, weights=weights, n_draws=10, ranker=ranker_for(test, queries=queries, cluster=who))
        for who in (None, cluster)
    )
    assert own.weighted.metrics == theirs.weighted.metrics


def test_statistics_of_small_blocks(cluster, stored, planted):
    assert isinstance(stored.text_tokens, StoredTokens)
    distributed_statistics(cluster, stored, task_bytes=8 * 4 * stored.image_tokens.shape[1:].numel())
    for name in ("image_statistics", "text_statistics"):
        found, expected = getattr(stored, name), getattr(planted.pairs, name)
        assert name in vars(stored)
        assert torch.equal(found.mean, expected.mean)
        assert torch.equal(found.signs.positive, expected.signs.positive)
        assert torch.equal(found.signs.negative, expected.signs.negative)


def test_tokens_stay_out_of_what_is_sent(stored):
    import pickle

    half = stored.select(range(0, stored.n_images, 2))
    sent = pickle.dumps(half.image_tokens)
    assert len(sent) < half.image_tokens.numel() * half.image_tokens.dtype.itemsize / 10
    assert torch.equal(pickle.loads(sent).read(), half.image_tokens.read())


def test_another_file_under_the_same_path_is_refused(cluster, folder, planted, tmp_path):
    moved = save_pairs(planted.pairs, tmp_path / "data")
    pairs = open_pairs(moved, stream_from=0)
    (moved / "pairs.safetensors").unlink()
    with pytest.raises(OSError):
        distributed_statistics(cluster, pairs)
    reduced = open_pairs(folder, stream_from=0).image_tokens.file.__reduce__()
    with pytest.raises(DataError, match="all machines share"):
        reduced[0](*reduced[1][:-1], "0" * 16)


def test_what_a_worker_raises_is_raised_here(cluster):
    def refuse(number):
        raise DataError(f"block {number} is bad")

    with pytest.raises(DataError, match="block 0 is bad"):
        cluster.all(refuse, [0])
    with pytest.raises(DataError, match="same path on all machines"):
        cluster.all(open, ["no-such-file"])
    with pytest.raises(SettingError, match="cannot import no_such_module"):
        cluster.all(__import__, ["no_such_module"])


def test_encoding_makes_the_same_dataset(cluster, tmp_path):
    encoder = write_encoder(tmp_path / "small.safetensors", ["a dog", *COLOURS])
    own = write_photos(tmp_path)
    choice = EncoderChoice(pretrained=str(encoder), device="cpu")
    loaded = choice.load()

    def digest(name, spread):
        target = tmp_path / name
        made = encode_dataset(
            loaded, own / "images", own / "c.csv", out=target, batch_size=2, name="own", spread=spread
        )
        return made.pairs.digest

    assert digest("there", Spread(cluster, choice)) == digest("here", None)


@pytest.mark.parametrize("address", ["nowhere", "ray://head", "host:port", "a/b:1", "local:", "host:70000"])
def test_no_address(address):
    with pytest.raises(SettingError, match="no address of a Ray cluster"), cluster_at(address):
        pass


def test_the_command_line_tells_in_a_sentence_that_nobody_answers(pico, folder, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        result = pico("construct", folder, "--out", tmp_path / "run", "--ray", address)
    assert result.code == 2
    assert f"no Ray cluster answers at {address}" in result.err


def test_without_ray_the_command_line_says_what_to_install(pico, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    result = pico("construct", folder, "--out", tmp_path / "run", "--ray", "local")
    assert result.code == 2
    assert "pip install 'pico-lens[ray]'" in result.err


def test_waiting_for_an_answer_ends(monkeypatch):
    def never(_place, *, timeout):
        raise TimeoutError(f"timed out after {timeout}")

    monkeypatch.setattr(connection.socket, "create_connection", never)
    with pytest.raises(SettingError, match="no Ray cluster answers at ray://head:10001"):
        connection.Address.parse("ray://head:10001").check_answers(5.0)


# These kill workers, whose successors take a while to start.


def test_a_killed_worker_costs_its_block_only(cluster, tmp_path):
    def work(number, folder):
        tries = len(list(folder.glob(f"{number}-*")))
        (folder / f"{number}-{tries}").touch()
        if number == 3 and tries == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number

    assert cluster.all(work, range(8), tmp_path) == [number * number for number in range(8)]
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(["3-1", *(f"{n}-0" for n in range(8))])


def test_a_worker_that_always_dies_is_told(cluster, monkeypatch):
    monkeypatch.setattr("pico_core.cluster.mapping.RETRIES", 0)
    with pytest.raises(SettingError, match="died 1 times on the same block"):
        cluster.all(lambda _: os.kill(os.getpid(), signal.SIGKILL), [0])


def test_cancel_ends_what_is_under_way(cluster, tmp_path):
    def work(number, folder):
        (folder / f"{number}").touch()
        for _ in range(600):
            time.sleep(0.1)

    began = time.monotonic()

    def look():
        if len(list(tmp_path.iterdir())) == 2:
            raise Enough

    with pytest.raises(Enough):
        cluster.all(work, range(50), tmp_path, reporter=Calls(check=look))
    assert cluster.all(lambda number: number + 1, range(4)) == [1, 2, 3, 4], "the workers are free again"
    assert time.monotonic() - began < 30
    assert len(list(tmp_path.iterdir())) <= 4
