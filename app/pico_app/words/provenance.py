"""What is the paper's, what is reconstructed, what goes beyond: one list, for the pages, the reports and the README."""

from dataclasses import dataclass

from pico_app.words import read_words


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


ORIGINS = tuple(Origin(**origin) for origin in read_words("provenance")["origins"])
PAPER, STANCE, HEADLINE, PROPOSITION, IN_SHORT = (
    str(read_words("provenance")[name]) for name in ("paper", "stance", "headline", "proposition", "in_short")
)


def table_markdown() -> str:
    """The list as a Markdown table."""
    return "\n".join(["| step | source |", "|---|---|", *(origin.row for origin in ORIGINS)])
