"""The Data page; own pictures and captions have a folder of their own."""

from pico_app.pages.data.page import PAGE

__all__ = ["PAGE"]
