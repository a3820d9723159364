"""Trainings over seeds: splits overlap, verdicts are adjusted over comparisons, early epochs are told."""

import polars as pl
import pytest
import torch
from rich.cells import cell_len
from rich.console import Console
from scipy import stats

from pico_core.cli import printing
from pico_core.experiments.rows import LEAD, SCHEMA, TRAINED, TRAINED_SCHEMA, current_rows
from pico_core.experiments.summary import LAST_UNWEIGHTED
from pico_core.experiments.tables import read_table
from pico_core.experiments.training_summary import training_summaries
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training.alignment import HeadLearner
from pico_core.training.schemes import loop_label
from pico_core.training.settings import AlignmentConfig
from pico_core.training.weighting import Weigher


def training_summary(rows):
    (summary,) = training_summaries(rows)
    return summary


CONTROLS = ("after", "p_hat", "learned", "shuffled", "permuted")


def table(changes, *, dataset="toy", epochs=(5, 6, 7), half=1.0, n_train=60, leads=()):
    """PICO with one change per seed, training with P = 1 at 400; leads as (control, values)."""
    rows = []
    for seed, change in enumerate(changes):
        own = {"experiment": "training", "dataset": dataset, "digest": "0", "seed": seed, "basis": "given"}
        own |= {"n_images": 40, "n_texts": 40, "n_train": n_train, "seconds": 1.0}
        for family, variant, value in (
            (TRAINED, "none", 0.0),
            (TRAINED, "pico", change),
            *((LEAD, control, values[seed]) for control, values in leads),
        ):
            width = 0.0 if variant == "none" else half
            rows.append(
                own
                | {"family": family, "variant": variant, "label": loop_label(variant), "best_epoch": epochs[seed]}
                | {"baseline": 400.0, "rsum": 400.0 + value, "difference": value}
                | {"low": value - width, "high": value + width}
            )
    return pl.DataFrame(rows, schema=TRAINED_SCHEMA)


def test_the_interval_is_that_of_the_corrected_resampled_t_test():
    found = training_summary(table((4.0, 6.0, 11.0))).pico
    spread = stats.tstd([4.0, 6.0, 11.0])
    reach = stats.t.ppf(0.975, 2) * spread * (1 / 3 + 40 / 60) ** 0.5
    assert (found.change.low, found.change.high) == pytest.approx((7 - reach, 7 + reach))
    assert found.p == pytest.approx(2 * stats.t.sf(7 / spread, 2))
    assert found.p_adjusted == found.p  # the only one that is tested: P = 1 is no test
    assert reach > 1.7 * stats.t.ppf(0.975, 2) * spread / 3**0.5  # a plain t interval is much narrower


def test_an_older_table_without_the_size_of_the_split_has_that_of_the_usual_one():
    known, unknown = table((4.0, 6.0, 11.0)), table((4.0, 6.0, 11.0), n_train=None)
    assert training_summary(unknown).pico.change.low == pytest.approx(training_summary(known).pico.change.low)


def test_with_one_seed_the_interval_is_that_of_its_images():
    found = training_summary(table((4.0,)))
    assert (found.pico.change.low, found.pico.change.high, found.pico.p) == (3.0, 5.0, None)
    assert found.pico.verdict == "helps"
    assert "PICO in the loop helps: +4.0 [+3.0, +5.0]" in found.sentence
    assert "with one seed, so of one split only." in found.sentence


