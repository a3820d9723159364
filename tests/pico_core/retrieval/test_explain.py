"""The exact split of a score into columns, against the kernel and against loops written out."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pico_core.common.errors import DataError
from pico_core.kernels.similarity import late_interaction
from pico_core.retrieval.explain import Split, Tokens, above_split, column_parts, score_split, shown_split

EXACT = {torch.float32: 1e-5, torch.float64: 1e-12}  # relative to the scores, as the kernel rounds


def drawn(seed: int, *, d: int, p: int, w: int, kind: torch.dtype):
    """Random unit tokens with padding that holds rubbish, masks, and two weight vectors with zeros in them."""
    draw = torch.Generator().manual_seed(seed)

    def unit(n: int) -> torch.Tensor:
        return torch.nn.functional.normalize(torch.randn(1, n, d, generator=draw, dtype=torch.float64), dim=2).to(kind)

    masks = [torch.rand(1, n, generator=draw) < 0.7 for n in (p, w)]
    for mask in masks:
        mask[0, 0] = True
    weights = [torch.rand(d, generator=draw, dtype=torch.float64) ** 2 for _ in range(2)]
    weights[1][torch.rand(d, generator=draw) < 0.3] = 0.0
    return unit(p), unit(w), masks, [weight.to(kind) for weight in weights]


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    d=st.integers(1, 24),
    p=st.integers(1, 9),
    w=st.integers(1, 7),
    kind=st.sampled_from([torch.float32, torch.float64]),
)
def test_parts_sum_to_the_difference_of_the_kernels_scores(seed, d, p, w, kind):
    patches, words, (image_mask, text_mask), (before, after) = drawn(seed, d=d, p=p, w=w, kind=kind)
    scores = [
        float(late_interaction(patches, words, image_mask=image_mask, text_mask=text_mask, weights=weights)[0, 0])
        for weights in (before, after)
    ]
    split = score_split(Tokens(patches[image_mask], words[text_mask]), before=before, after=after)
    near = EXACT[kind] * max(1e-3, *(abs(score) for score in scores))
    # Scores can cancel to nearly nothing; what rounding is relative to is the sum of their absolute parts.
    size = float(column_parts(Tokens(patches[image_mask], words[text_mask]), weights=before).abs().sum())
    near = max(near, EXACT[kind] * size)
    assert float(split.parts.sum()) + split.alignment == pytest.approx(scores[1] - scores[0], abs=2 * near)
    assert split.before == pytest.approx(scores[0], abs=near)
    assert split.after == pytest.approx(scores[1], abs=near)
    own = column_parts(Tokens(patches[image_mask], words[text_mask]), weights=after)
    assert float(own.sum()) == pytest.approx(scores[1], abs=near)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_new_partners_never_cost_a_score_anything(seed):
    patches, words, _, (before, after) = drawn(seed, d=6, p=5, w=4, kind=torch.float64)
    assert score_split(Tokens(patches[0], words[0]), before=before, after=after).alignment >= -1e-12


def test_the_parts_are_those_of_a_loop_over_tokens():
    patches, words, _, (before, after) = drawn(5, d=7, p=4, w=3, kind=torch.float64)
    v, t = patches[0], words[0]
    expected = [0.0] * 7
    moved = 0
    for i in range(4):
        old, new = (max(range(3), key=lambda j: float((weights * v[i]) @ t[j])) for weights in (before, after))
        moved += old != new
        for column in range(7):
            expected[column] += float((after[column] - before[column]) * v[i, column] * t[old, column]) / 4
    for j in range(3):
        old, new = (max(range(4), key=lambda i: float((weights * v[i]) @ t[j])) for weights in (before, after))
        moved += old != new
        for column in range(7):
            expected[column] += float((after[column] - before[column]) * v[old, column] * t[j, column]) / 3
    split = score_split(Tokens(v, t), before=before, after=after)
    torch.testing.assert_close(split.parts, torch.tensor(expected, dtype=torch.float64))
    assert split.realigned == moved > 0


def test_equal_weights_split_nothing():
    patches, words, _, (weights, _) = drawn(1, d=5, p=3, w=3, kind=torch.float32)
    split = score_split(Tokens(patches[0], words[0]), before=weights, after=weights)
    assert (split.change, split.alignment, split.realigned, float(split.parts.abs().max())) == (0.0, 0.0, 0, 0.0)
    shown = shown_split(split, top=3)
    assert (shown.share, shown.change, [part.column for part in shown.parts]) == (None, 0.0, [None])


def test_a_lead_is_one_split_less_the_other():
    patches, words, _, (before, after) = drawn(2, d=5, p=6, w=10, kind=torch.float64)
    one = score_split(Tokens(patches[0], words[0, :5]), before=before, after=after)
    other = score_split(Tokens(patches[0], words[0, 5:]), before=before, after=after)
    lead = one - other
    assert lead.before == one.before - other.before
    assert lead.change == pytest.approx(float(lead.parts.sum()) + lead.alignment, abs=1e-12)
    assert lead.realigned == one.realigned + other.realigned
    assert one.alignment != 0 != other.alignment, "both must choose other partners, or nothing is tested"
    assert lead.alignment == pytest.approx(one.alignment - other.alignment, abs=1e-12)


def test_why_one_stands_above_another_sums_to_the_difference_of_their_scores():
    patches, words, _, (_, weights) = drawn(3, d=8, p=4, w=6, kind=torch.float64)
    upper, lower = Tokens(patches[0], words[0, :3]), Tokens(patches[0], words[0, 3:])
    split = above_split(upper, lower, weights=weights)
    assert split.change == pytest.approx(float(split.parts.sum()), abs=1e-12)
    assert split.after == pytest.approx(float(column_parts(upper, weights=weights).sum()), abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.floats(-2, 2), min_size=1, max_size=30),
    alignment=st.floats(-0.5, 0.5),
    before=st.floats(-2, 2),
    top=st.integers(1, 12),
    digits=st.integers(1, 4),
)
def test_what_is_printed_adds_up_to_the_last_digit(parts, alignment, before, top, digits):
    columns = torch.tensor(parts, dtype=torch.float64)
    split = Split(before, before + float(columns.sum()) + alignment, columns, alignment)
    shown = shown_split(split, top=top, digits=digits)
    printed = [round(part.value * 10**digits) for part in shown.parts]
    assert all(
        f"{part.value:.{digits}f}" == f"{n / 10**digits:.{digits}f}"
        for part, n in zip(shown.parts, printed, strict=True)
    )
    assert round(shown.before * 10**digits) + sum(printed) == round(shown.after * 10**digits)
    # Every line is the number it stands for, but for the rounding.
    true = {part.column: float(columns[part.column]) for part in shown.parts if part.column is not None}
    for part in shown.parts:
        if part.column is not None:
            assert abs(part.value - true[part.column]) < 2.001 * 10**-digits
        elif part.is_alignment:
            assert abs(part.value - alignment) < 2.001 * 10**-digits
        else:
            rest = float(columns.sum()) - sum(true.values())
            assert abs(part.value - rest) < 2.001 * 10**-digits
            assert part.others == len(parts) - len(true)


def test_printed_ends_can_be_those_of_the_lists():
    split = Split(1.0005, 1.0016, torch.tensor([0.0011]))
    shown = shown_split(split, top=1, before=1.0006, after=1.002)
    assert (shown.before, shown.after, [part.value for part in shown.parts]) == (1.001, 1.002, [0.001])
    nothing = shown_split(split, top=1, before=1.0, after=1.0)
    assert [part.value for part in nothing.parts] == [0.0]


def test_the_line_with_the_largest_remainder_goes_up():
    shown = shown_split(Split(0.0, 0.4, torch.tensor([0.14, 0.26])), top=2, digits=1)
    assert [(part.column, part.value) for part in shown.parts] == [(1, 0.3), (0, 0.1)]


def test_columns_without_a_part_have_no_line():
    shown = shown_split(Split(0.0, 0.5, torch.tensor([0.0, 0.5, 0.0])), top=3)
    assert [(part.column, part.value) for part in shown.parts] == [(1, 0.5)]


def test_other_axes_are_refused():
    pair = Tokens(torch.ones(2, 3), torch.ones(2, 3))
    with pytest.raises(DataError, match="the weights have 4 columns, the patches 3 and the words 3"):
        score_split(pair, before=torch.ones(4), after=torch.ones(4))
    with pytest.raises(DataError, match="the weights have 5 columns"):
        above_split(pair, pair, weights=torch.ones(5))
