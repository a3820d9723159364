"""Every door of the program under thousands of hostile inputs; the rules are those of `tests.hostile.harness`."""

import io
import os

import numpy as np
import pytest

from tests.hostile.harness import N_INPUTS, N_LONG, complaint_about, fuzz
from tests.hostile.mutation import STRUCTURE, mutated

FAMILIES = ("arrays", "tables", "pictures", "settings", "addresses")


@pytest.mark.parametrize("family", FAMILIES)
def test_hostile_inputs_are_taken_or_refused_in_a_sentence(family: str) -> None:
    """300 inputs per door; PICO_LONG=1 tries 10,000."""
    broken = fuzz(family, N_LONG if os.environ.get("PICO_LONG") == "1" else N_INPUTS)
    assert not broken, broken


def test_a_broken_rule_is_seen() -> None:
    """The harness itself: a door that crashes, hangs, fills the memory, touches others, unpickles or mumbles."""
    broken = fuzz("broken", 4)
    for words in (
        "ZeroDivisionError at broken.py",
        "took more than 5 s",
        "MB",
        "a pickle was run",
        "touched open",
        "touched subprocess.Popen",
        "a refusal names none of x.txt",
        "a refusal has more than three sentences",
        "a refusal has 6 letters",
        "a refusal repeats the words of Python",
    ):
        assert words in broken, broken
    assert "ended with" in fuzz("missing", 1)


def test_what_a_good_refusal_is() -> None:
    assert complaint_about("x.npz: the file is empty (0 bytes); copy or save it again", ["x.npz"]) is None
    assert complaint_about("x.npz: version 1.0 of v1.npz is odd. Save it anew.", ["x.npz"]) is None
    assert complaint_about("One thing. Another one. A third. And a fourth.", []) == "has more than three sentences"
    assert complaint_about("a\x1b[31m red refusal", []) == "holds line breaks or control characters"


def test_mutations_are_seeded_and_change_something() -> None:
    held = io.BytesIO()
    np.save(held, np.arange(12.0))
    valid = held.getvalue()
    for change in (mutated, STRUCTURE[".npy"]):
        one, same, other = (change(valid, np.random.default_rng(seed)) for seed in (0, 0, 1))
        assert one == same
        assert len({valid, one, other}) == 3
