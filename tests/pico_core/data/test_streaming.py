"""Tokens that stay in their file: chosen without reading, read in blocks, never silently all at once."""

from dataclasses import replace

import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.data.moments import cross_moment, pooled_moment, pooled_sum
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.statistics import item_statistics
from pico_core.formats import open_pairs
from pico_core.formats.native import ARRAYS, save_pairs
from pico_core.kernels.masking import masked_mean
from pico_core.kernels.signs import sign_shares
from pico_core.method.bases import fit_basis
from pico_core.method.config import StudyConfig
from pico_core.storage import token_files as streaming
from pico_core.storage.block_writing import ComingArray, write_arrays
from pico_core.storage.token_files import StoredTokens, TokenFile, block_reader, blocks
from pico_core.studies.runs import load_run, replay, save_run
from pico_core.studies.study import evaluate_study, run_study, study_splits

SMALL = {"n_iterations": 2, "n_prototypes": 3, "n_anchors": 16}


def some_pairs(n_images=41, n_texts=120, dtype=torch.float16):
    g = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 6, (n_texts,), generator=g)
    owner = torch.cat([torch.arange(n_images), torch.randint(n_images, (n_texts - n_images,), generator=g)])
    return PairedEmbeddings.from_arrays(
        torch.randn(n_images, 7, 16, generator=g).to(dtype),
        torch.randn(n_texts, 5, 16, generator=g).to(dtype),
        text_mask=torch.arange(5) < lengths[:, None],
        text_image=owner,
    )


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same pairs in memory and in their file."""
    pairs, folder = some_pairs(), tmp_path_factory.mktemp("streaming") / "some"
    save_pairs(pairs, folder)
    return pairs, open_pairs(folder, stream_from=0)


def test_a_large_dataset_stays_in_its_file_and_a_small_one_does_not(both, tmp_path):
    save_pairs(both[0], tmp_path / "same")
    assert both[1].in_file
    assert not open_pairs(tmp_path / "same").in_file


def test_choosing_items_reads_nothing(both, monkeypatch):
    monkeypatch.setattr(TokenFile, "read", lambda *_: pytest.fail("read"))
    tokens = both[1].image_tokens
    chosen = tokens[torch.tensor([5, 2, 9])][1:]
    assert isinstance(chosen, StoredTokens)
    assert chosen.items.tolist() == [2, 9]
    splits = both[1].split(seed=1)
    assert splits.test.in_file
    assert "StoredTokens([41, 7, 16]" in repr(tokens)


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t[3],
        lambda t: t[-1],
        lambda t: t[torch.tensor([4, 0, 7])],
        lambda t: t[torch.arange(41) % 3 == 0],
        lambda t: t[2:30:5],
        lambda t: t[torch.tensor([4, 0, 4]), torch.tensor([1, 2, 6])],
        lambda t: t[..., 3],
        lambda t: t.float() @ torch.ones(16),
        lambda t: torch.cat([t[:2], t[5:7]]),
    ],
)
def test_numbers_from_the_file_are_those_in_memory(both, ask):
    held, stored = (ask(pairs.image_tokens) for pairs in both)
    torch.testing.assert_close(streaming.dense(stored), held, rtol=0, atol=0)


def test_the_same_digest_and_the_same_copy(both, tmp_path):
    held, stored = both
    assert stored.digest == held.digest
    save_pairs(stored, tmp_path / "copy")
    copy = open_pairs(tmp_path / "copy")
    assert copy.digest == held.digest
    assert torch.equal(copy.text_tokens, held.text_tokens)


def test_too_many_tokens_at_once_are_refused_with_their_size(both, monkeypatch):
    monkeypatch.setattr(streaming, "MOST_AT_ONCE", 1000)
    with pytest.raises(DataError, match=r"41 items in memory at once.*keep fewer items"):
        both[1].image_tokens.float()
    assert both[1].image_tokens[3].shape == (7, 16)


def test_a_file_that_was_cut_since_is_refused(both, tmp_path):
    save_pairs(both[0], tmp_path / "cut")
    pairs = open_pairs(tmp_path / "cut", stream_from=0)
    file = tmp_path / "cut" / ARRAYS
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(DataError, match="the file ends before its array does"):
        pairs.image_means  # noqa: B018


def test_a_changed_file_is_refused_as_ever(both, tmp_path):
    spoilt = replace(both[0], image_tokens=both[0].image_tokens * 2)
    save_pairs(spoilt, tmp_path / "spoilt")
    with pytest.raises(DataError, match="whose length is not"):
        open_pairs(tmp_path / "spoilt", stream_from=0)
    tokens = both[0].text_tokens.clone()
    tokens[3, 0, 2] = torch.nan
    save_pairs(replace(both[0], text_tokens=tokens), tmp_path / "nan")
    with pytest.raises(DataError, match=r"NaN.*item 3, token 0, column 2"):
        open_pairs(tmp_path / "nan", stream_from=0)


@pytest.mark.parametrize("size", [1, 7])
def test_blocks_are_read_one_after_the_other_into_the_same_memory(both, size):
    stored = both[1].text_tokens
    read, found, places = block_reader(stored, size), [], set()
    for part in blocks(len(stored), size):
        tokens = read(part)
        places.add(tokens.data_ptr())
        found.append(tokens.clone())
    assert torch.equal(torch.cat(found), both[0].text_tokens)
    assert len(places) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_statistics_are_those_of_the_kernels_to_the_bit(dtype):
    g = torch.Generator().manual_seed(1)
    tokens = torch.randn(90, 33, 301, generator=g).to(dtype)  # 3.6 MB in float32: two blocks
    tokens[0, 0, :9] = 0
    for mask in (torch.ones(90, 33) > 0, torch.arange(33) < torch.randint(1, 34, (90, 1), generator=g)):
        spoilt = tokens.masked_fill(~mask[..., None], torch.nan)
        for given in (tokens, spoilt):
            found, signs = item_statistics(given, mask), sign_shares(tokens, mask)
            assert torch.equal(found.mean, masked_mean(tokens, mask))
            assert torch.equal(found.signs.positive, signs.positive)
            assert torch.equal(found.signs.negative, signs.negative)


def test_a_number_below_float32_has_a_sign():
    assert (
        item_statistics(torch.full((1, 1, 1), 1e-60, dtype=torch.float64), torch.ones(1, 1) > 0).signs.positive.item()
        == 1
    )


def test_statistics_of_parts_add_up(both):
    tokens, mask = both[1].text_tokens, both[1].text_mask
    added = item_statistics(tokens[:50], mask[:50]) + item_statistics(tokens[50:], mask[50:])
    assert torch.equal(added.mean, both[0].text_means)
    assert torch.equal(added.signs.negative, both[0].text_statistics.signs.negative)


def test_sums_over_pairs_add_up_to_their_means(both, monkeypatch):
    pairs = both[0]
    images, texts = pairs.image_means.double(), pairs.text_means.double()
    pooled = torch.cat([images, texts])
    expected = (
        images[pairs.text_image].T @ texts / len(texts),
        pooled.mean(dim=0),
        (pooled - pooled.mean(dim=0)).T @ (pooled - pooled.mean(dim=0)) / len(pooled),
    )
    for rows in (2**15, 17):
        monkeypatch.setattr("pico_core.data.moments.ROWS_AT_ONCE", rows)
        mean = pooled_sum(pairs).mean
        found = cross_moment(pairs).mean, mean, pooled_moment(pairs, centre=mean).mean
        torch.testing.assert_close(found, expected, rtol=0, atol=0 if rows > 1000 else 1e-12)


@pytest.mark.parametrize("basis", ["given", "cross", "pca"])
def test_a_study_of_tokens_in_a_file_is_that_of_tokens_in_memory(both, basis):
    config = StudyConfig(basis=basis).with_settings(SMALL)
    held, stored = (run_study(pairs, config) for pairs in both)
    torch.testing.assert_close(stored.construction.probabilities, held.construction.probabilities, rtol=0, atol=1e-6)
    assert stored.report.sentence == held.report.sentence
    for one, other in zip(stored.report.controls, held.report.controls, strict=True):
        assert torch.equal(one.ranks.text_to_image, other.ranks.text_to_image)


def test_axes_are_changed_where_rows_are_read(both):
    held, stored = (fit_basis(pairs, "pca").apply(pairs) for pairs in both)
    assert isinstance(stored.image_tokens, StoredTokens)
    assert stored.image_tokens.dtype == torch.float32
    torch.testing.assert_close(stored.image_tokens[7], held.image_tokens[7], rtol=0, atol=1e-6)


def test_samples_are_recorded_and_said(both, tmp_path):
    config = StudyConfig().with_settings(SMALL | {"feedback_images": 4, "report_images": 6})
    study = run_study(both[1], config)
    assert study.feedback_sample.sentence == "sampled 4 of 6 images"
    assert study.report.sentence.endswith("Queries: sampled 6 of 17 images; the interval is of the sample.")
    assert len(study.report.baseline.ranks.image_to_text) == 6
    save_run(study, tmp_path / "run")
    again = load_run(tmp_path / "run", both[1])
    assert again.feedback_sample == study.feedback_sample
    assert again.report.sentence == study.report.sentence
    assert torch.equal(again.report.queries, study.report.queries)
    assert evaluate_study(both[1], again).sentence == study.report.sentence
    assert replay(tmp_path / "run", both[0]).identical


def test_small_datasets_are_not_sampled_and_their_records_stay_as_they_were(both):
    config = StudyConfig()
    assert study_splits(both[0], config).feedback_sample is None
    assert {"feedback_images", "report_images", "precision"}.isdisjoint(config.to_dict())
    changed = config.with_settings({"report_images": 7})
    assert StudyConfig.from_dict(changed.to_dict()) == changed


def test_an_array_that_comes_otherwise_than_announced_is_refused(tmp_path):
    with pytest.raises(DataError, match="3 rows came; expected 4"):
        write_arrays(tmp_path / "a", [ComingArray("x", (4, 2), torch.float32, [torch.ones(3, 2)])], {})
    with pytest.raises(DataError, match=r"a block of \[3, 3\]"):
        write_arrays(tmp_path / "a", [ComingArray("x", (3, 2), torch.float32, [torch.ones(3, 3)])], {})
