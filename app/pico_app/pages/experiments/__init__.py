"""The Experiments page, one instrument per file."""

from pico_app.pages.experiments.page import PAGE

__all__ = ["PAGE"]
