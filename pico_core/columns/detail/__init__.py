"""One column in detail: its signs, its neighbours, what it goes with, its items and its tokens."""