def test_p_values_are_adjusted_over_all_comparisons_of_a_table():
    alone = training_summary(table((9.0, 10.0, 11.0)))
    assert alone.pico.verdict == "helps"
    both = training_summaries(pl.concat([table((9.0, 10.0, 11.0)), table((1.0, -1.0, 0.5), dataset="other")]))
    assert [one.dataset for one in both] == ["toy", "other"]
    assert both[0].pico.p == alone.pico.p
    assert both[0].pico.p_adjusted == pytest.approx(alone.pico.p * 2 * (1 + 1 / 2))
    many = [table((9.0, 10.0, 11.0)), *(table((1.0, -1.0, 0.5), dataset=f"other {n}") for n in range(5))]
    first, *_ = training_summaries(pl.concat(many))
    assert first.pico.change.low > 0
    assert first.pico.verdict == "none"
    assert "makes no difference that holds once all comparisons are adjusted for (p = 0.1" in first.sentence
    assert "the paired interval within each seed said: helps in 3." in first.sentence


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ((5, 6, 7), ""),
        ((2, 1, 0), "In 2 of 3 seeds the best epoch came before the weighting began, with P still 1, so these seeds "),
        ((2, 1, 2), "In 1 of 3 seeds the best epoch came before the weighting began, with P still 1, so this seed "),
        ((0, 1, 0), "In all 3 seeds the best epoch came before the weighting began, with P still 1, so this tells "),
    ],
)
def test_best_epochs_before_the_weighting_began_are_told(epochs, words):
    found = training_summary(table((-4.0, -6.0, 1.0), epochs=epochs))
    assert found.pico.early == sum(epoch <= 1 for epoch in epochs)
    assert found.caution.startswith(words)
    assert bool(found.caution) == bool(words)
    assert found.caution in found.sentence
    assert found.rows[0].early == 0  # P = 1 has no weighting that could begin


def test_until_the_epoch_that_counts_as_early_p_is_one(planted):
    parts = planted.pairs.split()
    config = AlignmentConfig(anchor_images=20, feedback_images=20)
    weigher, learner = Weigher(retrieval_feedback, config), HeadLearner.over(parts.fit, parts.feedback, config)
    ones = torch.ones(planted.pairs.n_columns)
    assert torch.equal(weigher.weights(learner, epoch=LAST_UNWEIGHTED).weights, ones)
    assert not torch.equal(weigher.weights(learner, epoch=LAST_UNWEIGHTED + 1).weights, ones)


def test_the_control_that_comes_closest_is_named():
    leads = (("p_hat", (9.0, 10.0, 11.0)), ("after", (-9.0, -10.0, -11.0)))
    found = training_summary(table((4.0, 6.0, 11.0), leads=leads))
    assert (
        "A control does better: trained with P = 1, PICO's weights after it (PICO minus it: -10.0 [" in found.sentence
    )
    assert found.lead("p_hat").value == 10.0
    assert found.lead("shuffled") is None


def test_an_older_table_is_read_with_the_best_epoch_of_its_notes(tmp_path):
    notes = pl.Series(["best epoch 3 of 10, feedback rSum 300.0, spread of P 0.10", "no training"] * 3)
    old = table((4.0, 6.0, 11.0)).drop("best_epoch", "n_train").with_columns(note=notes)
    old.write_parquet(tmp_path / "table.parquet")
    found = read_table(tmp_path / "table.parquet")
    assert found["best_epoch"].to_list() == [3, None] * 3
    assert found["n_train"].to_list() == [None] * 6
    assert found.schema == SCHEMA
    new = table((4.0,)).with_columns(fresh=True)
    assert current_rows(new).select(new.columns).equals(new)


def test_the_printed_tables_fit_eighty_columns(capsys, monkeypatch):
    leads = tuple((control, (-100.04, 120.0, 99.0)) for control in CONTROLS)
    found = training_summary(table((-100.04, 120.0, 99.0), leads=leads))
    monkeypatch.setattr(printing, "out", Console(soft_wrap=True, width=80))
    printing.tell_trainings(found)
    lines = capsys.readouterr().out.splitlines()
    tables = [line for line in lines if "[" in line and "In training" not in line]
    assert len(tables) == 1 + len(CONTROLS)
    assert all("]" in line and cell_len(line) <= 80 for line in tables)
    assert "PICO, shuffled feedback" in "".join(tables)
