"""What is no message of Streamlit's protocol closes the websocket with a code, and never reaches Streamlit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from server.messages import INVALID, MAX_BYTES, TOO_BIG, UNSUPPORTED, WellFormedMessages, fault_of
from tests.server.asgi import run


def binary(data: bytes) -> Message:
    return {"type": "websocket.receive", "bytes": data}


def click() -> Message:
    message = BackMsg()
    message.rerun_script.query_string = "text=hello"
    return binary(message.SerializeToString())


MALFORMED: dict[str, tuple[Message, int]] = {
    "text": ({"type": "websocket.receive", "text": "hello"}, UNSUPPORTED),
    "text beside no bytes": ({"type": "websocket.receive", "text": "hello", "bytes": None}, UNSUPPORTED),
    "empty": (binary(b""), INVALID),
    "garbage": (binary(b"\xff\xfe\xfd"), INVALID),
    "cut off": (binary(click()["bytes"][:-1]), INVALID),
    "unknown fields only": (binary(b"\xa2\x06\x01a"), INVALID),
    "too long": (binary(bytes(MAX_BYTES + 1)), TOO_BIG),
}


def served(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """What reaches Streamlit of ``messages``, and what the browser gets; Streamlit responds to each one, and late."""
    waiting, through, sent = list(messages), [], []

    async def streamlit(_scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            through.append(message)
            await asyncio.sleep(0)
            await send({"type": "websocket.send", "bytes": b"response"})
            if message["type"] == "websocket.disconnect":
                return

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    run(WellFormedMessages(streamlit)({"type": "websocket"}, receive, send))
    return through, sent


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_closes_the_socket_and_nothing_is_sent_afterwards(name: str) -> None:
    message, code = MALFORMED[name]
    through, sent = served([{"type": "websocket.connect"}, click(), message, click()])
    assert [each["type"] for each in through] == ["websocket.connect", "websocket.receive", "websocket.disconnect"]
    assert [each["type"] for each in sent] == ["websocket.send", "websocket.send", "websocket.close"]
    assert sent[-1]["code"] == through[-1]["code"] == code
    assert 0 < len(sent[-1]["reason"].encode()) <= 123  # what a frame that closes a websocket can hold


@given(st.binary(max_size=200))
def test_any_bytes_pass_or_close(data: bytes) -> None:
    fault = fault_of(binary(data))
    assert fault is None or fault[0] == INVALID


def test_what_streamlit_knows_passes_unchanged() -> None:
    gone: Message = {"type": "websocket.disconnect", "code": 1000}
    assert served([click(), click(), gone])[0] == [click(), click(), gone]


@pytest.mark.parametrize("kind", [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields])
def test_every_kind_of_message_passes(kind: str) -> None:
    message = BackMsg()
    field = BackMsg.DESCRIPTOR.fields_by_name[kind]
    if field.message_type:
        getattr(message, kind).SetInParent()
    else:
        setattr(message, kind, True)
    assert fault_of(binary(message.SerializeToString())) is None
