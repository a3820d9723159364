"""The Subspaces page: maps, search, gallery and numbers, `page` holds them together."""

from pico_app.pages.subspaces.page import PAGE

__all__ = ["PAGE"]
