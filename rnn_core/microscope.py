"""A trace, the weights and a cursor become a Microscope: every product that one hidden value is the sum of.

    preactivation = Σ W_ih[j, :] · x[t]  +  b_ih[j]  +  Σ W_hh[j, :] · h[t−1]  +  b_hh[j]

Where a cell has several gates, each has its own rows of W_ih and W_hh: gate g of unit j is row g·H + j.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from rnn_core.cursor import Cursor
from rnn_core.encoding import read_only
from rnn_core.model import CharRNN
from rnn_core.trace import Direction, FloatArray, LayerTrace, Trace

PACKING: Mapping[type[nn.RNNBase], tuple[str, ...]] = MappingProxyType(
    {nn.RNN: ("hidden",), nn.GRU: ("reset", "update", "new"), nn.LSTM: ("input", "forget", "cell", "output")}
)
"""The gates of a cell in the order in which torch stacks their rows."""

SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "hidden": "h",
        "reset": "r",
        "update": "z",
        "new": "n",
        "input": "i",
        "forget": "f",
        "cell": "g",
        "output": "o",
    }
)
"""The letter of each gate in torch's equations."""

SQUASHED = frozenset({"reset", "update", "input", "forget", "output"})
"""The gates whose activation is a sigmoid, 0…1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GateSum:
    """How one gate of one unit came about at one step.

    Attributes:
        gate, symbol: its name ("forget") and torch's letter ("f").
        row: its row in W_ih and W_hh.
        activation_name: "tanh", "relu" or "sigmoid".
        weight_ih_I, x_I, product_ih_I: (I,), a row of W_ih, the input, and their products.
        weight_hh_H, h_previous_H, product_hh_H: (H,), a row of W_hh, the state before, and their products.
        bias_ih, bias_hh: the two biases.
        input_part, recurrent_part, preactivation, activation: the trace's own values.
        reset: what the recurrent part was multiplied by (GRU's "new"), else None.
    """

    gate: str
    symbol: str
    row: int
    activation_name: str
    weight_ih_I: FloatArray
    x_I: FloatArray
    product_ih_I: FloatArray
    bias_ih: float
    weight_hh_H: FloatArray
    h_previous_H: FloatArray
    product_hh_H: FloatArray
    bias_hh: float
    input_part: float
    recurrent_part: float
    preactivation: float
    activation: float
    reset: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Microscope:
    """One hidden value, opened up.

    Attributes:
        gates: in the order of computation.
        suffix: what torch hangs on the parameters of this layer and direction: "_l0", "_l1_reverse".
        now, before: the index of this state, "t" or "b", and of the state before: "t−1", or "t+1" of a
            backward direction. It is b where the module is not batch_first and takes b for time.
        h, h_previous: the hidden value after and before the step.
        c, c_previous: the cell value of an LSTM, else None.
    """

    cursor: Cursor
    gates: tuple[GateSum, ...]
    suffix: str
    now: str
    before: str
    h: float
    h_previous: float
    c: float | None
    c_previous: float | None


def layer_of(trace: Trace, layer: int, direction: Direction) -> LayerTrace:
    """The LayerTrace of one layer and direction. Raises: LookupError where there is none."""
    for found in trace.layers:
        if (found.layer, found.direction) == (layer, direction):
            return found
    raise LookupError(f"layer and direction must be in the trace, got {layer} {direction}")


@torch.no_grad()
def look(model: CharRNN, trace: Trace, cursor: Cursor) -> Microscope:
    """The Microscope at ``cursor``; every number is the live tensor's, or a product of two of them."""
    here = layer_of(trace, cursor.layer, cursor.direction)
    at = (cursor.line, cursor.step)
    suffix = f"_l{cursor.layer}" + ("_reverse" if cursor.direction is Direction.BACKWARD else "")
    W_ih, W_hh, b_ih, b_hh = (
        getattr(model.rnn, name + suffix).numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    units = model.rnn.hidden_size
    now, before = time_names(model.rnn.batch_first, cursor.direction)
    sums = []
    for gate in here.gates:
        row = PACKING[type(model.rnn)].index(gate) * units + cursor.unit
        parts, spot = here.gates[gate], (*at, cursor.unit)
        sums.append(
            GateSum(
                gate=gate,
                symbol=SYMBOLS[gate],
                row=row,
                activation_name=_activation_name(model.rnn, gate),
                weight_ih_I=read_only(W_ih[row]),
                x_I=read_only(here.x_BTI[at]),
                product_ih_I=read_only(W_ih[row] * here.x_BTI[at]),
                bias_ih=float(b_ih[row]),
                weight_hh_H=read_only(W_hh[row]),
                h_previous_H=read_only(here.h_previous_BTH[at]),
                product_hh_H=read_only(W_hh[row] * here.h_previous_BTH[at]),
                bias_hh=float(b_hh[row]),
                input_part=float(parts.input_part_BTH[spot]),
                recurrent_part=float(parts.recurrent_part_BTH[spot]),
                preactivation=float(parts.preactivation_BTH[spot]),
                activation=float(parts.activation_BTH[spot]),
                reset=float(here.gates["reset"].activation_BTH[spot]) if gate == "new" else None,
            )
        )
    spot = (*at, cursor.unit)
    return Microscope(
        cursor=cursor,
        gates=tuple(sums),
        suffix=suffix,
        now=now,
        before=before,
        h=float(here.h_BTH[spot]),
        h_previous=float(here.h_previous_BTH[spot]),
        c=None if here.c_BTH is None else float(here.c_BTH[spot]),
        c_previous=None if here.c_previous_BTH is None else float(here.c_previous_BTH[spot]),
    )


def left_out(products: FloatArray, shown: range) -> float:
    """The sum of those ``products`` that are not among ``shown``."""
    return float(products.sum(dtype=np.float64) - products[shown.start : shown.stop].sum(dtype=np.float64))


def time_names(batch_first: bool, direction: Direction) -> tuple[str, str]:
    """What the index of a state and that of the state before it are called: ``now`` and ``before`` of a Microscope."""
    now = "t" if batch_first else "b"
    return now, now + ("+1" if direction is Direction.BACKWARD else "−1")


def gate_label(gate: str) -> str:
    """A gate's name and its letter in torch's equations: "forget f"."""
    return f"{gate} {SYMBOLS[gate]}"


def agreement(here: LayerTrace) -> float:
    """The largest difference between torch's hidden state and the one that the equations of ``cells`` give."""
    gates = {name: gate.activation_BTH for name, gate in here.gates.items()}
    if "hidden" in gates:
        h = gates["hidden"]
    elif "new" in gates:
        h = (1 - gates["update"]) * gates["new"] + gates["update"] * here.h_previous_BTH
    else:
        assert here.c_BTH is not None
        h = gates["output"] * np.tanh(here.c_BTH)
    with np.errstate(invalid="ignore"):  # of two infinite numbers the difference is nan
        return float(np.abs(h - here.h_BTH).max())


def _activation_name(rnn: nn.RNNBase, gate: str) -> str:
    if gate in SQUASHED:
        return "sigmoid"
    return "relu" if isinstance(rnn, nn.RNN) and rnn.nonlinearity == "relu" else "tanh"
