"""Blocks shared out among threads: all of them, each once, and what goes wrong is told."""

import threading
import time

import pytest
import torch

from pico_core.kernels.signs import sign_shares
from pico_core.kernels.similarity import late_interaction
from pico_core.kernels.threads import _pool, parallel_for


@pytest.fixture
def threads():
    """A function that sets how many threads torch may use; undone afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_every_part_is_done_once_by_threads_of_one_thread_each(threads, n):
    threads(n)
    _pool.cache_clear()
    done, used, ready = [], set(), threading.Barrier(n)

    def worker():
        ready.wait(10)  # all threads take part

        def do(part):
            used.add((threading.get_ident(), torch.get_num_threads()))
            done.append(part)

        return do

    parallel_for(iter(range(100)), worker)
    assert sorted(done) == list(range(100))
    assert {each for _, each in used} == {1}
    assert torch.get_num_threads() == n
    new = threading.Thread(target=lambda: used.add(torch.get_num_threads()))
    new.start()
    new.join()
    assert n in used  # nor is a thread that begins later left with one


def test_parts_are_made_when_they_are_needed(threads):
    threads(2)
    made, done = [], []

    def parts():
        for part in range(50):
            made.append(part)
            assert len(made) - len(done) <= 2
            yield part

    parallel_for(parts(), lambda: done.append)
    assert len(done) == 50


@pytest.mark.parametrize("n", [1, 2])
def test_the_first_error_is_raised_and_nothing_is_begun_after_it(threads, n):
    threads(n)
    done = []

    def do(part):
        if part == 3:
            raise ValueError("part 3 cannot be done")
        time.sleep(0.001)
        done.append(part)

    for _ in range(4):  # whichever of the threads it happens in
        done.clear()
        with pytest.raises(ValueError, match="part 3"):
            parallel_for(range(200), lambda: do)
        assert len(done) < 20
    parallel_for(range(5), lambda: done.append)  # and the threads go on
    assert sorted(done[-5:]) == [0, 1, 2, 3, 4]


def test_scores_are_the_same_bits_with_any_number_of_threads(threads):
    g = torch.Generator().manual_seed(0)
    images, texts = torch.randn(150, 49, 24, generator=g), torch.randn(400, 12, 24, generator=g)
    masks = torch.ones(150, 49) > 0, torch.arange(12) < torch.randint(3, 13, (400, 1), generator=g)
    weights, found = torch.rand(24, generator=g), []
    for n in (1, 2, 3):
        threads(n)
        found.append(late_interaction(images, texts, image_mask=masks[0], text_mask=masks[1], weights=weights))
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_scores_can_be_asked_for_in_inference_mode(threads):
    threads(2)
    with torch.inference_mode():
        tokens = torch.ones(40, 2, 3)
        real = torch.ones(40, 2) > 0
        found = late_interaction(tokens, tokens, image_mask=real, text_mask=real)
        assert bool((found == 6).all())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("length", [7, 40_000])
def test_the_compiled_count_of_signs_is_that_of_torch(dtype, length, threads):
    threads(2)
    g = torch.Generator().manual_seed(2)
    tokens = torch.randn(3 if length > 1000 else 40, length, 5, generator=g).to(dtype)
    tokens[0, 0] = torch.tensor([0.0, -0.0, 1e-7, -1e-7, 5.0])
    mask = torch.rand(tokens.shape[:2], generator=g) > 0.3
    mask[:, 0] = True
    mask[1, 1:] = False
    tokens = tokens.masked_fill(~mask[..., None], torch.nan)
    plain, compiled = sign_shares(tokens, mask), sign_shares(tokens, mask, total_bytes=2**40)
    assert torch.equal(plain.positive, compiled.positive)
    assert torch.equal(plain.negative, compiled.negative)
    assert compiled.positive[1].tolist() == (tokens[1, 0] > 0).float().tolist()
