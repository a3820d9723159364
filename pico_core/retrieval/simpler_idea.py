"""Is it the method, or something simpler? The weights against the best of the simpler ideas."""

from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor

from pico_core.retrieval.metrics import paired_difference
from pico_core.retrieval.records import Estimate, RetrievalReport
from pico_core.retrieval.schemes.catalogue import simpler_ideas


@dataclass(frozen=True)
class SimplerIdea:
    """The simpler idea that did best, and how far the weights are ahead of it.

    Attributes:
        name: Of the control.
        gain: Its rSum minus the unweighted rSum.
        lead: rSum of the weights minus its rSum, paired by image.
        n_simpler: Among how many simpler ideas it was the best; chosen on the same queries, it flatters itself.
    """

    name: str
    gain: Estimate
    lead: Estimate
    n_simpler: int


def best_simpler_idea(report: RetrievalReport, text_image: Int[Tensor, " m"]) -> SimplerIdea | None:
    """The best of the simpler ideas in a report; None where it holds none.

    Args:
        report: With controls.
        text_image: The image of each text of the split that was reported on.

    Source: beyond the paper.
    """
    simpler = [control for control in report.controls if control.name in simpler_ideas()]
    if not simpler:
        return None
    best = max(simpler, key=lambda control: control.metrics.rsum.value)
    lead = paired_difference(report.weighted.ranks, best.ranks, text_image)
    return SimplerIdea(best.name, best.difference, lead, len(simpler))
