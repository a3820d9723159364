"""How every figure is read, and how it is not: the two parts of its caption, kept by name in captions.toml."""

from dataclasses import dataclass

from pico_app.words import read_words


@dataclass(frozen=True)
class Caption:
    """What stands under a figure: *read it so* and *do not read it so*."""

    read: str
    beware: str

    @property
    def markdown(self) -> str:
        """Both parts, below each other."""
        return f"**Read it so:** {self.read}  \n**Do not read it so:** {self.beware}"


NO_CAPTION = Caption("", "")


def caption_of(name: str, **values: object) -> Caption:
    """The caption of a figure, with these values in its braces.

    Raises:
        KeyError: there is no caption of this name, or a value is missing.

    >>> caption_of("columns-strips").beware
    'heights of different strips are no common scale.'
    """
    words = read_words("captions")[name]
    return Caption(words["read"].format(**values), words["beware"].format(**values))
