"""What the engine found, in sentences: the verdict stands before the digits and follows the interval."""

from dataclasses import replace

import pytest
import torch

from pico_app.words.columns import (
    columns_sentence,
    concentration_sentence,
    feedback_sentence,
    order_sentence,
    stability_sentence,
    trust_sentence,
    truth_sentence,
)
from pico_app.words.retrieval import (
    band_sentence,
    labels_sentence,
    lists_sentence,
    metrics_sentence,
    moves_sentence,
    permuted_sentence,
    simpler_idea_sentence,
    split_sentence,
    switch_sentence,
    where,
    word_maps_sentence,
)
from pico_app.words.spaces import colouring_note, sample_sentence, separation_details, separation_sentence
from pico_core.columns.detectors import Trust
from pico_core.columns.stability import Stability
from pico_core.columns.summary import ColumnsSummary, RankAgreement
from pico_core.columns.trajectories import Concentration, FeedbackReading, OrderCheck
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.comparing.by_label import GroupMetric, LabelColumn, LabelGroup, LabelTable
from pico_core.retrieval.comparing.chance import PermutedControl
from pico_core.retrieval.comparing.metric_changes import metric_table
from pico_core.retrieval.comparing.moves import MoveCounts
from pico_core.retrieval.comparing.paired import pair_ranks
from pico_core.retrieval.explain import Split, shown_split
from pico_core.retrieval.rankings import compare_lists
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.simpler_idea import SimplerIdea
from pico_core.retrieval.switching.effect import ControlBand, switch_effect
from pico_core.retrieval.token_maps import TwoMaps, token_map
from pico_core.spaces.items import Colouring
from pico_core.spaces.purity import Purity, Separation, SpacePurity
from pico_core.spaces.subspaces import sample_items

SURE, LOW = Estimate(0.8, 0.6, 0.9), Estimate(0.3, 0.1, 0.5)
UNSURE, WRONG = Estimate(0.1, -0.2, 0.4), Estimate(-0.5, -0.7, -0.2)
GAIN, LOSS, NEITHER = Estimate(2.0, 1.0, 3.0), Estimate(-2.0, -3.0, -1.0), Estimate(0.5, -1.0, 2.0)


# Columns


def trust(*rho):
    return trust_sentence(Trust("the truth", rho + (UNSURE,) * (6 - len(rho)), 40))


def test_none_is_trusted_where_none_is_surely_above_zero():
    assert trust(UNSURE, WRONG) == (
        "By the truth, none of the detectors can be trusted here: no rank correlation over 40 columns lies surely "
        "above 0. The wrong way points the sign agreement p̂."
    )
    assert "wrong way" not in trust(UNSURE)


@pytest.mark.parametrize(
    ("rho", "ending"),
    [
        ((SURE, LOW), "[0.60, 0.90] over 40 columns, ahead of all others."),
        ((SURE, SURE), "; as far as can be told the sign agreement p̂ does as well."),
        ((SURE, SURE, SURE), "; as far as can be told the sign agreement p̂ and the p̂ above its null do as well."),
        ((SURE, WRONG, WRONG), ". The wrong way points the sign agreement p̂ and the p̂ above its null."),
    ],
)  # fmt: skip
def test_the_sentence_names_whom_to_trust_and_who_does_as_well(rho, ending):
    sentence = trust(*rho)
    assert sentence.startswith("By the truth, trust the semantic probability p on this data: rank correlation 0.80 [")
    assert sentence.endswith(ending)


@pytest.mark.parametrize(
    ("seeds", "halves", "sentence"),
    [
        (
            (0.95, 0.91),
            (0.7, 0.6),
            "Other starts give nearly the same order (rank correlation 0.91 to 0.95 over 2 seeds); one half of the "
            "images against the other (rank correlation 0.60 to 0.70 over 2 divisions) gives a similar one.",
        ),
        (
            (0.5, 0.4),
            (0.4, 0.3),
            "Other starts give a loosely similar order (rank correlation 0.40 to 0.50 over 2 seeds), and so does one "
            "half of the images against the other (rank correlation 0.30 to 0.40 over 2 divisions).",
        ),
        (
            (0.1, 0.3),
            (),
            "Other starts give another order (rank correlation 0.10 to 0.30 over 2 seeds); there are too few images "
            "to halve.",
        ),
    ],
)
def test_the_sentence_says_what_depends_on_what(seeds, halves, sentence):
    assert stability_sentence(Stability(seeds, halves, None)) == sentence


