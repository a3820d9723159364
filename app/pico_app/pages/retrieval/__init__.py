"""The Retrieval page: one file per instrument, `page` holds them together."""

from pico_app.pages.retrieval.page import PAGE

__all__ = ["PAGE"]
