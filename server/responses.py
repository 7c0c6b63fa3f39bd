"""Responses that are held back until they are whole, for the layers that change them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope


def without(scope: Scope, *names: str) -> Scope:
    """Return ``scope`` without the request headers of these names."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.decode() not in names]}


async def whole_response(app: ASGIApp, scope: Scope, receive: Receive) -> Response | None:
    """Return the response of ``app`` to ``scope`` once it is whole; None where it broke off on the way."""
    response = Response()
    parts: list[bytes] = []
    whole = False

    async def keep(message: Message) -> None:
        nonlocal whole
        if message["type"] == "http.response.start":
            response.status_code, response.raw_headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            whole = not message.get("more_body", False)

    await app(scope, receive, keep)
    response.body = b"".join(parts)
    return response if whole else None