COLUMNS = ColumnsSummary(
    n_columns=4,
    n_differ=3,
    n_below=1,
    lowest=1,
    lowest_title="column 1",
    lowest_probability=0.1,
    n_lowest=1,
    sure=None,
    agreement=None,
)


def test_the_summary_counts_and_names():
    assert columns_sentence(COLUMNS) == (
        "Column 1 has the lowest semantic probability, 0.100. "
        "3 of 4 columns differ from their mismatched-pairs null at 5 % false discovery (1 of them below it)."
    )
    assert columns_sentence(replace(COLUMNS, n_lowest=2)).startswith("2 columns share the lowest")


@pytest.mark.parametrize(
    ("sure", "words"),
    [
        (0, "none of the 10 lowest is surely among them"),
        (3, "of the 10 lowest, 3 surely stay"),
        (10, "all 10 lowest stay"),
    ],
)
def test_the_summary_says_how_well_the_lowest_are_settled(sure, words):
    sentence = columns_sentence(replace(COLUMNS, n_columns=20, sure=sure))
    assert words in sentence
    assert "when other images are drawn" in sentence
    assert "when other images are drawn" not in columns_sentence(replace(COLUMNS, n_columns=10, sure=sure))


@pytest.mark.parametrize(
    ("rho", "words"),
    [
        (0.7, "follow the planted truth closely"),
        (0.4, "follow the planted truth clearly"),
        (0.2, "follow the planted truth weakly"),
        (0.1, "hardly follow the planted truth"),
        (-0.2, "run against the planted truth"),
    ],
)
def test_the_planted_truth_is_followed_closely_or_not(rho, words):
    sentence = truth_sentence(RankAgreement(Estimate(rho, -0.5, 0.9), 8))
    assert sentence == f"The probabilities {words}: rank correlation {rho:.2f} [-0.50, 0.90] over 8 columns."


@pytest.mark.parametrize("n_columns", [2, 5])
def test_nothing_to_rank_is_said(n_columns):
    assert "no order" in truth_sentence(RankAgreement(Estimate(float("nan"), -1.0, 1.0), n_columns))


def test_the_proposition_holds_fails_or_has_no_pair():
    assert order_sentence(OrderCheck(36, 36, 0, 0)) == (
        "All 36 pairs of candidates that differ in gain are ordered as the proposition says."
    )
    assert "does not hold here: of 3 pairs 2 are reversed, 1 have equal" in order_sentence(OrderCheck(3, 0, 1, 2))
    assert "no pair to check" in order_sentence(OrderCheck(0, 0, 0, 0))


def test_half_of_the_weight_stands_beside_what_equal_shares_need():
    assert concentration_sentence(Concentration(3, 1, 0.625)) == (
        "the heaviest one of 3 candidates holds 62% of the weight (of equal shares it takes 2 to hold half)"
    )
    assert "the heaviest 8 of 16 candidates hold 50% of" in concentration_sentence(Concentration(16, 8, 0.5))


@pytest.mark.parametrize(
    ("change", "words"),
    [(GAIN, "Feedback helped: +2.0 [+1.0, +3.0] points"), (LOSS, "Feedback hurt: "), (NEITHER, "Feedback made no ")],
)
def test_feedback_is_judged_by_its_interval(change, words):
    reading = FeedbackReading(3, Concentration(3, 1, 0.625), OrderCheck(3, 3, 0, 0), change)
    assert feedback_sentence(reading).startswith(words)
    alone = feedback_sentence(replace(reading, over_uniform=None))
    assert alone.startswith("3 prototypes per modality, and the heaviest one")
    assert "no uniform averaging" in alone


# Spaces

HERE, THERE = (SpacePurity(Estimate(value, value, value), LOW, LOW) for value in (0.75, 0.25))
CONTENT = Purity("content", "concept", "images", 9, 9, 3, 5, HERE, THERE, HERE, LOW, Estimate(0.0, -0.1, 0.1))
STYLE = replace(CONTENT, role="style", label="tint", difference=WRONG)


