"""Own pictures and captions on the Data page: where they lie, what was found, with what, how far, what came out."""

from app.views.encode.progress import report, watch
from app.views.encode.section import render

__all__ = ["render", "report", "watch"]
