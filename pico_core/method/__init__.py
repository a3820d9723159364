"""The method, readable from top to bottom: config, basis, probabilities, prototypes, construction.

No file is read here, no encoder is known, and performance is a callable that is handed in.
"""
