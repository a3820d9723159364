"""What visits had goes when they are over."""

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo
from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

from pico_app.server import cache, heap, housekeeping, scratch
from pico_app.server.answer import answer


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def kept():
    """A housekeeper, its clock, and the times at which it worked."""
    clock, worked = Clock(), []
    return housekeeping.Housekeeper(lambda: worked.append(clock.seconds), now=clock), clock, worked


def looks(keeper, clock, times):
    for clock.seconds in times:
        keeper.look()


def test_it_works_once_when_the_server_rests(kept):
    keeper, clock, worked = kept
    looks(keeper, clock, (200.0, 400.0))
    assert not worked, "nobody was there"
    keeper.ran()
    looks(keeper, clock, (500.0, 550.0, 600.0, 5000.0))
    assert worked == [550.0]


def test_it_works_now_and_then_where_the_server_never_rests(kept):
    keeper, clock, worked = kept
    for clock.seconds in range(0, 2000, 10):
        keeper.ran()
        keeper.look()
    assert worked == [900.0, 1800.0]


def running(monkeypatch, manager, state=runtime.RuntimeState.ONE_OR_MORE_SESSIONS_CONNECTED):
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=manager, state=state))


class Session:
    """Stands for a visit in Streamlit's hands."""

    id = "mine"


def test_visits_that_cannot_come_back_end(monkeypatch):
    def manager(seconds):
        made = WebsocketSessionManager(MemorySessionStorage(ttl_seconds=seconds), None, None, None)
        made._session_storage.save(SessionInfo(client=None, session=Session()))
        return made

    running(monkeypatch, manager(0))
    assert housekeeping.end_visits() == 1
    assert housekeeping.end_visits() == 0
    running(monkeypatch, manager(60))
    assert housekeeping.end_visits() == 0


def test_a_streamlit_that_keeps_visits_in_another_way_is_left_alone(monkeypatch):
    running(monkeypatch, object())
    assert housekeeping.end_visits() == 0


@pytest.mark.parametrize("there", [True, False])
def test_what_all_share_goes_only_when_nobody_is_there(monkeypatch, there):
    states = runtime.RuntimeState
    state = states.ONE_OR_MORE_SESSIONS_CONNECTED if there else states.NO_SESSIONS_CONNECTED
    running(monkeypatch, object(), state)
    monkeypatch.setattr(heap, "thaw", lambda: None)
    cache.empty()
    made = []

    @answer(entries=2, max_bytes=100)
    def opened(name: str) -> bytes:
        made.append(name)
        return b"large"

    opened("a")
    housekeeping.tidy()
    opened("a")
    assert made == (["a"] if there else ["a", "a"])


def test_the_folder_of_a_visit_goes_with_it(tmp_path):
    held = scratch.OfOneVisit(tmp_path)
    other = scratch.OfOneVisit(tmp_path)
    (held.path / "a.npz").write_bytes(b"x")
    gone, place = weakref.ref(held), Path(held.path)
    del held
    gc.collect()
    assert gone() is None
    assert not place.exists()
    assert other.path.is_dir()
