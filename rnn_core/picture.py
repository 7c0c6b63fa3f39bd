"""A config and its Encoding become a Picture: the network drawn over the text, and what is handed on to what.

Where everything stands is in data coordinates: columns (time from left to right), bands (a line of the batch each, from
top to bottom) and levels within a band (from bottom to top: the token, each layer and direction in the order of h_n's
rows, what is said). The numbers of a forward pass are beside it, so that a frame of a film moves only them.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    FINAL_CELL = "c_n"
    SAID = "said"
    CUT = "cut"


STRIPS = (Kind.START, Kind.STATE, Kind.FINAL, Kind.FINAL_CELL)
"""The nodes that are a strip of H cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Something that is drawn, and where.

    Attributes:
        id: its name in the edges.
        column: 0… along the steps that are shown; −1 and less is before them, and as many as there are behind them.
        band: 0… along the lines that are shown; −1 and as many as there are is above and below.
        level: 0 for a token, 1 + s for row s of h_n, 1 + S for what is said.
        tensor, index: where its numbers are in PyTorch: unit j is ``tensor[*index, offset + j]``; of a lower layer's
            state ``tensor`` is "", since no tensor of the module's shows it.
        line, step: of the batch and of time; of a START and a FINAL those of the state that it is tied to.
        layer, direction: of a strip and a CUT, else None.
        live: whether the module reads it. What is behind the end of a packed line is not read.
    """

    id: str
    kind: Kind
    column: int
    band: int
    level: int
    line: int
    step: int
    layer: int | None = None
    direction: Direction | None = None
    tensor: str = ""
    index: tuple[int, int] = (0, 0)
    offset: int = 0
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """What ``source`` hands on to ``target``: "x", "h", "h, c", "output", or "=" where they are the same numbers."""

    source: str
    target: str
    carries: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The unrolled network.

    Attributes:
        nodes, edges: an edge joins two of the nodes.
        lines, steps: what is shown of the batch and of time.
        units: H, the cells of a strip. rows: S, the strips of a step.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lines: range
    steps: range
    units: int
    rows: int

    @property
    def strips(self) -> tuple[Node, ...]:
        """The nodes with H cells, in the order of ``strip_values``."""
        return tuple(node for node in self.nodes if node.kind in STRIPS)


def shown_steps(config: RunConfig, *, lines: int, steps: int, around: int) -> range:
    """As many of ``steps`` time steps as MAX_STEPS and MAX_CELLS allow, with ``around`` near their middle.

    Args:
        lines: how many lines are shown.
    """
    cells = lines * config.num_layers * config.directions * config.units
    width = min(steps, MAX_STEPS, max(1, MAX_CELLS // cells - 2))  # a start and an end are as many cells each
    first = max(0, min(around - width // 2, steps - width))
    return range(first, first + width)


def unrolled(config: RunConfig, encoding: Encoding, *, lines: range, steps: range) -> Picture:
    """The network over ``lines`` and ``steps``, with every edge that the module has there and no other.

    A batch_first module goes along the line, packed: what is behind a line's end is neither read nor handed on. Any
    other takes the lines for time: it goes from line to line at each step, and reads the padding.
    """
    plan = _Plan(config, encoding, lines, steps)
    nodes: list[Node] = []
    edges: list[Edge] = []
    for line in lines:
        for step in steps:
            _add_step(plan, line, step, nodes, edges)
    return Picture(
        nodes=tuple(nodes),
        edges=tuple(edges),
        lines=lines,
        steps=steps,
        units=config.units,
        rows=config.num_layers * config.directions,
    )


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


def strip_values(picture: Picture, trace: Trace) -> FloatArray:
    """float32 (P, H): the numbers of each of ``picture.strips``; h_0 is zeros.

    Args:
        trace: with ``layers``, unless there is one layer only.
    """
    states = _states(picture, trace)
    rows = []
    for node in picture.strips:
        match node.kind:
            case Kind.STATE:
                rows.append(states[node.level - 1][node.line, node.step])
            case Kind.FINAL:
                rows.append(trace.h_n[node.index])
            case Kind.FINAL_CELL:
                assert trace.c_n is not None
                rows.append(trace.c_n[node.index])
            case _:
                rows.append(np.zeros(picture.units, np.float32))
    found: FloatArray = read_only(np.stack(rows))
    return found


def _states(picture: Picture, trace: Trace) -> list[FloatArray]:
    """The hidden state (B, T, H) of each row of h_n."""
    if trace.layers:
        return [layer.h_BTH for layer in trace.layers]
    return np.split(trace.output_BTF, picture.rows, axis=2)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What decides which nodes there are, and what the module does with them."""

    config: RunConfig
    encoding: Encoding
    lines: range
    steps: range

    def rows(self) -> Iterator[tuple[int, int, Direction]]:
        """Each row of h_n, its layer and its direction."""
        directions = list(Direction)[: self.config.directions]
        for row in range(self.config.num_layers * len(directions)):
            layer, which = divmod(row, len(directions))
            yield row, layer, directions[which]

    def live(self, line: int, step: int) -> bool:
        """Whether the module reads this step."""
        return not self.config.batch_first or step < int(self.encoding.length_B[line])

    def beside(self, line: int, step: int, direction: Direction, by: int) -> tuple[int, int]:
        """Column and band of what stands beyond the first (``by`` −1) or the last place shown of a chain."""
        by = by if direction is Direction.FORWARD else -by
        column, band = step - self.steps.start, line - self.lines.start
        if self.config.batch_first:
            return (-1 if by < 0 else len(self.steps)), band
        return column, (-1 if by < 0 else len(self.lines))


