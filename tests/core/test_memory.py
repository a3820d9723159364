"""Scoring never holds the full token table, nor the best of many all scores: peak memory, each in its own process."""

import subprocess
import sys

PROGRAM = """
import resource, torch
from pico_core.analysis.scoring import weighted_scores
torch.set_num_threads(2)
n, m, p, w, d = 250, 1250, 49, 18, 192   # their token table would take 1.1 GB
# Filled in place: a float32 copy made on the way would hide what scoring takes.
images = torch.empty(n, p, d, dtype=torch.float16).normal_()
texts = torch.empty(m, w, d, dtype=torch.float16).normal_()
weighted_scores(images[:2], texts[:2], weights=torch.rand(d))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
weighted_scores(images, texts, weights=torch.rand(d))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""

BEST = """
import resource, torch
from pico_core.analysis.retrieve import top_candidates
from pico_core.data.pairs import PairedEmbeddings
torch.set_num_threads(2)
vectors = torch.empty(7000, 8).normal_()   # their scores would take 196 MB
pairs = PairedEmbeddings.from_arrays(vectors, vectors)
top_candidates(pairs, kind="image", k=10, queries=torch.arange(2))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
top_candidates(pairs, kind="image", k=10)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_scoring_stays_far_below_the_token_table():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 150, "MB over the inputs"


def test_the_best_of_many_are_found_far_below_the_table_of_all_scores():
    found = subprocess.run([sys.executable, "-c", BEST], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 100, "MB over the inputs"
