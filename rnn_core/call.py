"""A config becomes the call that makes its module: what is an argument of torch's, apart from what the data decides."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig

_CLASSES = {Cell.RNN: "nn.RNN", Cell.GRU: "nn.GRU", Cell.LSTM: "nn.LSTM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of one of torch's classes; ``str`` of it is Python.

    Attributes:
        name: the class, as after ``from torch import nn``.
        arguments: name, value and axis letter ("" where it is no size) of each argument that is not torch's default.
    """

    name: str
    arguments: tuple[tuple[str, object, str], ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value, _axis in self.arguments)})"


def module_calls(config: RunConfig) -> tuple[Call, ...]:
    """The recurrent module of ``config`` and, with a linear head, what stands behind it."""
    size, units = len(config.vocabulary), config.units
    options: list[tuple[str, object, str]] = [("input_size", size, "V"), ("hidden_size", units, "H")]
    if config.num_layers > 1:
        options.append(("num_layers", config.num_layers, "S"))
    if config.cell is Cell.RNN and config.nonlinearity is not Nonlinearity.TANH:
        options.append(("nonlinearity", str(config.nonlinearity), ""))
    if config.batch_first:
        options.append(("batch_first", True, ""))
    if config.bidirectional:
        options.append(("bidirectional", True, "D"))
    calls = (Call(name=_CLASSES[config.cell], arguments=tuple(options)),)
    if config.head is Head.NONE:
        return calls
    sizes = (("in_features", config.directions * units, "F"), ("out_features", size, "V"))
    return (*calls, Call(name="nn.Linear", arguments=sizes))
