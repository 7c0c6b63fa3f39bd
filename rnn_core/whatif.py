"""What if it were different: edits of weights, of h_0, of a unit or of a token become another Trace.

The network and the text that are edited are copies: training is never touched, and without an edit the trace is the
unedited one bit for bit. Everything is computed by torch, as the unedited trace is.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rnn_core.config import ConfigError
from rnn_core.encoding import Encoding, read_only
from rnn_core.model import CharRNN
from rnn_core.trace import Direction, FloatArray, Trace, trace_forward

WRITERS = {nn.RNN: 0, nn.GRU: 2, nn.LSTM: 2}
"""The gate, in torch's order, that writes a unit's value: with its rows at zero the unit stays 0 at every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightEdit:
    """One entry of a parameter becomes ``value``; ``name`` as in the ledger ("weight_hh_l0", "head.bias")."""

    name: str
    index: tuple[int, ...]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEdit:
    """h_0[row, column, unit] becomes ``value`` instead of 0."""

    row: int
    column: int
    unit: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedUnit:
    """A hidden unit that is 0 at every step: the weights that write it are 0."""

    layer: int
    direction: Direction
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEdit:
    """The token that is read at one step of one line becomes another one of the vocabulary."""

    line: int
    step: int
    token: str


Edit: TypeAlias = WeightEdit | StateEdit | SilencedUnit | TokenEdit


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edited:
    """A network and what it reads, after edits; ``h_0`` is None where it was not edited."""

    model: CharRNN
    encoding: Encoding
    h_0: FloatArray | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Difference:
    """After minus before.

    Attributes:
        h_BTH: by layer and direction in the order of the traces, float32 (B, T, H).
        probability_BTV: float32 (B, T, V).
        changed_BT: bool, where the predicted token is another one.
    """

    h_BTH: tuple[FloatArray, ...]
    probability_BTV: FloatArray
    changed_BT: npt.NDArray[np.bool_]


def parameter(model: CharRNN, name: str) -> torch.Tensor:
    """The parameter of that name in the ledger. Raises: ConfigError where there is none."""
    named = {**dict(model.rnn.named_parameters()), **{f"head.{n}": p for n, p in model.head.named_parameters()}}
    if name not in named:
        raise ConfigError(f"name must be one of {', '.join(named)}, got {name!r}")
    return named[name]


def edited(model: CharRNN, encoding: Encoding, edits: Sequence[Edit]) -> Edited:
    """Copies of ``model`` and ``encoding`` with every edit made, in order.

    Raises: ConfigError naming the edit, its rule and the value.
    """
    changed, h_0 = copy.deepcopy(model), None
    for edit in edits:
        match edit:
            case WeightEdit():
                _set_weight(changed, edit)
            case SilencedUnit():
                _silence(changed.rnn, edit)
            case TokenEdit():
                encoding = _with_token(encoding, edit)
            case StateEdit():
                h_0 = _zeros(changed.rnn, encoding) if h_0 is None else h_0
                _set_entry("h_0", h_0, (edit.row, edit.column, edit.unit), edit.value)
    for edit in edits:
        if isinstance(edit, SilencedUnit) and h_0 is not None:
            row = edit.layer * (2 if changed.rnn.bidirectional else 1) + (edit.direction is Direction.BACKWARD)
            h_0[row, :, edit.unit] = 0  # a GRU would carry it on
    return Edited(model=changed, encoding=encoding, h_0=h_0)


def with_edit(edits: Sequence[Edit], new: Edit) -> tuple[Edit, ...]:
    """``edits`` and then ``new``; an earlier one of the same place gives way, so that none is made twice."""
    return (*(edit for edit in edits if _place(edit) != _place(new)), new)


def value_before(model: CharRNN, encoding: Encoding, edit: Edit) -> float | str | None:
    """What stands in ``model`` and ``encoding`` where ``edit`` is to be made; None where it is no single value.

    Raises: ConfigError naming the place where there is none.
    """
    match edit:
        case WeightEdit():
            values = parameter(model, edit.name).detach()
            _check_index(edit.name, tuple(values.shape), edit.index)
            return float(values[edit.index])
        case StateEdit():
            return 0.0
        case TokenEdit():
            _check_place(encoding, edit)
            return encoding.inputs[edit.line][edit.step]
        case SilencedUnit():
            return None


