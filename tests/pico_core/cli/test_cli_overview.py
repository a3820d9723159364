"""`pico-lens --help` says what the commands say of themselves; nothing is loaded but what the called command needs."""

import subprocess
import sys

from typer.testing import CliRunner

from pico_core import cli
from pico_core.cli.commands import command_line
from pico_core.cli.plugins import with_plugins

LOADED = """
import sys
from pico_core import cli
from pico_core.cli.commands import FAMILIES
sys.argv = ["pico-lens", *sys.argv[1:]]
try:
    cli.main()
finally:
    print("loaded", *sorted({"torch", "polars", "numpy", "streamlit"} & set(sys.modules)))
    print(*sorted(name for name in sys.modules if name in {f"pico_core.cli.{each}" for each in FAMILIES}))
"""


def test_it_is_the_help_of_the_whole_command_line():
    listed = command_line(cli.__doc__, called="--help")
    quick, whole = (CliRunner().invoke(with_plugins(app), ["--help"]) for app in (listed, cli.app))
    assert quick.output == whole.output
    assert "construct" in quick.output


def loaded(*arguments):
    """What the command line prints, then the libraries and the modules of commands that it has loaded."""
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.rsplit("\n", 3)[:3]


def test_it_loads_no_library():
    printed, libraries, modules = loaded("--help")
    assert (libraries, modules) == ("loaded", "")
    assert "construct" in printed


def test_a_command_loads_its_own_module_alone():
    printed, _libraries, modules = loaded("planted", "--help")
    assert modules == "pico_core.cli.datasets"
    assert "--coupling" in printed
