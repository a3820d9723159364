"""Where a cluster is: what a person may write, and whether anybody answers there."""

import os
import socket
from dataclasses import dataclass
from typing import Literal

from pico_core.errors import SettingError

CLIENT = "ray://"
ACCEPTED = "auto, HOST:PORT, ray://HOST:PORT, local, or local:WORKERS"


@dataclass(frozen=True)
class Address:
    """A cluster, as a person names it.

    Attributes:
        kind: "local" starts one of this machine's cores; "auto" is one that this machine is part of; "node" and
            "client" are reached by host and port, the latter through Ray's client server.
        text: As it was written.
        host: Where there is one.
        port: Where there is one; of "local" the number of workers, 0 = one per core.
    """

    kind: Literal["local", "auto", "node", "client"]
    text: str
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address.

        Raises:
            SettingError: it is of no known form.

        >>> Address.parse("ray://head:10001")
        Address(kind='client', text='ray://head:10001', host='head', port=10001)
        >>> Address.parse("local:2").port
        2
        """
        if text in ("auto", "local"):
            return cls("auto" if text == "auto" else "local", text)
        host, _, port = text.removeprefix(CLIENT).rpartition(":")
        if not (host and port.isdecimal() and 0 < int(port) < 2**16) or "/" in host:
            raise SettingError(f"{text!r} is no address of a Ray cluster; expected {ACCEPTED}")
        if host == "local":
            return cls("local", text, port=int(port))
        return cls("client" if text.startswith(CLIENT) else "node", text, host.strip("[]"), int(port))

    def check_answers(self, seconds: float) -> None:
        """See within this time that somebody listens: Ray itself would try for minutes.

        Raises:
            SettingError: nobody does.
        """
        told = os.environ.get("RAY_ADDRESS", "") if self.kind == "auto" else ""
        place = Address.parse(told) if told not in ("", "auto", "local") else self
        if not place.host:
            return
        try:
            socket.create_connection((place.host, place.port), timeout=seconds).close()
        except OSError as error:
            raise SettingError(
                f"no Ray cluster answers at {place.text} ({error.strerror or error}); start one with `ray start "
                "--head`, correct the address, or use --ray local"
            ) from None
