"""How does PICO decide what is style? The method in steps, with live numbers."""

from pico_app.pages.method.page import PAGE

__all__ = ["PAGE"]
