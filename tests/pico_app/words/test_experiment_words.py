"""What an experiment found, in sentences: from known tables, the verdict before the digits."""

import pytest

from pico_app.words.experiments import (
    answer_sentence,
    controls_sentence,
    cost_sentence,
    feedback_order_sentence,
    leads_sentence,
    reached_sentence,
    split_leads_sentence,
    sweeps_sentence,
)
from pico_core.experiments.order import feedback_orders, recorded_runs
from pico_core.experiments.reading import Reached
from pico_core.experiments.summary import summarise
from pico_core.experiments.sweeps import sweeps_on
from pico_core.experiments.verdicts import answer_on, cost_on, leads_on, split_leads
from pico_core.retrieval.schemes.catalogue import SCHEMES
from tests.grids import HELPS, HURTS, Line, grid, swapped


def answer(lines, **more):
    return answer_on(summarise(grid(lines, **more)), "toy")


def test_a_method_that_helps_stands_beside_the_simpler_idea_that_does_as_well():
    said = answer(HELPS)
    assert answer_sentence(said).startswith("On “toy” the weights help: +41.0 [+")
    assert (
        "over 3 seeds; but a simpler idea, the matched column correlation, does as well (the weights minus it: -"
        in answer_sentence(said)
    )
    assert controls_sentence(said).startswith("The same weights on other columns (mean of 8) change rSum by -1.0 [")
    assert "random order the method cannot be told apart (the weights minus it: -0.2 [" in controls_sentence(said)


def test_a_single_draw_of_permuted_weights_is_not_called_a_mean():
    older = swapped(HELPS, Line("permuted", (-3.0, -1.0, 1.0), label="The weights of PICO, permuted"))
    assert controls_sentence(answer(older)).startswith("The same weights on other columns change rSum by -1.0 [")


def test_a_simpler_idea_may_be_behind_or_ahead():
    behind = answer(swapped(HELPS, Line("correlation", (30.0, 31.2, 32.1))))
    assert "no simpler idea does as well: the best of 3, the matched column correlation, is behind" in answer_sentence(
        behind
    )
    ahead = answer(swapped(HELPS, Line("correlation", (60.0, 61.2, 62.1))))
    assert (
        "but a simpler idea, the matched column correlation, does better (the weights minus it: -20"
        in answer_sentence(ahead)
    )
    # The mean of one is below, and its splits do not agree: then the other one is no proof of a lead over all.
    unsure = answer(swapped(HELPS, Line("correlation", (30.0, 31.2, 32.1)), Line("p_hat", (-30.0, 29.0, 60.0))))
    assert "p̂ as weights, does as well" in answer_sentence(unsure)


def test_where_nothing_helps_it_is_said_plainly():
    assert answer_sentence(answer(HURTS)).startswith("On “toy” the weights hurt: -21.0 [")
    assert answer_sentence(answer(HURTS)).endswith("and none of the 1 simpler ideas can be shown to help.")
    none = answer(swapped(HURTS, Line("pico", (-1.0, 0.5, 1.0))))
    assert "no difference can be detected: +0.2" in answer_sentence(none)
    assert answer_sentence(none).endswith("nor can any of the 1 simpler ideas be shown to help.")
    other = answer(swapped(HURTS, Line("p_hat", (20.0, 21.0, 22.0))))
    assert "but a simpler idea, p̂ as weights, helps: +21.0 [" in answer_sentence(other)


def test_an_interval_that_adjusting_overrules_is_told_as_such():
    lines = [Line("unweighted", (0.0,)), Line("pico", (5.0, 8.0, 11.0))]
    lines += [Line(name, (-5.0, 1.0, 5.0)) for name in SCHEMES.names if name not in ("unweighted", "pico")]
    said = answer(lines)
    assert said.method.low > 0
    assert said.method.p_adjusted > 0.05
    words = "no difference holds once the number of comparisons is adjusted for"
    assert f"{words} (p = {said.method.p_adjusted:.2g})" in answer_sentence(said)


def test_one_seed_claims_no_comparison_between_variants():
    said = answer(HELPS, seeds=1)
    assert "with one seed, so of one split only; one split cannot tell it from a simpler idea" in answer_sentence(said)
    assert "was tried in one split only" in controls_sentence(said)
    assert leads_sentence(leads_on(summarise(grid(HELPS, seeds=1)), "toy")).startswith(
        "A lead over another variant needs"
    )


def test_an_unfinished_table_says_what_is_missing():
    assert answer_sentence(answer([Line("unweighted", (0.0,))])) == "On “toy” the method has no result yet."
    failed = answer([Line("unweighted", (0.0,)), Line("pico", (), note="too few images")])
    assert answer_sentence(failed) == "On “toy” the method has no result yet (too few images)."
    alone = answer(HELPS[:2])
    assert answer_sentence(alone).endswith("no simpler idea was computed beside it.")
    assert controls_sentence(alone) == ""


def test_leads_are_counted_and_simpler_ideas_named():
    leads = leads_on(summarise(grid(HELPS)), "toy")
    assert "Of 8 others, 4 are behind the weights, 4 cannot be told apart from them, 0 are ahead" in leads_sentence(
        leads
    )
    assert leads_sentence(leads).endswith("1 of the 3 simpler ideas is not behind: the matched column correlation.")


def test_splits_and_costs_in_a_sentence():
    table = grid(HELPS)
    said = split_leads_sentence(split_leads(table, "correlation"), "the correlation")
    assert said == "PICO is ahead of “the correlation” in 1 of 3 splits; the mean lead is -0.3 points."
    assert "no split yet" in split_leads_sentence(split_leads(table, "oracle_truth"), "the truth")
    assert "The method takes 0.2 s a split, 25 times as long as" in cost_sentence(cost_on(summarise(table)))
    assert "not both here yet" in cost_sentence(cost_on(summarise(grid(HELPS[:2]))))


def test_a_sweep_marks_the_datasets_own_value_and_counts_the_others():
    table = grid(HELPS)
    found = sweeps_on(table, summarise(table), "toy")
    assert sweeps_sentence(found) == (
        "Of 1 other values, no value does better, and gamma = 1 does detectably worse than the dataset's own value."
    )
    single = grid(HELPS, seeds=1)
    assert sweeps_sentence(sweeps_on(single, summarise(single), "toy")).startswith("One seed cannot tell")


def test_an_order_that_holds_and_one_that_does_not():
    softmax, shuffled, _ = feedback_orders(recorded_runs(grid(HELPS)))
    assert feedback_order_sentence(softmax).startswith(
        "In all 6 recorded runs of rule softmax no pair is in the wrong order"
    )
    assert "9 of 9 pairs of candidates are in the wrong order" in feedback_order_sentence(shuffled)


@pytest.mark.parametrize(
    ("reached", "said"),
    [
        (Reached(5, 5, "finished", 0.0), "All 5 cells are there"),
        (
            Reached(3, 5, "stopped"),
            "3 of 5 cells, and none has come for a while: the same command goes on where it was",
        ),
        (Reached(3, 5, "going"), "3 of 5 cells"),
        (Reached(3, 5, "going", 90.0), "3 of 5 cells, about 90 s left"),
    ],
)
def test_how_far_an_experiment_is(reached, said):
    assert reached_sentence(reached) == said
