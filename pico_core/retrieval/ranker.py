"""Pairs and weights to ranks: in a table in memory, counted block by block, or counted by a cluster."""

from dataclasses import dataclass
from functools import cached_property, partial

from jaxtyping import Int
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.common.axes import Columns
from pico_core.common.errors import SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.retrieval.distributed_ranks import distributed_plan, distributed_ranks
from pico_core.retrieval.rank_counts import RankPlan, rank_plan
from pico_core.retrieval.rank_files import RankFiles, count_ranks
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.scoring import RetrievalIndex, retrieval_index, score_pairs

PACKED_BYTES = 2**27  # of a split that is packed once instead of at every scoring
COUNTED_FROM = 2**28  # bytes of a table of scores from which on ranks are counted in blocks


@dataclass(frozen=True, eq=False)
class Ranker:
    """Ranks the queries of a split under any weights; `ranker_for` makes one.

    Attributes:
        pairs: The split that is searched, in the basis of the weights.
        plan: Which of its queries are ranked.
        in_a_table: Whether all scores are held at once; else ranks are counted block by block.
        files: Where counts of unfinished scorings are kept and gone on with.
        cluster: Whose workers count; None: this process does.
        arithmetic: How scores are computed, by this process.
    """

    pairs: PairedEmbeddings
    plan: RankPlan
    in_a_table: bool
    files: RankFiles | None
    cluster: Cluster | None
    arithmetic: Arithmetic

    @property
    def queries(self) -> Int[Tensor, " q"] | None:
        """The images that ask; None where all do."""
        return None if len(self.plan.images) == self.plan.n_images else self.plan.images

    def ranks(self, weights: Columns | None = None, *, reporter: Reporter = SILENT) -> QueryRanks:
        """Ranks under these weights; None is P = 1."""
        return self.ranks_of(Fitted(weights=weights), reporter=reporter)

    def ranks_of(self, scheme: Fitted, *, reporter: Reporter = SILENT) -> QueryRanks:
        """Ranks under a fitted scheme.

        Args:
            scheme: Its name is part of the name of the file where counts are kept.
            reporter: Hears of the share of this scoring; cancelled, what was counted in blocks is kept.
        """
        pairs, weights = self.pairs if scheme.transform is None else scheme.transform(self.pairs), scheme.weights
        if self.in_a_table:
            index = self._index if scheme.transform is None else None
            score = partial(score_pairs, pairs) if index is None else index.scores
            return query_ranks(score(weights, arithmetic=self.arithmetic, reporter=reporter), pairs.text_image)
        file = None if self.files is None else self.files.path(scheme.name, self.plan, weights)
        if self.cluster is not None:
            return distributed_ranks(self.cluster, pairs, self.plan, weights=weights, file=file, reporter=reporter)
        return count_ranks(pairs, self.plan, weights=weights, file=file, arithmetic=self.arithmetic, reporter=reporter)

    @cached_property
    def _index(self) -> RetrievalIndex | None:
        """The split packed once, where that takes little memory; on a graphics card tokens are scored as stored."""
        real = int(self.pairs.image_mask.sum()) + int(self.pairs.text_mask.sum())
        small = self.pairs.image_tokens.device.type == "cpu" and 4 * real * self.pairs.n_columns <= PACKED_BYTES
        return retrieval_index(self.pairs) if small else None


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
    if cluster is not None and arithmetic != DEFAULT:
        raise SettingError("a cluster scores in the precision that tokens are stored in; ask for one or the other")
    plan = rank_plan(pairs, queries) if cluster is None else distributed_plan(rank_plan(pairs, queries))
    in_a_table = queries is None and files is None and 4 * pairs.n_images * pairs.n_texts <= COUNTED_FROM
    return Ranker(pairs, plan, in_a_table and cluster is None, files, cluster, arithmetic)
