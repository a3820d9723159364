"""Is it the method, or something simpler? The weights against the best of the simpler ideas."""

from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor

from pico_core.retrieval.metrics import paired_difference
from pico_core.retrieval.records import Estimate, RetrievalReport, Verdict
from pico_core.retrieval.schemes.catalogue import simpler_ideas


@dataclass(frozen=True)
class Rival:
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

    @property
    def sentence(self) -> str:
        """Verdict before digits.

        >>> Rival("correlation", Estimate(4.0, 1.0, 7.0), Estimate(-1.0, -3.0, 1.0), 3).sentence[:46]
        'A simpler idea does as well: the best of 3 tri'
        """
        words = {
            Verdict.HELPS: "No simpler idea does as well",
            Verdict.NONE: "A simpler idea does as well",
            Verdict.HURTS: "A simpler idea does better",
        }[Verdict.of(self.lead)]
        return (
            f"{words}: the best of {self.n_simpler} tried, {simpler_ideas()[self.name]}, changes rSum by "
            f"{self.gain.value:+.1f} [{self.gain.low:+.1f}, {self.gain.high:+.1f}]; PICO's weights minus it: "
            f"{self.lead.value:+.1f} [{self.lead.low:+.1f}, {self.lead.high:+.1f}]."
        )


def strongest_rival(report: RetrievalReport, text_image: Int[Tensor, " m"]) -> Rival | None:
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
    return Rival(best.name, best.difference, lead, len(simpler))
