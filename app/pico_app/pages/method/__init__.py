"""How does PICO decide what is style? The method in steps, with live numbers."""

from pico_app.pages.method.page import render

__all__ = ["render"]
