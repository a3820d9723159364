"""Schemes in the loop of a training: which of the catalogue, and what tables and commands call them there."""

from dataclasses import dataclass
from typing import Final

from pico_core.common.registry import Registry

PLAIN: Final = "none"  # training with P = 1
UNTRAINED: Final = "frozen"  # everything as it is before any training


@dataclass(frozen=True)
class LoopScheme:
    """A scheme of the catalogue that gives P anew in every epoch.

    Attributes:
        name: Stands in tables, files and commands.
        label: For people.
        short: The same where little room is.
        scheme: Its name in the catalogue.
        control: Whether PICO in the loop is set against it.
        has_strength: Whether its weights have the strength of the loop.
    """

    name: str
    label: str
    short: str
    scheme: str
    control: bool = True
    has_strength: bool = True


LOOP_SCHEMES: Final = Registry(
    "variant",
    (
        LoopScheme(PLAIN, "Trained with P = 1", "P = 1", "unweighted", control=False, has_strength=False),
        LoopScheme("pico", "PICO in the loop", "PICO", "pico", control=False),
        # The model is trained with P = 1, and the weights only score it.
        LoopScheme("after", "Trained with P = 1, PICO's weights after it", "P = 1, PICO after it", "pico"),
        LoopScheme(
            *("guarded", "PICO in the loop, past the guard", "PICO, past the guard", "pico_guarded"),
            control=False,
            has_strength=False,
        ),
        LoopScheme("p_hat", "p̂ in the loop", "p̂", "p_hat"),
        # A vector with a gradient, trained along with the model.
        LoopScheme("learned", "A trained weight vector", "trained vector", "learned", has_strength=False),
        LoopScheme("shuffled", "PICO with shuffled feedback in the loop", "PICO, shuffled feedback", "shuffled"),
        LoopScheme("permuted", "PICO's weights, permuted, in the loop", "PICO, permuted weights", "permuted"),
    ),
)


def loop_label(name: str, *, short: bool = False) -> str:
    """What people call a scheme in the loop, or no training at all; an unknown name as it is.

    >>> loop_label("frozen"), loop_label("none", short=True), loop_label("mine")
    ('Not trained', 'P = 1', 'mine')
    """
    if name == UNTRAINED:
        return "not trained" if short else "Not trained"
    if name not in LOOP_SCHEMES:
        return name
    return LOOP_SCHEMES[name].short if short else LOOP_SCHEMES[name].label
