"""The Prototypes page."""

from pico_app.pages.prototypes.page import PAGE

__all__ = ["PAGE"]
