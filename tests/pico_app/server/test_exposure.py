"""The server as `pico-lens app` starts it, asked as a browser, a proxy and a stranger would."""

import base64
import http.client
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from pico_app.commands import app
from tests.places import ROOT
from tests.ports import free_port

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}
HOST = "pico.example.org"


@contextmanager
def started(folder, host):
    """A server in an empty working folder, so that no file of settings is read."""
    port = free_port()
    command = app.command("127.0.0.1", port, 50, host=host, browser=False)
    environment = app.environment([folder], app.hosts_of("127.0.0.1", host))
    log = folder / "log.txt"
    with log.open("w") as sink:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            try:
                ask(port, "GET", "/_stcore/health")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(port, method, path, headers=None, body=None):
    """The status of an answer, and how it begins."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, b"" if answer.status == 101 else answer.read(2000)
    finally:
        connection.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with started(tmp_path_factory.mktemp("alone"), None) as port:
        yield port


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    with started(tmp_path_factory.mktemp("shown"), HOST) as port:
        yield port


def joins(port, *, origin, host=None):
    """Whether a page of this origin may open the app."""
    headers = UPGRADE | {"Origin": origin} | ({} if host is None else {"Host": host})
    status, _ = ask(port, "GET", "/_stcore/stream", headers)
    assert status in (101, 403)
    return status == 101


def test_it_listens_on_its_one_address_only(server):
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", server)) != 0  # loopback too: who listens everywhere answers there


def test_pages_of_others_do_not_open_it(server):
    assert joins(server, origin=f"http://127.0.0.1:{server}")
    assert joins(server, origin=f"http://localhost:{server}", host=f"localhost:{server}")
    assert not joins(server, origin="http://evil.example")
    # a name of a stranger's that points to this machine (DNS rebinding)
    assert not joins(server, origin=f"http://evil.example:{server}", host=f"evil.example:{server}")


def test_behind_a_proxy_its_name_is_known(shown):
    assert joins(shown, origin=f"https://{HOST}", host=HOST)
    assert not joins(shown, origin="https://evil.example", host="evil.example")
    assert not joins(shown, origin="https://evil.example", host=HOST)


@pytest.fixture
def proxied(shown, tmp_path):
    """nginx before the app, by the lines of the README, with a password for one reader."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("there is no nginx on this machine")
    port = free_port()
    told = re.search(r"```nginx\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    for ours, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "127.0.0.1:8501": f"127.0.0.1:{shown}",
        "pico.htpasswd": str(tmp_path / "pico.htpasswd"),
    }.items():
        assert told.count(ours) == 1
        told = told.replace(ours, here)
    (tmp_path / "pico.htpasswd").write_text("reader:{PLAIN}secret\n")
    own = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; daemon off; user root;"
    (tmp_path / "nginx.conf").write_text(f"{own} events {{}} http {{ access_log off; {told} }}")
    process = subprocess.Popen([nginx, "-c", str(tmp_path / "nginx.conf")], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            ask(port, "GET", "/_stcore/health")
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(timeout=20)


def test_the_proxy_of_the_readme_lets_in_who_signs_in(proxied):
    signed = {"Authorization": f"Basic {base64.b64encode(b'reader:secret').decode()}", "Host": HOST}
    assert ask(proxied, "GET", "/", {"Host": HOST})[0] == 401
    assert ask(proxied, "GET", "/", signed)[0] == 200
    at = ("GET", "/_stcore/stream", UPGRADE | {"Origin": f"https://{HOST}"})
    assert ask(proxied, *at)[0] == 401
    assert ask(proxied, *at[:2], at[2] | signed)[0] == 101
    assert ask(proxied, *at[:2], at[2] | signed | {"Origin": "https://evil.example"})[0] == 403


def test_nothing_is_uploaded_without_the_token(server):
    status, said = ask(server, "PUT", "/_stcore/upload_file/visit/file", {"Content-Type": "text/plain"}, b"x")
    assert status == 403
    assert b"XSRF" in said


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/media/../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/component/app.components.word_maps/..%2f..%2f..%2fetc%2fpasswd",
        "/app/static/log.txt",
    ],
)
def test_no_address_reads_a_file(server, path):
    status, said = ask(server, "GET", path)
    assert b"root:" not in said
    assert b"Uvicorn" not in said
    assert status in (400, 403, 404) or said.lstrip().startswith(b"<!"), "the page of the app itself"
