"""What is served: the ASGI app around ``pages/main.py``. ``streamlit run app.py`` finds it by its name.

A request passes, from the outside in: one frame at a time · security headers · compression · the page's head ·
Streamlit.
"""

from __future__ import annotations

import gc
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import plotly
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rnn_core import RunConfig, Trainer, trace_forward
from rnn_core.figures.theme import LIGHT
from rnn_core.figures.trace import output_figure
from rnn_core.figures.training import loss_figure
from rnn_core.tables import prediction_table

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PAGES = sorted(page.stem for page in (HERE / "pages").glob("*.py") if page.stem != "main")

SECURITY = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "worker-src 'self' blob:",
            "frame-ancestors 'self'",
            "base-uri 'self'",
            "form-action 'self'",
            "object-src 'none'",
        )
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""Nothing is fetched from elsewhere, and nobody else's page may frame this one. Streamlit's page needs inline scripts
and styles, and its components are modules in blobs."""

BASE_URL_SCRIPT = (
    "<script>window.__streamlit={BACKEND_BASE_URL:"
    f"location.origin+location.pathname.replace(/({'|'.join(PAGES)})\\/?$/,'')}}</script>"
)
"""Tells Streamlit's page where the server is. Without it, a deep link makes the page probe
``/train/_stcore/health`` first, and every visitor's console shows two failed requests."""

STYLE = "".join(
    f'<style id="{sheet.stem}">{sheet.read_text(encoding="utf-8")}</style>'
    for sheet in sorted((HERE / "pages" / "ui").rglob("*.css"))
)
"""Every style sheet of the app. They come with the page, before any content, which so finds its place kept."""

ADDRESS_SCRIPT = f"<script>{(HERE / 'pages' / 'ui' / 'address.js').read_text(encoding='utf-8')}</script>"

HEAD = f"{BASE_URL_SCRIPT}{ADDRESS_SCRIPT}{STYLE}"
"""What stands at the head of every page, before what Streamlit puts there."""

FRAME_PATIENCE_S = 5.0
"""After so long without an answer a frame is asked for again: its fragment may be gone."""

FINISHED_BYTES = 256
"""A message that ends a run is shorter than this."""

warm = False
"""Whether ``warm_up`` is done."""


class SecurityHeaders:
    """Adds SECURITY to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers ``scope``."""

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY)
            await send(message)

        await self.app(scope, receive, send_secured if scope["type"] == "http" else send)


