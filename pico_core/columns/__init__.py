"""What a column is: its numbers with their uncertainty, its detectors, its style probe, its stability."""
