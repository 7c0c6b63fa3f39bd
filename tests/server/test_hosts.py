"""A request that could only be DNS rebinding is refused; no honest visitor is."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from server.hosts import PROXY_HEADERS, KnownHosts, name_of, own_names
from tests.server.asgi import http, respond, run

LOOPBACK = ("127.0.0.1", 8501)
NETWORK = ("192.168.7.5", 8501)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse("served")(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.accept"})


def answered(
    *names: str,
    host: str = "",
    origin: str | None = None,
    server: tuple[str, int] = LOOPBACK,
    headers: Mapping[str, str] | None = None,
) -> tuple[bool, bool]:
    """Whether a request with these headers is answered, over HTTP and as a websocket."""
    given = {"host": host, **({"origin": origin} if origin is not None else {}), **(headers or {})}
    scope = http("/train", headers=given, server=server)
    response = respond(KnownHosts(app, names), scope)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    run(KnownHosts(app, names)({**scope, "type": "websocket"}, receive, send))
    assert response.status_code in {200, 403}
    assert sent[0]["type"] in {"websocket.accept", "websocket.close"}
    return response.status_code == 200, sent[0]["type"] == "websocket.accept"


OWN = [
    "localhost",
    "localhost:8501",
    "LOCALHOST.:8501",
    "app.localhost",
    "127.0.0.1:8501",
    "[::1]:8501",
    "192.168.1.20:8501",
    "203.0.113.7",
    "classroom:8501",
    "classroom.local",
    socket.gethostname(),
    "",
]
FOREIGN = ["evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "EVIL.example."]


@pytest.mark.parametrize("host", OWN)
def test_a_name_of_this_machine_and_an_address_are_answered(host: str) -> None:
    assert answered(host=host) == (True, True)


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_over_loopback_is_refused(host: str) -> None:
    assert answered(host=host) == (False, False)
    assert answered(host=host, server=("::1", 8501)) == (False, False)
    assert answered(host=host, server=("::ffff:127.0.0.1", 8501)) == (False, False)


@pytest.mark.parametrize("host", FOREIGN)
def test_over_the_network_a_name_may_be_one_that_this_machine_does_not_know(host: str) -> None:
    assert answered(host=host, server=NETWORK) == (True, True)


@pytest.mark.parametrize("header", PROXY_HEADERS)
def test_behind_a_proxy_on_this_machine_any_name_is_answered(header: str) -> None:
    given = {"host": "rnn.example.org", header: "203.0.113.7"}
    assert answered(headers=given) == (True, True)


@pytest.mark.parametrize(
    ("name", "host", "known"),
    [
        ("rnn.example.org", "RNN.example.org:8501", True),
        ("rnn.example.org", "a.rnn.example.org", False),
        ("*.example.org", "rnn.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "rnn.example.org.evil.example", False),
    ],
)
def test_a_configured_name_is_answered(name: str, host: str, known: bool) -> None:
    assert answered(name, host=host) == (known, known)


def test_the_full_name_of_this_machine_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: "pc12.cs.example.edu")
    own_names.cache_clear()
    assert answered(host="pc12.cs.example.edu:8501") == (True, True)
    own_names.cache_clear()
    monkeypatch.undo()
    assert answered(host="pc12.cs.example.edu:8501") == (False, False)


def test_another_sites_page_opens_no_websocket() -> None:
    assert answered(host="127.0.0.1:8501", origin="https://evil.example") == (True, False)
    assert answered(host="127.0.0.1:8501", origin="null") == (True, False)
    assert answered(host="127.0.0.1:8501", origin="http://127.0.0.1:8501") == (True, True)
    assert answered(host="rnn.example.org", origin="https://rnn.example.org", server=NETWORK) == (True, True)


def test_the_refusal_names_the_host_and_the_setting() -> None:
    response = respond(KnownHosts(app), http("/", headers={"host": "evil.example"}, server=LOOPBACK))
    assert bytes(response.body).decode() == (
        "'evil.example' is no name of this machine; RNN_EXPLORER_HOSTS must hold it if visitors use it."
    )


@pytest.mark.parametrize(("host", "name"), [("[fe80::1]:80", "fe80::1"), ("a:b:c", "a"), ("A.b.:1", "a.b"), ("", "")])
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of(host) == name
