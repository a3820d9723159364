"""Which demos are built in, where their parts lie, and what each one teaches."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pico_core.common.errors import DataError, SettingError
from pico_core.common.places import ASSETS
from pico_core.storage.atomic import check_ours

SCENES: Final = ASSETS / "scenes"
BASES: Final[tuple[str, ...]] = ("given", "cross")  # of the finished runs
PICTURES, CAPTIONS, RECORD = "pictures", "captions.csv", "recipes.json"


@dataclass(frozen=True)
class Demo:
    """A built-in dataset with its finished runs.

    Attributes:
        name: Short and stable: it stands in links.
        title: The same for people.
        lesson: What it teaches, in a sentence.
        folder: Where its parts lie.
    """

    name: str
    title: str
    lesson: str
    folder: Path

    def within(self, parent: Path, *, name: str = "") -> "Demo":
        """The same demo in another place, as long as it is being made there.

        >>> Demo("a", "A", "b", Path("scenes/a")).within(Path("draft")).dataset.as_posix()
        'draft/a/dataset'
        """
        return replace(self, folder=parent / (name or self.folder.name))

    @property
    def parts(self) -> frozenset[str]:
        """Names of everything that a build puts into the folder."""
        by_basis = {path(basis).name for path in (self.run, self.stability, self.probe) for basis in BASES}
        files = (self.dataset, self.truth, self.maps, self.encoder, self.words)
        return frozenset(by_basis | {path.name for path in files})

    @property
    def dataset(self) -> Path:
        """The native dataset."""
        return self.folder / "dataset"

    @property
    def truth(self) -> Path:
        """The planted semantic share of every column; only where columns were planted."""
        return self.folder / "truth.parquet"

    @property
    def maps(self) -> Path:
        """UMAP coordinates of both spaces."""
        return self.folder / "umap.parquet"

    @property
    def encoder(self) -> Path:
        """The small encoder; only where pictures and captions were encoded."""
        return self.folder / "encoder.safetensors"

    @property
    def words(self) -> Path:
        """Into how many tokens every word of the captions is cut; only where captions were encoded."""
        return self.folder / "words.parquet"

    def stability(self, basis: str) -> Path:
        """How stable the probabilities of the finished run are."""
        return self.folder / f"stability-{basis}.json"

    def run(self, basis: str) -> Path:
        """The finished run in one basis."""
        return self.folder / f"run-{basis}"

    def probe(self, basis: str) -> Path:
        """The style probe of that run; only where pictures and captions were encoded."""
        return self.folder / f"probe-{basis}.parquet"


DEMOS: Final = (
    Demo(
        "shortcut",
        "Styled scenes: shortcut",
        "An encoder that was rewarded for style: in its training pictures, style and tone of the caption went "
        "together. In these pictures they do not, and what it learned about style now misleads it.",
        SCENES / "shortcut",
    ),
    Demo(
        "clean",
        "Styled scenes: clean",
        "The same pictures and captions through an encoder that saw style and tone mixed at random. Style was of no "
        "use to it: its captions keep next to none, so there is little to find and little to win.",
        SCENES / "clean",
    ),
    Demo(
        "planted",
        "Planted columns",
        "Vectors whose style was put along columns on purpose, so the truth about every column is known. Columns of "
        "real encoders need not behave so.",
        ASSETS / "planted",
    ),
)


def demo_of(name: str) -> Demo:
    """The demo of this name.

    Raises:
        SettingError: there is none.
    """
    for demo in DEMOS:
        if demo.name == name:
            return demo
    raise SettingError(f"there is no demo {name!r}; choose one of {', '.join(demo.name for demo in DEMOS)}")


def check_replaceable(folder: Path, parts: Collection[str]) -> None:
    """See that a folder holds nothing but what a build put there, before hours of work go into its replacement.

    Raises:
        DataError: something else is there; it would be lost.
    """
    mend, more = "choose another place with --out", ", so that nothing of yours is lost"
    check_ours(folder, parts, kind="a demo", writer="build of a demo", mend=mend, more=more, error=DataError)
