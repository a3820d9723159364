"""The same queries ranked under two scorings: what every comparison of them starts from."""

import math
from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks, recall_at
from pico_core.retrieval.metrics import CUTS
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.rankings import largest_moves
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.scoring import QueryKind
from pico_core.retrieval.uncertainty import percentile_estimate, widened

KINDS: Final[tuple[QueryKind, ...]] = ("image", "text")


@dataclass(frozen=True)
class Move:
    """One query and the rank of its right answer (the best of several), before and after."""

    kind: QueryKind
    index: int
    before: int
    after: int


@dataclass(frozen=True, eq=False)
class PairedRanks:
    """Ranks of the same queries on the left and on the right: before a change and after it.

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

    @property
    def unmoved(self) -> bool:
        """Whether no query that was asked has another rank on the right."""
        return all(torch.equal(*self.sides(kind)) for kind in KINDS)

    @property
    def settled(self) -> bool:
        """Whether no query that was asked enters or leaves the first 1, 5 or 10: no recall changes."""
        sides = [self.sides(kind) for kind in KINDS]
        return all(torch.equal(recall_at(left, k), recall_at(right, k)) for left, right in sides for k in CUTS)

    @property
    def new_ties(self) -> int:
        """How many more queries tie with a wrong candidate on the right than on the left; a tie costs nothing."""
        left, right = (int(ranks.image_tied.sum() + ranks.text_tied.sum()) for ranks in (self.left, self.right))
        return max(0, right - left)

    def sides(self, kind: QueryKind) -> tuple[Int[Tensor, " queries"], Int[Tensor, " queries"]]:
        """Ranks of the image queries, or of the text queries, on the left and on the right."""
        if kind == "image":
            return self.left.image_to_text, self.right.image_to_text
        return self.left.text_to_image, self.right.text_to_image

    def clusters(self, kind: QueryKind) -> Int[Tensor, " queries"]:
        """The place in `images` of the image that a query belongs to: what is resampled."""
        return torch.arange(len(self.images)) if kind == "image" else self.owner

    def count(self, *, gains: bool, kind: QueryKind | None = None) -> int:
        """How many queries rank better (gains) or worse on the right."""
        sides = [self.sides(each) for each in ((kind,) if kind else KINDS)]
        return sum(int(((right < left) if gains else (right > left)).sum()) for left, right in sides)

    def moves(self, kind: QueryKind, *, gains: bool, top: int = 5) -> tuple[Move, ...]:
        """The queries that moved most by the ratio of ranks: 8 to 1 counts for more than 90 to 40."""
        before, after = self.sides(kind)
        index = self.images if kind == "image" else self.texts
        places = largest_moves(before, after, gains=gains, top=top)
        return tuple(Move(kind, int(index[i]), int(before[i]), int(after[i])) for i in places)

    def strongest(self, *, gains: bool, top: int = 5) -> tuple[Move, ...]:
        """The same over images and texts together; of equals the images first."""
        both = (move for kind in KINDS for move in self.moves(kind, gains=gains, top=top))
        return tuple(sorted(both, key=lambda move: -abs(math.log(move.before / move.after)))[:top])

    def interval(self, estimate: Estimate) -> Estimate:
        """An estimate from the queries that were asked: of a sample of them widened for the number of its images."""
        return estimate if self.exact else widened(estimate, len(self.images))

    def means(
        self, values: Float[Tensor, "queries k"], kind: QueryKind, counts: Float[Tensor, "b n"]
    ) -> tuple[Estimate, ...]:
        """Means over the queries of one direction, resampled by image.

        Args:
            values: What is averaged, float64.
            kind: Whose queries these are.
            counts: How often every image is drawn in every resample.
        """
        clusters, counts = self.clusters(kind), counts.double()
        total = torch.zeros(counts.shape[1], values.shape[1], dtype=torch.float64).index_add_(0, clusters, values)
        number = torch.bincount(clusters, minlength=counts.shape[1]).double()
        draws = (counts @ total) / (counts @ number)[:, None]
        return tuple(
            self.interval(percentile_estimate(float(column.mean()), drawn))
            for column, drawn in zip(values.T, draws.T, strict=True)
        )


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
    plan = rank_plan(pairs, images)
    for side, ranks in (("left", left), ("right", right)):
        n_images, n_texts = len(ranks.image_to_text), len(ranks.text_to_image)
        if (n_images, n_texts) != (len(plan.images), len(plan.texts)):
            raise DataError(
                f"the {side} ranks are of {n_images} images and {n_texts} texts; the queries are {len(plan.images)} "
                f"images and {len(plan.texts)} texts. Rank the same queries under both scorings"
            )
    return PairedRanks(plan.images, plan.texts, plan.owners, left, right, pairs.n_images, pairs.n_texts, pairs.part)


def ranks_among(pairs: PairedEmbeddings, ranks: QueryRanks, images: Int[Tensor, " q"]) -> QueryRanks:
    """Of the ranks of all queries those of some images and of all their texts."""
    texts = rank_plan(pairs, images).texts
    return QueryRanks(
        ranks.image_to_text[images], ranks.text_to_image[texts], ranks.image_tied[images], ranks.text_tied[texts]
    )
