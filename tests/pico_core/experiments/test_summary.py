"""Intervals and p values over seeds against sums done by hand."""

import math

import polars as pl
import pytest

from pico_core.experiments.grid import results
from pico_core.experiments.rows import SCORED_SCHEMA
from pico_core.experiments.summary import ONE_SEED, summarise, summary_frame
from pico_core.experiments.tables import TOLERANCE, check_table
from pico_core.retrieval.over_splits import adjusted, over_seeds


def table(**variants):
    """Rows with these rSums over seeds 0, 1, ... and a baseline of 300."""
    rows = []
    for variant, rsums in variants.items():
        for seed, rsum in enumerate(rsums):
            change = None if rsum is None else rsum - 300.0
            rows.append(
                {
                    "experiment": "e", "dataset": "d", "digest": "0", "variant": variant, "label": variant.upper(),
                    "family": "setting" if "=" in variant else "control", "seed": seed, "basis": "given",
                    "n_images": 40, "n_texts": 80,
                    "baseline": 300.0, "rsum": rsum, "difference": change,
                    "low": None if change is None else change - 2.0, "high": None if change is None else change + 2.0,
                    "strength": None, "seconds": 1.0, "note": "why" if rsum is None else None, "gains": None,
                    "feedback_weights": None, "n_train": 60, "settings": "{}",
                }
            )  # fmt: skip
    return pl.DataFrame(rows, schema=SCORED_SCHEMA)


def of(summaries, variant):
    return next(one for one in summaries if one.variant == variant)


def test_the_interval_is_that_of_nadeau_and_bengio():
    found = over_seeds([10.0, 14.0, 12.0], test_share=2 / 3)
    error = math.sqrt(4.0 * (1 / 3 + 2 / 3))  # variance 4: standard error 2, not 4 / 3
    assert found.mean.value == 12.0
    assert found.mean.high - 12.0 == pytest.approx(4.302653 * error, abs=1e-5)  # t of 97.5 % with 2 degrees of freedom
    t = 12.0 / error
    assert found.p == pytest.approx(1 - t / math.sqrt(2 + t * t), abs=1e-9)  # closed form for 2 degrees


def test_seeds_that_agree_to_the_digit():
    assert over_seeds([0.0, 0.0], test_share=0.5).p == 1.0
    assert over_seeds([3.0, 3.0], test_share=0.5).p == 0.0


def test_adjusted_p_values_are_those_of_benjamini_and_yekutieli():
    # m = 3: c = 1 + 1/2 + 1/3 = 11/6. 0.001 x 3c / 1, 0.02 x 3c / 2, 0.5 x 3c / 3, never falling, at most 1.
    assert adjusted([0.02, 0.001, 0.5]) == pytest.approx([0.055, 0.0055, 0.5 * 11 / 6])
    assert adjusted([0.9, 0.8]) == [1.0, 1.0]
    assert adjusted([]) == []


def test_a_summary_over_seeds():
    found = summarise(
        table(
            unweighted=[300.0, 300.0, 300.0],
            pico=[330.0, 331.0, 332.0],
            worse=[280.0, 281.0, 279.0],
            noise=[310.0, 290.0, 301.0],
            never=[None, None, None],
        )
    )
    reference, pico, worse, noise, never = (of(found, v) for v in ("unweighted", "pico", "worse", "noise", "never"))
    assert (reference.difference, reference.p, reference.p_adjusted, reference.verdict) == (0.0, None, None, "none")
    assert (pico.verdict, worse.verdict, noise.verdict, never.verdict) == ("helps", "hurts", "none", None)
    assert pico.p_adjusted == pytest.approx(adjusted([pico.p, worse.p, noise.p])[0])  # three are tested, no more
    assert (worse.lead, pico.lead, never.lead) == (51.0, None, None)
    by_hand = over_seeds([50.0, 50.0, 53.0], test_share=40 / 60).mean
    assert (worse.lead_low, worse.lead_high) == pytest.approx((by_hand.low, by_hand.high))
    assert (never.difference, never.p, never.n_seeds, never.note) == (None, None, 0, "why")
    assert (pico.n_seeds, pico.baseline, pico.seconds) == (3, 300.0, 1.0)
    frame = summary_frame(found)
    assert frame.columns[:8] == ["dataset", "variant", "label", "family", "n_seeds", "baseline", "difference", "low"]
    assert frame["variant"].to_list() == ["unweighted", "pico", "worse", "noise", "never"]


def test_swept_settings_are_a_family_of_their_own():
    swept = {f"gamma={i}": [305.0, 296.0, 300.0] for i in range(20)}
    alone = of(summarise(table(pico=[330.0, 336.0, 333.0])), "pico")
    beside = of(summarise(table(pico=[330.0, 336.0, 333.0], **swept)), "pico")
    assert beside.p_adjusted == alone.p_adjusted == beside.p
    assert of(summarise(table(**swept)), "gamma=0").p_adjusted == 1.0


def test_a_large_p_value_is_no_verdict_whatever_the_interval():
    """Many tests: the interval of one lies above 0, its adjusted p value does not."""
    noise = {f"v{i}": [305.0, 296.0, 300.0] for i in range(20)}
    found = of(summarise(table(pico=[330.0, 336.0, 333.0], **noise)), "pico")
    assert found.low > 0
    assert found.p < 0.05 < found.p_adjusted
    assert found.verdict == "none"


def test_one_seed_has_the_interval_of_its_images_and_says_so():
    found = of(summarise(table(unweighted=[300.0], pico=[310.0], worse=[301.0])), "pico")
    assert (found.difference, found.low, found.high) == (10.0, 8.0, 12.0)
    assert (found.p, found.p_adjusted, found.verdict, found.note) == (None, None, "helps", ONE_SEED)
    other = of(summarise(table(pico=[310.0], worse=[301.0])), "worse")
    assert (other.verdict, other.lead, other.lead_low) == ("none", 9.0, None)


def test_seeds_without_a_number_are_left_out_and_told():
    found = of(summarise(table(pico=[330.0, 331.0, None])), "pico")
    assert (found.n_seeds, found.difference, found.note) == (2, 30.5, "why (1 of 3 seeds)")


def test_an_empty_table_is_an_empty_summary():
    assert summarise(table()) == ()
    assert summary_frame(()).height == 0


def test_the_small_experiment_is_summarised(finished):
    whole = results(finished)
    found = summarise(whole)
    assert {(one.dataset, one.variant) for one in found} == set(whole.select("dataset", "variant").unique().rows())
    assert of(found, "pico_guarded").n_seeds == 2


def test_a_check_compares_cell_by_cell():
    own = table(unweighted=[300.0, 300.0], pico=[310.0, 311.0])
    assert check_table(own, own).agrees
    near = check_table(own, table(unweighted=[300.0, 300.0], pico=[310.0 + TOLERANCE, 311.0]))
    assert (near.agrees, near.largest, near.n_cells) == (True, 1.0, 4)
    far = check_table(own, table(unweighted=[300.0, 300.0], pico=[311.1, 311.0]))
    assert far.different == ("d / pico / 0",)
    assert "1.0 point" in far.sentence
    assert check_table(own, table(unweighted=[300.0, 300.0], pico=[None, 311.0])).different == ("d / pico / 0",)
    fewer = table(unweighted=[300.0, 300.0], pico=[310.0])
    assert check_table(fewer, own).missing == check_table(own, fewer).added == ("d / pico / 1",)
    other = check_table(own, own.with_columns(digest=pl.lit("1")))
    assert other.other_data == ("d",)
    assert not any(one.agrees for one in (far, check_table(fewer, own), check_table(own, fewer), other))
