"""A CharRNN and an Encoding become a Trace: every tensor of one forward pass, as read-only numpy arrays.

``output``, ``h_n``, ``c_n`` and the logits are torch's own. The hidden state of a lower layer is torch's too: it is the
output of the same network cut off above that layer. Only the gates, which torch does not show, are computed here, by
the equations of ``cells``, for all steps at once, since every previous hidden state is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_core.cells import CellWeights, GateStep, gru_step, lstm_gates, rnn_step
from rnn_core.encoding import Encoding, read_only
from rnn_core.model import CharRNN
from rnn_core.text import PADDING

FloatArray = npt.NDArray[np.float32]


class Direction(StrEnum):
    """Which way a layer reads the line; the rows of h_n are in this order within each layer."""

    FORWARD = "forward"
    BACKWARD = "backward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A rectangle of cells of ``output``: one line, steps and features each from start up to, not with, stop."""

    line: int
    steps: tuple[int, int]
    features: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalState:
    """Where one row of h_n sits in ``output``.

    Attributes:
        row: s, the row of h_n, 0…S−1.
        layer, direction: what the row belongs to; s = layer · D + direction.
        place: the PyTorch expression that gives the row from ``output``, or "" where there is none.
        blocks: the cells of ``output`` that are this row; empty where there are none.
        equal: torch.equal(h_n[row], place), evaluated on the live tensors; False where there is no place.
    """

    row: int
    layer: int
    direction: Direction
    place: str
    blocks: tuple[Block, ...]
    equal: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gate:
    """One gate at every step of every line; float32 (B, T, H) each, 0 behind a line's end.

    ``preactivation = input_part + recurrent_part`` (GRU's "new": input_part + reset · recurrent_part); biases belong to
    their parts.
    """

    input_part_BTH: FloatArray
    recurrent_part_BTH: FloatArray
    preactivation_BTH: FloatArray
    activation_BTH: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerTrace:
    """One layer and direction at every step of every line.

    Attributes:
        x_BTI: float32 (B, T, I), what the layer reads: one-hot input, or the output of the layer below.
        h_BTH, h_previous_BTH: float32 (B, T, H), the hidden state after and before each step.
        c_BTH, c_previous_BTH: float32 (B, T, H), the cell state after and before each step; None but for an LSTM.
        gates: in order of computation, "hidden" (RNN), "reset update new" (GRU), "input forget cell output" (LSTM).
    """

    layer: int
    direction: Direction
    x_BTI: FloatArray
    h_BTH: FloatArray
    h_previous_BTH: FloatArray
    c_BTH: FloatArray | None
    c_previous_BTH: FloatArray | None
    gates: Mapping[str, Gate]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """One forward pass of B lines over T steps.

    Attributes:
        output_BTF: float32 (B, T, D·H), the last layer's hidden state at every step; 0 behind a packed line's end.
        h_n: float32 (S, N, H), the state each row of S = num_layers · D ended in; N is B, or T if not batch_first.
        c_n: float32 (S, N, H), the same for the cell state of an LSTM, else None.
        logits_BTV, probability_BTV: float32 (B, T, V); probabilities are softmax(logits), rows sum to 1.
        predicted_BT: int64, argmax of the logits; PADDING behind a line's end.
        loss_BT: float32, −ln of the target's probability in nats; its mean over all real steps is the loss; 0 behind a
            line's end.
        final_states: where each row of h_n sits in ``output``.
        layers: one LayerTrace for each layer and direction, in the order of h_n's rows; empty if not asked for.
    """

    output_BTF: FloatArray
    h_n: FloatArray
    c_n: FloatArray | None
    logits_BTV: FloatArray
    probability_BTV: FloatArray
    predicted_BT: npt.NDArray[np.int64]
    loss_BT: FloatArray
    final_states: tuple[FinalState, ...]
    layers: tuple[LayerTrace, ...]

    def last_step(self, lines: range) -> int:
        """The last step of ``output`` on any of ``lines`` that is a row of h_n; 0 where none is."""
        blocks = (block for state in self.final_states for block in state.blocks)
        return max((block.steps[1] - 1 for block in blocks if block.line in lines), default=0)


