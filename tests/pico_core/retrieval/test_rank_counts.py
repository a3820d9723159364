"""Ranks counted block by block are the ranks of the whole table, in any order, and after any break."""

from dataclasses import replace

import pytest
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import query_ranks
from pico_core.retrieval import rank_files
from pico_core.retrieval.rank_counts import best_scores, count_block, nothing_counted, rank_plan
from pico_core.retrieval.rank_files import RankFiles, count_ranks, read_counts
from pico_core.retrieval.scoring import score_pairs
from tests.reporters import Calls

WEIGHTS = torch.rand(16, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module")
def pairs():
    """Few kinds of tokens, so that many scores tie; texts of an image lie apart."""
    g = torch.Generator().manual_seed(0)
    kinds = torch.randn(6, 16, generator=g)
    owner = torch.cat([torch.arange(41).flip(0), torch.randint(41, (79,), generator=g)])
    return PairedEmbeddings.from_arrays(
        kinds[torch.randint(6, (41, 3), generator=g)], kinds[torch.randint(6, (120, 2), generator=g)], text_image=owner
    )


def plan_of(pairs, images=None):
    return replace(rank_plan(pairs, images), image_block=7, text_block=11)


def test_counted_ranks_are_those_of_the_table(pairs):
    whole, counted = (
        query_ranks(score_pairs(pairs, WEIGHTS), pairs.text_image),
        count_ranks(pairs, plan_of(pairs), weights=WEIGHTS),
    )
    assert bool(whole.image_tied.any())
    assert bool(whole.text_tied.any())
    assert all(torch.equal(one, other) for one, other in zip(counted, whole, strict=True))


def test_sampled_queries_are_ranked_among_all_candidates(pairs):
    asking = torch.tensor([3, 9, 20, 40])
    plan, whole = plan_of(pairs, asking), query_ranks(score_pairs(pairs, WEIGHTS), pairs.text_image)
    found = count_ranks(pairs, plan, weights=WEIGHTS)
    assert torch.equal(found.image_to_text, whole.image_to_text[asking])
    assert torch.equal(found.text_to_image, whole.text_to_image[plan.texts])
    assert torch.equal(asking[plan.owners], pairs.text_image[plan.texts])


def test_counts_add_up_in_any_order_and_never_twice(pairs):
    plan = plan_of(pairs)
    bests = best_scores(pairs, plan)
    parts = [count_block(pairs, plan, number, bests=bests) for number in range(len(plan.blocks))]
    backwards = sum(reversed(parts), start=nothing_counted(plan))
    assert torch.equal(backwards.ranks.text_to_image, count_ranks(pairs, plan).text_to_image)
    with pytest.raises(ValueError, match="block 2 was counted in both parts"):
        parts[2] + parts[2]
    with pytest.raises(ValueError, match="blocks are not counted yet"):
        _ = parts[2].ranks


def test_what_was_counted_before_a_break_is_not_counted_again(pairs, tmp_path, monkeypatch):
    plan, done, real = plan_of(pairs), [], rank_files.count_block
    file = RankFiles(tmp_path / "kept", "data").path("weighted", plan, WEIGHTS)

    def counting(*args, **kwargs):
        done.append(args[2])
        return real(*args, **kwargs)

    def stop(share):
        if share > 0.4:
            raise KeyboardInterrupt

    monkeypatch.setattr(rank_files, "count_block", counting)
    with pytest.raises(KeyboardInterrupt):
        count_ranks(pairs, plan, weights=WEIGHTS, file=file, reporter=Calls(share=stop))
    assert 0.4 < read_counts(file, plan).share < 0.5
    found = count_ranks(pairs, plan, weights=WEIGHTS, file=file)
    assert sorted(done) == list(range(len(plan.blocks)))
    whole = query_ranks(score_pairs(pairs, WEIGHTS), pairs.text_image)
    assert torch.equal(found.image_to_text, whole.image_to_text)


def test_counts_of_something_else_are_not_gone_on_with(pairs, tmp_path):
    plan, files = plan_of(pairs), RankFiles(tmp_path, "data")
    names = {
        files.path("weighted", plan, WEIGHTS),
        files.path("weighted", plan, 2 * WEIGHTS),
        files.path("weighted", plan_of(pairs, torch.tensor([1, 2])), WEIGHTS),
        RankFiles(tmp_path, "other").path("weighted", plan, WEIGHTS),
        files.path("all_but_the_top", plan, WEIGHTS),
    }
    assert len(names) == 5
    file = tmp_path / "damaged.safetensors"
    file.write_bytes(b"no counts")
    assert read_counts(file, plan).share == 0


def test_a_score_that_is_no_number_is_refused(pairs):
    tokens = pairs.text_tokens.clone()
    tokens[7] = torch.inf
    with pytest.raises(ValueError, match="text 7 is NaN or infinite"):
        count_ranks(replace(pairs, text_tokens=tokens), plan_of(pairs))
