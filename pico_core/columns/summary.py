"""One row per column: every detector beside its uncertainty, as a table and as a summary of it."""

import math
from dataclasses import dataclass
from typing import Literal

import polars as pl
import torch

from pico_core.columns.resampling import Draws, construction_draws
from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import Basis
from pico_core.method.history import Construction
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.schemes.simple import column_correlation
from pico_core.retrieval.uncertainty import central_band, mismatched_null, pseudo_semantic_band

ColumnKind = Literal["all", "below", "above", "level", "lowest"]
LOWEST = 10  # "the ten columns that carry most style"
RESAMPLED = ("image_similarity", "text_similarity", "probability")
INTERVALS = (*(f"{name}_{end}" for name in RESAMPLED for end in ("low", "high")), "lowest_share")


def column_table(
    fit: PairedEmbeddings,
    construction: Construction,
    basis: Basis,
    *,
    seed: int = 0,
    semantic_share: Columns | None = None,
    reporter: Reporter = SILENT,
) -> pl.DataFrame:
    """Collect what is known of every column, sorted by column.

    Args:
        fit: The fit split in its basis.
        construction: The result whose probabilities and weights are listed.
        basis: Names the columns.
        seed: Of the study: it drew the anchors.
        semantic_share: The planted truth, where there is one (null otherwise).
        reporter: Hears of the share of the resampling.

    Returns:
        column, title, p_hat with its bootstrap interval, the mean and central 95 % of its null on
        mismatched pairs, p_value, differs (5 % false discovery), p_hat_corrected (p̂ minus the
        null's mean), style similarity per modality and probability, each with the 95 % interval of
        the construction repeated on resampled images (null where columns are quantiles),
        lowest_share (share of the resamples in which the column is among the ten of lowest
        probability), weight, correlation over matched pairs, offset (mean in images minus mean in
        texts: the modality gap, which is not style), semantic_share.
    """
    draws = construction_draws(fit, construction, seed=seed, reporter=reporter)
    band = pseudo_semantic_band(fit)
    null = mismatched_null(fit)
    offset = fit.image_means.mean(dim=0) - fit.text_means.mean(dim=0)
    truth = None if semantic_share is None else semantic_share.tolist()
    table = pl.DataFrame(
        {
            "column": list(range(fit.n_columns)),
            "title": [basis.title(i) for i in range(fit.n_columns)],
            "p_hat": construction.pseudo_semantic.tolist(),
            "p_hat_low": band.low.tolist(),
            "p_hat_high": band.high.tolist(),
            "null_mean": null.mean.tolist(),
            "null_low": null.band.low.tolist(),
            "null_high": null.band.high.tolist(),
            "p_value": null.p_value.tolist(),
            "differs": null.differs.tolist(),
            "p_hat_corrected": (construction.pseudo_semantic - null.mean).tolist(),
            "image_similarity": construction.image_similarity.tolist(),
            "text_similarity": construction.text_similarity.tolist(),
            "probability": construction.probabilities.tolist(),
            "weight": construction.weights.tolist(),
            "correlation": column_correlation(fit).tolist(),
            "offset": offset.tolist(),
            "semantic_share": pl.Series("semantic_share", truth or [None] * fit.n_columns, dtype=pl.Float64),
        }
    )
    if draws is None:
        return with_intervals(table)
    ends: dict[str, list[float]] = {}
    for name, drawn in zip(
        RESAMPLED, (draws.image_similarity, draws.text_similarity, draws.probabilities), strict=True
    ):
        value = torch.tensor(table[name].to_list())
        band = central_band(drawn)
        # K-means on all images may find what few resamples find: the estimate is never left outside.
        ends[f"{name}_low"] = torch.minimum(band.low, value).tolist()
        ends[f"{name}_high"] = torch.maximum(band.high, value).tolist()
    return table.with_columns(
        *(pl.Series(name, values) for name, values in ends.items()),
        pl.Series("lowest_share", lowest_shares(draws.probabilities).tolist()),
    ).select(_order(table))


def with_intervals(table: pl.DataFrame) -> pl.DataFrame:
    """The table with nulls for the intervals that an older version, or quantiles as columns, did not give."""
    missing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in INTERVALS if name not in table.columns]
    return table.with_columns(*missing).select(_order(table))


def lowest_shares(draws: Draws, *, lowest: int = LOWEST) -> Columns:
    """In which share of the resamples a column is among those of lowest probability; ties by index.

    >>> lowest_shares(torch.tensor([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]]), lowest=1)
    tensor([0.5000, 0.0000, 0.5000])
    """
    chosen = draws.argsort(dim=1, stable=True)[:, :lowest]
    return torch.zeros_like(draws).scatter_(1, chosen, 1.0).mean(dim=0)


