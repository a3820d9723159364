"""The three ways of ranking give the same whole numbers."""

from unittest.mock import Mock

import pytest
import torch

from pico_core.cluster import Cluster
from pico_core.common.errors import SettingError
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.kernels.metrics import query_ranks
from pico_core.retrieval import ranker
from pico_core.retrieval.rank_files import RankFiles
from pico_core.retrieval.ranker import ranker_for
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.repairs import all_but_the_top
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.scoring import score_pairs
from tests.reporters import Calls

WEIGHTS = torch.linspace(0.2, 1.8, 24)


@pytest.fixture
def counted(monkeypatch, planted):
    monkeypatch.setattr(ranker, "COUNTED_FROM", 0)
    return ranker_for(planted.pairs)


def test_a_table_and_counted_blocks_agree(planted, counted, tmp_path):
    pairs, shares = planted.pairs, []
    for scheme in (Fitted(), Fitted(weights=WEIGHTS), Fitted(transform=all_but_the_top(pairs))):
        changed = pairs if scheme.transform is None else scheme.transform(pairs)
        expected = query_ranks(score_pairs(changed, scheme.weights), pairs.text_image)
        found = counted.ranks_of(scheme, reporter=Calls(share=shares.append))
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert shares[-1] == 1.0


def test_a_table_packs_once_and_scores_the_same(planted, monkeypatch):
    pairs = planted.pairs
    expected = query_ranks(score_pairs(pairs, WEIGHTS), pairs.text_image)
    table = ranker_for(pairs)
    packed = table.ranks(WEIGHTS)
    monkeypatch.setattr(ranker, "PACKED_BYTES", -1)
    monkeypatch.setattr(ranker.RetrievalIndex, "scores", None)
    for found in (packed, ranker_for(pairs).ranks(WEIGHTS)):
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_some_queries_and_kept_counts(planted, tmp_path):
    pairs, queries = planted.pairs, torch.tensor([3, 7, 40])
    some = ranker_for(pairs, queries=queries, files=RankFiles(tmp_path, "mark"))
    assert torch.equal(some.queries, queries)
    assert ranker_for(pairs).queries is None
    found = some.ranks_of(Fitted("pico", weights=WEIGHTS))
    assert torch.equal(found.image_to_text, ranker_for(pairs).ranks(WEIGHTS).image_to_text[queries])
    assert [file.name.startswith("ranks-pico-") for file in tmp_path.iterdir()] == [True]


def test_a_cluster_has_no_arithmetic_of_its_own(planted):
    with pytest.raises(SettingError, match="ask for one or the other"):
        ranker_for(planted.pairs, cluster=Mock(Cluster), arithmetic=Arithmetic(precision="bfloat16"))


def test_every_scheme_of_a_report_has_a_name_of_its_own():
    labels = [scheme.in_report for scheme in SCHEMES if scheme.in_report]
    assert len(labels) == len(set(labels)) == 8
