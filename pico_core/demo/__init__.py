"""The built-in demos, made once and committed: data, finished runs, maps, and the encoder that made them.

Everything the first page shows is read from files, so that nothing is computed on a first visit.
"""

from pico_core.demo.catalogue import BASES, DEMOS, SCENES, Demo, demo_of
from pico_core.demo.record import MeasuredRecipe, read_record

__all__ = ["BASES", "DEMOS", "SCENES", "Demo", "MeasuredRecipe", "demo_of", "read_record"]
