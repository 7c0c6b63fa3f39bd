"""A config and its Encoding become a Picture: the network drawn over the text, and what is handed on to what.

Where everything stands is in data coordinates: columns (time from left to right), bands (a line of the batch each, from
top to bottom) and levels within a band (from bottom to top: the token, each layer and direction in the order of h_n's
rows, what is said). An LSTM has two levels for each of those rows: the cell state c, and above it the hidden state h.
The numbers of a forward pass are beside it, so that a frame of a film moves only them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rnn_core.config import Cell, RunConfig
from rnn_core.encoding import Encoding, read_only
from rnn_core.trace import Direction, FloatArray, Trace

MAX_CELLS = 4_000
MAX_STEPS = 48
"""How many cells, and how many time steps, are drawn at most."""


class Kind(StrEnum):
    """What a node is: a token, the state before the first step, a state, the state a row ended in, what is said, or
    the neighbour of a state that lies outside of what is shown."""

    TOKEN = "token"
    START = "h_0"
    STATE = "h"
    FINAL = "h_n"
    START_CELL = "c_0"
    CELL = "c"
    FINAL_CELL = "c_n"
    SAID = "said"
    CUT = "cut"


STRIPS = (Kind.START, Kind.STATE, Kind.FINAL, Kind.START_CELL, Kind.CELL, Kind.FINAL_CELL)
"""The nodes that are a strip of H cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something that is drawn, and where.

    Attributes:
        id: its name in the edges.
        column: 0… along the steps that are shown; −1 and less is before them, and as many as there are behind them.
        band: 0… along the lines that are shown; −1 and as many as there are is above and below.
        level: 0 for a token, 1… for the rows of h_n, from bottom to top, and the last for what is said.
        state: "h" or "c" of a strip and a CUT, else "".
        tensor, index: where its numbers are in PyTorch: unit j is ``tensor[*index, offset + j]``; of a lower layer's
            state and of c before the end ``tensor`` is "", since the module returns no tensor with them.
        line, step: of the batch and of time; of a START and a FINAL those of the state that it is tied to.
        row, layer, direction: of h_n, of a strip and a CUT, else None.
        live: whether the module reads it. What is behind the end of a packed line is not read.
    """

    id: str
    kind: Kind
    column: int
    band: int
    level: int
    line: int
    step: int
    state: str = ""
    row: int | None = None
    layer: int | None = None
    direction: Direction | None = None
    tensor: str = ""
    index: tuple[int, int] = (0, 0)
    offset: int = 0
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What ``target`` is computed from: "x", "h", "c", "h, c", "output" of ``source``, or "=": the same numbers."""

    source: str
    target: str
    carries: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The unrolled network.

    Attributes:
        nodes, edges: an edge joins two of the nodes.
        lines, steps: what is shown of the batch and of time.
        units: H, the cells of a strip. rows: S. levels: of the strips of a step, S or twice as many with c.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lines: range
    steps: range
    units: int
    rows: int
    levels: int

    @property
    def strips(self) -> tuple[Node, ...]:
        """The nodes with H cells, in the order of ``strip_values``."""
        return tuple(node for node in self.nodes if node.kind in STRIPS)


def shown_steps(config: RunConfig, *, lines: int, steps: int, around: int) -> range:
    """As many of ``steps`` time steps as MAX_STEPS and MAX_CELLS allow, with ``around`` near their middle.

    Args:
        lines: how many lines are shown.
    """
    cells = lines * config.num_layers * config.directions * config.units * states_a_row(config, cells=True)
    width = min(steps, MAX_STEPS, max(1, MAX_CELLS // cells - 2))  # a start and an end are as many cells each
    first = max(0, min(around - width // 2, steps - width))
    return range(first, first + width)


def needs_layers(config: RunConfig) -> bool:
    """Whether a picture's numbers need the layers of a trace: the states of lower layers, and c before the end."""
    return config.num_layers > 1 or config.cell is Cell.LSTM


def states_a_row(config: RunConfig, *, cells: bool) -> int:
    """How many strips a row of h_n has at a step: h, and c of an LSTM."""
    return 2 if cells and config.cell is Cell.LSTM else 1


def along(
    config: RunConfig, encoding: Encoding, line: int, step: int, direction: Direction, by: int
) -> tuple[int, int] | None:
    """The line and step that the module comes to ``by`` steps later (−1: before), or None where it starts or ends."""
    by = by if direction is Direction.FORWARD else -by
    if config.batch_first:
        ahead, size = step + by, int(encoding.length_B[line])
        return (line, ahead) if 0 <= ahead < size else None
    ahead, size = line + by, len(encoding.lines)
    return (ahead, step) if 0 <= ahead < size else None


def strip_values(picture: Picture, trace: Trace, *, h_0: FloatArray | None = None) -> FloatArray:
    """float32 (P, H): the numbers of each of ``picture.strips``; c_0 is zeros, and h_0 too if it is not given.

    The cell state that a row ended in is c_n itself; before it c is computed as torch computes it, which can differ in
    the last bits.

    Args:
        trace: with its ``layers`` where ``needs_layers``.
    """
    hidden = _hidden_states(picture, trace)
    ends = {(node.row, node.line, node.step): node.index for node in picture.nodes if node.kind is Kind.FINAL_CELL}
    rows: list[FloatArray] = []
    for node in picture.strips:
        assert node.row is not None
        end = node.index if node.kind is Kind.FINAL_CELL else ends.get((node.row, node.line, node.step))
        match node.kind:
            case Kind.STATE:
                rows.append(hidden[node.row][node.line, node.step])
            case Kind.FINAL:
                rows.append(trace.h_n[node.index])
            case Kind.START if h_0 is not None:
                rows.append(h_0[node.index])
            case Kind.CELL | Kind.FINAL_CELL if end is not None and trace.c_n is not None:
                rows.append(trace.c_n[end])
            case Kind.CELL:
                c_BTH = trace.layers[node.row].c_BTH
                assert c_BTH is not None
                rows.append(c_BTH[node.line, node.step])
            case _:
                rows.append(np.zeros(picture.units, np.float32))
    found: FloatArray = read_only(np.stack(rows))
    return found


def _hidden_states(picture: Picture, trace: Trace) -> list[FloatArray]:
    """The hidden state (B, T, H) of each row of h_n."""
    if trace.layers:
        return [layer.h_BTH for layer in trace.layers]
    return np.split(trace.output_BTF, picture.rows, axis=2)
