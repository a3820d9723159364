"""The same queries ranked under two scorings: what every comparison of them starts from."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.scoring import QueryKind
from pico_core.retrieval.switching.query_sample import all_images, local_text_image, texts_of


@dataclass(frozen=True, eq=False)
class PairedRanks:
    """Ranks of the same queries on the left and on the right.

    Attributes:
        images: The query images, sorted; all their texts are queries too.
        texts: Those texts, in their order in the dataset.
        owner: The place in `images` of the image of each of those texts.
        left: Ranks under the left scoring, in the order of `images` and `texts`.
        right: The same under the right scoring.
        n_images: Images of the split: candidates are always all of its items.
        n_texts: Texts of the split.
        split: Its name.
    """

    images: Int[Tensor, " q"]
    texts: Int[Tensor, " r"]
    owner: Int[Tensor, " r"]
    left: QueryRanks
    right: QueryRanks
    n_images: int
    n_texts: int
    split: str

    @property
    def exact(self) -> bool:
        """Whether every image of the split was asked."""
        return len(self.images) == self.n_images

    @cached_property
    def unmoved(self) -> bool:
        """Whether no query that was asked has another rank on the right."""
        return torch.equal(self.left.image_to_text, self.right.image_to_text) and torch.equal(
            self.left.text_to_image, self.right.text_to_image
        )

    def sides(self, kind: QueryKind) -> tuple[Int[Tensor, " queries"], Int[Tensor, " queries"]]:
        """Ranks of the image queries, or of the text queries, on the left and on the right."""
        if kind == "image":
            return self.left.image_to_text, self.right.image_to_text
        return self.left.text_to_image, self.right.text_to_image

    def clusters(self, kind: QueryKind) -> Int[Tensor, " queries"]:
        """The place in `images` of the image that a query belongs to: what is resampled."""
        return torch.arange(len(self.images)) if kind == "image" else self.owner

    @property
    def where(self) -> str:
        """On what it was measured, as the end of a sentence."""
        images = f"{self.n_images:,} {self.split} images"
        return f"on {images}" if self.exact else f"estimated from {len(self.images):,} of {images}"


def pair_ranks(
    pairs: PairedEmbeddings, left: QueryRanks, right: QueryRanks, *, images: Int[Tensor, " q"] | None = None
) -> PairedRanks:
    """Lay the ranks of two scorings side by side.

    Args:
        pairs: The split that was searched.
        left: From `query_sample.ranks_of`, for these images and their texts.
        right: The same queries under the other scoring.
        images: The query images, sorted; default all of the split.

    Raises:
        DataError: the ranks are not those of these queries; the message names both numbers.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> no = torch.tensor([False, False])
    >>> ranks = QueryRanks(torch.tensor([1, 2]), torch.tensor([1, 1]), no, no)
    >>> pair_ranks(pairs, ranks, ranks).unmoved
    True
    """
    asked = all_images(pairs) if images is None else images
    texts = texts_of(pairs, asked)
    for place, ranks in (("left", left), ("right", right)):
        found = (len(ranks.image_to_text), len(ranks.text_to_image))
        if found != (len(asked), len(texts)):
            raise DataError(
                f"the {place} ranks are of {found[0]} images and {found[1]} texts; the queries are {len(asked)} images "
                f"and {len(texts)} texts. Rank the same queries under both scorings"
            )
    return PairedRanks(
        images=asked,
        texts=texts,
        owner=local_text_image(pairs, asked),
        left=left,
        right=right,
        n_images=pairs.n_images,
        n_texts=pairs.n_texts,
        split=pairs.part,
    )


def ranks_among(pairs: PairedEmbeddings, ranks: QueryRanks, images: Int[Tensor, " q"]) -> QueryRanks:
    """Of the ranks of all queries those of some images and of all their texts."""
    texts = texts_of(pairs, images)
    return QueryRanks(
        ranks.image_to_text[images], ranks.text_to_image[texts], ranks.image_tied[images], ranks.text_tied[texts]
    )