def _add_step(plan: _Plan, line: int, step: int, nodes: list[Node], edges: list[Edge]) -> None:
    """Everything of one step of one line, and every edge that ends there or in the state it ended in."""
    config, live = plan.config, plan.live(line, step)
    column, band = step - plan.steps.start, line - plan.lines.start
    token = Node(
        id=f"x_{line}_{step}",
        kind=Kind.TOKEN,
        column=column,
        band=band,
        level=0,
        line=line,
        step=step,
        tensor="x",
        index=(line, step),
        live=live,
    )
    nodes.append(token)
    below = [token.id]
    layer_above: list[str] = []
    for row, layer, direction in plan.rows():
        state = _state(plan, row, layer, direction, line, step)
        nodes.append(state)
        if live:
            edges += [Edge(source=source, target=state.id, carries="x" if layer == 0 else "h") for source in below]
            _add_before(plan, state, nodes, edges)
            _add_after(plan, state, nodes, edges)
        layer_above.append(state.id)
        if len(layer_above) == config.directions:
            below, layer_above = layer_above, []
    if step < int(plan.encoding.length_B[line]):
        level = config.num_layers * config.directions + 1
        said = Node(
            id=f"said_{line}_{step}",
            kind=Kind.SAID,
            column=column,
            band=band,
            level=level,
            line=line,
            step=step,
            tensor="logits",
            index=(line, step),
        )
        nodes.append(said)
        edges += [Edge(source=source, target=said.id, carries="output") for source in below]


def _state(plan: _Plan, row: int, layer: int, direction: Direction, line: int, step: int) -> Node:
    config = plan.config
    last = layer == config.num_layers - 1
    return Node(
        id=_state_id(row, line, step),
        kind=Kind.STATE,
        column=step - plan.steps.start,
        band=line - plan.lines.start,
        level=row + 1,
        line=line,
        step=step,
        layer=layer,
        direction=direction,
        tensor="output" if last else "",
        index=(line, step),
        offset=config.units if last and direction is Direction.BACKWARD else 0,
        live=plan.live(line, step),
    )


def _add_before(plan: _Plan, state: Node, nodes: list[Node], edges: list[Edge]) -> None:
    """What a state hears: the state before it, h_0, or the sign of one that is not shown."""
    assert state.direction is not None
    carries = "h, c" if plan.config.cell is Cell.LSTM else "h"
    before = along(plan.config, plan.encoding, state.line, state.step, state.direction, -1)
    if before is None:
        source = _end(plan, state, Kind.START, -1)
        nodes.append(source)
        edges.append(Edge(source=source.id, target=state.id, carries=carries))
        return
    row, shown = state.level - 1, before[0] in plan.lines and before[1] in plan.steps
    if not shown:
        nodes.append(_end(plan, state, Kind.CUT, -1, at=before))
    edges.append(Edge(source=_state_id(row, *before), target=state.id, carries=carries))


def _add_after(plan: _Plan, state: Node, nodes: list[Node], edges: list[Edge]) -> None:
    """The state that a row ended in, where that is this one; or the sign that it is handed on to one not shown."""
    assert state.direction is not None
    after = along(plan.config, plan.encoding, state.line, state.step, state.direction, 1)
    if after is None:
        kinds = [Kind.FINAL, Kind.FINAL_CELL] if plan.config.cell is Cell.LSTM else [Kind.FINAL]
        for kind in kinds:
            final = _end(plan, state, kind, 1)
            nodes.append(final)
            edges.append(Edge(source=state.id, target=final.id, carries="=" if kind is Kind.FINAL else "c"))
    elif after[0] not in plan.lines or after[1] not in plan.steps:
        cut = _end(plan, state, Kind.CUT, 1, at=after)
        nodes.append(cut)
        carries = "h, c" if plan.config.cell is Cell.LSTM else "h"
        edges.append(Edge(source=state.id, target=cut.id, carries=carries))


def _end(plan: _Plan, state: Node, kind: Kind, by: int, *, at: tuple[int, int] | None = None) -> Node:
    """What stands before the first or behind the last state of a chain.

    Args:
        at: line and step of the state that a CUT stands for.
    """
    assert state.direction is not None
    row, number = state.level - 1, state.line if plan.config.batch_first else state.step
    column, band = plan.beside(state.line, state.step, state.direction, by)
    if kind is Kind.FINAL_CELL and plan.config.batch_first:
        column += 1 if state.direction is Direction.FORWARD else -1
    line, step = at or (state.line, state.step)
    return Node(
        id=_state_id(row, line, step) if kind is Kind.CUT else f"{kind.name.lower()}_{row}_{number}",
        kind=kind,
        column=column,
        band=band,
        level=state.level,
        line=line,
        step=step,
        layer=state.layer,
        direction=state.direction,
        tensor="" if kind is Kind.CUT else str(kind),
        index=(row, number),
    )


def _state_id(row: int, line: int, step: int) -> str:
    return f"state_{row}_{line}_{step}"
