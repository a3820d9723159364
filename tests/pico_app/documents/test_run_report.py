"""The report of a study as one page: complete, true, safe, and the same every time."""

import re
import shlex
from dataclasses import fields, replace
from datetime import UTC, datetime

import polars as pl
import pytest
import torch

from pico_app.answers import datasets, documents, studies
from pico_app.documents import report_figures
from pico_app.documents.reproduce import changed_settings, construct_arguments, shell
from pico_app.documents.run_report import Made, run_report_html
from pico_app.words import provenance
from pico_app.words.retrieval import simpler_idea_sentence
from pico_core import cli
from pico_core.cli.options import named_values
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.history import GuardDecision, StopReason
from pico_core.retrieval.simpler_idea import best_simpler_idea
from pico_core.studies.runs import load_run
from pico_core.studies.study import run_study, study_images, study_splits
from tests.pico_app.pages.test_pages import page as app_page
from tests.pico_app.reading import HOSTILE, assert_needs_no_network, outline
from tests.places import ROOT
from tests.screen import BEWARE, SAVE_REPORT

MADE = Made(datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
README = ROOT / "README.md"


@pytest.fixture(scope="module")
def splits(planted, study):
    return study_splits(planted.pairs, study.config, study.basis)


@pytest.fixture(scope="module")
def html(study, planted):
    return run_report_html(study, pairs=planted.pairs, written=MADE)


@pytest.fixture(scope="module")
def words(html):
    return said(html)


def said(html: str) -> str:
    """What a reader reads, on one line."""
    return " ".join(outline(html).words.split())


def as_a_shell(command: str) -> list[str]:
    """The words of a command; a backslash at the end of a line goes on with the next one."""
    return shlex.split(command.replace("\\\n", ""))


def rows_of(html: str, begins: str) -> list[list[str]]:
    """The cells of the table whose head begins so, as people read them."""
    tables = re.findall(r"<table.*?</table>", html, re.S)
    table = next(table for table in tables if begins in said(table)[: len(begins) + 40])
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", table.split("<tbody>")[1], re.S)
    return [[said(cell) for cell in re.findall(r"<td>(.*?)</td>", row, re.S)] for row in found]


def test_the_verdict_comes_first_and_everything_is_named(study, splits, html, words):
    assert words.index(study.report.sentence) < words.index("Dataset")
    rival = best_simpler_idea(study.report, splits.test.text_image)
    for text in (
        study.dataset,
        f"{study.dataset} (digest {study.digest})",
        study.construction.guard.sentence,
        study.construction.stop_reason.value,
        simpler_idea_sentence(rival),
        f"seed {study.config.seed}",
        "cross axes",
        f"{study.columns.height} columns",
        f"{splits.fit.n_images} fit, {splits.feedback.n_images} feedback, {splits.test.n_images} test",
        f"{study.seconds:.1f} s",
        *study.versions,
        "2026-01-02 03:04 UTC",
        "pairs of candidates that differ in gain are ordered as the proposition says",
        provenance.HEADLINE,
    ):
        assert " ".join(text.split()) in words, text


def test_every_scoring_stands_in_the_table_with_its_interval(study, html):
    rows = rows_of(html, "image to text")
    scorings = (study.report.baseline, study.report.weighted, *study.report.controls)
    assert len(rows) == len(scorings)
    for cells, scoring in zip(rows, scorings, strict=True):
        rsum, change, r1 = scoring.metrics.rsum, scoring.difference, scoring.metrics.i2t_r1
        assert cells[0] == scoring.label
        assert cells[1] == f"{rsum.value:.1f} {rsum.low:.1f}–{rsum.high:.1f}"
        assert cells[3] == f"{r1.value:.1f} {r1.low:.1f}–{r1.high:.1f}"
        expected = f"{change.value:+.1f} {change.low:+.1f} … {change.high:+.1f}"
        assert cells[2] == ("–" if scoring is study.report.baseline else expected)
    explained = [cells[0] for cells in rows_of(html, "scoring what it is")]
    assert sorted(explained) == sorted(scoring.label for scoring in scorings[1:])


def test_the_lowest_columns_are_the_lowest(study, html):
    rows = rows_of(html, "column semantic probability")
    probabilities = study.construction.probabilities
    lowest = probabilities.argsort(stable=True)[:10].tolist()
    assert [cells[0] for cells in rows] == [study.basis.title(column) for column in lowest]
    for cells, column in zip(rows, lowest, strict=True):
        row = study.columns.row(column, named=True)
        low, high = row["probability_low"], row["probability_high"]
        assert cells[1] == f"{probabilities[column]:.3f} {low:.3f}–{high:.3f}"
        assert cells[2] == f"{100 * row['lowest_share']:.0f} %"
        assert cells[7] == f"{row['weight']:.2f}"


def test_it_needs_no_network_and_little_room(html):
    assert_needs_no_network(html)
    assert len(html.encode()) < 8_000_000
    assert "Plotly.animate(" not in html[html.index("</script>") :], "nothing moves before it is asked to"
    assert html.count("Plotly.newPlot") == 5 + html[: html.index("</script>")].count("Plotly.newPlot")


def test_figures_have_words_for_who_cannot_see_them_and_captions_below(html):
    figures = [attributes for tag, attributes in outline(html).tags if attributes.get("role") == "figure"]
    assert len({one["aria-label"] for one in figures}) == 5
    assert all(one["aria-label"] for one in figures)
    after = html.split("role='figure'")[1:]
    assert all(BEWARE in said(part.split("</script>")[-1].split("</section>")[0]) for part in after)


def test_it_is_the_same_every_time_but_for_its_date(study, planted, html):
    later = run_report_html(study, pairs=planted.pairs, written=Made(datetime(2031, 11, 12, 13, 14, tzinfo=UTC)))
    assert later != html
    assert later.replace("2031-11-12 13:14", "2026-01-02 03:04") == html


CONFIGS = (
    StudyConfig(),
    StudyConfig(seed=2**32 - 1, basis="pca", fit=0.1 + 0.2, feedback=1 / 3),
    StudyConfig(construction=ConstructionConfig.preset("paper")),
    StudyConfig(construction=ConstructionConfig(strengths=(0.1,), representation="quantile", rule="ema", tol=1e-7)),
)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_command_gives_the_same_settings_back(config):
    words = as_a_shell(shell(construct_arguments(config)))
    assert words[:5] == ["pico-lens", "construct", "DATASET", "--out", "RUN"]
    assert words[5] == "--seed"
    assert set(words[7::2]) == {"--set"}
    settings = named_values(words[8::2])
    names = {field.name for kind in (StudyConfig, ConstructionConfig) for field in fields(kind)}
    assert set(settings) == names - {"seed", "construction"}, "nothing is left to the defaults of another version"
    assert StudyConfig(seed=int(words[6])).with_settings(settings) == config
    assert max(map(len, shell(construct_arguments(config)).splitlines())) <= 94


def test_only_what_was_changed_is_called_changed():
    assert changed_settings(CONFIGS[0]) == []
    assert changed_settings(CONFIGS[2]) == [("gamma", "1.0", "4.0")]


def test_the_printed_command_makes_the_same_run(study, planted, html, tmp_path):
    save_pairs(planted.pairs, tmp_path / "data")
    printed = outline(re.search(r"<pre><code>(.*?)</code></pre>", html, re.S).group(1)).words
    places = {"DATASET": str(tmp_path / "data"), "RUN": str(tmp_path / "run")}
    arguments = [places.get(word, word) for word in as_a_shell(printed)[1:]]
    cli.app(arguments, standalone_mode=False)
    again = load_run(tmp_path / "run")
    assert again.config == study.config
    assert again.digest == study.digest
    torch.testing.assert_close(again.construction.weights, study.construction.weights)


def test_names_of_the_data_stay_words(study, planted, html):
    report = study.report
    renamed = replace(
        report,
        split=HOSTILE,
        baseline=replace(report.baseline, label=HOSTILE),
        weighted=replace(report.weighted, label=HOSTILE),
        controls=tuple(replace(control, label=HOSTILE) for control in report.controls),
    )
    hostile = replace(
        study,
        dataset=HOSTILE,
        digest=HOSTILE,
        versions=(HOSTILE,),
        report=renamed,
        columns=study.columns.with_columns(pl.lit(HOSTILE).alias("title")),
    )
    parsed = outline(run_report_html(hostile, pairs=planted.pairs, written=MADE))
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in outline(html).tags]
    assert parsed.words.count("<script>window.hacked=1</script>") > 20
    assert not any("onerror" in attributes for _, attributes in parsed.tags)


