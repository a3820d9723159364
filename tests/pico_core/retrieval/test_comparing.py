"""Two scorings compared on the same queries: naive loops, planted truth, limits, invariances."""

import math

import polars as pl
import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.comparing.by_label import (
    FEWEST_IMAGES,
    MISSING,
    OTHER,
    LabelColumn,
    label_choices,
    recall_by_label,
)
from pico_core.retrieval.comparing.chance import permuted_control
from pico_core.retrieval.comparing.metric_changes import METRICS, metric_table
from pico_core.retrieval.comparing.moves import move_counts, moves_frame, query_labels
from pico_core.retrieval.comparing.paired import pair_ranks, ranks_among
from pico_core.retrieval.comparing.recall_curves import curve_cuts, recall_curve
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.metrics import differences_by, paired_difference
from pico_core.retrieval.query_sample import ranks_of
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.scoring import WeightedPairs, score_pairs
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, widened
from tests.reporters import Calls

D = 12
STYLES = ("night", "plain", "sepia")


def dataset(n=48, *, seed=3, texts=2, labels=STYLES):
    """Images whose style hides the content in the last four columns; every image has a style, texts a tone."""
    draw = torch.Generator().manual_seed(seed)
    content = torch.randn(n, D - 4, generator=draw)
    style = torch.randn(len(labels), 4, generator=draw)
    which = torch.arange(n) % len(labels)
    images = torch.cat([content, 2.0 * style[which]], dim=1)
    owner = torch.arange(n).repeat_interleave(texts)
    tone = torch.randn(2, 4, generator=draw)
    heard = torch.arange(n * texts) % 2
    words = torch.cat([content[owner] + 1.4 * torch.randn(n * texts, D - 4, generator=draw), 2.0 * tone[heard]], dim=1)
    return PairedEmbeddings.from_arrays(
        images,
        words,
        text_image=owner,
        image_labels=pl.DataFrame({"style": [labels[int(i)] for i in which]}),
        text_labels=pl.DataFrame({"tone": [("loud", "soft")[int(i)] for i in heard]}),
    )


def weights(style=0.2):
    return torch.tensor([1.0] * (D - 4) + [style] * 4)


def both(pairs, right=None):
    left = ranks_of(pairs, torch.ones(D))
    return pair_ranks(pairs, left, ranks_of(pairs, weights() if right is None else right))


@pytest.fixture(scope="module")
def pairs():
    return dataset()


@pytest.fixture(scope="module")
def paired(pairs):
    return both(pairs)


def naive_recall(scores, relevant, queries, k):
    """Per cent of these queries with a right answer among the first k: a loop over candidates."""
    hits = 0
    for query in queries:
        best = max(float(scores[query, c]) for c in range(scores.shape[1]) if relevant(query, c))
        hits += sum(float(scores[query, c]) > best for c in range(scores.shape[1])) < k
    return 100 * hits / len(queries)


def test_paired_ranks_know_their_queries(pairs, paired):
    assert paired.exact
    assert not paired.unmoved
    some = torch.tensor([1, 5, 40])
    few = pair_ranks(pairs, *(ranks_among(pairs, one, some) for one in (paired.left, paired.right)), images=some)
    assert few.texts.tolist() == [2, 3, 10, 11, 80, 81]
    assert few.owner.tolist() == [0, 0, 1, 1, 2, 2]
    assert not few.exact
    again = ranks_of(pairs, weights(), images=some)
    for one, other in zip(few.right, again, strict=True):
        torch.testing.assert_close(one, other)


def test_ranks_of_other_queries_are_refused(pairs, paired):
    some = torch.tensor([1, 5])
    with pytest.raises(DataError, match="the left ranks are of 48 images and 96 texts; the queries are 2 images and 4"):
        pair_ranks(pairs, paired.left, paired.right, images=some)


# Metrics


def test_metrics_and_changes_are_those_of_the_report(pairs, paired):
    report = retrieval_report(pairs, weights=weights())
    table = metric_table(paired)
    assert [row.name for row in table.rows] == list(METRICS)
    for row in table.rows:
        assert row.left == getattr(report.baseline.metrics, row.name)
        assert row.right == getattr(report.weighted.metrics, row.name)
        assert row.change.value == pytest.approx(row.right.value - row.left.value, abs=1e-4)
    assert table.row("rsum").change == report.difference


