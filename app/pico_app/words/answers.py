"""Three questions that a reader can answer after twenty minutes, each answered in plain words.

`docs/concept.md` holds the same answers: `python -m pico_app.documents.glossary` writes them there.
"""

from dataclasses import dataclass

from pico_app.words.glossary import definition


@dataclass(frozen=True)
class Answer:
    """A question and its answer.

    Attributes:
        slug: Short and stable: marks its place in a document.
        question: As a reader would ask it.
        term: Of the glossary; its definition opens the answer.
        words: The rest of the answer.
    """

    slug: str
    question: str
    term: str
    words: str

    @property
    def text(self) -> str:
        """The glossary's definition, and then what follows from it."""
        return f"{definition(self.term)} {self.words}"


ANSWERS = (
    Answer(
        "column",
        "What is a column?",
        "feature column",
        "If an encoder describes everything with 512 numbers, there are 512 columns, and column 7 is always the same "
        "one of them, whatever is described. A column is no item and no part of a picture. One column may rise with "
        "what is shown, another with how it is shown, and most do a little of both. A search adds up what the columns "
        "say, so it can be asked to listen to some of them less.",
    ),
    Answer(
        "style-prototype",
        "What is a style prototype?",
        "style prototype",
        "Write down one column's values over many images, and you have the pattern of that column. Columns whose "
        "patterns rise and fall together are grouped, and the middle of a group is a prototype. Columns in which "
        "image and text seldom agree pull the middles hardest, so the middles settle where style is suspected. "
        "A column that looks like one of them gets a low semantic probability. A prototype is made of columns: it is "
        "no picture, and it has no name until somebody looks at what it goes with.",
    ),
    Answer(
        "feedback-weight",
        "What is a feedback weight?",
        "feedback weight",
        "Every batch of pairs suggests prototypes of its own. Each suggestion is tried out: how much better, or worse, "
        "does a search do with it, always on the same images and always against equal weights? That is its gain. The "
        "suggestions are then averaged, and the one with the higher gain gets the larger share, whether it came early "
        "or late. All feedback weights together are 1. They belong to suggestions; the weights that a search uses "
        "belong to columns.",
    ),
)
