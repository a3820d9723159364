"""A study divides its dataset once, and lets go of every part as soon as nothing more is asked of it."""

import inspect
import weakref
from dataclasses import replace

import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import Basis
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.study import evaluate_study, run_study, study_part, study_splits
from tests.reporters import Calls

CONFIG = StudyConfig(basis="cross", construction=ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=32))
FIT, FEEDBACK, TEST = 36, 12, 32  # images


def test_a_study_splits_once_and_copies_each_part_once(planted, monkeypatch):
    divisions, copies = [], []
    split, select = PairedEmbeddings.split_images, PairedEmbeddings.select
    monkeypatch.setattr(
        PairedEmbeddings, "split_images", lambda pairs, **shares: divisions.append(1) or split(pairs, **shares)
    )
    monkeypatch.setattr(
        PairedEmbeddings, "select", lambda pairs, index: copies.append(len(index)) or select(pairs, index)
    )
    study = run_study(planted.pairs, CONFIG)
    assert (len(divisions), copies) == (1, [FIT, FEEDBACK, TEST])
    copies.clear()
    evaluate_study(planted.pairs, study)
    assert copies == [FIT, TEST]  # nobody asks for feedback


def test_one_part_is_that_of_all_three(planted):
    splits = study_splits(planted.pairs, CONFIG)
    for name in ("fit", "feedback", "test"):
        part, same = study_part(planted.pairs, CONFIG, name, splits.basis), getattr(splits, name)
        assert (part.part, part.ids) == (name, same.ids)
        assert torch.equal(part.image_tokens, same.image_tokens)
        assert torch.equal(part.text_tokens, same.text_tokens)


def test_a_part_goes_when_nothing_more_is_asked_of_it(planted, monkeypatch):
    whole = [replace(planted.pairs, image_tokens=planted.pairs.image_tokens.clone())]
    held, apply = {"all": weakref.ref(whole[0].image_tokens)}, Basis.apply

    def noted(basis, pairs):
        turned = apply(basis, pairs)
        held[f"{pairs.part} as given"], held[pairs.part] = (weakref.ref(p.image_tokens) for p in (pairs, turned))
        return turned

    there = []

    def share(_done):
        there.append({part for part, tokens in held.items() if tokens() is not None})

    monkeypatch.setattr(Basis, "apply", noted)
    inspect.unwrap(run_study)(whole.pop(), CONFIG, reporter=Calls(share=share))  # checks of shapes hold what they check
    phases = [now for before, now in zip([None, *there], there, strict=False) if now != before]
    assert phases == [{"fit", "feedback", "test"}, {"fit", "test"}, {"fit"}]
