"""All metrics of two scorings as a table: left, right, paired change, and the verdict in words."""

from collections.abc import Sequence

from markupsafe import Markup

from pico_app.templates import render
from pico_core.retrieval.comparing.metric_changes import MetricChange

NAMES = {
    "i2t_r1": "R@1",
    "i2t_r5": "R@5",
    "i2t_r10": "R@10",
    "i2t_median_rank": "median rank",
    "t2i_r1": "R@1",
    "t2i_r5": "R@5",
    "t2i_r10": "R@10",
    "t2i_median_rank": "median rank",
    "rsum": "rSum",
    "mrr": "MRR",
}
GROUPS = {"i2t_r1": "image to text", "t2i_r1": "text to image", "rsum": "both directions"}


def metrics_html(rows: Sequence[MetricChange], *, left: str, right: str) -> Markup:
    """The table; the names of the sides are escaped."""
    return render("metric_table", rows=rows, left=left, right=right, names=NAMES, groups=GROUPS)
