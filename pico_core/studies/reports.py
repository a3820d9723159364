"""The report as plain values and back: what `evaluate --json` prints and what a run keeps."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from pico_core.errors import DataError
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.records import Estimate, RetrievalMetrics, RetrievalReport, Scoring
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.storage.structure import structure, structure_value

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


def _ranks(found: object, most: int, name: str, *, first: int = 1) -> Tensor:
    """Ranks of queries among so many candidates, or places counted from 0."""
    ranks = structure_value(tuple[int, ...], found, f"ranks of {name}")
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
