"""Trainings of alignment heads compared: PICO in the loop beside the controls that could explain it."""
