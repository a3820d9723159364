"""The detectors against every yardstick that this dataset offers."""

from pico_app.answers import probe
from pico_app.workspace import Workspace
from pico_core.columns.detectors import Trust, Yardstick, judge, planted_yardstick
from pico_core.columns.probe import ALL, FIXED


def yardsticks(space: Workspace) -> tuple[Yardstick, ...]:
    """Planted truth, the style probe, style labels: whatever there is."""
    candidates = [planted_yardstick(space.study.columns)]
    encoded, labelled = probe.by_encoder(space), probe.by_labels(space)
    if encoded is not None:
        candidates.append(Yardstick("probe", "the style probe", encoded.combined(ALL)))
        if encoded.has_fixed:
            candidates.append(Yardstick("fixed", "the style probe at fixed style label", encoded.combined(FIXED)))
    if labelled is not None:
        candidates.append(Yardstick("labels", "the style labels", labelled.combined()))
    return tuple(yardstick for yardstick in candidates if yardstick is not None)


def trust(space: Workspace) -> tuple[Trust, ...]:
    """Which detector to trust here, by every yardstick."""
    return judge(space.study.columns, yardsticks(space))
