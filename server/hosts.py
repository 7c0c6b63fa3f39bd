"""Under which names this server answers: a defence against DNS rebinding.

A page of another site can let its own name point to 127.0.0.1. The browser then takes this server for that site, and
the page may read and send what it likes. Such a request comes over the loopback interface and carries the other site's
name as ``Host``. The one honest request like it comes from a proxy on this machine, which says so in a header that a
page can neither add to a navigation nor to a websocket.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Collection
from functools import cache
from urllib.parse import urlsplit

import anyio.to_thread
import streamlit as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.address import is_loopback
from server.settings import HOSTS

PROXY_HEADERS = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")
"""Any of these is in a request that a proxy has forwarded."""

LOCAL_SUFFIXES = (".localhost", ".local", ".test")
"""Endings of names that no public name server answers for (RFC 6761, RFC 6762)."""

LOGGED_NAMES = 20
"""So many refused names are written to the log, each once."""

POLICY_VIOLATION = 1008
_log = logging.getLogger(__name__)


class KnownHosts:
    """Refuses what could only be DNS rebinding, and a websocket that another site's page opens."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self.app = app
        self.names = tuple(names)
        self.logged: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves ``scope``, or refuses it with a sentence."""
        refusal = await self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self.app(scope, receive, send)
            return
        if refusal not in self.logged and len(self.logged) < LOGGED_NAMES:
            self.logged.add(refusal)
            _log.warning("A request was refused: %s", refusal)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": refusal})
        else:
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = name_of(headers.get("host", ""))
        if not (forwarded(headers) or not over_loopback(scope) or self._is_known(host)):
            own = await anyio.to_thread.run_sync(own_names)  # may ask a name server
            if host not in own:
                return f"{host[:80]!a} is no name of this machine; {HOSTS} must hold it if visitors use it."
        origin = headers.get("origin") if scope["type"] == "websocket" else None
        if origin is not None and name_of(urlsplit(origin).netloc) != host and not _is_allowed_origin(origin):
            return f"A page of {origin[:80]!a} must not open a websocket of {host[:80]!a}."
        return None

    def _is_known(self, host: str) -> bool:
        if not host or "." not in host or is_address(host) or is_loopback(host) or host.endswith(LOCAL_SUFFIXES):
            return True
        return any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in self.names)


def name_of(host: str) -> str:
    """Return the name in the header ``Host``, without its port, in lower case.

    >>> name_of("RNN.example.org:8501"), name_of("[::1]:8501")
    ('rnn.example.org', '::1')
    """
    name = host.strip().lower()
    name = name[1 : name.find("]")] if name.startswith("[") and "]" in name else name.partition(":")[0]
    return name.rstrip(".")


def is_address(host: str) -> bool:
    """Return whether ``host`` is an IP address: nobody can point that elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def forwarded(headers: Headers) -> bool:
    """Return whether a proxy has forwarded a request with these headers."""
    return any(name in headers for name in PROXY_HEADERS)


def over_loopback(scope: Scope) -> bool:
    """Return whether a request came over the loopback interface, or by none that is known."""
    server = scope.get("server")
    return server is None or is_loopback(str(server[0]).removeprefix("::ffff:"))


@cache
def own_names() -> frozenset[str]:
    """Return the names of this machine, and those that Streamlit's options name."""
    options = ("server.address", "browser.serverAddress")
    named = [st.get_option(option) or "" for option in options] + list(st.get_option("server.allowedHosts") or ())
    return frozenset(name.lower().rstrip(".") for name in (socket.gethostname(), socket.getfqdn(), *named) if name)


def _is_allowed_origin(origin: str) -> bool:
    return not st.get_option("server.enableCORS") or origin in st.get_option("server.corsAllowedOrigins")