def resampled(paired, statistic):
    """Right minus left of a statistic of image ranks and text ranks, in every resample: a loop over copies."""
    counts = bootstrap_counts(len(paired.images), n_draws=60, seed=0)
    found = []
    for row in counts.long().tolist():
        values = []
        for side in (paired.left, paired.right):
            images = [int(side.image_to_text[i]) for i, times in enumerate(row) for _ in range(times)]
            texts = [
                int(side.text_to_image[t]) for t, owner in enumerate(paired.owner.tolist()) for _ in range(row[owner])
            ]
            values.append(statistic(images, texts))
        found.append(values[1] - values[0])
    return torch.tensor(found)


def lower_median(ranks):
    return float(sorted(ranks)[(len(ranks) - 1) // 2])


@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("mrr", lambda i, t: 50 * (sum(1 / r for r in i) / len(i) + sum(1 / r for r in t) / len(t))),
        ("i2t_median_rank", lambda i, _t: lower_median(i)),
        ("t2i_median_rank", lambda _i, t: lower_median(t)),
    ],
)
def test_changes_of_ranks_are_paired_in_every_resample(paired, name, statistic):
    expected = percentile_estimate(
        statistic(paired.right.image_to_text.tolist(), paired.right.text_to_image.tolist())
        - statistic(paired.left.image_to_text.tolist(), paired.left.text_to_image.tolist()),
        resampled(paired, statistic),
    )
    found = metric_table(paired, n_draws=60).row(name).change
    for end in ("value", "low", "high"):
        assert getattr(found, end) == pytest.approx(getattr(expected, end), abs=1e-3), end
    assert found.low < found.high


def test_a_side_against_itself_changes_nothing(paired):
    same = pair_ranks_of(paired, paired.left, paired.left)
    table = metric_table(same)
    assert all((row.change.value, row.change.low, row.change.high) == (0, 0, 0) for row in table.rows)
    assert all(row.verdict is Verdict.NONE for row in table.rows)
    assert same.unmoved


def pair_ranks_of(paired, left, right):
    from dataclasses import replace

    return replace(paired, left=left, right=right)


def test_swapping_the_sides_turns_every_change_and_verdict(paired):
    there, back = metric_table(paired), metric_table(pair_ranks_of(paired, paired.right, paired.left))
    turned = {Verdict.HELPS: Verdict.HURTS, Verdict.HURTS: Verdict.HELPS, Verdict.NONE: Verdict.NONE}
    for one, other in zip(there.rows, back.rows, strict=True):
        assert one.change.value == pytest.approx(-other.change.value)
        assert one.change.low == pytest.approx(-other.change.high, abs=1e-4)
        assert other.verdict is turned[one.verdict]
    assert there.row("t2i_median_rank").change.value < 0  # fewer places: the planted style is weighed down
    assert there.row("t2i_median_rank").verdict is Verdict.HELPS
    assert there.row("rsum").word == "better"
    assert back.row("rsum").word == "worse"


def test_a_sample_says_so_and_has_wider_intervals(pairs, paired):
    some = torch.arange(0, 48, 4)
    few = pair_ranks(pairs, *(ranks_among(pairs, one, some) for one in (paired.left, paired.right)), images=some)
    table = metric_table(few)
    narrow = paired_difference(few.right, few.left, few.owner)
    assert table.row("rsum").change == widened(narrow, 12)
    changes = differences_by(few.right, few.left, few.owner, bootstrap_counts(12))
    assert table.row("mrr").change == widened(changes.mrr, 12)
    assert table.row("i2t_median_rank").change == widened(changes.i2t_median_rank, 12)


# Curves


def test_a_curve_is_recall_at_every_cut_by_hand(pairs, paired):
    for kind in ("image", "text"):
        curve = recall_curve(paired, kind, n_draws=50)
        assert curve.cuts[0] == 1
        assert curve.cuts[-1] == (96 if kind == "image" else 48)
        before, after = paired.sides(kind)
        for place, k in enumerate(curve.cuts):
            left = 100 * sum(rank <= k for rank in before.tolist()) / len(before)
            right = 100 * sum(rank <= k for rank in after.tolist()) / len(after)
            assert curve.left[place].value == pytest.approx(left)
            assert curve.right[place].value == pytest.approx(right)
            assert curve.change[place].value == pytest.approx(right - left)
        assert curve.left[-1] == Estimate(100.0, 100.0, 100.0)
        assert [one.value for one in curve.right] == sorted(one.value for one in curve.right)


def test_curves_go_through_the_recalls_of_the_table_with_their_intervals(paired):
    table = metric_table(paired)
    for kind, short in (("image", "i2t"), ("text", "t2i")):
        curve = recall_curve(paired, kind)
        for k in (1, 5, 10):
            row, place = table.row(f"{short}_r{k}"), curve.cuts.index(k)
            for one, other in ((curve.left, row.left), (curve.right, row.right), (curve.change, row.change)):
                assert one[place].value == pytest.approx(other.value, abs=1e-3)
                assert one[place].low == pytest.approx(other.low, abs=1e-3)
                assert one[place].high == pytest.approx(other.high, abs=1e-3)