def _order(table: pl.DataFrame) -> list[str]:
    """Every interval behind its number."""
    names = [name for name in table.columns if name not in INTERVALS]
    for name in RESAMPLED:
        position = names.index(name) + 1
        names[position:position] = [f"{name}_low", f"{name}_high"]
    names.insert(names.index("probability_high") + 1, "lowest_share")
    return names


NORMAL_95 = 1.959964
SURE = 0.95  # of the resamples
STRONG, CLEAR = 0.7, 0.4  # of rho: words for people, nothing is decided by them


@dataclass(frozen=True)
class RankAgreement:
    """Spearman's rank correlation of the probabilities with the planted truth.

    Attributes:
        rho: With its interval; nan where one side does not vary.
        n_columns: Over how many.
    """

    rho: Estimate
    n_columns: int


@dataclass(frozen=True)
class ColumnsSummary:
    """What the table of columns says as a whole.

    Attributes:
        n_columns: d.
        n_differ: Columns whose p̂ differs from the null on mismatched pairs, at 5 % false discovery.
        n_below: Of these, the ones that lie below it.
        lowest: The first column of lowest semantic probability.
        lowest_title: Its name.
        lowest_probability: Its semantic probability.
        n_lowest: Columns that share that probability (a clamp at 0 makes ties).
        sure: Columns that are among the ten lowest in at least 95 % of the resamples; None where nothing was
            resampled.
        agreement: With the planted truth, where there is one.
    """

    n_columns: int
    n_differ: int
    n_below: int
    lowest: int
    lowest_title: str
    lowest_probability: float
    n_lowest: int
    sure: int | None
    agreement: RankAgreement | None


def summarise(table: pl.DataFrame) -> ColumnsSummary:
    """Count and rank what the column table lists.

    Args:
        table: From `column_table`; `semantic_share` may be null throughout.
    """
    probability = torch.tensor(table["probability"].to_list())
    differs = table.filter("differs")
    lowest = int(probability.argmin())
    truth = table["semantic_share"]
    return ColumnsSummary(
        n_columns=table.height,
        n_differ=differs.height,
        n_below=differs.filter(pl.col("p_hat") < pl.col("null_mean")).height,
        lowest=lowest,
        lowest_title=str(table["title"][lowest]),
        lowest_probability=float(probability[lowest]),
        n_lowest=int((probability == probability[lowest]).sum()),
        sure=None if table["lowest_share"].null_count() else table.filter(pl.col("lowest_share") >= SURE).height,
        agreement=rank_agreement(probability, torch.tensor(truth.to_list())) if truth.null_count() == 0 else None,
    )


def rank_agreement(values: Columns, truth: Columns) -> RankAgreement:
    """Spearman's rho over columns, with its 95 % interval on Fisher's scale.

    The standard error is sqrt((1 + rho² / 2) / (d - 3)) (Bonett and Wright 2000); columns are
    taken as independent, which columns of one encoder need not be. With d <= 3 it is [-1, 1].

    >>> rank_agreement(torch.tensor([1.0, 2.0, 9.0, 10.0]), torch.tensor([0.1, 0.2, 0.3, 0.4])).rho.value
    1.0
    """
    from scipy.stats import spearmanr  # a second to import

    count = len(values)
    if count < 2 or float(values.std()) == 0 or float(truth.std()) == 0:
        return RankAgreement(Estimate(math.nan, -1.0, 1.0), count)
    statistic = float(spearmanr(values.double().cpu().numpy(), truth.double().cpu().numpy()).statistic)
    rho = max(-1.0, min(1.0, round(statistic, 12)))
    if count <= 3:
        return RankAgreement(Estimate(rho, -1.0, 1.0), count)
    centre = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, rho)))
    half = NORMAL_95 * math.sqrt((1 + rho**2 / 2) / (count - 3))
    return RankAgreement(Estimate(rho, math.tanh(centre - half), math.tanh(centre + half)), count)


def filtered_columns(table: pl.DataFrame, kind: ColumnKind) -> pl.DataFrame:
    """The columns of one kind, with `interval` as text beside the probability.

    Args:
        table: From `column_table`.
        kind: Of p̂ "below" or "above" its null, or "level" with it; of p among the ten "lowest"; or "all".
    """
    below = pl.col("p_hat") < pl.col("null_mean")
    lowest = pl.col("probability").rank("ordinal") <= LOWEST
    kinds = {
        "below": pl.col("differs") & below,
        "above": pl.col("differs") & ~below,
        "level": ~pl.col("differs"),
        "lowest": lowest,
        "all": pl.lit(True),
    }
    kept = table.filter(kinds[kind])
    ends = [pl.col(f"probability_{end}").map_elements(lambda v: f"{v:.3f}", pl.String) for end in ("low", "high")]
    return kept.with_columns(pl.format("[{}, {}]", *ends).alias("interval"))
