"""One row per column: every detector beside its uncertainty, in one table."""

import polars as pl

from pico_core.analysis.controls import column_correlation
from pico_core.analysis.uncertainty import mismatched_null, pseudo_semantic_band
from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import Basis
from pico_core.method.history import Construction


def column_table(
    fit: PairedEmbeddings, construction: Construction, basis: Basis, *, semantic_share: Columns | None = None
) -> pl.DataFrame:
    """Collect what is known of every column, sorted by column.

    Args:
        fit: The fit split in its basis.
        construction: The result whose probabilities and weights are listed.
        basis: Names the columns.
        semantic_share: The planted truth, where there is one (null otherwise).

    Returns:
        column, title, p_hat with its bootstrap interval, the mean and central 95 % of its null on
        mismatched pairs, p_value, differs (5 % false discovery), p_hat_corrected (p̂ minus the
        null's mean), style similarity per modality, probability, weight, correlation over matched
        pairs, offset (mean in images minus mean in texts: the modality gap, which is not style),
        semantic_share.
    """
    band = pseudo_semantic_band(fit)
    null = mismatched_null(fit)
    offset = fit.image_means.mean(dim=0) - fit.text_means.mean(dim=0)
    truth = None if semantic_share is None else semantic_share.tolist()
    return pl.DataFrame(
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
