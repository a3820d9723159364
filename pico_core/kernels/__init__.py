"""Tensors in, tensors out: no files, no frames, no printing, no randomness of their own."""