def test_cuts_rise_and_reach_every_candidate():
    assert curve_cuts(3) == (1, 2, 3)
    assert curve_cuts(1) == (1,)
    cuts = curve_cuts(5000)
    assert {1, 5, 10, 5000} <= set(cuts)
    assert list(cuts) == sorted(set(cuts))
    assert len(cuts) <= 43


# Moves


def test_moves_are_sorted_by_the_ratio_and_ties_by_place(paired):
    ranks = QueryRanks(torch.tensor([6, 1, 9]), torch.tensor([2, 4, 8]), torch.zeros(3).bool(), torch.zeros(3).bool())
    later = QueryRanks(torch.tensor([3, 4, 9]), torch.tensor([1, 4, 1]), torch.zeros(3).bool(), torch.zeros(3).bool())
    small = PairedEmbeddings.from_arrays(torch.eye(3), torch.eye(3))
    frame = moves_frame(pair_ranks(small, ranks, later))
    assert frame.select("kind", "index").rows() == [
        ("text", 2),
        ("image", 0),  # 6 to 3 is 2 to 1: images first
        ("text", 0),
        ("image", 2),
        ("text", 1),
        ("image", 1),
    ]
    assert frame["gain"].to_list() == [3.0, 1.0, 1.0, 0.0, 0.0, -2.0]


