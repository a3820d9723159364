"""The Subspaces page: maps, search, gallery and numbers, `page` holds them together."""

from app.views.subspaces.page import render

__all__ = ["render"]