@torch.no_grad()
def trace_forward(model: CharRNN, encoding: Encoding, *, inside: bool = True, h_0: FloatArray | None = None) -> Trace:
    """Every tensor of ``model`` reading ``encoding``.

    Args:
        inside: whether to open up every layer as well (``layers``); dearer, and not needed to draw ``output``.
        h_0: float32 (S, N, H), the hidden state before the first step; None is zeros, as in torch.
    """
    x, length_B = torch.tensor(encoding.x_BTV), torch.tensor(encoding.length_B)
    start = None if h_0 is None else torch.tensor(h_0)
    logits, output, state = model(x, length_B if encoding.padded else None, start)
    h_n, c_n = state if isinstance(state, tuple) else (state, None)
    real_BT = torch.arange(x.shape[1]) < length_B[:, None]
    target_BT = torch.tensor(encoding.target_BT)
    loss_BT = nn.functional.cross_entropy(logits.mT, target_BT, ignore_index=PADDING, reduction="none")
    return Trace(
        output_BTF=_kept(output),
        h_n=_kept(h_n),
        c_n=None if c_n is None else _kept(c_n),
        logits_BTV=_kept(logits),
        probability_BTV=_kept(torch.softmax(logits, dim=-1)),
        predicted_BT=_kept(logits.argmax(dim=-1).where(real_BT, PADDING)),
        loss_BT=_kept(loss_BT),
        final_states=_final_states(model.rnn, output, h_n, length_B),
        layers=open_layers(model.rnn, x, length_B, start) if inside else (),
    )


def _final_states(rnn: nn.RNNBase, output: Tensor, h_n: Tensor, length_B: Tensor) -> tuple[FinalState, ...]:
    directions = list(Direction)[: 2 if rnn.bidirectional else 1]
    states = []
    for row in range(len(h_n)):
        layer, direction = divmod(row, len(directions))
        place: str = ""
        blocks: tuple[Block, ...] = ()
        if layer == rnn.num_layers - 1:
            place, blocks = _place(rnn, directions[direction], output.shape, length_B.tolist())
        found = [output[b.line, slice(*b.steps), slice(*b.features)] for b in blocks]
        equal = bool(blocks) and torch.equal(torch.cat(found), h_n[row])
        states.append(
            FinalState(row=row, layer=layer, direction=directions[direction], place=place, blocks=blocks, equal=equal)
        )
    return tuple(states)


def _place(
    rnn: nn.RNNBase, direction: Direction, shape: torch.Size, lengths: list[int]
) -> tuple[str, tuple[Block, ...]]:
    """The expression and the cells of ``output`` where the last layer's ``direction`` ended."""
    lines, steps, _ = shape
    units = rnn.hidden_size
    backward = direction is Direction.BACKWARD
    features = (units, 2 * units) if backward else (0, units)
    part = "" if not rnn.bidirectional else f", {units}:" if backward else f", :{units}"
    if not rnn.batch_first:
        line = 0 if backward else lines - 1
        where = f"{0 if backward else -1}" + (f", :{part}" if part else "")
        return f"output[{where}]", (Block(line=line, steps=(0, steps), features=features),)
    if backward:
        where, ends = ":, 0", [0] * lines
    elif min(lengths) < steps:
        where, ends = "arange(B), lengths - 1", [length - 1 for length in lengths]
    else:
        where, ends = ":, -1", [steps - 1] * lines
    blocks = tuple(Block(line=line, steps=(end, end + 1), features=features) for line, end in enumerate(ends))
    return f"output[{where}{part}]", blocks


def open_layers(
    rnn: nn.RNN | nn.GRU | nn.LSTM, x: Tensor, length_B: Tensor, h_0: Tensor | None = None
) -> tuple[LayerTrace, ...]:
    """Every layer and direction reading ``x`` (B, T, V), in the order of h_n's rows and in the precision of ``x``."""
    traces = []
    below = x
    lengths = length_B if bool((length_B < x.shape[1]).any()) else None
    directions = 2 if rnn.bidirectional else 1
    if h_0 is None:
        h_0 = x.new_zeros(rnn.num_layers * directions, x.shape[0 if rnn.batch_first else 1], rnn.hidden_size)
    for layer in range(rnn.num_layers):
        rows = (layer + 1) * directions
        _, here, _ = CharRNN(_cut_above(rnn, layer), nn.Identity())(x, lengths, h_0[:rows])
        states = zip(Direction, here.split(rnn.hidden_size, dim=-1), h_0[rows - directions : rows], strict=False)
        for direction, h, h_start in states:
            traces.append(_layer_trace(rnn, layer, direction, below, h, h_start, length_B))
        below = here
    return tuple(traces)


