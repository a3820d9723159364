"""The built-in demos, made once and committed: data, finished runs, maps, and the encoder that made them.

Everything the first page shows is read from files, so that nothing is computed on a first visit.
"""

from pico_core.demo.catalogue import BASES, DEMOS, Demo, demo_of

__all__ = ["BASES", "DEMOS", "Demo", "demo_of"]
