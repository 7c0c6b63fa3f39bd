"""A visitor without a browser: speaks Streamlit's websocket protocol as Streamlit's own page does.

Copied from the page's script (``static/js/index.*.js`` of streamlit 1.67): widgets tell their first value and repeat
all values with every request, large messages are kept and referred to by hash, and the timer of a fragment is a plain
``setInterval`` (``handleAutoRerun``): it asks for the next tick whether or not the last has come back. What piles up
while a tick runs, the server folds into one more run; if that begins before the tick was sent, the tick's frame is
thrown away (``ForwardMsgQueue.clear``) and never seen.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin

PAGE = "train"
PATIENCE_S = 60.0
"""How long a full run of the script may take before it is an error."""

SUCCESS = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}
_EPOCH = re.compile(r"epoch (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One tick that moved the epoch: when it was complete, how long after it was asked for, and its bytes."""

    ended_s: float
    latency_s: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserResult:
    """What one user saw.

    Attributes:
        frames: how many ticks moved the epoch.
        seconds: for how long they were counted.
        latencies_s: for each frame, from the first request that it answers to its ``script_finished``.
        bytes_per_frame: for each frame, the bytes of all messages since the tick before.
        dropped: how many ticks the server ran for nothing, since the next began before their frame was sent.
        errors: exceptions on the page, runs that did not succeed, a socket that closed, a film that ended by itself.
        last_epoch: the epoch shown last.
        last_status: the line of status shown last, "epoch 37 · loss 0.8123 · 11 of 12 right".
    """

    frames: int
    seconds: float
    latencies_s: tuple[float, ...]
    bytes_per_frame: tuple[int, ...]
    dropped: int
    errors: tuple[str, ...]
    last_epoch: int
    last_status: str


async def play(
    address: str, *, seconds: float, query: str = "", speed: int = 1, patient: bool = False, picture: bool = False
) -> UserResult:
    """What a user sees who opens ``/train?query``, presses Play and watches for ``seconds``.

    Args:
        address: of the server, "http://127.0.0.1:8501".
        speed: epochs per frame, one of the page's choices.
        patient: as no browser does, skips the timer's turn while a tick runs: what a frame costs, without the crush.
        picture: whether the network is shown in the place of the heatmaps.
    """
    user = User(address, query, patient=patient, picture=picture)
    try:
        await user.start(speed=speed)
        begin = time.perf_counter()
        await asyncio.sleep(seconds)
        return user.result(begin, time.perf_counter())
    finally:
        await user.leave()


