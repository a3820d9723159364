"""Every control is what its label says, fitted on the fit split alone, and scored as it should be."""

import numpy as np
import pytest
import torch

from pico_core.columns.summary import column_table
from pico_core.kernels.metrics import query_ranks
from pico_core.method.construction import average_prototypes, probabilities_from
from pico_core.method.prototypes import ColumnPoints
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.metrics import image_rsum
from pico_core.retrieval.schemes.beside_a_study import report_controls
from pico_core.retrieval.scoring import score_pairs
from pico_core.studies.study import study_splits


@pytest.fixture(scope="module")
def splits(planted, study):
    return study_splits(planted.pairs, study.config, study.basis)


@pytest.fixture(scope="module")
def controls(splits, study):
    return {control.name: control for control in report_controls(splits.fit, study.construction, seed=3)}


def test_feedback_was_given_by_the_feedback_split(splits, study):
    scores = score_pairs(splits.feedback)
    per_image = image_rsum(query_ranks(scores, splits.feedback.text_image), splits.feedback.text_image)
    assert study.construction.reference == pytest.approx(float(per_image.double().mean()))


def test_the_report_of_a_study_scores_controls_of_the_fit_split(splits, study, controls):
    again = retrieval_report(splits.test, weights=study.construction.weights, controls=tuple(controls.values()))
    found = {control.name: control.metrics.rsum.value for control in study.report.controls}
    assert found == {control.name: control.metrics.rsum.value for control in again.controls}


def test_the_column_table_describes_the_fit_split(splits, study):
    assert study.columns.equals(column_table(splits.fit, study.construction, study.basis, seed=3))
    texts = splits.fit.text_means.mean(dim=0)
    offset = splits.fit.image_means.mean(dim=0) - texts
    np.testing.assert_allclose(study.columns["offset"].to_numpy(), offset.numpy(), atol=1e-6)


def test_permuted_weights_are_the_same_weights_elsewhere(controls, study):
    own = study.construction.unguarded_weights
    assert torch.equal(controls["permuted"].weights.sort().values, own.sort().values)
    assert not torch.equal(controls["permuted"].weights, own)


def test_correlation_weights_are_numpys(splits, study, controls):
    images = splits.fit.image_means[splits.fit.text_image].double().numpy()
    texts = splits.fit.text_means.double().numpy()
    rho = np.array([np.corrcoef(images[:, d], texts[:, d])[0, 1] for d in range(images.shape[1])])
    expected = np.clip(rho, 1e-6, None) ** study.construction.guard.strength
    np.testing.assert_allclose(controls["correlation"].weights.numpy(), expected / expected.mean(), rtol=1e-3)


def test_p_hat_weights_follow_p_hat(study, controls):
    expected = study.construction.pseudo_semantic**study.construction.guard.strength
    torch.testing.assert_close(controls["p_hat"].weights, expected / expected.mean())


def test_uniform_feedback_averages_all_candidates_alike(study, controls):
    made = study.construction
    steps = made.history.iterations
    points, style = ColumnPoints(made.image_columns, made.text_columns), 1 - made.pseudo_semantic
    shares = torch.full((len(steps),), 1 / len(steps))
    averaged = average_prototypes([s.candidate for s in steps], shares, points, style)
    expected = probabilities_from(points, averaged, style, made.config).clamp_min(1e-6) ** made.guard.strength
    torch.testing.assert_close(controls["uniform"].weights, expected / expected.mean())


def test_all_but_the_top_removes_the_mean_and_the_first_axis_of_the_fit_split(splits, controls):
    pooled = torch.cat([splits.fit.image_means, splits.fit.text_means]).double().numpy()
    mean = pooled.mean(axis=0)
    first = np.linalg.svd(pooled - mean)[2][0]
    cleaned = controls["all_but_the_top"].transform(splits.test)
    kept = splits.test.image_tokens[0, 0].double().numpy() - mean
    kept -= first * (kept @ first)
    expected = kept / np.linalg.norm(kept)
    np.testing.assert_allclose(cleaned.image_tokens[0, 0].numpy(), expected, atol=1e-5)
    assert torch.equal(
        cleaned.text_tokens[~splits.test.text_mask], torch.zeros(int((~splits.test.text_mask).sum()), 24)
    )


def test_the_null_tells_shared_content_from_a_shared_offset():
    """Column 0 is the same in an image and in its text, column 1 is positive in all of them, column 2 is noise."""
    from pico_core.data.pairs import PairedEmbeddings
    from pico_core.retrieval.uncertainty import mismatched_null

    generator = torch.Generator().manual_seed(0)
    images, texts = torch.randn(120, 3, generator=generator), torch.randn(120, 3, generator=generator)
    texts[:, 0] = images[:, 0]
    images[:, 1], texts[:, 1] = images[:, 1].abs(), texts[:, 1].abs()
    null = mismatched_null(PairedEmbeddings.from_arrays(images, texts), n_draws=199)
    assert null.differs.tolist() == [True, False, False]
    assert float(null.p_value[0]) == pytest.approx(1 / 200)
    assert float(null.p_value[1]) == 1.0
    assert 0.4 < float(null.mean[0]) < 0.6 < float(null.mean[1]) == pytest.approx(1.0)
    assert float(null.band.low[0]) < float(null.mean[0]) < float(null.band.high[0])
