"""A history as stacked tensors and plain numbers, and back: how a run keeps every iteration."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pico_core.method.history import History, Iteration, ModalityPrototypes, StylePrototypes
from pico_core.storage.structure import structure


@dataclass(frozen=True)
class _Numbers:
    """The numbers of one iteration, as `history_numbers` writes them."""

    candidate_gain: float
    gain: float
    shift: float | None
    seconds: float
    inertia: tuple[float, float]
    averaged_inertia: tuple[float, float]


def history_tensors(history: History) -> dict[str, Tensor]:
    """Every tensor of every iteration, stacked over iterations; feedback weights padded with zeros."""
    steps = history.iterations
    stacked = {
        name: torch.stack([getattr(s, name) for s in steps])
        for name in ("pseudo_semantic", "candidate_probabilities", "probabilities")
    }
    shares = torch.zeros(len(steps), len(steps))
    for row, step in enumerate(steps):
        shares[row, : len(step.feedback_weights)] = step.feedback_weights
    stacked["feedback_weights"] = shares
    for kind in ("candidate", "prototypes"):
        for modality in ("image", "text"):
            records = [getattr(getattr(s, kind), modality) for s in steps]
            stacked[f"{kind}.{modality}.centres"] = torch.stack([r.centres for r in records])
            stacked[f"{kind}.{modality}.labels"] = torch.stack([r.labels for r in records])
    return stacked


def history_numbers(history: History) -> list[dict[str, Any]]:
    """The numbers of every iteration, as JSON can hold them: an infinite shift (the first) is null."""
    return [
        {
            "candidate_gain": s.candidate_gain,
            "gain": s.gain,
            "shift": s.shift if math.isfinite(s.shift) else None,
            "seconds": s.seconds,
            "inertia": [p.inertia for p in (s.candidate.image, s.candidate.text)],
            "averaged_inertia": [p.inertia for p in (s.prototypes.image, s.prototypes.text)],
        }
        for s in history.iterations
    ]


def history_from(numbers: list[Mapping[str, Any]], tensors: Mapping[str, Tensor]) -> History:
    """The inverse of `history_numbers` and `history_tensors`, bit for bit.

    Raises:
        DataError: a number is missing or none.
        KeyError: a tensor is missing.
    """
    records = [structure(_Numbers, one, f"iterations[{row}]") for row, one in enumerate(numbers)]
    return History(tuple(_iteration(row, record, tensors) for row, record in enumerate(records)))


def _iteration(row: int, record: _Numbers, past: Mapping[str, Tensor]) -> Iteration:
    def prototypes(kind: str, inertia: tuple[float, float]) -> StylePrototypes:
        image, text = (
            ModalityPrototypes(past[f"{kind}.{m}.centres"][row], past[f"{kind}.{m}.labels"][row], value)
            for m, value in zip(("image", "text"), inertia, strict=True)
        )
        return StylePrototypes(image, text)

    return Iteration(
        index=row,
        pseudo_semantic=past["pseudo_semantic"][row],
        candidate=prototypes("candidate", record.inertia),
        candidate_probabilities=past["candidate_probabilities"][row],
        candidate_gain=record.candidate_gain,
        feedback_weights=past["feedback_weights"][row, : row + 1],
        prototypes=prototypes("prototypes", record.averaged_inertia),
        probabilities=past["probabilities"][row],
        gain=record.gain,
        shift=float("inf") if record.shift is None else record.shift,
        seconds=record.seconds,
    )
