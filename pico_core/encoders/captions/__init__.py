"""Which sentence belongs to which picture, read from whatever file people keep that in."""
