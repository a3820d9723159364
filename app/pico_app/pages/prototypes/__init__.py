"""The Prototypes page."""

from pico_app.pages.prototypes.page import render

__all__ = ["render"]
