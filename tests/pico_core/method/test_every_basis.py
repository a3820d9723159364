"""What every basis of the registry must do (a new one is checked here without another line), and the other choices."""

import dataclasses
import re
from typing import get_args

import polars as pl
import pytest
import torch

from pico_core.common.errors import DataError, SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.bases import BASES, fit_basis
from pico_core.method.config import COMBINATIONS, RULES, SIMILARITIES, Combination, Rule, Similarity, StudyConfig
from pico_core.retrieval.scoring import score_pairs
from tests.places import ROOT

TOGETHER = "\n".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("concept.md", "method.md"))


def one_vector_each(n=12, d=6):
    """Images and texts of one vector, in two styles."""
    draw = torch.Generator().manual_seed(0)
    labels = pl.DataFrame({"style": ["ink", "oil"] * (n // 2)})
    images, texts = (torch.randn(n, d, generator=draw) for _ in range(2))
    return PairedEmbeddings.from_arrays(images, texts, image_labels=labels, text_labels=labels)


@pytest.fixture(params=BASES.names)
def spec(request):
    return BASES[request.param]


def test_its_words_are_complete(spec):
    assert re.fullmatch(r"[a-z0-9_]{1,40}", spec.name), "it stands in links"
    assert spec.title == spec.title.strip().lower()
    assert re.fullmatch(r"[A-Z][^.?!|]{10,108}\.", spec.sentence), "one sentence, short enough for a tooltip"
    assert spec.source in ("the paper's", "beyond the paper")
    assert spec.label == f"{spec.title} ({spec.source})"


def test_no_two_have_the_same_words():
    for words in ("title", "sentence"):
        assert len({getattr(spec, words) for spec in BASES}) == len(BASES)


def test_the_documents_name_it(spec):
    assert TOGETHER.count(f"`{spec.name}`") >= 2
    table = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert f"`{spec.name}`" in next(line for line in table.splitlines() if line.startswith("| `basis` |"))


def test_it_is_orthonormal_and_leaves_the_unweighted_score_alone(spec, planted):
    splits = planted.pairs.split(seed=2)
    basis = spec.fit(splits.fit)
    assert basis.name == spec.name
    turned = basis.apply(splits.test)
    torch.testing.assert_close(score_pairs(turned), score_pairs(splits.test), rtol=1e-4, atol=1e-4)
    if basis.matrix is not None:
        assert basis.matrix.dtype == torch.float32
        torch.testing.assert_close(basis.matrix @ basis.matrix.T, torch.eye(24), rtol=0, atol=1e-5)
        largest = basis.matrix.gather(1, basis.matrix.abs().argmax(dim=1, keepdim=True))
        assert bool((largest > 0).all()), "an axis and its negative are one"


def test_the_same_fit_split_gives_the_same_bits(spec, planted):
    fit = planted.pairs.split(seed=2).fit
    before = fit.image_tokens.clone()
    first, again = (spec.fit(fit, shrinkage=0.25, seed=1).matrix for _ in range(2))
    assert (first is None and again is None) or torch.equal(first, again)
    assert torch.equal(fit.image_tokens, before), "what it reads stays as it is"


def test_shrinkage_changes_it_where_it_says_so_and_nowhere_else(spec, planted):
    fit = planted.pairs.split(seed=2).fit
    plain, shrunk = (spec.fit(fit, shrinkage=value).matrix for value in (0.0, 0.9))
    assert (plain is not None and not torch.allclose(plain, shrunk, atol=1e-3)) == spec.takes_shrinkage


@pytest.mark.parametrize("pairs", [one_vector_each(), one_vector_each(n=4, d=2)], ids=["one vector", "smallest"])
def test_small_data_of_one_vector_per_item_are_enough(spec, pairs):
    basis = spec.fit(pairs)
    torch.testing.assert_close(score_pairs(basis.apply(pairs)), score_pairs(pairs), rtol=1e-4, atol=1e-4)
    assert basis.title(0).split(" (")[0] in ("column 0", f"{spec.name} axis 0")


def test_what_it_needs_and_lacks_is_said_in_one_sentence(spec):
    pairs = one_vector_each()
    bare = dataclasses.replace(pairs, images=pairs.images.drop("style"), texts=pairs.texts.drop("style"))
    if not spec.needs_labels:
        spec.fit(bare)
        return
    with pytest.raises(DataError, match=rf"{spec.title} need .*; add a label column") as refused:
        spec.fit(bare)
    assert ". " not in str(refused.value)


def test_settings_take_every_name_of_today_and_of_before():
    for spec in BASES:
        assert StudyConfig().with_settings({"basis": spec.name}).basis == spec.name
    for old, new in BASES.old_names.items():
        assert StudyConfig(basis=old) == StudyConfig(basis=new)
        assert StudyConfig.from_dict({"basis": old}).to_dict()["basis"] == new
        assert StudyConfig(basis=new).identity()["basis"] == old, "keys of files are made of it"
    assert torch.equal(fit_basis(one_vector_each(), "probe").matrix, fit_basis(one_vector_each(), "labels").matrix)
    with pytest.raises(SettingError, match=f"choose one of {', '.join(BASES.names)}"):
        StudyConfig(basis="fourier")


@pytest.mark.parametrize(("choices", "names"), [(RULES, Rule), (SIMILARITIES, Similarity), (COMBINATIONS, Combination)])
def test_every_alternative_of_a_setting_has_words(choices, names):
    assert set(choices.names) == set(get_args(names))
    assert len({choice.title for choice in choices}) == len(choices)
