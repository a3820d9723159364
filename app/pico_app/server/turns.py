"""Long jobs of all visits take turns: a few work at a time, the others wait in the order in which they came.

Two constructions on two cores end no later one after the other than side by side, and pages of everybody else
would wait for both. A job that waits knows how many come first.
"""

import os
import threading
from typing import Final

AT_ONCE: Final = max(1, (os.cpu_count() or 1) // 2)  # the other half of the processors answers pages


def in_line(ahead: int) -> str:
    """How a job that waits stands, in words.

    >>> in_line(1), in_line(3)
    ('waits, 1 computation comes first', 'waits, 3 computations come first')
    """
    return f"waits, {ahead} computation{'s come' if ahead > 1 else ' comes'} first"


class FairQueue:
    """A line in front of a few places.

    >>> turns = FairQueue(1)
    >>> first, second = turns.ask(), turns.ask()
    >>> first.ahead, second.ahead
    (0, 1)
    >>> first.leave()
    >>> second.ahead
    0
    """

    def __init__(self, places: int = AT_ONCE) -> None:
        self._places = places
        self._line: list[Turn] = []
        self._changed = threading.Condition()

    def ask(self) -> "Turn":
        """Take a place at the end of the line."""
        turn = Turn(self)
        with self._changed:
            self._line.append(turn)
        return turn

    def _ahead(self, turn: "Turn") -> int:
        with self._changed:
            return max(0, self._line.index(turn) - self._places + 1) if turn in self._line else 0

    def _leave(self, turn: "Turn") -> None:
        with self._changed:
            if turn in self._line:
                self._line.remove(turn)
            self._changed.notify_all()

    def _wait(self, turn: "Turn", given_up: threading.Event) -> None:
        with self._changed:
            while not given_up.is_set() and self._line.index(turn) >= self._places:
                self._changed.wait(0.2)  # giving up is told to the job and not to the line


class Turn:
    """One job's place in the line, from the moment it was asked for until the job has ended."""

    def __init__(self, turns: FairQueue) -> None:
        self._turns = turns

    @property
    def ahead(self) -> int:
        """How many have to end before this one begins; 0 when it may work."""
        return self._turns._ahead(self)

    def wait(self, given_up: threading.Event) -> None:
        """Return when it is this one's turn, or when `given_up` is set."""
        self._turns._wait(self, given_up)

    def leave(self) -> None:
        """Make room for the next."""
        self._turns._leave(self)

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *error: object) -> None:
        self.leave()