class CompressOnce:
    """Compresses each file that never changes once, and keeps it: thirty visitors cost what one costs.

    What is kept is bounded by the files that exist: Streamlit's ``/static`` and this app's ``/assets``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a GET of a file from what is kept, and passes everything else on."""
        if not self._concerns(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self.kept:
            answer = await whole_answer(self.app, without(scope, "accept-encoding", "if-none-match"), receive)
            if answer is None:  # the visitor has gone
                return
            if answer.status_code != 200:
                await answer(scope, receive, send)
                return
            packed = await anyio.to_thread.run_sync(gzip.compress, bytes(answer.body))
            headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
            self.kept[path] = Response(
                packed, headers=headers | {"content-encoding": "gzip", "vary": "accept-encoding"}
            )
        await self.kept[path](scope, receive, send)

    @staticmethod
    def _concerns(scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        headers = Headers(scope=scope)
        compressible = scope["path"].endswith((".js", ".css"))
        known = scope["path"].startswith(("/static/", "/assets/"))
        return known and compressible and "gzip" in headers.get("accept-encoding", "") and "range" not in headers


class PageHead:
    """Puts HEAD at the head of every HTML page; what is compressed is compressed outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers ``scope``; a page is sent once it is whole, with HEAD in it."""
        asks_for_page = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")
        if not asks_for_page or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        answer = await whole_answer(self.app, without(scope, "accept-encoding", "if-none-match"), receive)
        if answer is None:
            return
        if answer.headers.get("content-type", "").startswith("text/html"):
            answer.body = bytes(answer.body).replace(b"<head>", b"<head>" + HEAD.encode(), 1)
            answer.headers["content-length"] = str(len(answer.body))
        await answer(scope, receive, send)


def without(scope: Scope, *names: str) -> Scope:
    """``scope`` without the request headers of these names."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.decode() not in names]}


class OneFrameAtATime:
    """Lets a visitor ask for the next frame only when the last one has been sent.

    The page's timer asks every FRAME_S, whether or not the server has answered. On a busy host the requests pile up,
    each cuts the one before short, and hardly any frame leaves the server. A request that comes too early is dropped:
    the timer asks again anyway. What people do themselves is never held back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        asked_at: float | None = None

        async def receive_when_free() -> Message:
            nonlocal asked_at
            while True:
                message = await receive()
                if not _asks_for_frame(message):
                    return message
                now = time.monotonic()
                if asked_at is None or now - asked_at > FRAME_PATIENCE_S:
                    asked_at = now
                    return message

        async def send_and_free(message: Message) -> None:
            nonlocal asked_at
            await send(message)
            if asked_at is not None and _ends_frame(message):
                asked_at = None

        await self.app(scope, receive_when_free, send_and_free)


def _asks_for_frame(message: Message) -> bool:
    data: bytes = message.get("bytes") or b""
    return bool(data) and BackMsg.FromString(data).rerun_script.is_auto_rerun


def _ends_frame(message: Message) -> bool:
    data: bytes = message.get("bytes") or b""
    return 0 < len(data) <= FINISHED_BYTES and ForwardMsg.FromString(data).WhichOneof("type") == "script_finished"


async def whole_answer(app: ASGIApp, scope: Scope, receive: Receive) -> Response | None:
    """The response of ``app`` to ``scope``, held back until it is whole; None where it broke off on the way."""
    answer = Response()
    parts: list[bytes] = []
    whole = False

    async def keep(message: Message) -> None:
        nonlocal whole
        if message["type"] == "http.response.start":
            answer.status_code, answer.raw_headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))
            whole = not message.get("more_body", False)

    await app(scope, receive, keep)
    answer.body = b"".join(parts)
    return answer if whole else None


def warm_up() -> None:
    """Does once, before the first visitor, what would make the first visitor wait.

    What is imported now is frozen out of the garbage collector, which Streamlit would otherwise run over all of torch
    and plotly after every run of every session.
    """
    global warm  # the one thing a process is: warm or not
    trainer = Trainer(RunConfig())
    trainer.run(2)
    trace = trace_forward(trainer.model, trainer.encoding)
    steps = range(trainer.encoding.x_BTV.shape[1])
    output_figure(trace, trainer.encoding, LIGHT, lines=range(1), steps=steps).to_json()
    loss_figure(trainer.history.curve(trainer.now), LIGHT).to_json()
    prediction_table([*trainer.history], trainer.encoding)
    gc.collect()
    gc.freeze()
    warm = True


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The server answers once it is warm."""
    warm_up()
    yield


async def plotly_js(_request: Request) -> Response:
    """plotly.js of the installed plotly wheel, for the live charts; its address carries the version."""
    return FileResponse(
        PLOTLY, media_type="text/javascript", headers={"cache-control": "public, immutable, max-age=31536000"}
    )


async def healthz(_request: Request) -> Response:
    """Ok once the app is warm; what a load balancer asks."""
    return JSONResponse({"status": "ok" if warm else "warming up"}, status_code=200 if warm else 503)


app = st.App(
    HERE / "pages" / "main.py",
    lifespan=lifespan,
    routes=[Route("/assets/plotly.min.js", plotly_js), Route("/healthz", healthz)],
    middleware=[
        Middleware(OneFrameAtATime),
        Middleware(SecurityHeaders),
        Middleware(CompressOnce),
        Middleware(GZipMiddleware, minimum_size=1_000),
        Middleware(PageHead),
    ],
)