def _cut_above(rnn: nn.RNN | nn.GRU | nn.LSTM, layer: int) -> nn.RNN | nn.GRU | nn.LSTM:
    """The same network without the layers above ``layer``, on the same parameters."""
    if layer == rnn.num_layers - 1:
        return rnn
    kind: Callable[..., nn.RNN | nn.GRU | nn.LSTM] = type(rnn)
    options: dict[str, Any] = {"nonlinearity": rnn.nonlinearity} if isinstance(rnn, nn.RNN) else {}
    with torch.device("meta"):
        cut = kind(
            rnn.input_size,
            rnn.hidden_size,
            layer + 1,
            bidirectional=rnn.bidirectional,
            batch_first=rnn.batch_first,
            **options,
        )
    kept = dict(cut.named_parameters())
    cut.load_state_dict({name: value for name, value in rnn.state_dict().items() if name in kept}, assign=True)
    return cut


def _layer_trace(
    rnn: nn.RNNBase,
    layer: int,
    direction: Direction,
    x: Tensor,
    h: Tensor,
    h_start: Tensor,
    length_B: Tensor,
) -> LayerTrace:
    backward = direction is Direction.BACKWARD
    time = 1 if rnn.batch_first else 0
    real = torch.ones(h.shape[:2], dtype=torch.bool)
    if rnn.batch_first:
        real = torch.arange(h.shape[1]) < length_B[:, None]
    h_prev = _shifted(h, h_start, time, backward, length_B) * real[..., None]
    weights = cell_weights(rnn, layer, direction)
    c = c_prev = None
    match rnn:
        case nn.LSTM():
            gates = lstm_gates(x, h_prev, weights)
            c = _cell_state(gates, time, backward, real)
            c_prev = _shifted(c, torch.zeros_like(h_start), time, backward, length_B) * real[..., None]
        case nn.GRU():
            gates = gru_step(x, h_prev, weights).gates
        case _:
            activation = torch.relu if rnn.nonlinearity == "relu" else torch.tanh
            gates = rnn_step(x, h_prev, weights, activation=activation).gates
    return LayerTrace(
        layer=layer,
        direction=direction,
        x_BTI=_kept(x),
        h_BTH=_kept(h),
        h_previous_BTH=_kept(h_prev),
        c_BTH=None if c is None else _kept(c),
        c_previous_BTH=None if c_prev is None else _kept(c_prev),
        gates=MappingProxyType({name: _recorded(gate, real) for name, gate in gates.items()}),
    )


def cell_weights(rnn: nn.RNNBase, layer: int, direction: Direction) -> CellWeights:
    """The parameters of one layer and direction."""
    suffix = f"_l{layer}" + ("_reverse" if direction is Direction.BACKWARD else "")
    W_ih, W_hh, b_ih, b_hh = (getattr(rnn, n + suffix) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    return CellWeights(W_ih=W_ih, W_hh=W_hh, b_ih=b_ih, b_hh=b_hh)


def _shifted(h: Tensor, h_start: Tensor, time: int, backward: bool, length_B: Tensor) -> Tensor:
    """The state before each step: h moved one step along ``time``, with ``h_start`` (N, H) where each line begins."""
    shifted = torch.roll(h, -1 if backward else 1, dims=time)
    if not backward:
        shifted.select(time, 0).copy_(h_start)
    elif time == 0:
        shifted.select(time, -1).copy_(h_start)
    else:
        shifted[torch.arange(len(length_B)), length_B - 1] = h_start
    return shifted


def _cell_state(gates: dict[str, GateStep], time: int, backward: bool, real: Tensor) -> Tensor:
    """c = f · c_prev + i · g, step by step in the order of reading; 0 behind a line's end."""
    i, f, g = (gates[name].activation for name in ("input", "forget", "cell"))
    kept, written = f * real[..., None], i * g * real[..., None]
    c = torch.zeros_like(f)
    c_prev = torch.zeros_like(f.select(time, 0))
    steps = range(f.shape[time])
    for t in reversed(steps) if backward else steps:
        c_prev = kept.select(time, t) * c_prev + written.select(time, t)
        c.select(time, t).copy_(c_prev)
    return c


def _recorded(gate: GateStep, real: Tensor) -> Gate:
    def masked(values: Tensor) -> FloatArray:
        return _kept(values * real[..., None])

    return Gate(
        input_part_BTH=masked(gate.input_part),
        recurrent_part_BTH=masked(gate.recurrent_part),
        preactivation_BTH=masked(gate.preactivation),
        activation_BTH=masked(gate.activation),
    )


def _kept(values: Tensor) -> npt.NDArray[Any]:
    return read_only(values.numpy())
