"""What a page is handed: the open dataset and, once a study of it is done, what everything on the page is read from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from pico_core.data.labels import has_style_labels
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.samples import Sample
from pico_core.demo import Demo
from pico_core.studies.study import Study


@dataclass(frozen=True, eq=False)
class Dataset:
    """An open dataset.

    Attributes:
        pairs: The data.
        truth: The planted semantic share of every column, where there is one.
        folder: Where relative paths of pictures begin; None for data that lie in no folder.
        demo: The built-in demo that it is, if it is one.
        sample: How many images of a dataset that does not fit into memory were drawn; None where all are here.
    """

    pairs: PairedEmbeddings
    truth: Float[Tensor, " d"] | None
    folder: Path | None = None
    demo: Demo | None = None
    sample: Sample | None = None

    @cached_property
    def has_styles(self) -> bool:
        """Whether a label column speaks of style: only then can there be label axes."""
        return has_style_labels(self.pairs)

    @cached_property
    def mark(self) -> str:
        """Names everything a study reads: the digest of the data, and the truth where there is one."""
        if self.truth is None:
            return self.pairs.digest
        return f"{self.pairs.digest}+{hashlib.sha256(self.truth.numpy().tobytes()).hexdigest()[:8]}"


@dataclass(frozen=True, eq=False)
class Workspace:
    """A study of the open dataset.

    Attributes:
        dataset: The data.
        study: The study.
        splits: Its splits, in its basis.
        strength: Exponent of the weights that lists use.
        weights: P at that exponent.
        key: Names the study: data and settings. What is computed from it is kept under this name.
    """

    dataset: Dataset
    study: Study
    splits: Splits
    strength: float
    weights: Float[Tensor, " d"]
    key: str


@dataclass(frozen=True, eq=False)
class Frame:
    """What the frame hands to the page that is drawn.

    Attributes:
        dataset: The open one; None where it cannot be opened.
        space: The study on the screen; None until one is computed.
    """

    dataset: Dataset | None
    space: Workspace | None
