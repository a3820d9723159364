"""How does PICO decide what is style? The method in steps, with live numbers."""

from app.views.method.page import render

__all__ = ["render"]
