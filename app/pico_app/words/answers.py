"""Three questions that a reader can answer after twenty minutes, each answered in plain words in answers.toml."""

from dataclasses import dataclass

from pico_app.words import read_words
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


ANSWERS = tuple(Answer(**answer) for answer in read_words("answers")["answers"])