def test_without_the_dataset_it_says_what_is_left_out(study):
    html = run_report_html(study, pairs=None, written=MADE)
    words = said(html)
    assert "write this report with --data DATASET" in words
    assert "Sizes" not in words
    assert "the best of 3 tried" not in words
    assert len(rows_of(html, "image to text")) == 2 + len(study.report.controls)


@pytest.mark.parametrize("accepted", [True, False])
def test_the_guard_speaks_in_words(study, accepted):
    guard = GuardDecision(accepted, 1, 0.5, 2.0, 3.0, 1.0)
    words = said(
        run_report_html(replace(study, construction=replace(study.construction, guard=guard)), pairs=None, written=MADE)
    )
    assert guard.sentence in words
    assert ("the verdict above is that of equal weights" in words) is not accepted


def test_a_construction_that_was_stopped_says_how_it_is_done_again(study, words):
    stopped = replace(study, construction=replace(study.construction, stop_reason=StopReason.CANCELLED))
    assert "the second stops where this one stopped" in said(run_report_html(stopped, pairs=None, written=MADE))
    assert "the second stops where this one stopped" not in words


def test_missing_intervals_are_missing_and_said(study):
    names = [
        name
        for name in study.columns.columns
        if name.endswith(("probability_low", "probability_high", "lowest_share", "similarity_low", "similarity_high"))
    ]
    bare = replace(
        study, columns=study.columns.with_columns(*(pl.lit(None, dtype=pl.Float64).alias(name) for name in names))
    )
    html = run_report_html(bare, pairs=None, written=MADE)
    row = rows_of(html, "column semantic probability")[0]
    assert row[1] == f"{study.construction.probabilities.min():.3f}"
    assert row[2] == "–"
    assert "no intervals of its probabilities" in said(html)