def test_the_spaces_separate_what_all_labels_agree_on():
    assert separation_sentence(Separation((CONTENT, STYLE), CONTENT)) == (
        "Yes: 2 of 2 comparisons differ as hoped (content purer in the semantic space, style in the style space)."
    )
    reversed_too = Separation((CONTENT, replace(STYLE, difference=LOW)), CONTENT)
    assert separation_sentence(reversed_too).startswith("No clear answer: 1 of 2 comparisons differ as hoped")
    assert separation_sentence(reversed_too).endswith(", 1 the other way.")


def test_a_difference_that_random_weights_have_too_is_counted_as_such():
    likely = replace(CONTENT, random_difference=Estimate(0.0, -1.0, 1.0))
    assert separation_sentence(Separation((likely, likely), CONTENT)) == (
        "Barely: 2 of 2 comparisons differ as hoped (content purer in the semantic space, style in the style space); "
        "with random weights 2 of the 2 differ as much."
    )


def test_without_labels_the_modality_is_what_is_told():
    nothing = Separation((), CONTENT)
    assert separation_sentence(nothing).startswith("This cannot be told here, because the items carry no labels.")
    assert "75% [75%, 75%] are of its own modality in the semantic space" in separation_sentence(nothing)
    assert separation_details(nothing) == ""


def test_the_clearest_label_of_a_role_has_the_numbers():
    fainter = replace(CONTENT, label="fainter", difference=Estimate(0.1, 0.05, 0.2))
    assert separation_details(Separation((fainter, CONTENT), CONTENT)) == (
        "Content (concept of images): purity 0.750 in the semantic space, 0.250 in the style space, difference "
        "+0.300 [+0.100, +0.500]; with random weights -0.100 to +0.100. No label of style is known."
    )


def test_the_rule_of_a_sample_is_said_and_all_items_need_none():
    pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.ones(6, 2), text_image=torch.tensor([0, 0, 0, 1, 1, 1]))
    assert sample_sentence(sample_items(2, 6), pairs) == ""
    assert sample_sentence(sample_items(2, 6, limit=4, seed=4), pairs) == (
        "4 of 8 items are shown: 1 of 2 images and 3 of 6 texts, drawn at random with seed 4."
    )


def test_a_map_says_whose_colour_is_borrowed():
    assert colouring_note(Colouring("tint", "groups")) == ""
    assert colouring_note(Colouring("tint", "groups", gap="of-images")).startswith("Only images have the label tint:")
    assert colouring_note(Colouring("tint", "groups", gap="of-texts")).startswith("Only texts have the label tint:")
    assert colouring_note(Colouring("change", "sequential", gap="sampled")).startswith("Grey: not measured")


# Retrieval


def lists(before, after, relevant=None):
    known = None if relevant is None else torch.tensor(relevant)
    return lists_sentence(compare_lists(torch.tensor(before), torch.tensor(after), relevant=known, top_k=2))


def test_both_ranks_of_the_right_answer_are_said():
    scores, others, right = [0.3, 0.2, 0.1], [0.1, 0.2, 0.3], [True, False, False]
    assert lists(scores, others, right) == "Rank 1 to 3: the right answer moves down among 3."
    assert lists(others, scores, right) == "Rank 3 to 1: the right answer moves up among 3."
    assert lists(scores, scores, right) == "No change: the right answer is at rank 1 of 3 in both lists."


def test_without_a_known_answer_the_sentence_counts_what_stays():
    scores, others = [0.3, 0.2, 0.1], [0.1, 0.2, 0.3]
    assert lists(scores, others) == "1 of the first 2 are the same in both lists, and another comes first."
    assert lists(scores, scores) == "2 of the first 2 are the same in both lists, and the first stays the first."


@pytest.mark.parametrize(
    ("lead", "verdict"),
    [
        (GAIN, "No simpler idea does as well"),
        (NEITHER, "A simpler idea does as well"),
        (LOSS, "A simpler idea does better"),
    ],
)
def test_a_rival_is_behind_level_or_ahead(lead, verdict):
    sentence = simpler_idea_sentence(SimplerIdea("correlation", GAIN, lead, 3))
    assert sentence.startswith(f"{verdict}: the best of 3 tried, ")
    assert sentence.endswith(f", changes rSum by +2.0 [+1.0, +3.0]; PICO's weights minus it: {lead:+.1f}.")


