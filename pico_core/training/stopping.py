"""A training that was asked to stop."""

from pico_core.errors import PicoError


class TrainingStopped(PicoError):  # noqa: N818 (nothing is wrong, so it is no error by name)
    """The callback said False; what is kept beside the target lets it go on."""
