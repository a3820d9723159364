"""Trainings compared, of alignment heads or of the encoder: PICO in the loop beside what could explain it."""
