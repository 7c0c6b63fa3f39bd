"""THE EQUATIONS: one step of RNN, GRU and LSTM, every gate named, in PyTorch's conventions.

Every function works on any leading axes ``...``, so one call serves one step of one line, or all steps of all lines
where the previous hidden state is already known. What a gate is made of:

    input_part      W_ih x + b_ih          what the gate hears from the input
    recurrent_part  W_hh h_prev + b_hh     what it hears from the previous hidden state
    preactivation   their sum (GRU's new gate: input_part + r · recurrent_part)
    activation      σ, tanh or relu of it

torch stacks the gates of a cell in one matrix of G·H rows: LSTM in the order i, f, g, o (input, forget, cell,
output), GRU in the order r, z, n (reset, update, new).

Source: the pages of torch.nn.RNN, torch.nn.GRU and torch.nn.LSTM. GRU here is h = (1 − z)·n + z·h_prev, with the
reset applied after the matrix product, as torch has it (the paper, arXiv:1406.1078, applies it before).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWeights:
    """The parameters of one layer and direction: W_ih (G·H, input), W_hh (G·H, H), b_ih and b_hh (G·H)."""

    W_ih: Tensor
    W_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStep:
    """One gate, from what it hears to what it says; each (..., H)."""

    input_part: Tensor
    recurrent_part: Tensor
    preactivation: Tensor
    activation: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStep:
    """One step of a cell: its gates in the order of computation, h (..., H), and c (..., H) of an LSTM."""

    gates: dict[str, GateStep]
    h: Tensor
    c: Tensor | None = None


def rnn_step(x: Tensor, h_prev: Tensor, weights: CellWeights, *, activation: Activation = torch.tanh) -> CellStep:
    """h = tanh(W_ih x + b_ih + W_hh h_prev + b_hh), or relu in place of tanh.

    Args: x (..., input); h_prev (..., H); activation: torch.tanh or torch.relu.
    """
    (x_part,), (h_part,) = _parts(x, h_prev, weights, 1)
    hidden = _gate(x_part, h_part, activation)
    return CellStep(gates={"hidden": hidden}, h=hidden.activation)


def gru_step(x: Tensor, h_prev: Tensor, weights: CellWeights) -> CellStep:
    """One step of torch.nn.GRU.

    r = σ(W_ir x + b_ir + W_hr h_prev + b_hr)
    z = σ(W_iz x + b_iz + W_hz h_prev + b_hz)
    n = tanh(W_in x + b_in + r · (W_hn h_prev + b_hn))
    h = (1 − z) · n + z · h_prev
    """
    (x_r, x_z, x_n), (h_r, h_z, h_n) = _parts(x, h_prev, weights, 3)
    r = _gate(x_r, h_r, torch.sigmoid)
    z = _gate(x_z, h_z, torch.sigmoid)
    n = _gate(x_n, h_n, torch.tanh, scale=r.activation)
    h = (1 - z.activation) * n.activation + z.activation * h_prev
    return CellStep(gates={"reset": r, "update": z, "new": n}, h=h)


def lstm_gates(x: Tensor, h_prev: Tensor, weights: CellWeights) -> dict[str, GateStep]:
    """The four gates of torch.nn.LSTM; none of them hears c.

    i = σ(W_ii x + b_ii + W_hi h_prev + b_hi)
    f = σ(W_if x + b_if + W_hf h_prev + b_hf)
    g = tanh(W_ig x + b_ig + W_hg h_prev + b_hg)
    o = σ(W_io x + b_io + W_ho h_prev + b_ho)
    """
    (x_i, x_f, x_g, x_o), (h_i, h_f, h_g, h_o) = _parts(x, h_prev, weights, 4)
    return {
        "input": _gate(x_i, h_i, torch.sigmoid),
        "forget": _gate(x_f, h_f, torch.sigmoid),
        "cell": _gate(x_g, h_g, torch.tanh),
        "output": _gate(x_o, h_o, torch.sigmoid),
    }


def lstm_step(x: Tensor, h_prev: Tensor, c_prev: Tensor, weights: CellWeights) -> CellStep:
    """One step of torch.nn.LSTM: the gates, then what is kept, what is written, and what is shown.

    c = f · c_prev + i · g
    h = o · tanh(c)
    """
    gates = lstm_gates(x, h_prev, weights)
    i, f, g, o = (gate.activation for gate in gates.values())
    c = f * c_prev + i * g
    h = o * torch.tanh(c)
    return CellStep(gates=gates, h=h, c=c)


def _parts(x: Tensor, h_prev: Tensor, weights: CellWeights, gates: int) -> tuple[tuple[Tensor, ...], ...]:
    """What every gate hears from x, and what it hears from h_prev: each a tuple of G tensors (..., H)."""
    x_part = x @ weights.W_ih.T + weights.b_ih
    h_part = h_prev @ weights.W_hh.T + weights.b_hh
    return x_part.chunk(gates, dim=-1), h_part.chunk(gates, dim=-1)


def _gate(x_part: Tensor, h_part: Tensor, activation: Activation, *, scale: Tensor | None = None) -> GateStep:
    preactivation = x_part + (h_part if scale is None else scale * h_part)
    return GateStep(
        input_part=x_part,
        recurrent_part=h_part,
        preactivation=preactivation,
        activation=activation(preactivation),
    )
