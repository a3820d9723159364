"""Visitors beside each other: no error, nobody sees another one's words, and who computes waits in a line."""

from tests.e2e.crowd import gather


def test_visitors_beside_each_other_do_not_meet(running, chromium):
    address, process = running
    crowd = gather(address, process.pid, guests=5, seconds=12, chromium=chromium, browsers=1, computing=3, warm=False)
    assert not crowd.problems
    assert len(crowd.sliders) >= 5
    assert len(crowd.pages) >= 5
    assert crowd.own >= 1
    assert "waits, 1 computation comes first" in crowd.places
