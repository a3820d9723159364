"""Ablations: datasets x variants x seeds in one file of settings, one cell at a time, and a table at the end."""