def test_the_word_that_changed_most_is_named():
    patches, words = torch.eye(2), torch.tensor([[3.0, 4.0], [2.0, 1.0]])
    left, right = (token_map(patches, words, weights=torch.tensor(weights)) for weights in ([1.0, 0.5], [1.0, 1.0]))
    assert word_maps_sentence(TwoMaps(left, left), ["cat", "dog"]).startswith("Both sides score this pair alike")
    assert word_maps_sentence(TwoMaps(left, right), ["cat", "dog"]) == (
        "“cat” changed most: it adds +1.5000 to the score on the left and +2.0000 on the right. "
        "1 of 2 words and 0 of 2 patches choose another partner."
    )


def split(before, after, parts, *, top, **also):
    shown = shown_split(Split(before, after, torch.tensor(parts), **also), top=top)
    return split_sentence(shown, [f"column {i}" for i in range(len(parts))], subject="It")


def test_a_share_is_said_only_where_it_is_one():
    assert split(1.0, 2.0, [0.9, 0.0, 0.0, 0.1], top=3) == (
        "It grows from +1.000 to +2.000: columns 0 and 3 account for 100% of that."
    )
    assert split(1.0, 2.0, [1.0, 0.0], top=3).endswith(": column 0 accounts for 100% of that.")
    assert split(1.0, 1.1, [0.9, -0.7, 0.0, 0.0], top=2, alignment=-0.1) == (
        "It grows from +1.000 to +1.100: columns 0 and 1 change it by +0.200, other columns by +0.000, "
        "new partners by -0.100."
    )
    assert split(1.0, 0.5, [0.1, 0.0], top=2, alignment=-0.6) == (
        "It shrinks from +1.000 to +0.500: column 0 changes it by +0.100, other columns by +0.000, "
        "new partners by -0.600."
    )
    assert split(0.0, 0.0, [0.0, 0.0], top=2) == "It stays at +0.000: no column's part changes."


@pytest.fixture(scope="module")
def pairs():
    return PairedEmbeddings.from_arrays(torch.eye(12), torch.eye(12))


def ranked(pairs, before, after, images=None):
    """Every query at one rank on the left, and at another on the right."""
    n = pairs.n_images if images is None else len(images)
    no = torch.zeros(n).bool()
    left, right = (QueryRanks(*(torch.full((n,), rank),) * 2, no, no) for rank in (before, after))
    return pair_ranks(pairs, left, right, images=images)


def test_what_was_measured_on_is_said(pairs):
    some = torch.arange(0, 12, 4)
    assert where(ranked(pairs, 1, 1)) == "on 12 all images"
    assert where(ranked(pairs, 1, 1, some)) == "estimated from 3 of 12 all images"


def test_the_metrics_have_the_verdict_before_digits(pairs):
    def said(before, after, images=None):
        return metrics_sentence(metric_table(ranked(pairs, before, after, images)), "Unweighted", "Weighted")

    assert said(9, 1) == (
        "Better on the right: rSum 200.0 for “Unweighted”, 600.0 for “Weighted”, difference +400.0 [+400.0, +400.0] "
        "points on 12 all images."
    )
    assert said(1, 9).startswith("Worse on the right: rSum 600.0 for “Unweighted”, 200.0 for “Weighted”, ")
    assert said(9, 8).startswith("No detectable difference: rSum ")
    assert said(9, 9) == (
        "Nothing changes: no query that was asked has another rank on the right; 200.0 of 600 on 12 all images."
    )
    few = said(9, 9, torch.arange(3))
    assert few.startswith("No change seen: ")
    assert few.endswith("estimated from 3 of 12 all images.")


