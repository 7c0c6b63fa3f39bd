"""A config becomes a CellDiagram: the textbook's figure of one RNN, GRU or LSTM cell; a trace gives it its numbers.

A part is something that comes in or is computed, at its place in the figure: columns from left to right, rows from top
to bottom. What runs on to the next step runs along the top from left to right (c of an LSTM, h of the others), and the
gates stand below. Parts are numbered in an order of computation in which each result is used as soon as it can be.

Source: the pages of torch.nn.RNN, torch.nn.GRU and torch.nn.LSTM, whose letters the parts have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from rnn_core.config import Cell, RunConfig
from rnn_core.encoding import Encoding, read_only
from rnn_core.microscope import SYMBOLS, gate_label, time_names
from rnn_core.picture import along
from rnn_core.trace import Direction, FloatArray, LayerTrace

MOVED = 1e-6
"""What an edit must change a number by to have moved it; less is the rounding of another order of addition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that comes into the cell or is computed there: a vector of H numbers (x: of V, or of D · H).

    Attributes:
        id: its name in the wires: torch's letter, or what becomes of it ("kept").
        name: what it is called on the screen.
        does: "σ", "tanh", "relu", "×", "+" or "W", the last for a matrix product; "" of what comes in.
        column, row: its place.
        order: 1… of what is computed; 0 of what comes in.
        gate: the gate of the trace that it opens, or "".
        axis: the letter of the axis whose colour it has.
        scales: the part of which a gate, 0…1, lets a share through here, or "".
    """

    id: str
    name: str
    does: str
    column: int
    row: int
    order: int
    gate: str
    axis: str
    scales: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What ``target`` is computed from. A ``shared`` one runs below the gates, with branches to all that hear it."""

    source: str
    target: str
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDiagram:
    """The figure of a cell.

    Attributes:
        parts: what comes in, then what is computed, in order.
        wires: every part that is computed has one from each part that it is computed from, and no other.
        handed_on: the parts that the next step hears.
    """

    parts: tuple[Part, ...]
    wires: tuple[Wire, ...]
    handed_on: tuple[str, ...]

    @property
    def steps(self) -> tuple[Part, ...]:
        """What is computed, in order."""
        return tuple(part for part in self.parts if part.order)


class _Entry(NamedTuple):
    """A part as the tables below have it: ``name`` "" is a gate's, ``sources`` are ids with spaces between them."""

    id: str
    name: str
    does: str
    column: int
    row: int
    sources: str = ""
    scales: str = ""


_GATE_ROW = 2

_RNN = (
    _Entry("h_prev", "h[{before}]", "", 0, 0),
    _Entry("x", "x[{now}]", "", 0, 1),
    _Entry("from_x", "from x[{now}]", "W", 2, 1, "x"),
    _Entry("from_h", "from h[{before}]", "W", 1, 0, "h_prev"),
    _Entry("sum", "sum", "+", 2, 0, "from_x from_h"),
    _Entry("h", "h[{now}]", "tanh", 3, 0, "sum"),
)
_GRU = (
    _Entry("h_prev", "h[{before}]", "", 0, 0),
    _Entry("x", "x[{now}]", "", 0, _GATE_ROW),
    _Entry("z", "", "σ", 1, _GATE_ROW, "x h_prev"),
    _Entry("kept", "kept", "×", 1, 0, "h_prev z", scales="h_prev"),
    _Entry("r", "", "σ", 2, _GATE_ROW, "x h_prev"),
    _Entry("reset", "let in", "×", 3, _GATE_ROW, "r h_prev"),
    _Entry("n", "", "tanh", 4, _GATE_ROW, "x reset"),
    _Entry("taken", "taken", "×", 4, 1, "z n", scales="n"),
    _Entry("h", "h[{now}]", "+", 4, 0, "kept taken"),
)
_LSTM = (
    _Entry("c_prev", "c[{before}]", "", 0, 0),
    _Entry("h_prev", "h[{before}]", "", 0, 1),
    _Entry("x", "x[{now}]", "", 0, _GATE_ROW),
    _Entry("f", "", "σ", 1, _GATE_ROW, "x h_prev"),
    _Entry("kept", "kept", "×", 1, 0, "c_prev f", scales="c_prev"),
    _Entry("i", "", "σ", 2, _GATE_ROW, "x h_prev"),
    _Entry("g", "", "tanh", 3, _GATE_ROW, "x h_prev"),
    _Entry("written", "written", "×", 3, 1, "i g", scales="g"),
    _Entry("c", "c[{now}]", "+", 3, 0, "kept written"),
    _Entry("o", "", "σ", 4, _GATE_ROW, "x h_prev"),
    _Entry("tanh_c", "tanh(c)", "tanh", 5, 1, "c"),
    _Entry("h", "h[{now}]", "×", 5, _GATE_ROW, "o tanh_c", scales="tanh_c"),
)
_ENTRIES = {Cell.RNN: _RNN, Cell.GRU: _GRU, Cell.LSTM: _LSTM}
_GATES = {letter: gate for gate, letter in SYMBOLS.items() if gate != "hidden"}


