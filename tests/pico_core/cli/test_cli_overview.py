"""`pico-lens --help` says what the commands say of themselves, and loads nothing that they need."""

import subprocess
import sys

from typer.testing import CliRunner

from pico_core import cli
from pico_core.cli.overview import overview
from pico_core.cli.plugins import with_plugins

LOADED = """
import sys
from pico_core import cli
sys.argv = ["pico-lens", "--help"]
try:
    cli.main()
finally:
    print("loaded", *sorted({"torch", "polars", "numpy", "streamlit"} & set(sys.modules)))
"""


def test_it_is_the_help_of_the_whole_command_line():
    quick, whole = (CliRunner().invoke(with_plugins(app), ["--help"]) for app in (overview(cli.__doc__), cli.app))
    assert quick.output == whole.output
    assert "construct" in quick.output


def test_it_loads_no_library():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded"
    assert "construct" in done.stdout
