"""What the steps of the Method page show: computed once per study, so that no slider waits."""

import streamlit as st
import torch
from torch import Tensor

from pico_app.workspace import Workspace
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import Combination, Similarity
from pico_core.method.history import Construction
from pico_core.retrieval.explain import Tokens
from pico_core.retrieval.rankings import relevant_items
from pico_core.retrieval.scoring import retrieval_index
from pico_core.teaching.choices import Choice, Cosines, Height, all_choices, height_over_plane, prototype_cosines
from pico_core.teaching.gammas import GammaSweep, sweep_of
from pico_core.teaching.orders import (
    Arrival,
    ManyOrders,
    Share,
    feedback_orders,
    heaviest_shares,
    many_orders,
    shuffled_order,
)
from pico_core.teaching.strengths import Halves, RankCurve, WeightParts, rank_along_strength, score_halves, weight_parts


@st.cache_resource(max_entries=12, show_spinner="Clustering at every exponent")
def _sweep(key: str, _construction: Construction) -> GammaSweep:
    return sweep_of(_construction)


def gamma_sweep(space: Workspace) -> GammaSweep:
    """Weighted K-means of the study's columns at a grid of exponents."""
    return _sweep(space.key, space.study.construction)


@st.cache_resource(max_entries=32, show_spinner=False)
def _arrival(key: str, draw: int, _construction: Construction) -> Arrival:
    gains, config = _construction.history.candidate_gains, _construction.config
    order = shuffled_order(len(gains), draw=draw)
    return feedback_orders(gains, tau=config.tau, ema_decay=config.ema_decay, order=order)


def arrival(space: Workspace, *, draw: int) -> Arrival:
    """Feedback weights after every arrival, in one order of arrival; draw 0 is as the candidates came."""
    return _arrival(space.key, draw, space.study.construction)


@st.cache_data(max_entries=16, show_spinner=False)
def _many(key: str, _construction: Construction) -> ManyOrders:
    config = _construction.config
    return many_orders(_construction.history.candidate_gains, tau=config.tau, ema_decay=config.ema_decay)


def many_arrivals(space: Workspace) -> ManyOrders:
    """How often both ways to average order a pair wrongly, over many orders of arrival."""
    return _many(space.key, space.study.construction)


def shares(space: Workspace) -> tuple[Share, ...]:
    """The weights of the candidates of highest gain, in their parts."""
    made = space.study.construction
    return heaviest_shares(made.history.candidate_gains, tau=made.config.tau)


@st.cache_resource(max_entries=12, show_spinner=False)
def _choices(key: str, _construction: Construction) -> tuple[Choice, ...]:
    return all_choices(_construction)


def choice(space: Workspace, similarity: Similarity, combination: Combination) -> Choice:
    """Probabilities of the study's prototypes under one choice of similarity and combination."""
    found = _choices(space.key, space.study.construction)
    return next(one for one in found if (one.similarity, one.combination) == (similarity, combination))


@st.cache_resource(max_entries=8, show_spinner=False)
def probability_height(combination: Combination) -> Height:
    """Probability over the plane of both similarities; the same for all data."""
    return height_over_plane(combination)


def cosines_with_prototypes(space: Workspace, column: int) -> Cosines:
    """Cosines of a column with all prototypes."""
    return prototype_cosines(space.study.construction, column)


@st.cache_resource(max_entries=64, show_spinner="Ranking at every strength")
def _curve(key: str, text: int, _test: PairedEmbeddings, _probabilities: Tensor) -> RankCurve:
    return rank_along_strength(
        retrieval_index(_test),
        _test.text_tokens[text][_test.text_mask[text]],
        kind="text",
        relevant=relevant_items(_test, text, kind="text"),
        probabilities=_probabilities,
    )


def rank_curve(space: Workspace, text: int) -> RankCurve:
    """The rank of the right image of a test caption along strengths."""
    return _curve(space.key, text, space.splits.test, space.study.construction.probabilities)


def halves(space: Workspace, text: int, *, weights: Tensor | None = None) -> Halves:
    """Both halves of the score of a matched pair of the fit split; without weights unweighted."""
    fit = space.splits.fit
    image = int(fit.text_image[text])
    pair = Tokens(
        fit.image_tokens[image][fit.image_mask[image]].float(), fit.text_tokens[text][fit.text_mask[text]].float()
    )
    return score_halves(pair, weights=torch.ones(fit.n_columns) if weights is None else weights)


def column_weight(space: Workspace, column: int, *, strength: float) -> WeightParts:
    """The weight of a column at a strength, in its parts."""
    return weight_parts(space.study.construction.probabilities, column, strength=strength)


def caption_moves(space: Workspace) -> tuple[int, int]:
    """How many test captions rank their image better without the guard than unweighted, and how many worse."""
    report = space.study.report
    before, after = report.baseline.ranks.text_to_image, report.unguarded.ranks.text_to_image
    return int((after < before).sum()), int((after > before).sum())
