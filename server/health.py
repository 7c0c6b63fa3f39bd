"""The warm-up before the first visitor, and the address that tells whether it is done."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rnn_core import RunConfig, Trainer, trace_forward
from rnn_core.figures.theme import LIGHT
from rnn_core.figures.trace import output_figure
from rnn_core.figures.training import loss_figure
from rnn_core.tables import prediction_table
from server.address import lan_url

warm = False
"""Whether ``warm_up`` is done."""


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
    """Holds requests back until the server is warm, and tells who starts it where others find it."""
    warm_up()
    shared = lan_url()
    if shared is not None:
        print(f"  Other machines open {shared}", flush=True)
    yield


async def healthz(_request: Request) -> Response:
    """Return 200 once the app is warm, 503 before: for a load balancer."""
    return JSONResponse({"status": "ok" if warm else "warming up"}, status_code=200 if warm else 503)
