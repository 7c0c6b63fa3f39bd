"""A Trace becomes figures: ``output``, ``h_n`` and ``c_n``, a panel for each row of their first axis."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import (
    DASHES,
    ROWS_PX,
    Axes,
    Panel,
    Ring,
    signed_reach,
    stacked_heatmaps,
)
from rnn_core.figures.theme import Theme, escaped
from rnn_core.text import full_name, visible
from rnn_core.trace import Direction, FloatArray, Trace

_ARROWS = {Direction.FORWARD: "→", Direction.BACKWARD: "←"}
RING_DASHES = {Direction.FORWARD: "solid", Direction.BACKWARD: "dash"}
"""The line style of the rings of each direction."""

NAMED_COLUMNS = 6
"""For how many columns there is room in output at least, so that a title with the names of its rings is not cut."""

PADDED = "·"
EDITED = "✎"
"""What stands for a token behind a line's end, and before one that was changed."""


def output_figure(
    trace: Trace, encoding: Encoding, theme: Theme, *, lines: range, steps: range, rows_px: int = ROWS_PX
) -> go.Figure:
    """output[b].T for each line b of ``lines``: a column a step, a row a feature; the cells that are h_n are ringed.

    Each row of h_n has a line style of its own, and the title names it.

    Args:
        rows_px: see ``stacked_heatmaps``.
    """
    rings: dict[int, list[Ring]] = {}
    titles = {line: f"output[{line}]" for line in lines}
    for state in trace.final_states:
        for block in state.blocks:
            first, last = max(block.steps[0], steps.start), min(block.steps[1], steps.stop)
            if first < last and block.line in titles:
                dash = RING_DASHES[state.direction]
                ring = Ring(columns=(first - steps.start, last - steps.start), rows=block.features, dash=dash)
                rings.setdefault(block.line, []).append(ring)
                titles[block.line] += f"  {DASHES[dash]} h_n[{state.row}]"
    panels = [
        Panel(
            title=titles[line],
            values=values,
            column_labels=token_labels(encoding, line, steps),
            row_labels=_feature_labels(trace),
            hovers=token_hovers(encoding, line, steps),
            rings=tuple(rings.get(line, ())),
            first_column=steps.start,
        )
        for line, values in zip(lines, output_values(trace, lines=lines, steps=steps), strict=True)
    ]
    axes = Axes(column_title="time step t", column_axis="T", row_title="feature f", row_axis="F")
    return stacked_heatmaps(
        panels,
        axes,
        theme,
        reach=output_reach(trace),
        label_lines=2,
        label_px=66,
        min_columns=NAMED_COLUMNS,
        rows_px=rows_px,
    )


def output_values(trace: Trace, *, lines: range, steps: range) -> list[FloatArray]:
    """The values of ``output_figure``'s panels."""
    return [trace.output_BTF[line, steps.start : steps.stop].T for line in lines]


def output_reach(trace: Trace) -> float:
    """The reach of the scale that ``output`` and ``h_n`` share, so that equal numbers have equal colours."""
    return signed_reach(trace.output_BTF, trace.h_n)


def state_figure(
    name: str, trace: Trace, theme: Theme, *, columns: range, axis: str, rows_px: int = ROWS_PX
) -> go.Figure:
    """state[s].T for each row s of h_n or c_n: a column for each index of its second axis, a row for each unit.

    Args:
        name: "h_n", whose rows that stand in ``output`` are ringed, or "c_n" of an LSTM.
        axis: the letter of the second axis: "B", or "T" for a module that is not batch_first.
        rows_px: see ``stacked_heatmaps``.
    """
    units = tuple(str(unit) for unit in range(trace.h_n.shape[2]))
    panels = []
    for final, values in zip(trace.final_states, state_values(name, trace, columns=columns), strict=True):
        title, dash = (
            f"{name}[{final.row}] · layer {final.layer} {_ARROWS[final.direction]}",
            RING_DASHES[final.direction],
        )
        whole = Ring(columns=(0, len(columns)), rows=(0, len(units)), dash=dash)
        ringed = name == "h_n" and final.equal
        panels.append(
            Panel(
                title=f"{title} {DASHES[dash]}" if ringed else title,
                values=values,
                column_labels=tuple(str(column) for column in columns),
                row_labels=units,
                rings=(whole,) if ringed else (),
                first_column=columns.start,
            )
        )
    title = {"B": "line b", "T": "time step t"}[axis]
    axes = Axes(column_title=title, column_axis=axis, row_title="unit j", row_axis="H")
    reach = state_reach(name, trace)
    return stacked_heatmaps(
        panels,
        axes,
        theme,
        reach=reach,
        label_lines=2,  # as output has, so that equal rows stand at equal heights
        label_px=48,
        rows_px=rows_px,
        bar=name == "c_n",
    )


def state_values(name: str, trace: Trace, *, columns: range) -> list[FloatArray]:
    """The values of ``state_figure``'s panels."""
    return [row_NH[columns.start : columns.stop].T for row_NH in _state(name, trace)]


def state_reach(name: str, trace: Trace) -> float:
    """The reach of ``state_figure``'s scale; h_n shares it with ``output``."""
    return output_reach(trace) if name == "h_n" else signed_reach(_state(name, trace))


def _state(name: str, trace: Trace) -> FloatArray:
    state = {"h_n": trace.h_n, "c_n": trace.c_n}[name]
    if state is None:
        raise ValueError(f"name must be h_n for a cell without a cell state, got {name}")
    return state


def token_labels(encoding: Encoding, line: int, steps: range) -> tuple[str, ...]:
    """The tokens read at ``steps``, fit for Plotly, above each step's number; · behind the line's end.

    A token that is not the one that was typed has a ✎ in front. The page leaves out those that have no room.
    """
    return tuple(f"{token_label(encoding, line, t)}<br>{t}" for t in steps)


def token_hovers(encoding: Encoding, line: int, steps: range) -> tuple[str, ...]:
    """What is read at each of ``steps``, in words fit for Plotly."""
    tokens = encoding.inputs[line]
    behind = "padding: behind the line's end"
    return tuple(
        f"reads {token_label(encoding, line, t)}{_named(tokens[t])}" if t < len(tokens) else behind for t in steps
    )


def _named(token: str) -> str:
    """Return the full name of a token that one cannot see, in brackets; "" for a space and for what one sees."""
    name = full_name(token) if token != " " else ""
    return f" ({escaped(name)})" if name else ""


def token_label(encoding: Encoding, line: int, t: int) -> str:
    """The token read at step t, fit for Plotly."""
    tokens, typed = encoding.inputs[line], encoding.lines[line]
    if t >= len(tokens):
        return PADDED
    return ("" if tokens[t] == typed[t] else EDITED) + escaped(visible(tokens[t]))


def _feature_labels(trace: Trace) -> tuple[str, ...]:
    features, units = trace.output_BTF.shape[2], trace.h_n.shape[2]
    if features == units:
        return tuple(str(unit) for unit in range(units))
    return tuple(f"{arrow} {unit}" for arrow in _ARROWS.values() for unit in range(units))
