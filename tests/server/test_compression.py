"""A file that never changes is compressed once and kept, but only once it is whole, whoever leaves on the way."""

from __future__ import annotations

import gzip

import pytest
from starlette.types import Message, Receive, Scope, Send

from server.compression import CompressOnce
from tests.server.asgi import run

CODE = b"export const answer = 42\n" * 100
HEADERS = [(b"content-type", b"text/javascript"), (b"content-length", str(len(CODE)).encode())]
START: Message = {"type": "http.response.start", "status": 200, "headers": HEADERS}
FIRST: Message = {"type": "http.response.body", "body": CODE[:500], "more_body": True}
REST: Message = {"type": "http.response.body", "body": CODE[500:], "more_body": False}
REQUEST: Scope = {
    "type": "http",
    "method": "GET",
    "path": "/static/js/page.js",
    "headers": [(b"accept-encoding", b"gzip"), (b"accept", b"*/*")],
}


class Server:
    """Answers each request with the next of some lists of messages, and counts the requests."""

    def __init__(self, *answers: list[Message]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.asked += 1
        for message in self.answers.pop(0):
            await send(message)


def ask(app: CompressOnce) -> list[Message]:
    """What one visitor gets."""
    got: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        got.append(message)

    run(app(REQUEST, receive, send))
    return got


def body(messages: list[Message]) -> bytes:
    return gzip.decompress(b"".join(message.get("body", b"") for message in messages))


def test_a_file_is_asked_for_once_and_sent_compressed_to_all() -> None:
    server = Server([START, FIRST, REST])
    app = CompressOnce(server)
    for _visitor in range(3):
        got = ask(app)
        assert dict(got[0]["headers"])[b"content-type"] == b"text/javascript"
        assert dict(got[0]["headers"])[b"content-encoding"] == b"gzip"
        assert body(got) == CODE
    assert server.asked == 1


@pytest.mark.parametrize("broken", [[], [START], [START, FIRST]], ids=["nothing", "its head", "a part"])
def test_what_broke_off_is_not_kept(broken: list[Message]) -> None:
    server = Server(broken, [START, FIRST, REST])
    app = CompressOnce(server)
    assert ask(app) == []
    assert body(ask(app)) == CODE
    assert server.asked == 2
