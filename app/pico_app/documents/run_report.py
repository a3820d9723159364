"""A study as one page: verdict, what was looked at, controls, figures, settings, sources, how to do it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

import polars as pl
from markupsafe import Markup

from pico_app.documents.report_figures import columns_section, feedback_sections, ways_section
from pico_app.documents.reproduce import DATA, RUN, changed_settings, construct_arguments, named_settings, shell
from pico_app.documents.standalone import Section, caption_html, standalone
from pico_app.figures import overview
from pico_app.figures import rankings as lists
from pico_app.templates import paragraphs, render
from pico_app.words import provenance
from pico_app.words.captions import caption_of
from pico_app.words.retrieval import simpler_idea_sentence
from pico_core.columns.summary import LOWEST
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.bases import BASES
from pico_core.method.history import StopReason
from pico_core.retrieval.records import Estimate, RetrievalReport, Verdict
from pico_core.retrieval.schemes.catalogue import METHOD
from pico_core.retrieval.simpler_idea import best_simpler_idea
from pico_core.studies.study import Study, study_images, study_part


@dataclass(frozen=True)
class Made:
    """When and by what a report was written; the only part of it that is not decided by the study."""

    at: datetime

    @property
    def sentence(self) -> str:
        """Date and version."""
        return f"{self.at:%Y-%m-%d %H:%M} UTC, PICO Lens {version('pico-lens')}"


def run_report_html(study: Study, *, pairs: PairedEmbeddings | None, written: Made) -> str:
    """The page as one HTML file that opens without network.

    Args:
        study: What is reported.
        pairs: Its whole dataset; None where only the run is at hand: then the sizes of the dataset and its splits
            and the strongest simpler idea are left out, and the page says so.
        written: When it is written.
    """
    sections = [
        _decision(study, pairs),
        _differences(study.report),
        _measures(study.report),
        columns_section(study.columns),
        Section(title=_lowest_title(study), html=_lowest_table(study.columns)),
        *feedback_sections(study),
        ways_section(study),
        _settings(study),
        _sources(),
        _again(study),
        _beware(study),
    ]
    return standalone(
        f"Does weighting columns by their semantic probability help on “{study.dataset}”?",
        answer=study.report.sentence,
        facts=_facts(study, pairs, written),
        sections=sections,
        kind="study",
    )


def _facts(study: Study, pairs: PairedEmbeddings | None, written: Made) -> list[tuple[str, str]]:
    config, report, past = study.config, study.report, study.construction.history
    fit, feedback, test = (100 * share for share in (config.fit, config.feedback, 1 - config.fit - config.feedback))
    shares = f"{fit:.0f} % of the images to fit, {feedback:.0f} % for feedback, {test:.0f} % to test"
    sample = "" if report.sample is None else f"; queries: {report.sample.sentence}, with all their texts"
    searched = f"{report.n_images:,} {report.split} images with {report.n_texts:,} texts"
    looked = f"{searched}, which no step before had seen{sample}"
    basis = BASES[config.basis]
    facts = [("Dataset", f"{study.dataset} (digest {study.digest})")]
    if pairs is not None:
        facts += list(_sizes(study, pairs))
    facts += [
        ("Verdict from", looked),
        ("Split", f"seed {config.seed}: {shares}"),
        ("Read in", f"{study.columns.height:,} columns: {basis.label}. {basis.sentence}"),
        ("Construction", f"{len(past.iterations)} iterations in a study of {study.seconds:.1f} s. {_stopped(study)}"),
        ("Computed by", ", ".join(study.versions)),
        *(("Told on the way", note) for note in study.notes),
        ("Report written", written.sentence),
    ]
    return facts


def _sizes(study: Study, pairs: PairedEmbeddings) -> Iterable[tuple[str, str]]:
    sizes = {part: len(images) for part, images in study_images(pairs, study.config).items()}
    drawn, of_split = study.feedback_sample, ""
    if drawn is not None:
        sizes["feedback"], of_split = drawn.n, f"; feedback {drawn.sentence} of its split"
    each = ", ".join(f"{size:,} {part}" for part, size in sizes.items())
    patches, words = pairs.image_tokens.shape[1], pairs.text_tokens.shape[1]
    held = "global vectors" if patches == words == 1 else f"up to {patches} patches an image and {words} words a text"
    yield "Sizes", f"{pairs.n_images:,} images ({each}{of_split}) with {pairs.n_texts:,} texts; {held}"
    if pairs.encoder is not None:
        yield "Encoder", pairs.encoder.sentence


def _stopped(study: Study) -> str:
    reason, best = study.construction.stop_reason.value, study.construction.best_iteration
    return f"{reason} The result is that of iteration {best}, the best by feedback."


def _decision(study: Study, pairs: PairedEmbeddings | None) -> Section:
    """The guard, the same weights without it, and the strongest simpler idea."""
    report, guard = study.report, study.construction.guard
    sentences = [
        guard.sentence + f" The guard asks that a gain exceed {guard.margin:g} standard error"
        f"{'' if guard.margin == 1 else 's'} there, clustered by image; else retrieval stays with equal weights."
    ]
    if not guard.accepted and any(row.name == METHOD for row in report.controls):
        sentences.append(
            f"Without the guard: {_verdict(report.unguarded.verdict)} {_signed(report.unguarded.difference)}."
        )
    test = None if pairs is None else study_part(pairs, study.config, "test")
    simpler = None if test is None else best_simpler_idea(report, report.text_image(test))
    if simpler is not None:
        sentences.append(simpler_idea_sentence(simpler))
    elif pairs is None:
        sentences.append(
            "Whether a simpler idea does as well is compared image by image, which needs the dataset: write this "
            f"report with --data {DATA} to have it here. The table below holds every simpler idea on its own."
        )
    return Section(title="What decided it", html=paragraphs(sentences))


def _differences(report: RetrievalReport) -> Section:
    count = {verdict: sum(row.verdict is verdict for row in report.controls) for verdict in Verdict}
    words = (
        f"Other scorings of the same queries: {count[Verdict.HELPS]} better than equal weights, {count[Verdict.HURTS]} "
        f"worse, {count[Verdict.NONE]} without a detectable difference."
    )
    return Section(
        title="Beside simpler ideas and broken parts",
        html=paragraphs([words]),
        figure=overview.differences([overview.Panel("", report)]),
        name="pico-differences",
        caption=caption_of("report-differences"),
    )


def _measures(report: RetrievalReport) -> Section:
    caption = caption_html(caption_of("report-measures", ties=_ties(report)))
    table = Markup('<div class="whole">{}{}</div>').format(lists.report_html(report), caption)
    return Section(title="All measures", html=table + _scorings(report))


def _lowest_table(columns: pl.DataFrame) -> Markup:
    """The columns of lowest probability, lowest first, every number with its interval where it has one."""
    rows = columns.sort("probability", "column").head(LOWEST).rows(named=True)
    return render("lowest_columns", rows=rows, note=_note_of_lowest(columns))


def _scorings(report: RetrievalReport) -> Markup:
    """What every scoring of the report is, in a few words each."""
    rows = [(row.label, overview.about(row.name)) for row in (report.weighted, *report.controls)]
    return render("two_columns", heads=("scoring", "what it is"), rows=rows)


def _note_of_lowest(columns: pl.DataFrame) -> str:
    if columns["lowest_share"].null_count():
        return (
            "This run has no intervals of its probabilities: columns read as quantiles have no images to resample, and "
            "older versions did not resample. The weight is what retrieval applies: 1 everywhere where the guard "
            "refused."
        )
    chance = 100 * min(1.0, LOWEST / columns.height)
    return (
        "Small print: 95 % intervals, the whole construction on resampled images (p̂: bootstrap over images; its null: "
        "central 95 % over mismatched pairs). How often a column stays among the ten lowest when images are drawn "
        f"anew: chance alone gives {chance:.0f} %; only above 95 % is its place settled. The weight is what retrieval "
        "applies: 1 everywhere where the guard refused."
    )


def _ties(report: RetrievalReport) -> str:
    tied = report.weighted.tied_queries
    return (
        "No query of the weighted scoring ties with a wrong candidate."
        if not tied
        else f"{tied:,} queries of the weighted scoring tie with a wrong candidate, and a tie counts as no worse."
    )


def _lowest_title(study: Study) -> str:
    return f"The {min(10, study.columns.height)} columns of lowest semantic probability"


def _settings(study: Study) -> Section:
    changed = {name: default for name, _value, default in changed_settings(study.config)}
    words = (
        f"{len(changed)} of them {'is' if len(changed) == 1 else 'are'} not at the default of this version."
        if changed
        else "All of them are at the defaults of this version."
    )
    named = [("seed", str(study.config.seed)), *named_settings(study.config)]
    settings = [(name, value, changed.get(name)) for name, value in named]
    return Section(title="Settings", html=render("settings", words=words, settings=settings))


def _sources() -> Section:
    rows = [(_code(origin.step), _code(origin.source)) for origin in provenance.ORIGINS]
    table = Markup('<div class="whole">{}</div>').format(render("two_columns", heads=("step", "source"), rows=rows))
    stance = paragraphs([f"The paper: {provenance.PAPER}. {provenance.STANCE}"])
    return Section(
        title="What is the paper's, and what is reconstructed", html=stance + table + paragraphs([provenance.HEADLINE])
    )


def _again(study: Study) -> Section:
    sentences = [
        f"{DATA} stands for the dataset of digest {study.digest} (pico-lens inspect {DATA} prints it), {RUN} for a run "
        "folder. Every setting is named, so that the first command holds even where another version has other "
        "defaults. The second does a saved run again and compares every vector of every iteration bit for bit; across "
        "other versions or processors the last digits may differ, and it says by how much."
    ]
    if study.construction.stop_reason is StopReason.CANCELLED:
        sentences.append(
            f"This construction was stopped after {len(study.construction.history.iterations)} iterations. The first "
            "command would go on to the end; the second stops where this one stopped."
        )
    if "semantic_share" in study.columns.columns and not study.columns["semantic_share"].null_count():
        sentences.append(
            f"The planted truth is read from truth.parquet in {DATA}; without it only that control is missing."
        )
    lines = (
        shell(construct_arguments(study.config)),
        shell(["replay", RUN, DATA]),
        shell(["report", RUN, "--out", "report.html", "--data", DATA]),
    )
    code = Markup("").join(Markup("<pre><code>{}</code></pre>").format(line) for line in lines)
    return Section(title="How to do it again", html=code + paragraphs(sentences))


def _beware(study: Study) -> Section:
    report, change = study.report, study.report.difference
    warnings = []
    if report.verdict is Verdict.NONE and change.low < change.high:
        warnings.append(
            "No detectable difference is not equality: the interval leaves room for a change from "
            f"{change.low:+.1f} to {change.high:+.1f} points of rSum."
        )
    if not study.construction.guard.accepted:
        warnings.append(
            "The guard kept equal weights, so the verdict above is that of equal weights. What the weights would have "
            "done stands in the row without the guard."
        )
    warnings += [
        "Intervals speak of other images like these. They say nothing about other data, another encoder, or training "
        "with the weighting in the loop.",
        f"One seed is one split. How far another one leads elsewhere: pico-lens repeat {DATA} --seeds 5.",
        "Several scorings were compared on the same test images; the best of several flatters itself.",
        "A low semantic probability is no proof of style: it says that a column moves with a style prototype in images "
        "or in texts. Only a yardstick from outside (style labels, the style probe) says more.",
        "A high p̂ is no proof of meaning: a constant offset that images and texts share gives it too. That is what the "
        "null on mismatched pairs is for.",
        "Gains on the feedback split chose the result, so they flatter; only the test split counts.",
    ]
    items = Markup("").join(Markup("<li>{}</li>").format(warning) for warning in warnings)
    return Section(title="What not to conclude", html=Markup("<ul>{}</ul>").format(items))


def _verdict(verdict: Verdict) -> str:
    return {
        Verdict.HELPS: "the weights help,",
        Verdict.HURTS: "the weights hurt,",
        Verdict.NONE: "no detectable difference,",
    }[verdict]


def _signed(change: Estimate) -> str:
    return f"{change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}] points of rSum"


def _code(text: str) -> Markup:
    """Escaped, with what stands between backticks as code.

    >>> _code("a `b < c`")
    Markup('a <code>b &lt; c</code>')
    """
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in parts)
