"""Gradients through time: all of them at once, beside a double loop of ``torch.autograd.grad`` over all pairs."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from rnn_core import RunConfig, build_model, encode, gradient_flow
from rnn_core.cells import lstm_step
from rnn_core.config import Cell, Head
from rnn_core.encoding import Encoding
from rnn_core.model import CharRNN
from rnn_core.trace import Direction, cell_weights
from tests.bench.table import Figure
from tests.browser.conftest import started_server
from tests.load.readers import run_readers

STEPS, UNITS = 100, 32
ROUNDS = 3
READERS, SECONDS = 30, 15.0
ROWS = range(9, STEPS, 10)
"""The losses whose rows the loop is timed on; the others take as long for each pair."""


def figures() -> Iterator[Figure]:
    """The flow at STEPS × UNITS, and its share of what the loop takes for one of its fields."""
    text = "".join(chr(97 + (7 * step) % 26) for step in range(STEPS))
    config = RunConfig(text, cell=Cell.LSTM, hidden_size=UNITS, head=Head.LINEAR)
    model, encoding = build_model(config), encode(config)
    gradient_flow(model, encoding)
    flow_s = statistics.median(timed(model, encoding) for _round in range(ROUNDS))
    loop_s = loop(model, encoding) * (STEPS * (STEPS + 1) / 2) / sum(row + 1 for row in ROWS)
    yield Figure(measure=f"gradient flow, T = {STEPS}, H = {UNITS}, lstm: seconds", value=flow_s, target=1)
    yield from page_figures()
    yield Figure(
        measure="the same / a double loop of autograd.grad for the losses alone", value=flow_s / loop_s, target=1 / 20
    )


def page_figures() -> Iterator[Figure]:
    """READERS people on the page at once, each with a change every few seconds."""
    with started_server() as address:
        room = run_readers(address, "through_time", READERS, SECONDS)
    measure = f"{READERS} users on Through time: ms until a change of step is answered, p95"
    yield Figure(measure=measure, value=room.p95_s * 1e3, target=1_000)
    yield Figure(measure=f"{READERS} users on Through time: errors", value=len(room.errors), target=0)


def timed(model: CharRNN, encoding: Encoding) -> float:
    """Seconds of one flow."""
    start = time.perf_counter()
    gradient_flow(model, encoding)
    return time.perf_counter() - start


def loop(model: CharRNN, encoding: Encoding) -> float:
    """Seconds to ask autograd for ∂ℓ_t/∂h_k of every k ≤ t, for the t of ROWS."""
    net = copy.deepcopy(model)
    weights = cell_weights(net.rnn, 0, Direction.FORWARD)
    h = c = torch.zeros(UNITS)
    states: list[Tensor] = []
    for x in torch.tensor(encoding.x_BTV[0]):
        step = lstm_step(x, h, c, weights)
        assert step.c is not None
        h, c = step.h, step.c
        states.append(h)
    target = torch.tensor(encoding.target_BT[0])
    losses = nn.functional.cross_entropy(net.head(torch.stack(states)), target, reduction="none")
    start = time.perf_counter()
    for row in ROWS:
        for column in range(row + 1):
            torch.autograd.grad(losses[row], states[column], retain_graph=True)
    return time.perf_counter() - start
