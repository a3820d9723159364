"""Two writers of one folder: the second is told who the first is, and takes over where that one is dead."""

import os
import socket
import threading
import time

import pytest

from pico_core.common.errors import SettingError
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.storage.locks import Owner, exclusive_lock, lock_beside, lock_inside, owner
from tests.faults import work
from tests.faults.killed import begun

ELSEWHERE = "4242\nanother-machine\n"


@pytest.fixture
def held(tmp_path):
    """A folder that another process writes, and that process."""
    folder = tmp_path / "grid"
    folder.mkdir()
    process = begun(work.hold, folder, tmp_path / "began")
    until = time.monotonic() + 30
    while not (tmp_path / "began").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    yield folder, process
    process.kill()
    process.join()


@pytest.fixture
def experiment(planted, tmp_path):
    save_pairs(planted.pairs, tmp_path / "data")
    (tmp_path / "one.toml").write_text(
        'name = "one"\nsentence = "Who writes?"\nseeds = [0]\nvariants = ["p_hat"]\n'
        '[settings]\nn_iterations = 2\nn_prototypes = 2\nn_anchors = 8\n[[datasets]]\ndata = "data"\n'
    )
    return read_experiment(tmp_path / "one.toml")


def test_the_second_process_is_told_who_the_first_is(held, experiment):
    folder, process = held
    os.utime(lock_inside(folder), times=(time.time() - 130,) * 2)
    with pytest.raises(SettingError) as refused:
        run_experiment(experiment, folder)
    said = str(refused.value)
    assert f"grid: process {process.pid} on {socket.gethostname()} has been writing it for 2 minutes" in said
    assert "wait for it, end it, or choose another folder" in said
    assert "remove .lock in it" in said


def test_the_lock_of_a_killed_process_is_taken_over(held, experiment):
    folder, process = held
    process.kill()
    process.join()
    assert lock_inside(folder).exists(), "nobody gave it back"
    run_experiment(experiment, folder)
    assert results(folder).height > 0
    assert not lock_inside(folder).exists()


def test_a_process_of_another_machine_is_never_taken_for_dead(tmp_path):
    (tmp_path / ".set.lock").write_text(ELSEWHERE)
    said = r"process 4242 on another-machine .*remove \.set\.lock beside it"
    with pytest.raises(SettingError, match=said), exclusive_lock(lock_beside(tmp_path / "set"), tmp_path / "set"):
        raise AssertionError


def test_another_thread_waits_its_turn_and_the_same_one_does_not(tmp_path):
    said = []

    def second():
        try:
            with exclusive_lock(lock_inside(tmp_path), tmp_path):
                said.append("in")
        except SettingError as error:
            said.append(str(error))

    with exclusive_lock(lock_inside(tmp_path), tmp_path), exclusive_lock(lock_inside(tmp_path), tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    second()
    assert "this program itself has been writing it for less than a minute" in said[0]
    assert said[1:] == ["in"]


def test_two_savers_of_one_dataset_take_turns(planted, tmp_path):
    pairs = planted.pairs
    failed = []

    def save():
        try:
            save_pairs(pairs, tmp_path / "set")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert open_pairs(tmp_path / "set").digest == pairs.digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["set"]


def test_an_owner_that_cannot_be_read_is_another_process(tmp_path):
    assert owner(tmp_path / "nothing") == Owner(None, "", 0.0)
    assert Owner(None, "", 90000.0).sentence == "another process has been writing it for 1 day"


@pytest.mark.parametrize(("command", "lock"), [("construct", ".out.lock"), ("train", "out/.lock")])
def test_the_command_line_says_so_before_any_work(pico, planted, tmp_path, command, lock):
    save_pairs(planted.pairs, tmp_path / "data")
    (tmp_path / "out").mkdir()
    (tmp_path / lock).write_text(ELSEWHERE)
    refused = pico(command, tmp_path / "data", "--out", tmp_path / "out")
    assert refused.code == 2
    assert "out: process 4242 on another-machine has been writing it for less than a minute" in " ".join(
        refused.err.split()
    )


def test_a_lock_whose_owner_was_killed_before_he_wrote_his_name_is_taken_over(tmp_path):
    lock = lock_inside(tmp_path)
    lock.touch()
    with exclusive_lock(lock, tmp_path):
        assert owner(lock).pid == os.getpid()
    assert not lock.exists()


def test_a_lock_that_is_being_written_is_waited_for(tmp_path):
    lock = lock_inside(tmp_path)
    lock.touch()
    writer = threading.Timer(0.3, lock.write_text, (ELSEWHERE,))
    writer.start()
    with pytest.raises(SettingError, match="process 4242 on another-machine"), exclusive_lock(lock, tmp_path):
        pass
    writer.join()
    assert lock.exists()
