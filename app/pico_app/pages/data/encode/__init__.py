"""Own pictures and captions on the Data page: where they lie, what was found, with what, how far, what came out."""

from pico_app.pages.data.encode.progress import report, watch
from pico_app.pages.data.encode.section import render

__all__ = ["render", "report", "watch"]
