"""Two scorings of the same queries: recall, curves, labels, and every query that moved."""
