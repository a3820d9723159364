"""Commands of other packages: found by their entry points, and one that is broken leaves the others alone."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest
import typer

from pico_core import cli
from pico_core.cli import plugins


@pytest.fixture
def plug(monkeypatch):
    """Install a module and name its entry points."""

    def install(*points, **members):
        module = ModuleType("planted_plugin")
        for name, member in members.items():
            setattr(module, name, member)
        monkeypatch.setitem(sys.modules, "planted_plugin", module)
        found = [EntryPoint(name, value, plugins.GROUP) for name, value in points]
        monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == plugins.GROUP else [])

    return install


def hello(name: str, loud: bool = False) -> None:
    """Greet."""
    print(name.upper() if loud else name)  # noqa: T201


def unreadable(thing: int | str) -> None:
    """Typer knows no such argument."""


def test_a_command_of_another_package_stands_beside_ours(plug, pico):
    plug(("hello", "planted_plugin:hello"), hello=hello)
    assert pico("hello", "pico", "--loud").out == "PICO\n"
    shown = pico("--help").out
    assert "hello" in shown
    assert "construct" in shown
    assert "--loud" in pico("hello", "--help").out
    assert pico("hello").code == 2  # a usage error of typer, as with every command


def test_the_commands_of_the_engine_stay_as_they_are(plug):
    plug(("hello", "planted_plugin:hello"), hello=hello)
    before = set(typer.main.get_command(cli.app).commands)
    assert set(typer.main.get_command(plugins.with_plugins(cli.app)).commands) == before | {"hello"}
    assert set(typer.main.get_command(cli.app).commands) == before


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_module_here:report", "ModuleNotFoundError"),
        ("planted_plugin:absent", "AttributeError"),
        ("planted_plugin:unreadable", "AssertionError"),
        ("planted_plugin:number", "TypeError"),
    ],
)
def test_a_broken_command_says_so_when_it_is_asked_for(plug, pico, tmp_path, value, said):
    plug(("broken", value), ("hello", "planted_plugin:hello"), hello=hello, unreadable=unreadable, number=3)
    for arguments in ((), ("run", "--out", tmp_path / "x.html", "--help")):
        found = pico("broken", *arguments)
        assert found.code == 2
        assert found.out == ""
        assert found.err.startswith("pico-lens: broken: this command of its package cannot be loaded")
        assert said in found.err
    assert pico("hello", "pico").out == "pico\n"
    assert "Cannot be loaded" in pico("--help").out


def test_no_other_package_takes_a_name_of_ours(plug, pico):
    plug(("planted", "planted_plugin:hello"), ("demo", "planted_plugin:hello"), hello=hello)
    assert "--style-strength" in pico("planted", "--help").out
    assert "build" in pico("demo", "--help").out


def test_of_two_commands_of_one_name_the_first_stays(plug, pico):
    plug(("hello", "planted_plugin:hello"), ("hello", "planted_plugin:shout"), hello=hello, shout=lambda: None)
    assert pico("hello", "pico").out == "pico\n"
