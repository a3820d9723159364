"""Tests that take long and repeat in another place what shorter ones prove."""

import os

import pytest

LONG = pytest.mark.skipif(os.environ.get("PICO_LONG") != "1", reason="takes long: PICO_LONG=1 runs it")
