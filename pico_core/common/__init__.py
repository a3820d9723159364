"""What every room stands on: names of axes, errors, places on this machine, progress, registries."""