def cell_diagram(config: RunConfig, layer: int, direction: Direction) -> CellDiagram:
    """The figure of the cell of one layer and direction."""
    now, before = time_names(config.batch_first, direction)
    reads = "V" if layer == 0 else "F"
    parts: list[Part] = []
    wires: list[Wire] = []
    for entry in _ENTRIES[config.cell]:
        gate = "hidden" if config.cell is Cell.RNN and entry.does else _GATES.get(entry.id, "")
        does = str(config.nonlinearity) if (config.cell, entry.id) == (Cell.RNN, "h") else entry.does
        parts.append(
            Part(
                id=entry.id,
                name=entry.name.format(now=now, before=before) or gate_label(gate),
                does=does,
                column=entry.column,
                row=entry.row,
                order=sum(bool(part.order) for part in parts) + 1 if entry.does else 0,
                gate=gate,
                axis=reads if entry.id in ("x", "from_x") else "G" if entry.id in _GATES else "H",
                scales=entry.scales,
            )
        )
        wires += [
            Wire(source=source, target=entry.id, shared=source in ("x", "h_prev") and entry.row == _GATE_ROW)
            for source in entry.sources.split()
        ]
    handed_on = ("c", "h") if config.cell is Cell.LSTM else ("h",)
    return CellDiagram(parts=tuple(parts), wires=tuple(wires), handed_on=handed_on)


def part_values(here: LayerTrace, line: int, step: int) -> Mapping[str, FloatArray]:
    """The vector of each part at one step of one line, by its id: float32, the trace's own numbers or made of them."""
    at = (line, step)
    gates = {name: gate.activation_BTH[at] for name, gate in here.gates.items()}
    h, h_prev = here.h_BTH[at], here.h_previous_BTH[at]
    found = {"x": here.x_BTI[at], "h_prev": h_prev}
    if here.c_BTH is not None and here.c_previous_BTH is not None:
        i, f, g, o = gates.values()
        c, c_prev = here.c_BTH[at], here.c_previous_BTH[at]
        found |= {"c_prev": c_prev, "f": f, "kept": f * c_prev, "i": i, "g": g, "written": i * g}
        found |= {"c": c, "o": o, "tanh_c": np.tanh(c), "h": h}
    elif "new" in gates:
        r, z, n = gates.values()
        reset = r * here.gates["new"].recurrent_part_BTH[at]
        found |= {"z": z, "kept": z * h_prev, "r": r, "reset": reset, "n": n, "taken": (1 - z) * n, "h": h}
    else:
        gate = here.gates["hidden"]
        found |= {"from_x": gate.input_part_BTH[at], "from_h": gate.recurrent_part_BTH[at]}
        found |= {"sum": gate.preactivation_BTH[at], "h": h}
    return MappingProxyType({name: read_only(values) for name, values in found.items()})


def moved(before: Mapping[str, FloatArray], after: Mapping[str, FloatArray]) -> frozenset[str]:
    """The parts of which any number moved by more than MOVED; one that is not a number has moved if it was one."""
    return frozenset(
        name
        for name, values in after.items()
        if not np.allclose(values, before[name], rtol=0, atol=MOVED, equal_nan=True)
    )


def hears(config: RunConfig, encoding: Encoding, *, line: int, step: int, direction: Direction) -> str:
    """Where the state before a step comes from: "t = 3" or "b = 0", or "h_0" where the line begins."""
    before = along(config, encoding, line, step, direction, -1)
    return "h_0" if before is None else _place(config, *before)


def hands_on(config: RunConfig, encoding: Encoding, *, line: int, step: int, direction: Direction) -> str:
    """Where the state after a step goes: "t = 5" or "b = 2", or "h_n" where the line ends."""
    after = along(config, encoding, line, step, direction, 1)
    return "h_n" if after is None else _place(config, *after)


def _place(config: RunConfig, line: int, step: int) -> str:
    return f"t = {step}" if config.batch_first else f"b = {line}"
