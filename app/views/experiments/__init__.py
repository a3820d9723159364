"""The Experiments page, one instrument per file."""

from app.views.experiments.page import render

__all__ = ["render"]
