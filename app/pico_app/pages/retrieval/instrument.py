"""What an instrument of the Retrieval page is, and what it leaves behind for taking home."""

from dataclasses import dataclass

from pico_app.answers.compare import Asked, Comparison
from pico_app.answers.documents import PageSection
from pico_app.pages.instrument import Instrument
from pico_app.workspace import Workspace
from pico_core.retrieval.rankings import SideBySide


@dataclass(frozen=True, eq=False)
class Shown:
    """A query with its lists.

    Attributes:
        query: What asks.
        lists: Both lists.
    """

    query: Asked
    lists: SideBySide


# Takes the study, the scorings compared and the query, None while nothing is asked; returns what can be taken home.
RetrievalInstrument = Instrument[[Workspace, Comparison, Shown | None], list[PageSection]]
