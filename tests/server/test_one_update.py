"""A visitor's timer gets one frame at a time; what people do themselves is never held back. Counted, not timed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from server import one_update
from tests.server.asgi import run

SOCKET: Scope = {"type": "websocket"}


def received(message: BackMsg) -> Message:
    return {"type": "websocket.receive", "bytes": message.SerializeToString()}


def timer_asks() -> Message:
    """What the page's timer sends."""
    message = BackMsg()
    message.rerun_script.fragment_id = "film"
    message.rerun_script.is_auto_rerun = True
    return received(message)


def person_clicks(query: str = "click") -> Message:
    message = BackMsg()
    message.rerun_script.query_string = query
    return received(message)


def sent(message: ForwardMsg) -> Message:
    return {"type": "websocket.send", "bytes": message.SerializeToString()}


def run_ends() -> Message:
    message = ForwardMsg()
    message.script_finished = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
    return sent(message)


def run_draws() -> Message:
    message = ForwardMsg()
    message.delta.new_element.text.body = "a line"
    return sent(message)


class NothingArrivedError(Exception):
    """What would wait for ever here."""


def play(script: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Lets the messages of ``script`` arrive, or be sent by a server, in turn; what came through, and what was sent."""
    waiting: list[Message] = []
    through: list[Message] = []
    answers: list[Message] = []

    async def server(_scope: Scope, receive: Receive, send: Send) -> None:
        for message in script:
            if message["type"] == "websocket.send":
                await send(message)
                continue
            waiting.append(message)
            with suppress(NothingArrivedError):
                through.append(await receive())

    async def receive() -> Message:
        if not waiting:
            raise NothingArrivedError
        return waiting.pop()

    async def send(message: Message) -> None:
        answers.append(message)

    run(one_update.OneUpdateAtATime(server)(SOCKET, receive, send))
    return through, answers


def came_through(*script: Message) -> list[Message]:
    return play(script)[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its only entry."""
    now = [100.0]
    monkeypatch.setattr("server.one_update.time.monotonic", lambda: now[0])
    return now


def test_of_many_requests_of_the_timer_the_first_comes_through(clock: list[float]) -> None:
    assert came_through(*[timer_asks() for _tick in range(20)]) == [timer_asks()]


def test_the_next_one_comes_through_once_the_frame_has_been_sent(clock: list[float]) -> None:
    ask, ends = timer_asks(), run_ends()
    assert came_through(ask, ask, ends, ask, ask, ends, ask) == [ask] * 3


def test_what_a_frame_draws_does_not_end_it(clock: list[float]) -> None:
    ask, draws, ends = timer_asks(), run_draws(), run_ends()
    assert came_through(ask, draws, ask, draws, ask, ends, ask) == [ask] * 2


def test_a_person_is_never_held_back(clock: list[float]) -> None:
    ask, click = timer_asks(), person_clicks()
    assert came_through(ask, click, click, ask, click) == [ask, click, click, click]


def test_all_that_is_sent_arrives_unchanged() -> None:
    answers = [run_draws(), run_ends(), run_draws()]
    assert play([timer_asks(), *answers])[1] == answers


def test_a_frame_that_never_comes_is_asked_for_again_after_a_while(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, through = one_update.OneUpdateAtATime, []

    async def server(_scope: Scope, receive: Receive, _send: Send) -> None:
        for _message in range(2):
            through.append(await receive())

    async def receive() -> Message:
        clock[0] += one_update.PATIENCE_S / 4
        return timer_asks()

    async def send(_message: Message) -> None: ...

    begin = clock[0]
    run(guard(server)(SOCKET, receive, send))
    assert through == [timer_asks()] * 2
    assert clock[0] - begin > one_update.PATIENCE_S


def test_what_is_no_websocket_passes(clock: list[float]) -> None:
    seen: list[tuple[Scope, Receive, Send]] = []

    async def server(*parts: object) -> None:
        seen.append(parts)  # type: ignore[arg-type]

    async def receive() -> Message:
        return {}

    async def send(_message: Message) -> None: ...

    scope: Scope = {"type": "http"}
    run(one_update.OneUpdateAtATime(server)(scope, receive, send))
    assert seen == [(scope, receive, send)]
