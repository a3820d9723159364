"""What the steps of the Method page show: computed once per study, so that no slider waits."""

from pico_app.server.answer import answer
from pico_app.workspace import Workspace
from pico_core.common.axes import Columns
from pico_core.method.config import Combination
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


@answer(spinner="Clustering at every exponent")
def gamma_sweep(space: Workspace) -> GammaSweep:
    """Weighted K-means of the study's columns at a grid of exponents."""
    return sweep_of(space.study.construction)


@answer(entries=32)
def arrival(space: Workspace, *, draw: int) -> Arrival:
    """Feedback weights after every arrival, in one order of arrival; draw 0 is as the candidates came."""
    gains, config = space.study.construction.history.candidate_gains, space.study.construction.config
    order = shuffled_order(len(gains), draw=draw)
    return feedback_orders(gains, tau=config.tau, ema_decay=config.ema_decay, order=order)


@answer()
def many_arrivals(space: Workspace) -> ManyOrders:
    """How often both ways to average order a pair wrongly, over many orders of arrival."""
    construction = space.study.construction
    config = construction.config
    return many_orders(construction.history.candidate_gains, tau=config.tau, ema_decay=config.ema_decay)


def shares(space: Workspace) -> tuple[Share, ...]:
    """The weights of the candidates of highest gain, in their parts."""
    construction = space.study.construction
    return heaviest_shares(construction.history.candidate_gains, tau=construction.config.tau)


@answer()
def _choices(space: Workspace) -> tuple[Choice, ...]:
    return all_choices(space.study.construction)


def choice(space: Workspace, similarity: str, combination: str) -> Choice:
    """Probabilities of the study's prototypes under one choice of similarity and combination."""
    return next(
        other for other in _choices(space) if (other.similarity, other.combination) == (similarity, combination)
    )


@answer()
def probability_height(combination: Combination) -> Height:
    """Probability over the plane of both similarities; the same for all data."""
    return height_over_plane(combination)


def cosines_with_prototypes(space: Workspace, column: int) -> Cosines:
    """Cosines of a column with all prototypes."""
    return prototype_cosines(space.study.construction, column)


@answer(entries=64, spinner="Ranking at every strength")
def rank_curve(space: Workspace, text: int) -> RankCurve:
    """The rank of the right image of a test caption along strengths."""
    test = space.splits.test
    return rank_along_strength(
        retrieval_index(test),
        test.text_tokens[text][test.text_mask[text]],
        kind="text",
        relevant=relevant_items(test, text, kind="text"),
        probabilities=space.study.construction.probabilities,
    )


def halves(space: Workspace, text: int, *, weights: Columns | None = None) -> Halves:
    """Both halves of the score of a matched pair of the fit split; without weights unweighted."""
    fit = space.splits.fit
    image = int(fit.text_image[text])
    pair = Tokens(
        fit.image_tokens[image][fit.image_mask[image]].float(), fit.text_tokens[text][fit.text_mask[text]].float()
    )
    return score_halves(pair, weights=weights)


def column_weight(space: Workspace, column: int, *, strength: float) -> WeightParts:
    """The weight of a column at a strength, in its parts."""
    return weight_parts(space.study.construction.probabilities, column, strength=strength)


def caption_moves(space: Workspace) -> tuple[int, int]:
    """How many test captions rank their image better without the guard than unweighted, and how many worse."""
    report = space.study.report
    before, after = report.baseline.ranks.text_to_image, report.unguarded.ranks.text_to_image
    return int((after < before).sum()), int((after > before).sum())
