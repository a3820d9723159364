"""The Overview page."""

from pico_app.pages.overview.page import PAGE

__all__ = ["PAGE"]
