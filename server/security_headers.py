"""The headers that limit what a page of this server may load and who may frame it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' ws: wss:",
    "worker-src 'self' blob:",
    "base-uri 'self'",
    "form-action 'self'",
    "object-src 'none'",
)
"""Nothing is fetched from elsewhere. Streamlit's page needs inline scripts and styles; its components are modules in
blobs."""


def security_headers(frame_ancestors: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers of every response; pages of ``frame_ancestors`` may frame it, beside those of this server."""
    policy = "; ".join((*POLICY, " ".join(("frame-ancestors 'self'", *frame_ancestors))))
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    # The older header knows one origin only, and some browsers hold both.
    return headers if frame_ancestors else headers | {"x-frame-options": "SAMEORIGIN"}


class SecurityHeaders:
    """Adds ``security_headers`` to every response."""

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self.app = app
        self.headers = security_headers(frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves ``scope``."""

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_secured if scope["type"] == "http" else send)
