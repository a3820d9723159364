"""The command `pico-lens app`: starts the server with settings that are safe, whatever the working folder.

Nothing of the app is loaded here; the server is a process of its own, and its end is the end of the command.
"""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pico_core.common.errors import SettingError

MAIN = Path(__file__).resolve().parents[1] / "start" / "main.py"
SETTING = "PICO_FOLDERS"  # as in `server.places`, which loads much more
HOSTS = "STREAMLIT_SERVER_ALLOWED_HOSTS"
LOCAL = ("127.0.0.1", "localhost")
SAFE = (
    "--server.fileWatcherType=none",  # what is installed does not change while it runs
    "--server.enableXsrfProtection=true",
    "--server.enableCORS=true",
    "--browser.gatherUsageStats=false",
    "--client.showErrorDetails=none",
    "--client.toolbarMode=minimal",
)


def app(
    folder: Annotated[
        list[Path] | None,
        typer.Option("--folder", help="A folder that the app opens; may be repeated. Default the working folder."),
    ] = None,
    address: Annotated[str, typer.Option(help="Where it listens; another one than this opens it to others.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Its port.")] = 8501,
    host: Annotated[
        str | None, typer.Option(help="The name under which a proxy shows it, such as pico.example.org.")
    ] = None,
    upload_mib: Annotated[int, typer.Option(min=1, max=100_000, help="The largest upload, in MiB.")] = 400,
    browser: Annotated[bool, typer.Option("--browser", help="Open a browser on it.")] = False,
    options: Annotated[
        list[str] | None, typer.Argument(metavar="-- OPTIONS", help="Options of Streamlit, after --.")
    ] = None,
) -> None:
    """Start the app; it opens nothing outside the folders that are named here."""
    check_port_is_free(port, address=address)
    started = [*command(address, port, upload_mib, host=host, browser=browser), *(options or ())]
    try:
        ended = subprocess.run(started, check=False, env=environment(folder, hosts_of(address, host))).returncode
    except KeyboardInterrupt:  # the usual way to end a server, which has had the key press as well
        ended = 0
    sys.exit(ended)


def command(address: str, port: int, upload_mib: int, *, host: str | None, browser: bool) -> list[str]:
    """The command that starts the server; `-P`, or an `app` in the working folder would be taken for ours."""
    own = [
        f"--server.address={address}",
        f"--server.port={port}",
        f"--server.maxUploadSize={upload_mib}",
        f"--server.headless={str(not browser).lower()}",
    ]
    shown = [] if host is None else [f"--browser.serverAddress={host}"]
    return [sys.executable, "-P", "-m", "streamlit", "run", str(MAIN), *own, *shown, *SAFE]


def check_port_is_free(port: int, *, address: str) -> None:
    """Listen there for a moment.

    Raises:
        SettingError: another program has the port, or it may not be used.
    """
    try:
        family, kind, _, _, endpoint = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # as the server does: a port just left is free; elsewhere it means another thing
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(endpoint)
    except OSError as error:
        known = {errno.EADDRINUSE: "another program listens there", errno.EACCES: "this user may not listen there"}
        why = known.get(error.errno or 0, error.strerror or str(error))
        raise SettingError(f"--port {port}: {why} (address {address}); choose another port or address") from None


def hosts_of(address: str, host: str | None) -> tuple[str, ...]:
    """The names by which browsers may call the server; none where they cannot be known.

    >>> hosts_of("127.0.0.1", None), hosts_of("0.0.0.0", None), hosts_of("0.0.0.0", "pico.example.org")
    (('127.0.0.1', 'localhost'), (), ('127.0.0.1', 'localhost', 'pico.example.org'))
    """
    local = address in LOCAL
    return () if not local and host is None else (*LOCAL, *([] if host is None else [host]))


def environment(folders: list[Path] | None, hosts: tuple[str, ...] = LOCAL) -> dict[str, str]:
    """The environment of the server: this one, the folders, and the names of the server.

    Args:
        folders: What the app opens; None = as it is set, or the working folder.
        hosts: Under which names browsers may call it; a Streamlit that does not know such a list ignores it.

    Raises:
        SettingError: a folder is not there, or its name cannot stand in a list.
    """
    for folder in folders or []:
        if not folder.is_dir():
            raise SettingError(f"--folder {folder}: there is no such folder; name one that is there")
        if os.pathsep in str(folder.resolve()):
            raise SettingError(
                f"--folder {folder}: its path holds {os.pathsep!r}, which parts folders; give a link to it"
            )
    named = {} if not folders else {SETTING: os.pathsep.join(str(folder.resolve()) for folder in folders)}
    return os.environ | named | {HOSTS: " ".join(hosts)}
