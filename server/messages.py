"""Which messages of a browser reach Streamlit: those of its protocol."""

from __future__ import annotations

import logging

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

MAX_BYTES = 4 << 20
"""The largest message: the widgets' values of a page with the longest text are about 300 kB."""

UNSUPPORTED, INVALID, TOO_BIG = 1003, 1007, 1009
"""Codes with which a websocket is closed (RFC 6455, section 7.4.1)."""

_log = logging.getLogger(__name__)


class WellFormedMessages:
    """Closes a websocket at the first message that is not one of Streamlit's protocol, with a code and a sentence.

    Streamlit itself would raise an exception for each of them, and its log would hold a traceback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        closed = False

        async def receive_well_formed() -> Message:
            nonlocal closed
            message = await receive()
            fault = fault_of(message)
            if fault is None:
                return message
            code, reason = fault
            _log.warning("A websocket was closed: %s", reason)
            closed = True
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return {"type": "websocket.disconnect", "code": code, "reason": reason}

        async def send_while_open(message: Message) -> None:
            if not closed:
                await send(message)

        await self.app(scope, receive_well_formed, send_while_open)


def fault_of(message: Message) -> tuple[int, str] | None:
    """Return the closing code for a message that Streamlit's protocol does not have and the reason; None if it has."""
    if message["type"] != "websocket.receive":
        return None
    data: bytes | None = message.get("bytes")
    if data is None:
        return UNSUPPORTED, "a message must be binary, got text"
    if len(data) > MAX_BYTES:
        return TOO_BIG, f"a message must have at most {MAX_BYTES} bytes, got {len(data)}"
    try:
        kind = BackMsg.FromString(data).WhichOneof("type")
    except DecodeError:
        return INVALID, f"a message must be a BackMsg, got {len(data)} bytes that are none"
    return None if kind else (INVALID, f"a message must have a type, got {len(data)} bytes without one")
