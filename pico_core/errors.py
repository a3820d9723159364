"""Errors that a person caused and can mend; every message says what, where and the mend."""


class PicoError(ValueError):
    """Bad input or a request that cannot be met. The message is shown to the user as it is."""


class DataError(PicoError):
    """An array, a file or a dataset is not what the engine needs."""


class SettingError(PicoError):
    """A setting has a name or a value that does not exist."""


class RunError(PicoError):
    """A saved run cannot be read, or belongs to another dataset."""
