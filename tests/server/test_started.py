"""A server as the Makefile starts it: where it listens, whom it refuses, and what malformed messages do to its log."""

from __future__ import annotations

import http.client
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.browser.conftest import ROOT, STREAMLIT, free_port, launched, wait_until_healthy
from tests.server.test_messages import MALFORMED

PATIENCE_S = 60
ANOTHER = "127.0.0.2"
"""An address of this machine that a server at 127.0.0.1 does not have; of the loopback interface on Linux."""


@contextmanager
def made(target: str, log: Path) -> Iterator[int]:
    """The port of the server of ``make <target>``, which opens no browser here."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(rf"^{target}:.*\n\t@\$\(BIN\)/streamlit (.*)$", makefile, re.MULTILINE)
    port = free_port()
    command = [str(STREAMLIT), *shlex.split(line.replace("$(PORT)", str(port))), "--server.headless", "true"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
    try:
        wait_until_healthy(f"http://localhost:{port}", process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def status(address: str, port: int, path: str = "/healthz", **headers: str) -> int | None:
    """The status of the response at ``address``; None where nobody listens."""
    connection = http.client.HTTPConnection(address, port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_make_run_serves_this_machine_only(tmp_path: Path) -> None:
    with made("run", tmp_path / "log") as port:
        assert status("localhost", port) == status("127.0.0.1", port) == 200
        assert status(ANOTHER, port) is None
    assert f"http://localhost:{port}" in (tmp_path / "log").read_text(encoding="utf-8")


def test_make_workshop_serves_all_machines_and_names_the_address_for_them(tmp_path: Path) -> None:
    with made("workshop", tmp_path / "log") as port:
        assert status("localhost", port) == status(ANOTHER, port) == 200
    shared = re.findall(r"Other machines open http://(\S+):(\d+)/", (tmp_path / "log").read_text(encoding="utf-8"))
    for host, at in shared:  # none on a machine without a network
        assert (host, int(at)) != ("localhost", 0)
        assert int(at) == port


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    """A server at 127.0.0.1 that writes to ``log``."""
    at = free_port()
    process = launched(at, log=log)
    yield at
    process.terminate()
    process.wait(timeout=20)


def opened(port: int, *, host: str = "127.0.0.1", **headers: str) -> ClientConnection:
    """A websocket like that of Streamlit's page, which takes the server for ``host``."""
    return connect(
        f"ws://{host}:{port}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", port)),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=headers,
        max_size=None,
    )


def closing_code(websocket: ClientConnection) -> int | None:
    """Receives until the server closes; its code."""
    try:
        while True:
            websocket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def rerun() -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = "text=hello"
    data: bytes = message.SerializeToString()
    return data


def test_malformed_messages_close_the_socket_and_leave_no_traceback(port: int, log: Path) -> None:
    for running in (False, True):
        for message, code in MALFORMED.values():
            with opened(port) as websocket:
                if running:
                    websocket.send(rerun())
                    websocket.recv(timeout=PATIENCE_S)
                websocket.send(message.get("text") or message["bytes"])
                assert closing_code(websocket) == code
    assert status("127.0.0.1", port) == 200
    end = time.monotonic() + PATIENCE_S
    while log.read_text(encoding="utf-8").count("A websocket was closed") < 2 * len(MALFORMED):
        assert time.monotonic() < end, "a fault is not in the log"
        time.sleep(0.05)
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_foreign_name_is_refused(port: int) -> None:
    assert status("127.0.0.1", port, Host="evil.example") == 403
    with pytest.raises(InvalidStatus, match="403"):
        opened(port, host="evil.example")
    with pytest.raises(InvalidStatus, match="403"):
        opened(port, Origin="https://evil.example")


def test_names_of_this_machine_are_served(port: int) -> None:
    for host in ("localhost", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert status("127.0.0.1", port, Host=host) == 200
    assert status("127.0.0.1", port, Host="rnn.example.org", **{"X-Forwarded-For": "203.0.113.7"}) == 200
