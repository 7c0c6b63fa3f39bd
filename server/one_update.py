"""One update of a live view at a time."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE_S = 5.0
"""After so long without a response the next request passes: the fragment of the one before may be gone."""

FINISHED_BYTES = 256
"""A message that ends a run is shorter than this."""


class OneUpdateAtATime:
    """Lets the timer of a page request the next update only when the last one has been sent.

    The timer sends a request at a fixed interval, whether or not the server has responded. On a busy host the requests
    pile up, each cuts the one before short, and hardly any update leaves the server. A request that comes too early is
    dropped: the timer sends another one anyway. What people do themselves is never held back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        requested_at: float | None = None

        async def receive_when_free() -> Message:
            nonlocal requested_at
            while True:
                message = await receive()
                if not _requests_update(message):
                    return message
                now = time.monotonic()
                if requested_at is None or now - requested_at > PATIENCE_S:
                    requested_at = now
                    return message

        async def send_and_free(message: Message) -> None:
            nonlocal requested_at
            await send(message)
            if requested_at is not None and _ends_update(message):
                requested_at = None

        await self.app(scope, receive_when_free, send_and_free)


def _requests_update(message: Message) -> bool:
    data: bytes = message.get("bytes") or b""
    return bool(data) and BackMsg.FromString(data).rerun_script.is_auto_rerun


def _ends_update(message: Message) -> bool:
    data: bytes = message.get("bytes") or b""
    return 0 < len(data) <= FINISHED_BYTES and ForwardMsg.FromString(data).WhichOneof("type") == "script_finished"
