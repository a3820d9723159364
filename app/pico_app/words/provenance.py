"""What is the paper's, what is reconstructed, what goes beyond: one list, for the pages, the reports and the README."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A step of the method and whose it is.

    Attributes:
        step: What is done; code stands between backticks.
        source: "paper", "reconstruction" or "beyond the paper", and what is to be said about it.
    """

    step: str
    source: str

    @property
    def row(self) -> str:
        """The row of a Markdown table.

        >>> Origin("sign statistics", "paper").row
        '| sign statistics | paper |'
        """
        return f"| {self.step} | {self.source} |"


ORIGINS = (
    Origin("weighted score `s_ij = sum_d P_d v_id t_jd`, both directions", "paper"),
    Origin("sign statistics p̂, q̂ = 1 - p̂", "paper (the factorised computation is ours, and exact)"),
    Origin(
        "weighted K-means over columns on q̂, per modality",
        "paper; the coordinates of a column, and gamma = 4 instead of 1, are reconstructed",
    ),
    Origin("p_d = (1 - s_v)(1 - s_t) from the similarity to style prototypes", "reconstruction"),
    Origin(
        "iterative construction; higher improvement gets higher weight",
        "paper; the softmax of relative gains is reconstructed, and has that property (proved, tested)",
    ),
    Origin("guard, nulls, intervals, controls, `cross`, `pca`, `ica` and `probe` axes", "beyond the paper"),
)
PAPER = (
    "Reliable Cross-modal Alignment via Prototype Iterative Construction (PICO), ACM Multimedia 2025, arXiv 2510.11175"
)
STANCE = (
    "No public code of the paper was found. What readable public material states is used as stated; what it leaves "
    "open is ours, is a setting with named alternatives, and is marked as a reconstruction in docstrings and on the "
    "pages."
)
HEADLINE = (
    "The paper's headline of 5.2 % to 14.1 % is the authors' claim about training on Flickr30K and MS-COCO; nothing "
    "here reproduces or tests its numbers."
)
PROPOSITION = (
    "With ω proportional to exp(gain / τ), a candidate of higher gain has the higher weight in the final prototypes, "
    "in whatever order the candidates came. An average in which the past fades lacks this property: there the latest "
    "wins."
)
IN_SHORT = (
    "Score: weighted late interaction (paper). Semantic probabilities and style prototypes: the paper's construction "
    "with reconstructed details (README, Method notes). Axes other than the given columns, the split of a score into "
    "columns and new partners, intervals and controls: beyond the paper."
)


def table_markdown() -> str:
    """The list as a Markdown table."""
    return "\n".join(["| step | source |", "|---|---|", *(origin.row for origin in ORIGINS)])
