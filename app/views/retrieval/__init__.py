"""The Retrieval page: one file per instrument, `page` holds them together."""

from app.views.retrieval.page import render

__all__ = ["render"]