def _place(edit: Edit) -> tuple[object, ...]:
    match edit:
        case WeightEdit():
            return edit.name, edit.index
        case StateEdit():
            return "h_0", edit.row, edit.column, edit.unit
        case SilencedUnit():
            return edit.layer, edit.direction, edit.unit
        case TokenEdit():
            return "token", edit.line, edit.step


def trace_what_if(model: CharRNN, encoding: Encoding, edits: Sequence[Edit]) -> Trace:
    """The trace of ``edited``; without an edit, bit for bit the unedited trace. Raises: ConfigError."""
    what_if = edited(model, encoding, edits)
    return trace_forward(what_if.model, what_if.encoding, h_0=what_if.h_0)


def difference(before: Trace, after: Trace) -> Difference:
    """What the edits moved."""
    pairs = zip(before.layers, after.layers, strict=True)
    return Difference(
        h_BTH=tuple(read_only(b.h_BTH - a.h_BTH) for a, b in pairs),
        probability_BTV=read_only(after.probability_BTV - before.probability_BTV),
        changed_BT=read_only(before.predicted_BT != after.predicted_BT),
    )


@torch.no_grad()
def _set_weight(model: CharRNN, edit: WeightEdit) -> None:
    _set_entry(edit.name, parameter(model, edit.name).numpy(), edit.index, edit.value)


def _set_entry(name: str, values: FloatArray, index: tuple[int, ...], value: float) -> None:
    _check_index(name, values.shape, index)
    with np.errstate(over="ignore"):
        entry = np.float32(value)
    if not np.isfinite(entry):
        raise ConfigError(f"value must be a finite number, got {value}")
    values[index] = entry


def _check_index(name: str, shape: tuple[int, ...], index: tuple[int, ...]) -> None:
    if len(index) != len(shape) or any(not 0 <= i < n for i, n in zip(index, shape, strict=True)):
        raise ConfigError(f"index must lie in {name} of shape {shape}, got {index}")


@torch.no_grad()
def _silence(rnn: nn.RNN | nn.GRU | nn.LSTM, edit: SilencedUnit) -> None:
    if not 0 <= edit.layer < rnn.num_layers:
        raise ConfigError(f"layer must be 0…{rnn.num_layers - 1}, got {edit.layer}")
    if edit.direction is Direction.BACKWARD and not rnn.bidirectional:
        raise ConfigError(f"direction must be {Direction.FORWARD} unless bidirectional, got {edit.direction}")
    if not 0 <= edit.unit < rnn.hidden_size:
        raise ConfigError(f"unit must be 0…{rnn.hidden_size - 1}, got {edit.unit}")
    row = WRITERS[type(rnn)] * rnn.hidden_size + edit.unit
    suffix = f"_l{edit.layer}" + ("_reverse" if edit.direction is Direction.BACKWARD else "")
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(rnn, name + suffix)[row] = 0


def _check_place(encoding: Encoding, edit: TokenEdit) -> None:
    if not 0 <= edit.line < len(encoding.lines):
        raise ConfigError(f"line must be 0…{len(encoding.lines) - 1}, got {edit.line}")
    if edit.token not in encoding.vocabulary.tokens:
        raise ConfigError(f"token must be one of the vocabulary's {len(encoding.vocabulary)}, got {edit.token!r}")
    length = int(encoding.length_B[edit.line])
    if not 0 <= edit.step < length:
        raise ConfigError(f"step must be 0…{length - 1} on line {edit.line}, got {edit.step}")


def _with_token(encoding: Encoding, edit: TokenEdit) -> Encoding:
    _check_place(encoding, edit)
    ids_BT = encoding.ids_BT.copy()
    ids_BT[edit.line, edit.step] = encoding.vocabulary.encode([edit.token])[0]
    inputs = [list(line) for line in encoding.inputs]
    inputs[edit.line][edit.step] = edit.token
    return dataclasses.replace(
        encoding,
        inputs=tuple(map(tuple, inputs)),
        ids_BT=read_only(ids_BT),
        x_BTV=read_only(encoding.vocabulary.one_hot(ids_BT)),
    )


def _zeros(rnn: nn.RNN | nn.GRU | nn.LSTM, encoding: Encoding) -> FloatArray:
    rows = rnn.num_layers * (2 if rnn.bidirectional else 1)
    columns = encoding.ids_BT.shape[0 if rnn.batch_first else 1]
    return np.zeros((rows, columns, rnn.hidden_size), dtype=np.float32)