def test_a_switch_changes_something_nothing_or_nothing_that_was_seen(pairs):
    def said(before, after, images=None):
        return switch_sentence(switch_effect(ranked(pairs, before, after, images)), "without column 3")

    some = torch.arange(3)
    assert said(9, 1) == (
        "Retrieval gets better: 200.0 before, 600.0 without column 3, difference +400.0 [+400.0, +400.0] points of "
        "rSum on 12 all images."
    )
    assert said(1, 9, some).startswith("Retrieval gets worse: 600.0 before, 200.0 without column 3, ")
    assert said(1, 9, some).endswith(" points of rSum, estimated from 3 of 12 all images.")
    assert said(9, 9) == (
        "Nothing changes: 200.0 points of rSum before and without column 3, no rank moves on 12 all images."
    )
    assert "no query enters or leaves the first 1, 5 or 10 on 12" in said(9, 8)
    assert said(9, 9, some) == (
        "No change seen among the 3 of 12 all images that were asked: no rank of them moves without column 3. "
        "Up to 63% of the images could still change."
    )
    assert "no query of them enters or leaves the first 1, 5 or 10 without" in said(9, 8, some)


@pytest.mark.parametrize(("low", "does"), [(401.0, "does more harm than"), (399.0, "is what"), (1.0, "does more good")])
def test_a_switch_stands_beside_random_columns(pairs, low, does):
    effect = switch_effect(ranked(pairs, 9, 1))
    draws = tuple((0.0,) * 6 + (change,) for change in (low, low + 2))
    sentence = band_sentence(ControlBand(2, draws), effect)
    assert sentence.startswith(f"That {does}")
    assert (" in any draw: " in sentence) == (does != "is what")
    assert sentence.endswith(f": {low:+.1f} to {low + 2:+.1f} points in 2 draws on the same queries.")
    assert " 2 random columns do" in sentence
    assert " one random column does" in band_sentence(ControlBand(1, draws), effect)


def test_weights_stand_beside_the_same_weights_on_other_columns():
    control = PermutedControl((-1.0, 1.0), (10.0, 20.0), (30.0, 25.0))
    assert permuted_sentence(control, GAIN) == (
        "That does more good than the same weights do on other columns in any draw: -1.0 to +1.0 points in 2 "
        "permutations; they win 10 to 20 % of the queries and lose 25 to 30 %."
    )
    assert permuted_sentence(control, LOSS).startswith("That does more harm than the same weights")
    assert permuted_sentence(control, NEITHER).startswith("That is what the same weights do on other columns: ")


@pytest.mark.parametrize(
    ("lead", "verdict"),
    [
        (GAIN, "More text queries win than lose"),
        (LOSS, "More text queries lose than win"),
        (NEITHER, "No detectable difference between text queries won and lost"),
    ],
)
def test_queries_won_and_lost_are_counted(lead, verdict):
    counts = MoveCounts("text", 3, 1, 2, lead)
    assert moves_sentence(counts) == f"{verdict}: 3 won, 1 lost, 2 of 6 stay; lead {lead.signed} points."
    assert moves_sentence(MoveCounts("image", 0, 0, 48, NEITHER)) == ("No image query moves: all 48 keep their rank.")


def group(value, change, *, differs, interval=GAIN):
    metric = GroupMetric("rsum", 100.0, 100.0 + change, change, interval, 0.01, differs)
    return LabelGroup(value, 1, 16, 16, 32, (metric,))


def labels(*groups):
    return labels_sentence(LabelTable(LabelColumn("style", True), groups, ("rsum",)), "rsum", "rSum")


def test_values_that_gain_and_lose_are_named_the_largest_first():
    plain, sepia = group("plain", 5.0, differs=False), group("sepia", 20.0, differs=True)
    night, sketch = group("night", -6.0, differs=True), group("sketch", 30.0, differs=True)
    assert labels(plain, sepia) == (
        "Better for sepia (+20.0) in rSum: 1 of 2 values of style with an interval, at 5 % false discovery."
    )
    assert labels(sepia, night, sketch).startswith(
        "Better for sketch (+30.0) and sepia (+20.0) and worse for night (-6"
    )
    assert labels(plain) == (
        "No value stands out: rSum changes detectably for none of 1 value of style with an interval, at 5 % false "
        "discovery."
    )
    assert labels(group("rare", 9.0, differs=False, interval=None)) == (
        "No value of style has the 8 images that an interval needs."
    )
