"""A Trace becomes figures: ``output``, ``h_n`` and ``c_n``, a panel for each row of their first axis."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import ROWS_PX, Axes, Panel, Ring, signed_reach, stacked_heatmaps
from rnn_core.figures.theme import Theme, escaped
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray, Trace

_ARROWS = {Direction.FORWARD: "→", Direction.BACKWARD: "←"}


def output_figure(
    trace: Trace, encoding: Encoding, theme: Theme, *, lines: range, steps: range, rows_px: int = ROWS_PX
) -> go.Figure:
    """output[b].T for each line b of ``lines``: a column a step, a row a feature; the cells that are h_n are ringed.

    Args:
        rows_px: see ``stacked_heatmaps``.
    """
    rings: dict[int, list[Ring]] = {}
    for block in (block for state in trace.final_states for block in state.blocks):
        first, last = max(block.steps[0], steps.start), min(block.steps[1], steps.stop)
        if first < last:
            ring = Ring(columns=(first - steps.start, last - steps.start), rows=block.features)
            rings.setdefault(block.line, []).append(ring)
    panels = [
        Panel(
            title=f"output[{line}]",
            values=values,
            column_labels=token_labels(encoding, line, steps),
            row_labels=_feature_labels(trace),
            rings=tuple(rings.get(line, ())),
            first_column=steps.start,
        )
        for line, values in zip(lines, output_values(trace, lines=lines, steps=steps), strict=True)
    ]
    axes = Axes(column_title="time step t", column_axis="T", row_title="feature", row_axis="F")
    return stacked_heatmaps(panels, axes, theme, reach=output_reach(trace), label_px=62, rows_px=rows_px)


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
    whole = Ring(columns=(0, len(columns)), rows=(0, len(units)))
    panels = [
        Panel(
            title=f"{name}[{final.row}] · layer {final.layer} {_ARROWS[final.direction]}",
            values=values,
            column_labels=tuple(str(column) for column in columns),
            row_labels=units,
            rings=(whole,) if name == "h_n" and final.equal else (),
            first_column=columns.start,
        )
        for final, values in zip(trace.final_states, state_values(name, trace, columns=columns), strict=True)
    ]
    title = {"B": "line b", "T": "time step t"}[axis]
    axes = Axes(column_title=title, column_axis=axis, row_title="unit", row_axis="H")
    reach = state_reach(name, trace)
    return stacked_heatmaps(panels, axes, theme, reach=reach, label_px=44, rows_px=rows_px, bar=name == "c_n")


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
    """The tokens read at ``steps``, fit for Plotly; · behind the line's end."""
    tokens = encoding.inputs[line]
    return tuple(escaped(visible(tokens[t])) if t < len(tokens) else "·" for t in steps)


def _feature_labels(trace: Trace) -> tuple[str, ...]:
    features, units = trace.output_BTF.shape[2], trace.h_n.shape[2]
    if features == units:
        return tuple(str(unit) for unit in range(units))
    return tuple(f"{arrow} {unit}" for arrow in _ARROWS.values() for unit in range(units))
