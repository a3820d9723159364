"""Scoring never holds the full token table, nor the best of many all scores: peak memory, each in its own process."""

import subprocess
import sys
from pathlib import Path

import pytest

# The process's own: what the system tells of its resources (getrusage) begins with those of the process before it.
HIGHEST = """
def highest():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is read from /proc")

PROGRAM = """
import torch
from pico_core.retrieval.scoring import weighted_scores
torch.set_num_threads(2)
n, m, p, w, d = 250, 1250, 49, 18, 192   # their token table would take 1.1 GB
# Filled in place: a float32 copy made on the way would hide what scoring takes.
images = torch.empty(n, p, d, dtype=torch.float16).normal_()
texts = torch.empty(m, w, d, dtype=torch.float16).normal_()
weighted_scores(images[:2], texts[:2], weights=torch.rand(d))
before = highest()
weighted_scores(images, texts, weights=torch.rand(d))
print(highest() - before)
"""

BEST = """
import torch
from pico_core.retrieval.best_candidates import top_candidates
from pico_core.data.pairs import PairedEmbeddings
torch.set_num_threads(2)
vectors = torch.empty(12_000, 8).normal_()   # their scores would take 576 MB
pairs = PairedEmbeddings.from_arrays(vectors, vectors)
top_candidates(pairs, kind="image", k=10, queries=torch.arange(2))
before = highest()
top_candidates(pairs, kind="image", k=10)
print(highest() - before)
"""

STREAMED = """
import sys, torch
from pathlib import Path
from pico_core.storage.token_files import StoredTokens, TokenFile
from pico_core.data.statistics import item_statistics
def anonymous():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon")) / 1024
n, p, d = 1200, 98, 256   # 60 MB in float16, 120 MB in float32
file = Path(sys.argv[1])
with file.open("wb") as stream:
    for _ in range(n // 100):
        stream.write(torch.randn(100, p, d).half().numpy().tobytes())
tokens, mask = StoredTokens(TokenFile(file, 0, (n, p, d), torch.float16)), torch.ones(n, p, dtype=torch.bool)
item_statistics(tokens[:100], mask[:100])
before = anonymous()
found = item_statistics(tokens, mask)
print(anonymous() - before)
"""


def test_scoring_stays_far_below_the_token_table():
    found = subprocess.run([sys.executable, "-c", HIGHEST + PROGRAM], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 150, "MB over the inputs"


def test_the_best_of_many_are_found_far_below_the_table_of_all_scores():
    found = subprocess.run([sys.executable, "-c", HIGHEST + BEST], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 200, "MB over the inputs"


def test_statistics_of_tokens_in_a_file_hold_a_block_and_the_result(tmp_path):
    command = [sys.executable, "-c", STREAMED, str(tmp_path / "tokens")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(found.stdout) < 15, "MB: the result takes 4, a block 4, what is read 2"
