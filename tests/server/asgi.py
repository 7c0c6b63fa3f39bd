"""Requests to an ASGI app without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Scope


def run(awaited: Awaitable[None]) -> None:
    """Runs to the end in a thread of its own: a browser test may have left an event loop in this one."""

    async def wait() -> None:
        await awaited

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(wait())).result()


def http(address: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, **rest: object) -> Scope:
    """Return the scope of a request of ``address``, a path with or without a query."""
    path, _mark, query = address.partition("?")
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw} | rest


def respond(app: ASGIApp, scope: Scope) -> Response:
    """Return the response of ``app`` to a request without a body."""
    response = Response()
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code, response.raw_headers = message["status"], list(message["headers"])
        else:
            parts.append(message.get("body", b""))

    run(app(scope, receive, send))
    response.body = b"".join(parts)
    return response
