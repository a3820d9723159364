"""The file that `pico-lens app` starts."""
