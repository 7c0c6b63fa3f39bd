"""What is served: the ASGI app around ``pages/main.py``. ``streamlit run app.py`` finds it by its name."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import plotly
import streamlit as st
import torch
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rnn_core import RunConfig, Trainer, trace_forward
from rnn_core.figures.theme import LIGHT
from rnn_core.figures.trace import output_figure
from rnn_core.figures.training import loss_figure
from rnn_core.tables import prediction_table

HERE = Path(__file__).parent
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
PAGES = [page.stem for page in (HERE / "pages").glob("*.py") if page.stem != "main"]

BASE_URL_SCRIPT = (
    "<script>window.__streamlit={BACKEND_BASE_URL:"
    f"location.origin+location.pathname.replace(/({'|'.join(PAGES)})\\/?$/,'')}}</script>"
)
"""Tells Streamlit's page where the server is. Without it, a deep link makes the page probe
``/train/_stcore/health`` first, and every visitor's console shows two failed requests."""


class BaseUrl:
    """Puts BASE_URL_SCRIPT at the head of every HTML page; what is compressed is compressed outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers ``scope``; a response that is HTML is held back until it is whole, and sent with the script."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message | None = None
        body = b""

        async def send_with_script(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
            elif start is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    whole = body.replace(b"<head>", b"<head>" + BASE_URL_SCRIPT.encode(), 1)
                    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
                    start["headers"] = [*headers, (b"content-length", str(len(whole)).encode())]
                    await send(start)
                    await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": plain}, receive, send_with_script)


def _is_html(start: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in start["headers"])


async def plotly_js(_request: object) -> FileResponse:
    """plotly.js of the installed plotly wheel, for the live charts."""
    return FileResponse(PLOTLY, media_type="text/javascript", headers={"cache-control": "public, max-age=86400"})


def warm_up() -> None:
    """Does once, before the first visitor, what would make the first visitor wait.

    What is imported now is frozen out of the garbage collector, which Streamlit would otherwise run over all of torch
    and plotly after every run of every session. One thread: on tensors this small, threads only contend.
    """
    torch.set_num_threads(1)
    config = RunConfig()
    trainer = Trainer(config)
    trainer.run(2)
    trace = trace_forward(trainer.model, trainer.encoding)
    steps = range(trainer.encoding.x_BTV.shape[1])
    output_figure(trace, trainer.encoding, LIGHT, lines=range(1), steps=steps).to_json()
    loss_figure(trainer.history.curve(trainer.now), LIGHT).to_json()
    prediction_table(trainer.history, trainer.encoding)
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The server answers once it is warm."""
    warm_up()
    yield


app = st.App(
    HERE / "pages" / "main.py",
    lifespan=lifespan,
    routes=[Route("/assets/plotly.min.js", plotly_js)],
    middleware=[Middleware(GZipMiddleware, minimum_size=1_000), Middleware(BaseUrl)],
)
