"""Ways to score: simpler ideas and null models that stand beside the method."""
