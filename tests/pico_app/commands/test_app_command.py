"""`pico-lens app`: the real server, started from a folder whose own settings say the opposite."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pico_app.commands import app
from pico_core.cli import app as engine_commands
from pico_core.cli import plugins
from pico_core.common.errors import SettingError
from tests import ports
from tests.e2e.conftest import wait_until_healthy
from tests.e2e.guest import Guest
from tests.places import ROOT

SETTINGS = tomllib.loads((ROOT / "streamlit_config.toml").read_text(encoding="utf-8"))
CONTRARY = """
[server]
address = "0.0.0.0"
enableXsrfProtection = false
maxUploadSize = 1
[browser]
gatherUsageStats = true
[client]
showErrorDetails = "full"
[theme.light]
primaryColor = "#ff0000"
"""


def registered() -> list[EntryPoint]:
    """What the project's own file names, whether this checkout is installed or another one."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    return [EntryPoint(name, value, plugins.GROUP) for name, value in named[plugins.GROUP].items()]


COMMAND = next(point.value for point in registered() if point.name == "app")
# What Streamlit made of the settings, written down where the server starts.
NOTING = """
import json, os, pathlib
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.cli import main
def noting(*arguments, run=bootstrap.run, **options):
    found = {name: config.get_option(name) for name in os.environ["NAMES"].split()}
    pathlib.Path("noted.json").write_text(json.dumps(found))
    run(*arguments, **options)
bootstrap.run = noting
main()
"""
# The command as it is installed.
START = f"""
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from pico_app.commands import app as start_command
from pico_core.cli import main, plugins
plugins.entry_points = lambda group: [EntryPoint("app", {COMMAND!r}, group)]
def noting(*arguments, plain=start_command.command, **options):
    found = plain(*arguments, **options)
    at = found.index("-m")
    return [*found[:at], "-c", {NOTING!r}, *found[at + 2:]]
start_command.command = noting
sys.argv = ["pico-lens", "app", *sys.argv[1:]]
main()
"""


def flat(values, place=""):
    """Every setting by its dotted name."""
    found = {}
    for name, value in values.items():
        found |= flat(value, f"{place}{name}.") if isinstance(value, dict) else {f"{place}{name}": value}
    return found


@pytest.fixture
def free_port():
    return ports.free_port()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_the_app_starts_anywhere_with_the_settings_of_the_project_and_ends_quietly(tmp_path, free_port):
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text(CONTRARY, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment |= {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "app"))), "HOME": str(tmp_path)}
    environment["NAMES"] = " ".join([*flat(SETTINGS), "server.headless", "server.port", "server.fileWatcherType"])
    command = [sys.executable, "-c", START, f"--port={free_port}", "--", "--theme.base=dark"]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{free_port}", process, tmp_path / "log.txt", patience=90)
        with pytest.raises(ConnectionRefusedError):  # it would answer if it listened at every address
            socket.create_connection(("127.0.0.2", free_port), timeout=5)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.wait(timeout=30) in (0, 130)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    said = (tmp_path / "log.txt").read_text()
    assert f"http://127.0.0.1:{free_port}" in said
    assert "Traceback" not in said
    noted = json.loads((tmp_path / "noted.json").read_text())
    assert (noted.pop("server.headless"), noted.pop("server.port")) == (True, free_port)
    assert noted.pop("server.fileWatcherType") == "none"
    assert noted == flat(SETTINGS)


@pytest.fixture
def invoke(monkeypatch):
    """Ask for the command in this process, and hear with what Streamlit would be run."""
    ran = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: registered())

    def started(command, *, check, env):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(app.subprocess, "run", started)

    def run(*arguments):
        ran.clear()
        return CliRunner().invoke(plugins.with_plugins(engine_commands), ["app", *arguments]), list(ran)

    return run


def test_what_follows_two_dashes_is_streamlits_and_comes_last(invoke, free_port):
    done, ran = invoke(f"--port={free_port}", "--", "--server.fileWatcherType=auto", "--theme.base", "dark")
    assert done.exit_code == 0
    assert ran[0][1:6] == ["-P", "-m", "streamlit", "run", str(ROOT / "app" / "pico_app" / "start" / "main.py")]
    assert ran[0][-3:] == ["--server.fileWatcherType=auto", "--theme.base", "dark"]
    assert "--server.fileWatcherType=none" in ran[0][:-3]


def test_a_port_that_is_taken_is_said_in_a_sentence(invoke, free_port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        done, ran = invoke("--port", str(free_port))
        assert isinstance(done.exception, SettingError)
        assert f"--port {free_port}: another program listens there" in str(done.exception)
        assert ran == []
    done, ran = invoke("--port", str(free_port))
    assert done.exit_code == 0
    assert f"--server.port={free_port}" in ran[0]


def test_an_address_that_is_not_of_this_machine_is_said_in_a_sentence(free_port):
    with pytest.raises(SettingError, match=r"address 192\.0\.2\.1"):
        app.check_port_is_free(free_port, address="192.0.2.1")


@pytest.mark.parametrize("arguments", [("--port", "0"), ("--port", "65536"), ("--port", "many"), ("--prot", "8501")])
def test_options_that_do_not_exist_are_refused(invoke, arguments):
    done, ran = invoke(*arguments)
    assert (done.exit_code, ran) == (2, [])
    assert "Traceback" not in done.output


@pytest.mark.skipif(os.name != "posix", reason="the server and its parent end by a signal")
@pytest.mark.parametrize("installed", [False, True], ids=["python -m pico_core app", "pico-lens app"])
def test_a_folder_with_an_app_of_its_own_does_not_get_in_the_way(tmp_path, free_port, installed):
    script = Path(sys.executable).with_name("pico-lens")
    if installed and not script.is_file():
        pytest.skip("the command line is not installed beside this Python")
    for name in ("app.py", "main.py", "frame.py", "words.py", "state.py"):
        (tmp_path / name).write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "app")))}
    command = [str(script)] if installed else [sys.executable, "-m", "pico_core"]
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "app", f"--port={free_port}"],
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{free_port}", process, tmp_path / "log.txt", patience=90)
        with Guest(f"http://127.0.0.1:{free_port}", patience=90) as visitor:
            visitor.open("")
        assert "Does weighting" in visitor.said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "not ours" not in (tmp_path / "log.txt").read_text()
