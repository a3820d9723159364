"""One way to remember a choice for a visit, and to say it in the address so that a link reopens the view.

A new choice is one line:

    strength = in_link("strength", 1.0, parse=number(0.0, 2.0), write=lambda value: f"{value:g}")

    strength()          # as it was chosen, at first as the address has it
    strength.set(0.5)   # chosen anew, and said in the address
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

Value = TypeVar("Value")


def mirror(parameter: str, value: str | None) -> None:
    """Put a value into the address, or take it out; an address that already says so is left alone."""
    if st.query_params.get(parameter) == value:
        return
    if value is None:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = value


@dataclass(frozen=True)
class Remembered(Generic[Value]):
    """A choice of a visit.

    Attributes:
        key: Its name in the session.
        default: What holds before anything is chosen.
        parse: Reads the parameters of an address; None where they name no such choice.
        write: Parameters of a link to a choice, None for each that need not be said; empty keeps it out of links.
    """

    key: str
    default: Value
    parse: Callable[[Mapping[str, str]], Value | None] = lambda _parameters: None
    write: Callable[[Value], Mapping[str, str | None]] = lambda _value: {}

    def __call__(self) -> Value:
        """The choice, at first as the address has it; what is no such choice is dropped without a word."""
        if self.key not in st.session_state:
            linked = self.parse(st.query_params)
            st.session_state[self.key] = self.default if linked is None else linked
        value: Value = st.session_state[self.key]
        return value

    def set(self, value: Value) -> None:
        """Choose anew."""
        st.session_state[self.key] = value
        self.mirror()

    def mirror(self) -> None:
        """Say it in the address, which changing the page empties."""
        for parameter, text in self.write(self()).items():
            mirror(parameter, text)


def in_link(
    parameter: str,
    default: Value,
    *,
    parse: Callable[[str], Value | None],
    write: Callable[[Value], str | None],
    key: str = "",
) -> Remembered[Value]:
    """A choice that one parameter of the address says.

    Args:
        parameter: Of the address.
        default: What holds before anything is chosen.
        parse: Reads the text of a link; None where it names no such choice.
        write: What a link says of a choice; None where it need not be said.
        key: Its name in the session, where that is another one.
    """

    def read(parameters: Mapping[str, str]) -> Value | None:
        return parse(parameters[parameter]) if parameter in parameters else None

    return Remembered(key or parameter, default, read, lambda value: {parameter: write(value)})


def one_of(parameter: str, options: Sequence[Value], *, key: str = "") -> Remembered[Value]:
    """One of a few names; the first is not said in links."""

    def parse(text: str) -> Value | None:
        return next((option for option in options if option == text), None)

    return in_link(
        parameter, options[0], parse=parse, write=lambda value: None if value == options[0] else str(value), key=key
    )


def number(low: float, high: float) -> Callable[[str], float | None]:
    """Reads a number of an address that lies between two others.

    >>> number(0, 2)("1.5"), number(0, 2)("3"), number(0, 2)("nan"), number(0, 2)("much")
    (1.5, None, None, None)
    """

    def parse(text: str) -> float | None:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if low <= value <= high else None  # False for nan

    return parse
