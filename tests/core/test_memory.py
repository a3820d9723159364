"""Scoring never holds the full token table: its peak memory is measured in a process of its own."""

import subprocess
import sys

PROGRAM = """
import resource, torch
from pico_core.analysis.scoring import weighted_scores
torch.set_num_threads(2)
n, m, p, w, d = 250, 1250, 49, 18, 192   # the full token table would take 44 GB / 16 = 1.1 GB
images = torch.nn.functional.normalize(torch.randn(n, p, d), dim=2).half()
texts = torch.nn.functional.normalize(torch.randn(m, w, d), dim=2).half()
weighted_scores(images[:2], texts[:2], weights=torch.rand(d))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
weighted_scores(images, texts, weights=torch.rand(d))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_scoring_stays_far_below_the_token_table():
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 150, "MB over the inputs"
