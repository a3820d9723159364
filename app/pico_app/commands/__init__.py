"""Commands of the command line that draw: the engine knows no screen, so entry points bring them."""
