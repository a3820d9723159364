"""Histories and reports as numbers and stacked tensors, and back: what a run keeps and `evaluate --json` prints."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.kernels.metrics import QueryRanks
from pico_core.method.history import History, Iteration, ModalityPrototypes, StylePrototypes
from pico_core.retrieval.records import Estimate, RetrievalMetrics, RetrievalReport, Scoring
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.storage.structure import structure, structure_value


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
        shares[row, : len(step.candidate_shares)] = step.candidate_shares
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
    records = [structure(_Numbers, iteration, f"iterations[{row}]") for row, iteration in enumerate(numbers)]
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
        candidate_shares=past["feedback_weights"][row, : row + 1],
        prototypes=prototypes("prototypes", record.averaged_inertia),
        probabilities=past["probabilities"][row],
        gain=record.gain,
        shift=float("inf") if record.shift is None else record.shift,
        seconds=record.seconds,
    )


QUERIES = "queries"  # among the ranks: the images that asked, where not all did


def report_json(report: RetrievalReport) -> dict[str, Any]:
    """The report as plain values: per cent, with intervals, one object per scoring."""
    change = report.difference
    return {
        "split": report.split,
        "n_images": report.n_images,
        "n_texts": report.n_texts,
        "baseline": _scoring_json(report.baseline),
        "weighted": _scoring_json(report.weighted),
        "controls": {control.name: _scoring_json(control) for control in report.controls},
        "difference": {"rsum": change.value, "low": change.low, "high": change.high, "level": change.level},
        "verdict": report.verdict.value,
        **({} if report.agreement is None else {"agreement": asdict(report.agreement)}),
    } | ({} if report.sample is None else {"sample": asdict(report.sample) | {"sentence": report.sample.sentence}})


def ranks_json(report: RetrievalReport) -> dict[str, Any]:
    """Ranks and ties of every query, per scoring: what intervals and lists are made of."""
    ranks = {s.name: [t.tolist() for t in s.ranks] for s in (report.baseline, report.weighted, *report.controls)}
    return ranks if report.queries is None else ranks | {QUERIES: report.queries.tolist()}


def report_from(saved: Mapping[str, Any]) -> RetrievalReport:
    """The inverse of `report_json`, with `ranks_json` under the name `ranks`."""
    n_images, n_texts = (structure_value(int, saved[name], name) for name in ("n_images", "n_texts"))

    def scoring(name: str, record: Mapping[str, Any]) -> Scoring:
        images, texts, image_tied, text_tied = saved["ranks"][name]
        level = record["level"]
        metrics = RetrievalMetrics(
            **{
                n: _estimate(record[n], low, high, level, f"{name}.{n}")
                for n, (low, high) in record["intervals"].items()
            }
        )
        change = record["difference"]
        return Scoring(
            name=SCHEMES.current_name(name),
            label=structure_value(str, record["label"], f"{name}.label"),
            metrics=metrics,
            difference=_estimate(change["rsum"], change["low"], change["high"], change["level"], f"{name}.difference"),
            ranks=QueryRanks(
                _ranks(images, n_texts, name),
                _ranks(texts, n_images, name),
                torch.tensor(structure_value(tuple[bool, ...], image_tied, name), dtype=torch.bool),
                torch.tensor(structure_value(tuple[bool, ...], text_tied, name), dtype=torch.bool),
            ),
            tied_queries=structure_value(int, record["tied_queries"], f"{name}.tied_queries"),
        )

    return RetrievalReport(
        split=structure_value(str, saved["split"], "split"),
        n_images=n_images,
        n_texts=n_texts,
        baseline=scoring("unweighted", saved["baseline"]),
        weighted=scoring("weighted", saved["weighted"]),
        controls=tuple(scoring(name, record) for name, record in saved["controls"].items()),
        queries=_ranks(saved["ranks"][QUERIES], n_images, QUERIES, first=0) if QUERIES in saved["ranks"] else None,
    )


def _estimate(value: object, low: object, high: object, level: object, name: str) -> Estimate:
    return structure(Estimate, {"value": value, "low": low, "high": high, "level": level}, name)


def _ranks(value: object, most: int, name: str, *, first: int = 1) -> Tensor:
    """Ranks of queries among so many candidates, or places counted from 0."""
    ranks = structure_value(tuple[int, ...], value, f"ranks of {name}")
    if ranks and not first <= min(ranks) <= max(ranks) < first + most:
        raise DataError(f"ranks of {name} lie outside {first} to {first + most - 1}")
    return torch.tensor(ranks)


def _scoring_json(scoring: Scoring) -> dict[str, Any]:
    change = scoring.difference
    return {
        "label": scoring.label,
        **{name: estimate.value for name, estimate in scoring.metrics.items},
        "intervals": {name: [e.low, e.high] for name, e in scoring.metrics.items},
        "level": scoring.metrics.rsum.level,
        "difference": {"rsum": change.value, "low": change.low, "high": change.high, "level": change.level},
        "verdict": scoring.verdict.value,
        "tied_queries": scoring.tied_queries,
    }