def test_what_is_too_heavy_is_left_out(study, monkeypatch):
    monkeypatch.setattr(report_figures, "MOST_MOVING", 10)
    monkeypatch.setattr(report_figures, "MOST_DRAWN", 7)
    html = run_report_html(study, pairs=None, written=MADE)
    words = said(html)
    assert "the app's Prototypes page draws it" in words
    assert sum(attributes.get("role") == "figure" for _, attributes in outline(html).tags) == 4
    assert f"Drawn are the 7 lowest of {study.columns.height} columns." in words


def test_the_readme_tells_the_same_sources():
    readme = README.read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if line.startswith("| ")]
    for origin in provenance.ORIGINS:
        assert origin.row in lines
    assert provenance.HEADLINE in " ".join(readme.split())
    assert provenance.STANCE in " ".join(readme.split())


@pytest.mark.parametrize("name", ["overview", "data"])
def test_the_app_offers_it(name):
    app = app_page(name)
    assert not app.exception
    labels = [button.label for button in app.get("download_button")]
    assert labels.count(SAVE_REPORT) == 1


def test_the_app_writes_the_study_on_the_screen():
    dataset = datasets.open_dataset("shortcut")
    space = studies.workspace(dataset, studies.find_study(dataset, StudyConfig()), strength=1.0)
    html = documents.study_report(space)
    assert space.study.report.sentence in said(html)
    assert space.dataset.pairs.digest in said(html)
    assert len(html.encode()) < 8_000_000


def test_sizes_are_those_of_the_study_where_feedback_is_a_sample():
    dataset = datasets.open_dataset("planted")
    method = ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=32)
    study = run_study(dataset.pairs, StudyConfig(feedback_images=10, construction=method))
    words = said(documents.study_report(studies.workspace(dataset, study, strength=1.0)))
    images = study_images(dataset.pairs, study.config)
    n_fit, n_feedback, n_test = (len(images[part]) for part in ("fit", "feedback", "test"))
    each = f"{n_fit} fit, 10 feedback, {n_test} test; feedback sampled 10 of {n_feedback} images of its split"
    assert n_feedback > 10
    assert f"{dataset.pairs.n_images:,} images ({each}) with {dataset.pairs.n_texts:,} texts" in words
