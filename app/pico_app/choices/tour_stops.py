"""The guided tour: its stops as plain records, and how an address names one."""

import re
from dataclasses import dataclass
from typing import Literal

from pico_core.method.config import StudyConfig

MINUTES = 7
_NUMBER = re.compile(r"[0-9]{1,2}")


@dataclass(frozen=True)
class Stop:
    """One stop of the tour. Its words hold no number of the data: those are computed when they are asked for.

    Attributes:
        slug: Its name; the takeaway goes by it.
        page: Address of its page.
        title: What it asks.
        look: What to look at.
        task: Something to do, or to decide, before the takeaway is read.
        basis: The axes that columns are read in.
        instrument: What is open on a page with instruments, the step of the Method page, or how maps are made;
            empty elsewhere.
        lowest: How many columns of lowest probability the column switch takes out; 0 leaves the switch alone.
        moved_query: Whether the caption asks whose right image the weights moved up most.
    """

    slug: str
    page: str
    title: str
    look: str
    task: str
    basis: Literal["given", "cross"] = "cross"
    instrument: str = ""
    lowest: int = 0
    moved_query: bool = False

    @property
    def config(self) -> StudyConfig:
        """The settings of the study that it speaks about."""
        return StudyConfig().with_settings({"basis": self.basis})


# In order; another stop is one more record here and one more takeaway in `answers.tour`.
STOPS: tuple[Stop, ...] = (
    Stop(
        slug="verdict",
        page="overview",
        title="Does weighting help?",
        look="The sentence under the question is the verdict on test images: retrieval without and with the weights, "
        "then their difference with its 95 % interval. In the figure every row is one way to weigh the columns.",
        task="In the left panel, columns as given: does the row of the PICO weights keep clear of the dotted line?",
        basis="given",
    ),
    Stop(
        slug="axes",
        page="overview",
        title="And in other axes?",
        look="These are the same embeddings, turned to the cross axes: what images and their texts share. Equal "
        "weights score as before; only what a column is has changed. Compare both panels of the figure.",
        task="Look at the rows under SIMPLER IDEAS: would one of them have done as well?",
    ),
    Stop(
        slug="signs",
        page="method",
        title="What is the method's first evidence?",
        look="The whole method in eight steps; this is the third. In every column the signs of a picture and of its "
        "caption agree or not: the share that agrees is p̂. The figure on the right sets it beside the same share for "
        "captions with other pictures, the null.",
        task="Find a point far from one half and yet on the dotted line: what does its share tell about meaning?",
        instrument="estimate",
    ),
    Stop(
        slug="column",
        page="columns",
        title="What is a column of low probability?",
        look="Every bar is a column; the dark ones move with a style prototype. Below is the lowest of them from near: "
        "its values, its signs, the items at its ends.",
        task="Scroll down to What it goes with: is it a label of style or of content?",
        instrument="column",
    ),
    Stop(
        slug="sure",
        page="columns",
        title="How sure are we which columns are style?",
        look="The whole construction was repeated on images drawn anew. The first figure below shows how often each "
        "column was among the ten of lowest probability.",
        task="How many of the ten would you name in a paper?",
        instrument="sure",
    ),
    Stop(
        slug="switch",
        page="columns",
        title="What if ten columns were gone?",
        look="The ten columns of lowest probability are switched off, and every query is asked again. Points are "
        "changes of recall; the grey range is what ten random columns do.",
        task="Guess first: does retrieval get worse with ten columns less? Then compare points and grey.",
        instrument="switch",
        lowest=10,
    ),
    Stop(
        slug="feedback",
        page="prototypes",
        title="Did performance feedback matter?",
        look="Numbered squares are style prototypes, built step by step; a candidate that helps retrieval more counts "
        "more. Press Play to see them move.",
        task="The control is uniform averaging, where every candidate counts the same. Does feedback beat it?",
    ),
    Stop(
        slug="spaces",
        page="subspaces",
        title="Where does style gather?",
        look="The same items stand in both maps: on the left by the columns that carry meaning, on the right by those "
        "that behave like style. Colour shows the style of each picture.",
        task="In which map do points of one colour lie together? Then check Purity below the maps: it trusts no eye.",
        instrument="pca",
    ),
    Stop(
        slug="query",
        page="retrieval",
        title="What happened to one query, and why?",
        look="One caption asks for its image: on the left with equal weights, on the right with the weights of the "
        "study. Lines follow every candidate. Below, Why splits the move into columns, to the last digit.",
        task="Follow the thick line. Then move the strength slider on the left, and see when it turns.",
        instrument="why",
        moved_query=True,
    ),
    Stop(
        slug="where",
        page="retrieval",
        title="For which styles does it help?",
        look="All test queries at once, by the style of their picture. A point is the change for one style, with its "
        "95 % interval; filled arrows can be told from chance.",
        task="Is there a style that pays for the gain of the others?",
        instrument="labels",
    ),
    Stop(
        slug="own",
        page="data",
        title="And on your own data?",
        look="Here you open your own embeddings, or encode your own pictures and captions; the same pages then speak "
        "of them. Nothing leaves this machine.",
        task="Before you do: what would you have to see to believe that weighting helps there?",
    ),
)


def stop_number(text: str | None) -> int | None:
    """Which stop an address names, from 1; None for anything that is no stop.

    >>> stop_number("4"), stop_number("0"), stop_number("four"), stop_number(None)
    (4, None, None, None)
    """
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return int(text) if 1 <= int(text) <= len(STOPS) else None


def stop_at(number: int) -> Stop:
    """The stop of this number, from 1; the nearest where there is none.

    >>> stop_at(1).slug, stop_at(99).slug
    ('verdict', 'own')
    """
    return STOPS[min(max(number, 1), len(STOPS)) - 1]
