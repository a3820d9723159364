"""The Columns page: one file per instrument, `page` holds them together."""

from pico_app.pages.columns.page import PAGE

__all__ = ["PAGE"]
