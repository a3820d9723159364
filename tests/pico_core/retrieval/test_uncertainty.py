"""How sure are we: intervals that cover, a null that is uniform, resamples that do what the construction does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from sklearn.cluster import KMeans
from torch.testing import assert_close

from pico_core.columns import resampling
from pico_core.columns.resampling import column_products, construction_draws
from pico_core.columns.summary import INTERVALS, lowest_shares, with_intervals
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.probabilities import pseudo_semantic_probabilities
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.uncertainty import mismatched_null, pseudo_semantic_band
from pico_core.studies.study import run_study
from tests.reporters import Calls


@pytest.fixture(scope="module")
def population():
    return planted_pairs(PlantedConfig(n_images=4000), seed=5).pairs


def drawn(population, n_images, generator):
    return population.select(torch.randperm(population.n_images, generator=generator)[:n_images])


def test_intervals_of_p_hat_cover_the_population_value(population):
    truth, generator = pseudo_semantic_probabilities(population), torch.Generator().manual_seed(1)
    covered = []
    for seed in range(200):
        band = pseudo_semantic_band(drawn(population, 200, generator), seed=seed)
        covered.append(((band.low <= truth) & (truth <= band.high)).float())
    assert 0.93 <= float(torch.stack(covered).mean()) <= 0.97


def test_p_values_of_the_null_are_uniform_where_texts_belong_to_other_images(population):
    generator, values = torch.Generator().manual_seed(2), []
    for seed in range(60):
        sample = drawn(population, 60, generator)
        strangers = replace(sample, text_image=torch.randperm(60, generator=generator)[sample.text_image])
        # One column in eight: columns of one draw share their images and are not independent.
        values.append(mismatched_null(strangers, n_draws=199, seed=seed).p_value[::8])
    found = torch.cat(values).numpy()
    assert kstest(found, "uniform").pvalue > 0.01
    assert 0.02 <= float((found <= 0.05).mean()) <= 0.09


def test_products_of_columns_are_weighted_correlations_and_repetition_is_weight():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(5, 12, generator=generator)
    counts = torch.randint(0, 4, (3, 12), generator=generator).float()
    found = column_products(points, counts)
    for row, weights in zip(found, counts, strict=True):
        repeated = np.repeat(points.numpy(), weights.int().numpy(), axis=1)
        assert_close(row, torch.from_numpy(np.corrcoef(repeated)).float(), atol=1e-5, rtol=1e-5)


def test_a_column_that_does_not_vary_in_a_resample_is_like_none():
    points = torch.tensor([[1.0, 2.0, 5.0], [3.0, 1.0, 2.0]])
    found = column_products(points, torch.tensor([[0.0, 4.0, 0.0], [1.0, 1.0, 1.0]]))
    assert_close(found[0], torch.zeros(2, 2))
    assert float(found[1].diagonal().min()) > 0.99


def test_the_batched_k_means_is_that_of_scikit_learn():
    generator = torch.Generator().manual_seed(3)
    points = torch.randn(30, 16, generator=generator)
    points = points - points.mean(dim=1, keepdim=True)
    points = points / points.norm(dim=1, keepdim=True)
    weight = torch.rand(2, 30, generator=generator) + 0.1
    start = torch.eye(30)[[4, 11, 25]].expand(2, -1, -1)
    found = resampling._lloyd((points @ points.T).expand(2, -1, -1), weight, start)
    for shares, heavy in zip(found, weight, strict=True):
        model = KMeans(3, init=points[[4, 11, 25]].numpy(), n_init=1, tol=0.0).fit(points.numpy(), sample_weight=heavy)
        assert_close(shares @ points, torch.from_numpy(model.cluster_centers_), atol=1e-5, rtol=1e-4)


def test_of_several_starts_the_one_with_the_least_inertia_is_kept(monkeypatch):
    points = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    products = (points @ points.T).expand(60, -1, -1)

    def inertia(starts):
        monkeypatch.setattr(resampling, "STARTS", starts)
        centres = resampling._first(products, torch.ones(60, 40), 6, torch.Generator().manual_seed(0))
        distances = torch.cdist(points.expand(60, -1, -1), centres @ points)
        return float(distances.amin(dim=2).square().sum(dim=1).mean())

    assert inertia(8) < 0.97 * inertia(1)


def test_first_centres_are_distinct_columns_that_have_weight():
    points = torch.randn(10, 5, generator=torch.Generator().manual_seed(0))
    weight = torch.tensor([0.0] * 4 + [1.0] * 6)
    found = resampling._spread_centres(
        (points @ points.T).expand(80, -1, -1), weight.expand(80, -1), 5, torch.Generator().manual_seed(0)
    )
    chosen = found.argmax(dim=2)
    assert int(chosen.min()) == 4
    assert all(len(set(row)) == 5 for row in chosen.tolist())


def test_prototypes_are_averaged_over_the_candidates_by_their_feedback(monkeypatch):
    pairs = planted_pairs(PlantedConfig(n_images=60, n_columns=24), seed=1).pairs
    config = ConstructionConfig(n_prototypes=1, n_iterations=3, batch_share=0.3)
    made = construct(pairs, feedback=retrieval_feedback(pairs), config=config)
    steps = made.history.iterations
    batches = torch.stack([step.pseudo_semantic for step in steps])[:, None].expand(-1, 2, -1)
    monkeypatch.setattr(resampling, "bootstrap_counts", lambda n, **_: torch.ones(2, n))
    monkeypatch.setattr(resampling, "_batches", lambda *_: batches)
    draws = construction_draws(pairs, replace(made, best_iteration=2))
    assert_close(draws.probabilities, steps[2].probabilities.expand(2, -1), atol=2e-5, rtol=1e-4)
    assert float((steps[2].probabilities - steps[2].candidate_probabilities).abs().max()) > 1e-3


@pytest.mark.parametrize("representation", ["item", "token"])
def test_without_resampling_the_draws_are_the_construction(monkeypatch, representation):
    pairs = planted_pairs(PlantedConfig(n_images=60, n_columns=24), seed=1).pairs
    config = ConstructionConfig(
        n_prototypes=1, n_iterations=3, batch_share=1.0, representation=representation, gamma=2.0
    )
    made = construct(
        pairs, feedback=retrieval_feedback(pairs), config=config, generator=torch.Generator().manual_seed(7)
    )
    monkeypatch.setattr(resampling, "bootstrap_counts", lambda n, **_: torch.ones(2, n))
    draws = construction_draws(pairs, made, seed=7)
    for found, value in (
        (draws.image_similarity, made.image_similarity),
        (draws.text_similarity, made.text_similarity),
        (draws.probabilities, made.probabilities),
    ):
        assert_close(found, value.expand(2, -1), atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("similarity", ["signed_cosine", "distance", "cluster"])
def test_every_similarity_can_be_resampled(monkeypatch, similarity):
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16), seed=1).pairs
    config = ConstructionConfig(n_prototypes=1, n_iterations=2, batch_share=1.0, similarity=similarity)
    made = construct(pairs, feedback=retrieval_feedback(pairs), config=config)
    monkeypatch.setattr(resampling, "bootstrap_counts", lambda n, **_: torch.ones(1, n))
    draws = construction_draws(pairs, made)
    assert_close(draws.probabilities[0], made.probabilities, atol=2e-5, rtol=1e-4)


def test_intervals_of_the_probabilities_cover_the_population_value(population):
    feedback = retrieval_feedback(population.select(torch.arange(3900, 4000)))
    config = ConstructionConfig(rule="uniform", n_iterations=6)
    everything = population.select(torch.arange(3000))
    truth = construct(everything, feedback=feedback, config=replace(config, n_anchors=3000)).probabilities
    generator, covered = torch.Generator().manual_seed(1), []
    for seed in range(10):
        sample = drawn(everything, 200, generator)
        made = construct(sample, feedback=feedback, config=config, generator=torch.Generator().manual_seed(seed))
        band = torch.quantile(
            construction_draws(sample, made, seed=seed).probabilities, torch.tensor([0.025, 0.975]), dim=0
        )
        covered.append(((band[0] <= truth) & (truth <= band[1])).float())
    assert 0.88 <= float(torch.stack(covered).mean()) <= 0.99


def test_quantiles_have_no_images_to_resample_and_the_table_says_so_with_nulls():
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16), seed=0).pairs
    config = StudyConfig(construction=ConstructionConfig(representation="quantile", n_iterations=2))
    table = run_study(pairs, config).columns
    assert all(table[name].null_count() == table.height for name in INTERVALS)
    assert table.equals(with_intervals(table.drop(INTERVALS)))


def test_the_table_holds_every_estimate_inside_its_interval_and_the_lowest_are_ten():
    pairs = planted_pairs(PlantedConfig(n_images=60, n_columns=24), seed=0).pairs
    table = run_study(pairs, StudyConfig(construction=ConstructionConfig(n_iterations=3))).columns
    for name in ("image_similarity", "text_similarity", "probability"):
        assert bool((table[f"{name}_low"] <= table[name]).all())
        assert bool((table[name] <= table[f"{name}_high"]).all())
        assert float((table[f"{name}_high"] - table[f"{name}_low"]).min()) > 0
    assert table["lowest_share"].sum() == pytest.approx(10, abs=1e-4)


def test_another_seed_than_that_of_the_study_is_refused():
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16), seed=0).pairs
    config = ConstructionConfig(n_iterations=2, n_anchors=12)
    made = construct(pairs, feedback=retrieval_feedback(pairs), config=config)
    with pytest.raises(ValueError, match="give the seed of its study"):
        construction_draws(pairs, made, seed=1)


def test_ties_among_the_lowest_go_to_the_first():
    assert lowest_shares(torch.zeros(2, 4), lowest=2).tolist() == [1.0, 1.0, 0.0, 0.0]


def test_resampling_is_told_and_can_be_ended():
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=16), seed=0).pairs
    made = construct(pairs, feedback=retrieval_feedback(pairs), config=ConstructionConfig(n_iterations=2))
    told = []
    same = construction_draws(pairs, made, n_draws=30, reporter=Calls(share=told.append))
    assert told[-1] == 1.0
    assert_close(construction_draws(pairs, made, n_draws=30).probabilities, same.probabilities, atol=0, rtol=0)

    def stop(_share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        construction_draws(pairs, made, reporter=Calls(share=stop))
