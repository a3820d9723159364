"""The Experiments page, one instrument per file."""

from pico_app.pages.experiments.page import render

__all__ = ["render"]