def test_moves_name_items_of_the_split_in_a_sample(pairs, paired):
    some = torch.tensor([4, 7, 30])
    few = pair_ranks(pairs, *(ranks_among(pairs, one, some) for one in (paired.left, paired.right)), images=some)
    whole, part = moves_frame(paired), moves_frame(few)
    assert part.height == 9
    joined = part.join(whole, on=["kind", "index", "image", "before", "after"], how="inner")
    assert joined.height == 9
    texts = part.filter(pl.col("kind") == "text")
    assert (texts["image"] == texts["index"] // 2).all()


def test_won_and_lost_are_counted_and_their_lead_is_resampled_by_image(paired):
    count = move_counts(paired, "text", n_draws=40)
    before, after = paired.sides("text")
    won = sum(a < b for a, b in zip(after.tolist(), before.tolist(), strict=True))
    lost = sum(a > b for a, b in zip(after.tolist(), before.tolist(), strict=True))
    assert (count.won, count.lost, count.same, count.total) == (won, lost, 96 - won - lost, 96)
    draws = []
    for row in bootstrap_counts(48, n_draws=40, seed=0).long().tolist():
        signs = [
            (int(before[t]) > int(after[t])) - (int(before[t]) < int(after[t]))
            for t, owner in enumerate(paired.owner.tolist())
            for _ in range(row[owner])
        ]
        draws.append(100 * sum(signs) / len(signs))
    expected = percentile_estimate(100 * (won - lost) / 96, torch.tensor(draws))
    assert count.lead.value == pytest.approx(expected.value)
    assert count.lead.low == pytest.approx(expected.low, abs=1e-4)
    assert count.lead.high == pytest.approx(expected.high, abs=1e-4)
    assert count.lead.low > 0
    none = move_counts(pair_ranks_of(paired, paired.left, paired.left), "image")
    assert (none.won, none.lost, none.total) == (0, 0, 48)


def test_a_label_of_images_belongs_to_their_texts_and_one_of_texts_to_no_image(pairs, paired):
    frame = moves_frame(paired)
    style = query_labels(frame, pairs, "style", of_images=True)
    tone = query_labels(frame, pairs, "tone", of_images=False)
    for kind, index, image, seen, heard in zip(frame["kind"], frame["index"], frame["image"], style, tone, strict=True):
        assert seen == STYLES[image % 3]
        assert heard == (None if kind == "image" else ("loud", "soft")[index % 2])


# Labels


@pytest.mark.parametrize("column", [LabelColumn("style", True), LabelColumn("tone", False)])
def test_recall_by_label_filters_first_and_scores_after(pairs, paired, column):
    """The oracle: the queries of a value, then their recall among all candidates by a loop over scores."""
    table = recall_by_label(pairs, paired, column, n_draws=20)
    scores = {"left": score_pairs(pairs), "right": score_pairs(pairs, weights())}
    owner = pairs.text_image.tolist()
    assert {group.value for group in table.groups} == (set(STYLES) if column.of_images else {"loud", "soft"})
    for group in table.groups:
        if column.of_images:
            images = [i for i in range(pairs.n_images) if pairs.images["style"][i] == group.value]
            texts = [t for t in range(pairs.n_texts) if owner[t] in images]
        else:
            images = []
            texts = [t for t in range(pairs.n_texts) if pairs.texts["tone"][t] == group.value]
        assert (group.n_image_queries, group.n_text_queries) == (len(images), len(texts))
        assert group.n_images == len({owner[t] for t in texts})
        for side in ("left", "right"):
            total = 0.0
            for k in (1, 5, 10):
                expected = naive_recall(scores[side].T, lambda t, i: owner[t] == i, texts, k)
                assert getattr(group.metric(f"t2i_r{k}"), side) == pytest.approx(expected)
                total += expected
                if column.of_images:
                    expected = naive_recall(scores[side], lambda i, t: owner[t] == i, images, k)
                    assert getattr(group.metric(f"i2t_r{k}"), side) == pytest.approx(expected)
                    total += expected
            if column.of_images:
                assert getattr(group.metric("rsum"), side) == pytest.approx(total)
    assert ("rsum" in table.names) == column.of_images


def test_intervals_of_a_group_are_those_of_its_queries_alone(pairs, paired):
    """Filter the ranks first, ask the paired differences of evaluation after: the same intervals, widened."""
    table = recall_by_label(pairs, paired, LabelColumn("style", True))
    for group in table.groups:
        images = torch.tensor([i for i in range(48) if STYLES[i % 3] == group.value])
        left, right = (ranks_among(pairs, one, images) for one in (paired.left, paired.right))
        owner = torch.arange(16).repeat_interleave(2)
        expected = [
            widened(change, 16) for _, change in differences_by(right, left, owner, bootstrap_counts(16)).items[:6]
        ]
        expected.append(widened(paired_difference(right, left, owner), 16))
        for name, one in zip(table.names, expected, strict=True):
            found = group.metric(name)
            assert found.change == pytest.approx(one.value, abs=1e-3)
            assert found.interval.low == pytest.approx(one.low, abs=1e-3)
            assert found.interval.high == pytest.approx(one.high, abs=1e-3)


def test_small_groups_have_no_interval_and_no_verdict():
    labels = ["few"] * (FEWEST_IMAGES - 1) + ["many"] * 25
    base = dataset(32)
    pairs = PairedEmbeddings.from_arrays(
        base.image_tokens, base.text_tokens, text_image=base.text_image, image_labels=pl.DataFrame({"style": labels})
    )
    table = recall_by_label(pairs, both(pairs), LabelColumn("style", True))
    many, few = table.groups
    assert (many.value, few.value, few.n_images) == ("many", "few", FEWEST_IMAGES - 1)
    assert all(one.interval is None and one.p_value is None and not one.differs for one in few.metrics)
    assert all(one.interval is not None for one in many.metrics)
    assert table.shown("rsum") == 1


def test_rare_values_go_together_and_missing_ones_apart():
    base = dataset(60)
    labels = [None] * 5 + [f"value {i % 24}" for i in range(55)]
    pairs = PairedEmbeddings.from_arrays(
        base.image_tokens, base.text_tokens, text_image=base.text_image, image_labels=pl.DataFrame({"source": labels})
    )
    paired = both(pairs)
    table = recall_by_label(pairs, paired, LabelColumn("source", True), n_draws=10)
    assert len(table.groups) == 22
    other, missing = table.groups[-2:]
    assert (other.value, other.n_values) == (OTHER, 4)
    assert (missing.value, missing.n_values, missing.n_image_queries) == (MISSING, 0, 5)
    sizes = [group.n_images for group in table.groups[:-2]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(group.n_image_queries for group in table.groups) == 60
    assert sum(group.n_text_queries for group in table.groups) == 120
    # All groups together are all queries.
    whole = metric_table(paired).row("t2i_r5").left.value
    parts = sum(group.metric("t2i_r5").left * group.n_text_queries for group in table.groups) / 120
    assert parts == pytest.approx(whole, abs=1e-3)


def test_exactly_one_value_more_than_fits_needs_no_others():
    base = dataset(42)
    pairs = PairedEmbeddings.from_arrays(
        base.image_tokens,
        base.text_tokens,
        text_image=base.text_image,
        image_labels=pl.DataFrame({"source": [f"value {i % 21}" for i in range(42)]}),
    )
    table = recall_by_label(pairs, both(pairs), LabelColumn("source", True), n_draws=10)
    assert len(table.groups) == 21
    assert all(group.is_single and group.value != OTHER for group in table.groups)


def test_a_planted_style_that_gains_is_found_and_the_others_are_not():
    """Ranks by construction: only `sepia` improves, from 20 to 1; the rest stay."""
    pairs = dataset(48)
    sepia = torch.tensor([STYLES[i % 3] == "sepia" for i in range(48)])
    no = torch.zeros(48).bool(), torch.zeros(96).bool()
    left = QueryRanks(torch.full((48,), 20), torch.full((96,), 20), *no)
    right = QueryRanks(torch.where(sepia, 1, 20), torch.where(sepia.repeat_interleave(2), 1, 20), *no)
    table = recall_by_label(pairs, pair_ranks(pairs, left, right), LabelColumn("style", True))
    differs = {group.value: group.metric("rsum").differs for group in table.groups}
    assert differs == {"sepia": True, "night": False, "plain": False}
    assert table.groups[[g.value for g in table.groups].index("sepia")].metric("rsum").change == pytest.approx(600)
    assert table.shown("rsum") == 3
    back = recall_by_label(pairs, pair_ranks(pairs, right, left), LabelColumn("style", True))
    changes = {g.value: g.metric("rsum").change for g in back.groups if g.metric("rsum").differs}
    assert changes == {"sepia": pytest.approx(-600)}


def test_the_flip_test_is_exact_where_all_signs_can_be_listed():
    """Eight images, all gain the same: of 256 flips only two are as far, so p is near 2 / 256."""
    pairs = dataset(8, labels=("a",))
    no = torch.zeros(8).bool(), torch.zeros(16).bool()
    left = QueryRanks(torch.full((8,), 20), torch.full((16,), 20), *no)
    right = QueryRanks(torch.full((8,), 1), torch.full((16,), 1), *no)
    table = recall_by_label(pairs, pair_ranks(pairs, left, right), LabelColumn("style", True))
    for one in table.groups[0].metrics:
        assert one.p_value == pytest.approx(2 / 256, abs=0.003)


def test_chance_moves_are_rarely_called_different():
    """Twenty values whose queries move by a coin toss: false discoveries in few of thirty draws."""
    called = 0
    base = dataset(200, labels=tuple(f"v{i:02}" for i in range(20)))
    no = torch.zeros(200).bool(), torch.zeros(400).bool()
    for seed in range(30):
        draw = torch.Generator().manual_seed(seed)
        ranks = [
            QueryRanks(torch.randint(1, 3, (200,), generator=draw), torch.randint(1, 3, (400,), generator=draw), *no)
            for _ in range(2)
        ]
        table = recall_by_label(base, pair_ranks(base, *ranks), LabelColumn("style", True), n_draws=2)
        called += any(group.metric("rsum").differs for group in table.groups)
    assert called <= 5  # 1.5 expected


def test_labels_of_style_are_offered_first():
    base = dataset(12)
    pairs = PairedEmbeddings.from_arrays(
        base.image_tokens,
        base.text_tokens,
        text_image=base.text_image,
        image_labels=pl.DataFrame({"count": [1, 2] * 6, "id_number": list(range(12))}),
        text_labels=pl.DataFrame({"register": ["a", "b"] * 12}),
    )
    assert label_choices(pairs) == (LabelColumn("register", False), LabelColumn("count", True))


def test_a_sample_is_grouped_by_the_labels_of_its_own_items(pairs, paired):
    some = torch.arange(1, 48, 3)  # all of one style
    few = pair_ranks(pairs, *(ranks_among(pairs, one, some) for one in (paired.left, paired.right)), images=some)
    table = recall_by_label(pairs, few, LabelColumn("style", True), n_draws=10)
    assert [(group.value, group.n_images) for group in table.groups] == [("plain", 16)]
    tones = recall_by_label(pairs, few, LabelColumn("tone", False), n_draws=10)
    assert [group.n_text_queries for group in tones.groups] == [16, 16]


# Control


def test_the_control_scores_the_same_weights_on_other_columns(pairs, paired):
    told = []
    control = permuted_control(
        paired, WeightedPairs(pairs, weights()), n_draws=3, seed=5, reporter=Calls(share=told.append)
    )
    draw = torch.Generator().manual_seed(5)
    for change, won, lost in zip(control.changes, control.won, control.lost, strict=True):
        order = torch.randperm(D, generator=draw)
        after = ranks_of(pairs, weights()[order])
        rival = pair_ranks(pairs, paired.left, after)
        assert change == pytest.approx(metric_table(rival, n_draws=10).row("rsum").change.value, abs=1e-3)
        frame = moves_frame(rival)
        assert won == pytest.approx(100 * float((frame["gain"] > 0).mean()))
        assert lost == pytest.approx(100 * float((frame["gain"] < 0).mean()))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert all(math.isfinite(change) for change in control.changes)
