"""To a Ray cluster and away from it: an existing one, or one of this machine's cores for as long as it is used."""

import importlib.util
import logging
import os
import secrets
import shutil
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pico_core.cluster.mapping import Cluster
from pico_core.common.errors import SettingError

ANSWER_SECONDS = 5.0  # until somebody listens
JOIN_SECONDS = 60.0  # until Ray has let us in
LONGEST_FOLDER = 40  # Ray's sockets lie below its folder, and a socket's path has 107 characters
STORE_BYTES = 256 * 2**20  # of an embedded cluster: results wait there, a block for each worker
# Nothing is told to anybody, and nothing of this program's GPUs is changed.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}
CLIENT = "ray://"
ACCEPTED = "auto, HOST:PORT, ray://HOST:PORT, local, or local:WORKERS"
TOKEN = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


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
        setting = os.environ.get("RAY_ADDRESS", "") if self.kind == "auto" else ""
        address = Address.parse(setting) if setting not in ("", "auto", "local") else self
        if not address.host:
            return
        try:
            socket.create_connection((address.host, address.port), timeout=seconds).close()
        except OSError as error:
            raise SettingError(
                f"no Ray cluster answers at {address.text} ({error.strerror or error}); start one with `ray start "
                "--head`, correct the address, or use --ray local"
            ) from None


@contextmanager
def cluster_at(address: str | None, *, gpus: float = 0.0) -> Iterator[Cluster | None]:
    """Work on a cluster as long as the block lasts; None is no cluster: this process does all.

    Args:
        address: "auto", "HOST:PORT" or "ray://HOST:PORT" for an existing one; "local" or "local:WORKERS" for one of
            this machine's cores, which ends with the block.
        gpus: How many (or which share of one) every block of work needs.

    Raises:
        SettingError: Ray is not installed, the address is none, or nobody answers there.

    >>> with cluster_at(None) as cluster:
    ...     cluster is None
    True
    """
    if address is None:
        yield None
        return
    parsed = Address.parse(address)
    if importlib.util.find_spec("ray") is None:
        raise SettingError("Ray is not installed; install it with `pip install 'pico-lens[ray]'`, or leave out --ray")
    if parsed.kind == "client" and importlib.util.find_spec("grpc") is None:
        raise SettingError(
            f"{address} needs Ray's client, which is not installed; install it with `pip install 'ray[client]'`, or "
            "run this on a machine of the cluster with --ray auto"
        )
    parsed.check_answers(ANSWER_SECONDS)
    os.environ.update(QUIET)
    import ray

    if ray.is_initialized():
        raise SettingError("this process is already part of a Ray cluster; leave it with ray.shutdown() first")
    folder = _short_folder() if parsed.kind == "local" else None
    try:
        if folder is not None:
            with _own_token():
                _join(
                    address="local",
                    num_cpus=parsed.port or os.cpu_count(),
                    include_dashboard=False,
                    object_store_memory=STORE_BYTES,
                    _temp_dir=str(folder),
                )
        else:
            _join_in_time(parsed)
        yield Cluster(address, gpus=gpus)
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _join(**settings: Any) -> None:
    import ray

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(log_to_driver=False, configure_logging=True, logging_level=logging.ERROR, **settings)


@contextmanager
def _own_token() -> Iterator[None]:
    """Ray lets nobody else into an embedded cluster; its token is kept in this process, not in a file at home."""
    before = {name: os.environ.get(name) for name in TOKEN}
    if not any(before.values()):
        os.environ["RAY_AUTH_TOKEN"] = _token()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@cache
def _token() -> str:
    """One for all clusters of this process: Ray reads it once."""
    return secrets.token_hex(32)


def _join_in_time(address: Address) -> None:
    """Join an existing cluster; who listens there may not be Ray, and would be waited for."""
    failed: list[BaseException] = []

    def join() -> None:
        try:
            _join(address=address.text)
        except BaseException as error:
            failed.append(error)

    attempt = threading.Thread(target=join, daemon=True)
    attempt.start()
    attempt.join(JOIN_SECONDS)
    if attempt.is_alive() or failed:
        why = f"no answer within {JOIN_SECONDS:g} s" if not failed else str(failed[0]).strip().splitlines()[0]
        raise SettingError(
            f"no Ray cluster answers at {address.text} ({why}); start one with `ray start --head`, correct the "
            "address, or use --ray local; one that asks for a token needs RAY_AUTH_MODE=token and RAY_AUTH_TOKEN"
        )


def _short_folder() -> Path:
    """A new folder for an embedded cluster, near the root of the file system."""
    usual = Path(tempfile.gettempdir())
    short = Path(os.sep, "tmp")
    near = usual if len(str(usual)) <= LONGEST_FOLDER or not short.is_dir() else short
    return Path(tempfile.mkdtemp(prefix="ray-", dir=near))
