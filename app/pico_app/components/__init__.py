"""Pieces of a page that answer in the browser, without a run of the script: their HTML, style and script."""
