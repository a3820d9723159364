"""Pairs and weights to ranks: in a table in memory, counted block by block, or counted by a cluster."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from jaxtyping import Int
from torch import Tensor

from pico_core.axes import Columns
from pico_core.cluster import Cluster
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import SettingError
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.distributed_ranks import distributed_plan, distributed_ranks
from pico_core.retrieval.rank_counts import RankPlan, rank_plan
from pico_core.retrieval.rank_files import RankFiles, count_ranks
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.scoring import RetrievalIndex, retrieval_index, score_pairs

PACKED_BYTES = 2**27  # of a split that is packed once instead of at every scoring
COUNTED_FROM = 2**28  # bytes of a table of scores from which on ranks are counted in blocks


@dataclass(frozen=True, eq=False)
class Ranker(ABC):
    """Ranks the queries of a split under any weights; `ranker_for` makes one.

    Attributes:
        pairs: The split that is searched, in the basis of the weights.
        plan: Which of its queries are ranked.
        arithmetic: How scores are computed.
        files: Where counts of unfinished scorings are kept and gone on with.
    """

    pairs: PairedEmbeddings
    plan: RankPlan
    arithmetic: Arithmetic
    files: RankFiles | None

    def ranks(self, weights: Columns | None = None, *, reporter: Reporter = SILENT) -> QueryRanks:
        """Ranks under these weights; None is P = 1."""
        return self.ranks_of(Fitted(weights=weights), reporter=reporter)

    def ranks_of(self, scheme: Fitted, *, reporter: Reporter = SILENT) -> QueryRanks:
        """Ranks under a fitted scheme.

        Args:
            scheme: Its name is part of the name of the file where counts are kept.
            reporter: Hears of the share of this scoring; cancelled, what was counted in blocks is kept.
        """
        pairs = self.pairs if scheme.transform is None else scheme.transform(self.pairs)
        file = None if self.files is None else self.files.path(scheme.name, self.plan, scheme.weights)
        return self._ranks(pairs, scheme.weights, file, reporter)

    @property
    def queries(self) -> Int[Tensor, " q"] | None:
        """The images that ask; None where all do."""
        return None if len(self.plan.images) == self.plan.n_images else self.plan.images

    @abstractmethod
    def _ranks(
        self, pairs: PairedEmbeddings, weights: Columns | None, file: Path | None, reporter: Reporter
    ) -> QueryRanks: ...


class TableRanker(Ranker):
    """All scores at once; the split is packed at the first question where a packed copy is small."""

    @cached_property
    def _index(self) -> RetrievalIndex | None:
        real = int(self.pairs.image_mask.sum()) + int(self.pairs.text_mask.sum())
        # On a graphics card tokens are scored as they are stored.
        small = self.pairs.image_tokens.device.type == "cpu" and 4 * real * self.pairs.n_columns <= PACKED_BYTES
        return retrieval_index(self.pairs) if small else None

    def _ranks(
        self, pairs: PairedEmbeddings, weights: Columns | None, file: Path | None, reporter: Reporter
    ) -> QueryRanks:
        if pairs is self.pairs and self._index is not None:
            scores = self._index.scores(weights, arithmetic=self.arithmetic, reporter=reporter)
        else:
            scores = score_pairs(pairs, weights, arithmetic=self.arithmetic, reporter=reporter)
        return query_ranks(scores, pairs.text_image)


class CountingRanker(Ranker):
    """Block by block, so that more can be ranked than a table holds."""

    def _ranks(
        self, pairs: PairedEmbeddings, weights: Columns | None, file: Path | None, reporter: Reporter
    ) -> QueryRanks:
        return count_ranks(pairs, self.plan, weights=weights, file=file, reporter=reporter, arithmetic=self.arithmetic)


@dataclass(frozen=True, eq=False)
class ClusterRanker(Ranker):
    """Block by block, by the workers of a cluster."""

    cluster: Cluster

    def _ranks(
        self, pairs: PairedEmbeddings, weights: Columns | None, file: Path | None, reporter: Reporter
    ) -> QueryRanks:
        return distributed_ranks(self.cluster, pairs, self.plan, weights=weights, file=file, reporter=reporter)


def ranker_for(
    pairs: PairedEmbeddings,
    *,
    queries: Int[Tensor, " q"] | None = None,
    files: RankFiles | None = None,
    cluster: Cluster | None = None,
    arithmetic: Arithmetic = DEFAULT,
) -> Ranker:
    """What ranks the queries of a split: the same whole numbers whichever it is.

    Args:
        pairs: The split that is searched, in the basis of the weights.
        queries: Images that ask, with all their texts, sorted; the candidates stay all items. Default all ask.
        files: Where counts of unfinished scorings are kept and gone on with.
        cluster: Whose workers score; default this process does.
        arithmetic: How scores are computed, by this process.

    Raises:
        SettingError: a cluster, and an arithmetic of one's own.

    >>> import torch
    >>> ranker_for(PairedEmbeddings.from_arrays(torch.eye(3), torch.eye(3))).ranks().image_to_text
    tensor([1, 1, 1])
    """
    if cluster is not None:
        if arithmetic != DEFAULT:
            raise SettingError("a cluster scores in the precision that tokens are stored in; ask for one or the other")
        return ClusterRanker(pairs, distributed_plan(rank_plan(pairs, queries)), arithmetic, files, cluster)
    in_a_table = queries is None and files is None and 4 * pairs.n_images * pairs.n_texts <= COUNTED_FROM
    return (TableRanker if in_a_table else CountingRanker)(pairs, rank_plan(pairs, queries), arithmetic, files)
