"""How far labels drive columns, against the definition; and the oracle that knows the style labels."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from pico_core.data.labels import eta_squared, speaks_of_style, style_label_weights
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes.beside_a_study import report_controls


def test_eta_squared_is_the_share_between_groups():
    draw = np.random.default_rng(0)
    values, labels = draw.normal(size=(30, 4)), draw.integers(3, size=30)
    values[:, 1] += 3 * labels
    expected = []
    for column in values.T:
        groups = [column[labels == label] for label in range(3)]
        between = sum(len(g) * (g.mean() - column.mean()) ** 2 for g in groups)
        expected.append(between / ((column - column.mean()) ** 2).sum())
    found = eta_squared(torch.from_numpy(values).float(), labels.tolist())
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4)
    assert found[1] > 0.6 > found[0]


def test_items_without_a_label_are_left_out_and_a_dead_column_has_none():
    values = torch.tensor([[0.0, 2.0], [1.0, 2.0], [5.0, 2.0]])
    torch.testing.assert_close(eta_squared(values, ["a", "b", None]), torch.tensor([1.0, 0.0]))


def labelled(style: list[str], register: list[str]) -> PairedEmbeddings:
    draw = torch.Generator().manual_seed(0)
    images, texts = torch.randn(20, 4, generator=draw), torch.randn(40, 4, generator=draw)
    images[:, 0] += torch.tensor([9.0 if s == "dark" else -9.0 for s in style])
    texts[:, 1] += torch.tensor([9.0 if r == "poetic" else -9.0 for r in register])
    return PairedEmbeddings.from_arrays(
        images,
        texts,
        text_image=torch.arange(40) // 2,
        image_labels=pl.DataFrame({"style": style, "thing": ["x", "y"] * 10}),
        text_labels=pl.DataFrame({"register": register}),
    )


def test_the_oracle_closes_the_columns_that_labels_of_style_drive():
    pairs = labelled(["dark", "light"] * 10, ["poetic", "terse", "terse", "poetic"] * 10)
    oracle = style_label_weights(pairs)
    assert oracle is not None
    assert oracle[0] < 0.1
    assert oracle[1] < 0.1
    assert min(oracle[2], oracle[3]) > 0.5


def test_without_a_label_of_style_there_is_no_oracle():
    pairs = labelled(["dark", "light"] * 10, ["poetic", "terse"] * 20)
    bare = replace(pairs, images=pairs.images.drop("style"), texts=pairs.texts.drop("register"))
    assert style_label_weights(bare) is None
    assert bare.image_labels == ["thing"]
    assert not speaks_of_style("thing")


def test_reports_hold_the_oracle_where_labels_allow_it(planted, study):
    fit = study_fit(planted, study)
    names = [control.name for control in report_controls(fit, study.construction)]
    bare = replace(fit, images=fit.images.select("id", "path"), texts=fit.texts.select("caption"))
    assert "oracle_labels" in names
    assert [c.name for c in report_controls(bare, study.construction)] == [n for n in names if n != "oracle_labels"]


def study_fit(planted, study):
    from pico_core.studies.study import study_splits

    return study_splits(planted.pairs, study.config, study.basis).fit


@pytest.mark.parametrize("name", ["Art Style", "caption_register", "TONE"])
def test_names_that_speak_of_style(name):
    assert speaks_of_style(name)
