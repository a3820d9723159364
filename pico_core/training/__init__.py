"""Learning: losses of late interaction, the loop that trains the small encoder, and the one that trains heads."""
