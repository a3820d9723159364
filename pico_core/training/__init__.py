"""Learning: the loss of late interaction, and the loop that trains the small encoder on scenes."""
