"""The figures of a run's report, in light colours."""

import polars as pl
from markupsafe import Markup

from pico_app.documents.standalone import Section
from pico_app.figures import columns as draw_columns
from pico_app.figures import feedback as draw
from pico_app.figures.trajectories import sides, trajectories
from pico_app.templates import paragraphs
from pico_app.words import capitalised, provenance
from pico_app.words.captions import caption_of
from pico_app.words.columns import columns_sentence, concentration_sentence, order_sentence, ways_sentence
from pico_core.columns.summary import summarise
from pico_core.columns.trajectories import concentration, order_check, prototype_planes, softmax_curve
from pico_core.studies.study import Study

# Columns times iterations of the moving figure, which grows by about 60 bytes each, and by 90 more with its lines.
MOST_TIED = 10_000
MOST_MOVING = 20_000
MOST_DRAWN = 4_000  # bars of columns; more are thinner than a pixel and heavy to open


def columns_section(table: pl.DataFrame) -> Section:
    """All columns by probability, with their intervals; of very many, the lowest."""
    shown = table.sort("probability", "column").head(MOST_DRAWN)
    cut = "" if table.height <= MOST_DRAWN else f" Drawn are the {MOST_DRAWN:,} lowest of {table.height:,} columns."
    figure = draw_columns.all_columns(shown, measure="probability", by_value=True)
    figure.update_layout(xaxis2={"title": {"text": "columns"}})  # a page is narrower than the app
    return Section(
        title="Which columns behave like style",
        html=paragraphs([columns_sentence(summarise(table)) + cut]),
        figure=figure,
        name="pico-columns",
        caption=caption_of("report-columns" if draw_columns.has_intervals(table) else "report-columns-unsettled"),
    )


def feedback_sections(study: Study) -> list[Section]:
    """Gain against weight with the proposition, and the gains over the iterations."""
    construction = study.construction
    history, tau = construction.history, construction.config.tau
    gains, weights = history.candidate_gains, history.final_shares
    curve = softmax_curve(gains, tau=tau) if construction.config.rule == "softmax" else None
    uneven = concentration_sentence(concentration(weights))
    sentences = (
        Markup("<b>The proposition.</b> {} <b>Checked on this record:</b> {}").format(
            provenance.PROPOSITION, order_sentence(order_check(gains, weights))
        ),
        f"{capitalised(uneven)}.",
    )
    return [
        Section(
            title="Did more gain earn more weight?",
            html=paragraphs(sentences),
            figure=draw.gain_against_weight(
                gains.numpy(),
                weights.numpy(),
                curve=None if curve is None else (curve.gain.numpy(), curve.weight.numpy()),
            ),
            name="pico-gain-weight",
            caption=caption_of("report-curve", tau=tau)
            if curve is not None
            else caption_of("report-no-curve", rule=construction.config.rule),
        ),
        Section(
            alt="Gains of the candidates and of their average over the iterations",
            figure=draw.gains_over_time(gains.numpy(), history.gains.numpy(), best=construction.best_iteration),
            name="pico-gains",
            caption=caption_of("report-gains"),
        ),
    ]


def ways_section(study: Study) -> Section:
    """Where the prototypes went; words alone where the moving figure would be too heavy for a page."""
    construction = study.construction
    size = study.columns.height * len(construction.history.iterations)
    planes = prototype_planes(construction)
    title, sentence = "Where the prototypes went", ways_sentence(planes)
    if size > MOST_MOVING:
        sentence += " The moving figure would be too heavy for a page of this size; the app's Prototypes page draws it."
        return Section(title=title, html=paragraphs([sentence]))
    return Section(
        title=title,
        html=paragraphs([sentence]),
        figure=trajectories(
            *sides(planes),
            construction.history.probabilities.numpy(),
            selected=-1,
            with_lines=size <= MOST_TIED,
            result=construction.best_iteration,
        ),
        name="pico-prototypes",
        caption=caption_of("report-ways"),
    )
