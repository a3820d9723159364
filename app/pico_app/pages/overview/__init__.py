"""The Overview page."""

from pico_app.pages.overview.page import render

__all__ = ["render"]
