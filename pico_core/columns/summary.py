"""One row per column: every detector beside its uncertainty, in one table."""

import polars as pl
import torch

from pico_core.axes import Columns
from pico_core.columns.resampling import Draws, construction_draws
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import Basis
from pico_core.method.history import Construction
from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.schemes.simple import column_correlation
from pico_core.retrieval.uncertainty import central_band, mismatched_null, pseudo_semantic_band

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
        place = names.index(name) + 1
        names[place:place] = [f"{name}_low", f"{name}_high"]
    names.insert(names.index("probability_high") + 1, "lowest_share")
    return names