class User:
    """One tab of a browser, open on the Train page.

    Attributes:
        frames: every frame so far.
        dropped_s: when it was heard of each tick that was dropped.
        errors: everything that went wrong so far; empty is good.
    """

    def __init__(
        self, address: str, query: str = "", *, patient: bool = False, picture: bool = False, page: str = PAGE
    ) -> None:
        self.frames: list[Frame] = []
        self.dropped_s: list[float] = []
        self.errors: list[str] = []
        self._address = address
        self._query = query
        self._patient = patient
        self._picture = picture
        self._page = page
        self._page_hash = ""
        self._fragment_id = ""
        self._status, self._epoch, self._epoch_before = "", -1, -1
        self._socket: ClientConnection | None = None
        self._listener: asyncio.Task[None] | None = None
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._states: dict[str, WidgetState] = {}
        self._buttons: dict[str, str] = {}
        self._kept = _MessageCache()
        self._unanswered: list[float] = []
        self._asked_s = self._asked_last_s = 0.0
        self._running = False
        self._size = 0
        self._settled: asyncio.Future[None] | None = None

    async def start(self, *, speed: int = 1) -> None:
        """Opens the page, chooses ``speed`` and presses Play; what goes wrong is in ``errors``."""
        try:
            await self.open()
            if speed != 1:
                self._widget("speed").string_array_value.data.append(str(speed))
                await self._run_script()
            if self._picture:
                self._widget("as_picture").bool_value = True
                await self._run_script()
            await self._run_script(pressed=self._button("Play"))
        except (OSError, LookupError, WebSocketException) as error:
            self.errors.append(repr(error))

    async def open(self) -> None:
        """Opens the page and waits until it is there. Raises: OSError or WebSocketException."""
        self._socket = await connect(
            self._address.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(self._address),
            max_size=None,
            ping_interval=None,
        )
        self._listener = asyncio.create_task(self._listen(self._socket))
        await self._run_script()

    async def run_again(self) -> float:
        """Has what a change concerns run once more: the page's fragment, or all of it; returns how long that took."""
        start = time.perf_counter()
        await self._run_script(fragment_id=self._fragment_id)
        return time.perf_counter() - start

    async def leave(self) -> None:
        """Closes the tab."""
        self._stop_timers()
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
        if self._socket is not None:
            await self._socket.close()

    def result(self, begin_s: float, end_s: float) -> UserResult:
        """What was seen between two readings of ``time.perf_counter``."""
        frames = [frame for frame in self.frames if begin_s <= frame.ended_s <= end_s]
        return UserResult(
            frames=len(frames),
            seconds=end_s - begin_s,
            latencies_s=tuple(frame.latency_s for frame in frames),
            bytes_per_frame=tuple(frame.size for frame in frames),
            dropped=sum(begin_s <= dropped_s <= end_s for dropped_s in self.dropped_s),
            errors=tuple(self.errors),
            last_epoch=self._epoch,
            last_status=self._status,
        )

    def _button(self, label: str) -> str:
        if label not in self._buttons:
            raise LookupError(f"no button {label!r} among {sorted(self._buttons)}")
        return self._buttons[label]

    def _widget(self, key: str) -> WidgetState:
        """The state of a widget, without a value, to be given one."""
        widget = next((widget for widget in self._states if widget.endswith(f"-{key}")), None)
        if widget is None:
            raise LookupError(f"no widget with key {key!r}")
        self._states[widget] = WidgetState(id=widget)
        return self._states[widget]

    async def _run_script(self, *, pressed: str = "", fragment_id: str = "") -> None:
        """Asks for a full run, or one of a fragment, and returns when it is finished."""
        self._settled = asyncio.get_running_loop().create_future()
        await self._ask(pressed=pressed, fragment_id=fragment_id)
        async with asyncio.timeout(PATIENCE_S):
            await self._settled

    async def _ask(self, *, fragment_id: str = "", is_auto_rerun: bool = False, pressed: str = "") -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash = self._query, self._page_hash
        rerun.page_name = "" if self._page_hash else self._page
        rerun.fragment_id, rerun.is_auto_rerun = fragment_id, is_auto_rerun
        rerun.cached_message_hashes.extend(self._kept.hashes())
        rerun.widget_states.widgets.extend(self._states.values())
        if pressed:
            rerun.widget_states.widgets.add(id=pressed, trigger_value=True)
        browser = rerun.context_info
        browser.timezone, browser.timezone_offset, browser.locale = "UTC", 0, "en-US"
        browser.url, browser.is_embedded, browser.color_scheme = f"{self._address}/{self._page}", False, "light"
        assert self._socket is not None
        self._running = True
        self._unanswered.append(time.perf_counter())
        await self._socket.send(message.SerializeToString())

    async def _ask_every(self, interval_s: float, fragment_id: str) -> None:
        """``setInterval``: at even steps, without catching up on those that were missed."""
        due_s = time.perf_counter() + interval_s
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(due_s - time.perf_counter())
                if not (self._patient and self._running):
                    await self._ask(fragment_id=fragment_id, is_auto_rerun=True)
                due_s = max(due_s + interval_s, time.perf_counter())

    def _stop_timers(self, fragment_ids: list[str] | None = None) -> None:
        """Stops the timers of these fragments, or all."""
        for fragment_id in list(self._timers) if fragment_ids is None else fragment_ids:
            if fragment_id in self._timers:
                self._timers.pop(fragment_id)[1].cancel()

    async def _listen(self, socket: ClientConnection) -> None:
        problem = "the server closed the socket"
        try:
            async for payload in socket:
                assert isinstance(payload, bytes)
                self._size += len(payload)
                self._take(self._kept.whole(ForwardMsg.FromString(payload)))
        except Exception as error:
            problem = repr(error)
        self._stop_timers()
        if self._settled is not None and not self._settled.done():
            self._settled.set_exception(ConnectionError(problem))
        else:
            self.errors.append(problem)

    def _take(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session":
                self._begin_run(message)
            case "navigation":
                self._page_hash = message.navigation.page_script_hash
            case "page_info_changed":
                self._query = message.page_info_changed.query_string
            case "delta":
                if self._page != PAGE:  # the film's fragment is run by its timer
                    self._fragment_id = message.delta.fragment_id or self._fragment_id
                self._take_delta(message.delta)
            case "auto_rerun":
                self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            case "stop_auto_rerun":
                self._stop_timers(list(message.stop_auto_rerun.fragment_ids))
            case "script_finished":
                self._end_run(message)

    def _start_timer(self, fragment_id: str, interval_s: float) -> None:
        running = self._timers.get(fragment_id)
        if running is not None and running[0] == interval_s:
            return
        self._stop_timers([fragment_id])
        self._timers[fragment_id] = interval_s, asyncio.create_task(self._ask_every(interval_s, fragment_id))

    def _begin_run(self, message: ForwardMsg) -> None:
        """A run answers all that was asked until it is heard of; if that is nothing, what was asked just before."""
        self._page_hash = message.new_session.page_script_hash
        self._kept.max_age = message.new_session.config.max_cached_message_age or self._kept.max_age
        if self._unanswered:
            self._asked_s, self._asked_last_s = self._unanswered[0], self._unanswered[-1]
            self._unanswered.clear()
        else:
            self._asked_s = self._asked_last_s
        if not message.metadata.run.fragment_ids:
            self._stop_timers()
            self._buttons.clear()
            if self._settled is None or self._settled.done():
                self.errors.append("a full run that nobody asked for: the film has ended")

    def _end_run(self, message: ForwardMsg) -> None:
        now_s, status, fragment_ids = time.perf_counter(), message.script_finished, message.metadata.run.fragment_ids
        self._running = False
        overtaken = status == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if not overtaken:
            self._kept.age(fragment_ids)
        if status not in SUCCESS and not (overtaken and fragment_ids):
            self.errors.append(f"a run ended with {ForwardMsg.ScriptFinishedStatus.Name(status)}")
        if not fragment_ids or self._fragment_id in fragment_ids:
            if self._settled is not None and not self._settled.done() and not overtaken:
                self._settled.set_result(None)
        elif self._epoch != self._epoch_before:
            self.frames.append(Frame(ended_s=now_s, latency_s=now_s - self._asked_s, size=self._size))
        elif overtaken:
            self.dropped_s.append(now_s)
            self._unanswered.insert(0, self._asked_s)
        self._epoch_before, self._size = self._epoch, 0

    def _take_delta(self, delta: Delta) -> None:
        kind = delta.new_element.WhichOneof("type") if delta.WhichOneof("type") == "new_element" else None
        if kind is None:
            return
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            self.errors.append(f"{element.type}: {element.message}")
        elif kind == "bidi_component":
            self._read_status(json.loads(element.json or element.mixed.json or "{}"))
        elif kind == "text" and '"live_status":{' in element.body:
            self._read_status(json.loads(element.body[element.body.index("{") :]))  # behind the id of the mount
        elif kind == "button" and not element.disabled:
            self._buttons[element.label] = element.id
        elif kind in _SHOWN and (element.set_value or element.id not in self._states):
            self._states[element.id] = WidgetState(id=element.id)
            _SHOWN[kind](self._states[element.id], element)

    def _read_status(self, data: dict[str, Any]) -> None:
        """Takes the line of status from where it is mounted, or from a frame that brings it up to date."""
        patch = data if data.get("name") == "live_status" else data.get("live_status", {})
        found = _EPOCH.search(patch.get("text", ""))
        if found is not None:
            self._status, self._epoch = patch["text"], int(found[1])


class _MessageCache:
    """The large messages that the page keeps, so that the server can send their hash instead."""

    def __init__(self) -> None:
        self.max_age = 2
        self._runs = 0
        self._kept: dict[str, tuple[bytes, str]] = {}
        self._used: dict[str, int] = {}

    def hashes(self) -> list[str]:
        return list(self._kept)

    def whole(self, message: ForwardMsg) -> ForwardMsg:
        """``message``, or the kept one it refers to. Raises: KeyError for one that is not kept."""
        if message.WhichOneof("type") == "ref_hash":
            kept: ForwardMsg = ForwardMsg.FromString(self._kept[message.ref_hash][0])
            self._used[message.ref_hash] = self._runs
            kept.metadata.CopyFrom(message.metadata)
            return kept
        if message.metadata.cacheable:
            self._kept.setdefault(message.hash, (message.SerializeToString(), message.delta.fragment_id))
            self._used[message.hash] = self._runs
        return message

    def age(self, fragment_ids: Collection[str]) -> None:
        """Counts one run; forgets what it, or any fragment when it was a full run, has long not used."""
        self._runs += 1
        for name, (_message, fragment_id) in list(self._kept.items()):
            if (not fragment_ids or fragment_id in fragment_ids) and self._runs - self._used[name] > self.max_age:
                del self._kept[name], self._used[name]


def _show_text(state: WidgetState, element: Any) -> None:
    if element.set_value or element.HasField("default"):
        state.string_value = element.value if element.set_value else element.default


def _show_switch(state: WidgetState, element: Any) -> None:
    state.bool_value = element.value if element.set_value else element.default


def _show_number(state: WidgetState, element: NumberInput) -> None:
    field = next((name for name in ("value", "default") if element.HasField(name)), None)
    if field is None:
        return
    if element.data_type == NumberInput.INT:
        state.int_value = int(getattr(element, field))
    else:
        state.double_value = getattr(element, field)


def _show_choice(state: WidgetState, element: Any) -> None:
    chosen = element.raw_values if element.set_value else [element.options[index].content for index in element.default]
    state.string_array_value.data.extend(chosen)


def _show_slider(state: WidgetState, element: Any) -> None:
    state.double_array_value.data.extend(element.value if element.set_value else element.default)


_SHOWN: dict[str, Callable[[WidgetState, Any], None]] = {
    "text_input": _show_text,
    "text_area": _show_text,
    "checkbox": _show_switch,
    "number_input": _show_number,
    "button_group": _show_choice,
    "slider": _show_slider,
}
"""How a widget that is shown tells its value."""
