"""The report as plain values and back: what `evaluate --json` prints and what a run keeps."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch

from pico_core.analysis.records import Estimate, RetrievalMetrics, RetrievalReport, Scoring
from pico_core.kernels.metrics import QueryRanks

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

    def scoring(name: str, record: Mapping[str, Any]) -> Scoring:
        images, texts, image_tied, text_tied = saved["ranks"][name]
        change, level = record["difference"], record["level"]
        metrics = RetrievalMetrics(
            **{n: Estimate(record[n], ends[0], ends[1], level) for n, ends in record["intervals"].items()}
        )
        return Scoring(
            name=name,
            label=record["label"],
            metrics=metrics,
            difference=Estimate(change["rsum"], change["low"], change["high"], change["level"]),
            ranks=QueryRanks(
                torch.tensor(images),
                torch.tensor(texts),
                torch.tensor(image_tied, dtype=torch.bool),
                torch.tensor(text_tied, dtype=torch.bool),
            ),
            tied_queries=record["tied_queries"],
        )

    return RetrievalReport(
        split=saved["split"],
        n_images=saved["n_images"],
        n_texts=saved["n_texts"],
        baseline=scoring("unweighted", saved["baseline"]),
        weighted=scoring("weighted", saved["weighted"]),
        controls=tuple(scoring(name, record) for name, record in saved["controls"].items()),
        queries=torch.tensor(saved["ranks"][QUERIES]) if QUERIES in saved["ranks"] else None,
    )


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
