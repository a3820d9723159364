"""The Columns page: one file per instrument, `page` holds them together."""

from app.views.columns.page import render

__all__ = ["render"]
