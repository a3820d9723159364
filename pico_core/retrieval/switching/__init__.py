"""Columns switched off or set, and what happens to retrieval. Beyond the paper."""
