"""One column from near: its signs, its company, what it goes with, its items and its tokens."""
