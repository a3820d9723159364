"""The command `pico-lens app`: Streamlit on the installed app, with the project's settings, from any folder.

Streamlit reads `.streamlit/config.toml` beside the script that it runs, after those of the working
directory and of the home, so the project's settings hold wherever the command is given.
"""

import errno
import os
import socket
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from pico_core.errors import SettingError

MAIN = Path(__file__).resolve().with_name("main.py")
LOOPBACK = "127.0.0.1"
# What is installed does not change while it runs; given first, so that a reader's own option holds.
FIXED = ("--server.fileWatcherType=none",)

Port = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Port of the app; without it 8501, or the next one that is free."),
]
Passed = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- OPTIONS", help="Options of Streamlit, after --, such as --server.headless=true."),
]


def start(port: Port = None, options: Passed = None) -> None:
    """Open the app in the browser; Ctrl-C ends it."""
    given = tuple(options or ())
    if port is not None:
        check_port_is_free(port, address=address_of(given))
    run_streamlit(("run", str(MAIN), *FIXED, *(() if port is None else (f"--server.port={port}",)), *given))


def address_of(options: tuple[str, ...]) -> str:
    """The address that the app will listen at: the last one given to Streamlit, else the loopback address.

    >>> address_of(())
    '127.0.0.1'
    >>> address_of(("--server.address", "::1", "--server.address=localhost"))
    'localhost'
    """
    name, found = "--server.address", LOOPBACK
    for option, following in pairwise((*options, LOOPBACK)):
        if option == name:
            found = following
        elif option.startswith(f"{name}="):
            found = option.removeprefix(f"{name}=")
    return found


def check_port_is_free(port: int, *, address: str = LOOPBACK) -> None:
    """Listen there for a moment.

    Raises:
        SettingError: another program has the port, or it may not be used.
    """
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # as the server does: a port just left is free; elsewhere it means another thing
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        known = {errno.EADDRINUSE: "another program listens there", errno.EACCES: "this user may not listen there"}
        why = known.get(error.errno or 0, error.strerror or str(error))
        raise SettingError(
            f"--port {port}: {why} (address {address}); choose another port, or leave --port out for a free one"
        ) from None


def run_streamlit(arguments: tuple[str, ...]) -> None:
    """Run the command line of Streamlit in this process until it ends.

    Raises:
        SettingError: it knows no such option or value.
    """
    import click
    from streamlit.web.cli import main

    try:
        main(arguments, prog_name="streamlit", standalone_mode=False)
    except click.ClickException as error:
        raise SettingError(f"Streamlit: {error.format_message()} See: pico-lens app -- --help") from None
