"""What holds of every scheme of the catalogue, whoever adds one."""

import dataclasses

import pytest
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.experiments.bench import Workbench
from pico_core.experiments.config import DatasetChoice
from pico_core.experiments.datasets import OpenDataset
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.schemes.beside_a_study import StudyContext
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.scheme import NotApplicable

FEW = ConstructionConfig(n_prototypes=2, n_iterations=1, n_anchors=4)
PLANTED = planted_pairs(PlantedConfig(n_images=16, n_columns=8))


def one_vector_each():
    """The same items, each by the mean of its tokens."""
    pairs = PLANTED.pairs
    means = PairedEmbeddings.from_arrays(pairs.image_means, pairs.text_means, text_image=pairs.text_image)
    return dataclasses.replace(means, images=pairs.images, texts=pairs.texts)


def bench_on(pairs, truth=PLANTED.semantic_share):
    config = StudyConfig(basis="given", construction=FEW)
    return Workbench(OpenDataset(DatasetChoice("d", "d", None, config), pairs, truth), config)


@pytest.fixture(scope="module", params=["tokens", "one vector"])
def bench(request):
    return bench_on(PLANTED.pairs if request.param == "tokens" else one_vector_each())


@pytest.fixture(scope="module")
def blind(bench):
    """The same with every image of the test split turned about."""
    pairs = bench.dataset.pairs
    hidden = [place for place, name in enumerate(pairs.ids) if name in set(bench.parts.test.ids)]
    tokens = pairs.image_tokens.clone()
    tokens[hidden] = tokens[hidden].flip(-1)
    return bench_on(dataclasses.replace(pairs, image_tokens=tokens))


@pytest.mark.parametrize("scheme", SCHEMES, ids=SCHEMES.names)
def test_its_words_are_complete(scheme):
    assert scheme.label[0].isupper() or scheme.label.startswith("p̂")
    assert scheme.source
    assert scheme.sentence[0].islower()
    assert not scheme.sentence.endswith(".")
    assert [one.label for one in SCHEMES].count(scheme.label) == 1
    assert scheme.recipe is not None or scheme.changes or scheme.name == "pico"
    assert not scheme.simpler_idea or scheme.family in ("control", "transform")


@pytest.mark.parametrize("scheme", SCHEMES, ids=SCHEMES.names)
def test_it_is_fitted_the_same_twice_without_the_test_split(bench, blind, scheme):
    fitted, test = scheme.fit(bench), bench.splits().test
    assert not torch.equal(blind.splits().test.image_tokens, test.image_tokens)
    assert (fitted.name, fitted.label) == (scheme.name, (scheme.in_report and fitted.label) or scheme.label)
    assert "{" not in fitted.label
    for again in (scheme.fit(bench_on(bench.dataset.pairs)), scheme.fit(blind)):
        assert len(again.draws) == len(fitted.draws)
        for one, other in zip(fitted.draws, again.draws, strict=True):
            assert one is None or torch.equal(one, other)
        if fitted.transform is not None:
            assert torch.equal(fitted.transform(test).image_tokens, again.transform(test).image_tokens)


@pytest.mark.parametrize("scheme", SCHEMES, ids=SCHEMES.names)
def test_its_weights_are_a_mean_of_1_and_its_tokens_unit_vectors(bench, scheme):
    fitted, test = scheme.fit(bench), bench.splits().test
    for weights in fitted.draws:
        if weights is not None:
            assert weights.shape == (8,)
            assert bool((weights >= 0).all())
            assert float(weights.mean()) == pytest.approx(1.0, abs=1e-5)
    if fitted.transform is not None:
        changed = fitted.transform(test)
        for tokens, mask, before in (
            (changed.image_tokens, changed.image_mask, test.image_mask),
            (changed.text_tokens, changed.text_mask, test.text_mask),
        ):
            assert torch.equal(mask, before)
            torch.testing.assert_close(torch.linalg.vector_norm(tokens, dim=-1), mask.float(), atol=1e-4, rtol=0)


@pytest.fixture(scope="module")
def beside_a_study(bench):
    """A finished study of a dataset without labels and truth."""
    fit = dataclasses.replace(bench.fit, images=bench.fit.images.drop("style"), texts=bench.fit.texts.drop("style"))
    return StudyContext(fit, bench.construct().construction)


@pytest.mark.parametrize("scheme", SCHEMES, ids=SCHEMES.names)
def test_it_stands_beside_a_study_or_says_in_one_sentence_what_it_needs(beside_a_study, scheme):
    reason = ""
    try:
        scheme.fit(beside_a_study)
    except NotApplicable as error:
        reason = str(error)
    assert not reason or not scheme.in_report or scheme.family == "oracle"
    assert "\n" not in reason
    assert not reason.endswith(".")


def test_old_names_are_still_read():
    old = {"unguarded": "pico", "uniform_feedback": "uniform", "label_oracle": "oracle_labels",
           "oracle": "oracle_truth", "random": "permuted"}  # fmt: skip
    assert {name: SCHEMES[name].name for name in old} == old
