"""A config and its Encoding become a Picture: every node of the unrolled network, and every edge between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnn_core.config import Cell, RunConfig
from rnn_core.encoding import Encoding
from rnn_core.picture import Edge, Kind, Node, Picture, along, states_a_row
from rnn_core.trace import Direction

_KINDS = {
    "h": {"now": Kind.STATE, "start": Kind.START, "end": Kind.FINAL},
    "c": {"now": Kind.CELL, "start": Kind.START_CELL, "end": Kind.FINAL_CELL},
}
"""The nodes of a hidden state and of a cell state."""


def unrolled(config: RunConfig, encoding: Encoding, *, lines: range, steps: range, cells: bool = True) -> Picture:
    """The network over ``lines`` and ``steps``, with every edge that the module has there and no other.

    A batch_first module goes along the line, packed: what is behind a line's end is neither read nor handed on. Any
    other takes the lines for time: it goes from line to line at each step, and reads the padding.

    The edges of an LSTM are those of torch's equations: c[t] is computed from c[t−1], h[t−1] and the input, h[t] from
    c[t] and, by the output gate, from h[t−1] and the input.

    Args:
        cells: whether the cell state of an LSTM has strips of its own; without them a strip stands for h and c.
    """
    plan = _Plan(config, encoding, lines, steps, "hc"[: states_a_row(config, cells=cells)])
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
        levels=config.num_layers * config.directions * len(plan.states),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """What decides which nodes there are, and what the module does with them; ``states``: "h", or "hc"."""

    config: RunConfig
    encoding: Encoding
    lines: range
    steps: range
    states: str

    def level(self, row: int, state: str) -> int:
        """Where a strip of a row stands: h above c."""
        return 1 + (row + 1) * len(self.states) - 1 - self.states.index(state)

    @property
    def carried(self) -> str:
        """What a strip of h stands for."""
        return "h, c" if self.config.cell is Cell.LSTM and len(self.states) == 1 else "h"

    def rows(self) -> Iterator[tuple[int, int, Direction]]:
        """Each row of h_n, its layer and its direction."""
        directions = list(Direction)[: self.config.directions]
        for row in range(self.config.num_layers * len(directions)):
            layer, which = divmod(row, len(directions))
            yield row, layer, directions[which]

    def live(self, line: int, step: int) -> bool:
        """Whether the module reads this step."""
        return not self.config.batch_first or step < int(self.encoding.length_B[line])

    def shown(self, line: int, step: int) -> bool:
        """Whether this step is among those that are drawn."""
        return line in self.lines and step in self.steps

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
        strips = [_strip(plan, state, row, layer, direction, line, step) for state in plan.states]
        nodes += strips
        for strip in strips if live else []:
            edges += [Edge(source=source, target=strip.id, carries="x" if layer == 0 else "h") for source in below]
            _add_before(plan, strip, nodes, edges)
            _add_after(plan, strip, nodes, edges)
        layer_above.append(strips[0].id)
        if len(layer_above) == config.directions:
            below, layer_above = layer_above, []
    if step < int(plan.encoding.length_B[line]):
        said = Node(
            id=f"said_{line}_{step}",
            kind=Kind.SAID,
            column=column,
            band=band,
            level=config.num_layers * config.directions * len(plan.states) + 1,
            line=line,
            step=step,
            tensor="logits",
            index=(line, step),
        )
        nodes.append(said)
        edges += [Edge(source=source, target=said.id, carries="output") for source in below]


def _strip(plan: _Plan, state: str, row: int, layer: int, direction: Direction, line: int, step: int) -> Node:
    """The hidden state or the cell state of a row at one step."""
    config = plan.config
    returned = state == "h" and layer == config.num_layers - 1
    return Node(
        id=_strip_id(state, row, line, step),
        kind=_KINDS[state]["now"],
        column=step - plan.steps.start,
        band=line - plan.lines.start,
        level=plan.level(row, state),
        line=line,
        step=step,
        state=state,
        row=row,
        layer=layer,
        direction=direction,
        tensor="output" if returned else "",
        index=(line, step),
        offset=config.units if returned and direction is Direction.BACKWARD else 0,
        live=plan.live(line, step),
    )


def _add_before(plan: _Plan, strip: Node, nodes: list[Node], edges: list[Edge]) -> None:
    """The edges into a strip from the step before, or from h_0 and c_0, or from the sign of a step not shown.

    h and c are both computed from the h before; c from the c before too, and h from c.
    """
    assert strip.row is not None
    assert strip.direction is not None
    if strip.state == "h" and "c" in plan.states:
        cell = _strip_id("c", strip.row, strip.line, strip.step)
        edges.append(Edge(source=cell, target=strip.id, carries="c"))
    before = along(plan.config, plan.encoding, strip.line, strip.step, strip.direction, -1)
    for state in plan.states if strip.state == "c" else "h":
        first = _end(plan, strip, state, "start", -1).id
        source = first if before is None else _strip_id(state, strip.row, *before)
        if strip.state == state and (before is None or not plan.shown(*before)):
            nodes.append(_end(plan, strip, state, "start" if before is None else "cut", -1, at=before))
        edges.append(Edge(source=source, target=strip.id, carries="c" if state == "c" else plan.carried))


def _add_after(plan: _Plan, strip: Node, nodes: list[Node], edges: list[Edge]) -> None:
    """The state that a row ended in, where that is this one; or the sign of a next step that is not shown."""
    assert strip.row is not None
    assert strip.direction is not None
    after = along(plan.config, plan.encoding, strip.line, strip.step, strip.direction, 1)
    if after is None:
        final = _end(plan, strip, strip.state, "end", 1)
        nodes.append(final)
        edges.append(Edge(source=strip.id, target=final.id, carries="="))
    elif not plan.shown(*after):
        cut = _end(plan, strip, strip.state, "cut", 1, at=after)
        nodes.append(cut)
        edges.append(Edge(source=strip.id, target=cut.id, carries="c" if strip.state == "c" else plan.carried))
        if strip.state == "h" and "c" in plan.states:
            edges.append(Edge(source=strip.id, target=_strip_id("c", strip.row, *after), carries="h"))


def _end(plan: _Plan, strip: Node, state: str, end: str, by: int, *, at: tuple[int, int] | None = None) -> Node:
    """What stands before the first or behind the last state of a chain, of h or of c.

    Args:
        end: "start", "end" or "cut".
        at: line and step of the state that a CUT stands for.
    """
    assert strip.row is not None
    assert strip.direction is not None
    row, number = strip.row, strip.line if plan.config.batch_first else strip.step
    column, band = plan.beside(strip.line, strip.step, strip.direction, by)
    kind = Kind.CUT if end == "cut" else _KINDS[state][end]
    line, step = at or (strip.line, strip.step)
    return Node(
        id=_strip_id(state, row, line, step) if kind is Kind.CUT else f"{kind.name.lower()}_{row}_{number}",
        kind=kind,
        column=column,
        band=band,
        level=plan.level(row, state),
        line=line,
        step=step,
        state=state,
        row=row,
        layer=strip.layer,
        direction=strip.direction,
        tensor="" if kind is Kind.CUT else str(kind),
        index=(row, number),
    )


def _strip_id(state: str, row: int, line: int, step: int) -> str:
    return f"{'state' if state == 'h' else 'cell'}_{row}_{line}_{step}"
