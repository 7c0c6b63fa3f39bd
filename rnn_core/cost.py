"""A config becomes what one update costs: counted in multiply–adds, and timed by this machine's own speed."""

from __future__ import annotations

import time
from functools import cache

import torch

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.encoding import encode
from rnn_core.model import build_model
from rnn_core.shapes import axis_sizes

LARGE = 2_000_000_000
"""Multiply–adds of an update from which on a person waits for it."""

PASSES = 3
"""An update is one pass forward and, for the gradients of inputs and of weights, two of the same size backward."""

_PROBE = RunConfig("abcdefgh" * 16, cell=Cell.LSTM, hidden_size=128, head=Head.LINEAR)
_ROUNDS = 3


def multiply_adds(config: RunConfig) -> int:
    """How many multiplications, each with an addition, the matrix products of one update are.

    PASSES · B·T · (Σ over layers: D · G·H · (I + H), and F · V of a linear head); I is V for layer 0, F above it.
    Padding is counted as if it were read.
    """
    size = axis_sizes(config)
    rows = size["D"] * size["G"] * size["H"]
    first = rows * (size["V"] + size["H"])
    above = rows * (size["F"] + size["H"])
    head = size["F"] * size["V"] if config.head is Head.LINEAR else 0
    return PASSES * size["B"] * size["T"] * (first + (config.num_layers - 1) * above + head)


def estimated_s(config: RunConfig) -> float:
    """How many seconds one update of a large network is likely to take on this machine; a small one takes longer."""
    return multiply_adds(config) / _multiply_adds_per_s()


@cache
def _multiply_adds_per_s() -> float:
    """The speed of this machine: the best of a few updates of a network of middle size, measured once."""
    model, x_BTV = build_model(_PROBE), torch.tensor(encode(_PROBE).x_BTV)
    seconds = []
    for _round in range(_ROUNDS):
        start = time.perf_counter()
        logits, _, _ = model(x_BTV)
        torch.autograd.backward(logits.sum())
        seconds.append(time.perf_counter() - start)
    return multiply_adds(_PROBE) / min(seconds)
