"""How long work says how far it is, what one should know of it, and whether anybody still wants it."""

import warnings


class Cancelled(Exception):  # noqa: N818 (nothing is wrong, so it is no error by name)
    """Somebody asked the work to end. Any method of a `Reporter` may raise it; work lets it through.

    Work whose partial result is worth having catches it around `Reporter.step` alone: `construct` ends with the
    iterations that it has, encodings and trainings say in the message that they can be started again.
    """

    def __init__(self, sentence: str = "stopped, as asked") -> None:
        super().__init__(sentence)


class NoteWarning(UserWarning):
    """A note that no reporter took."""


class Reporter:
    """Hears how far long work is; this one shows nothing, and its notes become Python warnings.

    A subclass overrides what it shows. Work takes `reporter: Reporter = SILENT` as its last keyword.

    >>> class Printer(Reporter):
    ...     def share(self, done):
    ...         print(f"{done:.0%}")
    >>> second_half = Printer().part(0.5, 1.0)
    >>> second_half.share(0.5)
    75%
    """

    def share(self, done: float) -> None:
        """The share of the whole work that is done, in [0, 1]."""

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """One of the steps that the work consists of is finished.

        Args:
            done: Steps finished, this one included.
            total: Planned; the work may end earlier.
            name: Which step it was, or what the steps are.
            record: What it yielded, such as an `Iteration`.
        """

    def stage(self, words: str) -> None:
        """What is done from now on, where the steps do not say it."""

    def note(self, sentence: str) -> None:
        """Something that whoever waits should know, such as that memory is short."""
        warnings.warn(sentence, NoteWarning, stacklevel=2)

    def check(self) -> None:
        """Asked often where no share can be told, so that the work can be cancelled there too."""

    def part(self, start: float, stop: float, *, steps: bool = False) -> "Reporter":
        """A reporter for the part of the work between two shares of the whole.

        Args:
            start: Share of the whole that is done when the part begins.
            stop: Share of the whole that is done when the part ends.
            steps: Pass the part's steps and stages on; by default they are its own business.
        """
        return _Part(self, start, stop, steps)

    def inner(self) -> "Reporter":
        """A reporter for work within a step: notes are passed on, shares and steps are only a chance to cancel."""
        return _Inner(self)


class Relay(Reporter):
    """Passes everything on; a subclass changes what it passes."""

    def __init__(self, whole: Reporter) -> None:
        self.whole = whole

    def share(self, done: float) -> None:
        """Pass it on."""
        self.whole.share(done)

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """Pass it on."""
        self.whole.step(done, total, name=name, record=record)

    def stage(self, words: str) -> None:
        """Pass it on."""
        self.whole.stage(words)

    def note(self, sentence: str) -> None:
        """Pass it on."""
        self.whole.note(sentence)

    def check(self) -> None:
        """Pass it on."""
        self.whole.check()


class _Part(Relay):
    def __init__(self, whole: Reporter, start: float, stop: float, steps: bool) -> None:
        super().__init__(whole)
        self._start, self._stop, self._steps = start, stop, steps

    def share(self, done: float) -> None:
        self.whole.share(self._start + min(1.0, done) * (self._stop - self._start))

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        if self._steps:
            self.whole.step(done, total, name=name, record=record)

    def stage(self, words: str) -> None:
        if self._steps:
            self.whole.stage(words)


class _Inner(Relay):
    def share(self, done: float) -> None:
        self.check()

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        self.check()

    def stage(self, words: str) -> None:
        self.check()


class Notes(Relay):
    """Keeps the notes of some work, each sentence once, and passes everything on."""

    def __init__(self, whole: Reporter) -> None:
        super().__init__(whole)
        self.sentences: tuple[str, ...] = ()

    def note(self, sentence: str) -> None:
        """Keep it and pass it on, unless it was said before."""
        if sentence not in self.sentences:
            self.sentences = (*self.sentences, sentence)
            self.whole.note(sentence)


SILENT = Reporter()
