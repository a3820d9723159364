"""Draw time and memory against the number of images: `python -m tests.bench.growth_figure RUN.json FIGURE.svg`.

Needs Kaleido beside the tests' own packages, and a Chromium (`pip install kaleido`).
"""

import re
import sys
from pathlib import Path

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from tests.bench.bigger_than_memory import HELD, PASS
from tests.bench.suite import Row, read

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8A9099"


def growth_figure(rows: list[Row]) -> go.Figure:
    """Two panels with logarithmic axes: a line of slope 1 is linear, a level one flat."""
    figure = make_subplots(1, 2, subplot_titles=("Statistics of all tokens, seconds", "Memory of a study, MB"))
    for column, (what, colour) in enumerate(((PASS, BLUE), (HELD, ORANGE)), start=1):
        points = sorted((_images(row), row.value) for row in rows if row.what.endswith(what))
        across, up = zip(*points, strict=True)
        linear = [up[0] * n / across[0] for n in across]
        figure.add_scatter(x=across, y=linear, mode="lines", line={"color": GREY, "dash": "dot"}, row=1, col=column)
        figure.add_scatter(x=across, y=up, mode="lines+markers", line={"color": colour}, row=1, col=column)
    figure.add_hline(y=2048, line={"color": GREY, "dash": "dash"}, annotation_text="limit", row=1, col=2)
    figure.update_xaxes(
        type="log", title="images; dotted: linear from the smallest on", tickvals=[1000, 3000, 10_000, 29_000]
    )
    figure.update_yaxes(type="log")
    figure.update_layout(template="simple_white", showlegend=False, width=900, height=380, margin={"t": 50})
    return figure


def _images(row: Row) -> int:
    return int(re.sub(r"[ ,]", "", row.what.split(" images")[0]))


if __name__ == "__main__":
    growth_figure(read(Path(sys.argv[1]))[1]).write_image(sys.argv[2])
