"""A hidden value becomes figures: where it stands, every product it is the sum of, and where the curve takes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.cursor import Cursor
from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import Axes, Panel, Ring, signed_reach, stacked_heatmaps
from rnn_core.figures.theme import Theme, base_layout, escaped
from rnn_core.figures.trace import token_labels
from rnn_core.microscope import GateSum
from rnn_core.text import visible
from rnn_core.trace import FloatArray, LayerTrace, Trace

SUM_PX = 260


def unrolled_figure(
    here: LayerTrace,
    encoding: Encoding,
    cursor: Cursor,
    theme: Theme,
    *,
    steps: range,
    units: Sequence[int],
    along_steps: bool = True,
) -> go.Figure:
    """The hidden state over ``steps``, a row for each of ``units``; the cursor is ringed, what it hears is dotted.

    Args:
        along_steps: whether the state before is the one a step before; not so for a module that is not batch_first.
    """
    before = cursor.step - 1 if here.direction == "forward" else cursor.step + 1
    at = cursor.step - steps.start
    row = units.index(cursor.unit)
    rings = [Ring(columns=(at, at + 1), rows=(row, row + 1))]
    if along_steps and before in steps:
        rings.append(Ring(columns=(before - steps.start, before - steps.start + 1), rows=(0, len(units)), dashed=True))
    values = here.h_BTH[cursor.line, steps.start : steps.stop][:, list(units)].T
    panel = Panel(
        title=f"h · layer {here.layer} {here.direction} · line {cursor.line}",
        values=values,
        column_labels=token_labels(encoding, cursor.line, steps),
        row_labels=tuple(map(str, units)),
        rings=tuple(rings),
        first_column=steps.start,
    )
    axes = Axes(column_title="time step t", column_axis="T", row_title="unit j", row_axis="H")
    return stacked_heatmaps([panel], axes, theme, reach=signed_reach(here.h_BTH), label_px=52)


def products_figure(
    gate: GateSum, theme: Theme, *, inputs: Sequence[int], input_labels: Sequence[str], hidden: Sequence[int]
) -> go.Figure:
    """A row of W_ih, x[t] and their products; below it a row of W_hh, h[t−1] and theirs.

    Args:
        inputs, hidden: which columns are shown; the sums are over all of them.
        input_labels: a label for each of ``inputs``.
    """
    i, h = list(inputs), list(hidden)
    panels = [
        Panel(
            title=f"weight_ih[{gate.row}] × x[t]  →  Σ = {gate.input_part - gate.bias_ih:.4f}",
            values=np.stack([gate.weight_ih_I[i], gate.x_I[i], gate.product_ih_I[i]]),
            column_labels=tuple(escaped(label) for label in input_labels),
            row_labels=("weight", "x[t]", "product"),
        ),
        Panel(
            title=f"weight_hh[{gate.row}] × h[t−1]  →  Σ = {gate.recurrent_part - gate.bias_hh:.4f}",
            values=np.stack([gate.weight_hh_H[h], gate.h_previous_H[h], gate.product_hh_H[h]]),
            column_labels=tuple(map(str, hidden)),
            row_labels=("weight", "h[t−1]", "product"),
        ),
    ]
    axes = Axes(column_title="input, unit", column_axis="H", row_title="", row_axis="H")
    reach = signed_reach(*(panel.values for panel in panels))
    return stacked_heatmaps(panels, axes, theme, reach=reach, label_px=66, column_px=54, decimals=4, bar=False)


def said_figure(trace: Trace, encoding: Encoding, cursor: Cursor, theme: Theme, *, tokens: Sequence[int]) -> go.Figure:
    """What the network says at the cursor's step: the logit and the probability of each of ``tokens``."""
    at, shown = (cursor.line, cursor.step), list(tokens)
    panel = Panel(
        title=f"logits[{cursor.line}, {cursor.step}] and their softmax",
        values=np.stack([trace.logits_BTV[at][shown], trace.probability_BTV[at][shown]]),
        column_labels=tuple(escaped(visible(encoding.vocabulary.tokens[index])) for index in shown),
        row_labels=("logit", "probability"),
    )
    axes = Axes(column_title="token", column_axis="V", row_title="", row_axis="V")
    reach = signed_reach(panel.values)
    return stacked_heatmaps([panel], axes, theme, reach=reach, label_px=84, column_px=54, decimals=4, bar=False)


def sum_figure(gate: GateSum, theme: Theme) -> go.Figure:
    """Bars that add up to the pre-activation."""
    terms = {
        "Σ W_ih·x": gate.input_part - gate.bias_ih,
        "b_ih": gate.bias_ih,
        "Σ W_hh·h": gate.recurrent_part - gate.bias_hh,
        "b_hh": gate.bias_hh,
    }
    if gate.reset is not None:
        terms = {
            "Σ W_ih·x": gate.input_part - gate.bias_ih,
            "b_ih": gate.bias_ih,
            "r · (Σ W_hh·h + b_hh)": gate.reset * gate.recurrent_part,
        }
    bars = go.Waterfall(
        x=[*terms, "pre-activation"],
        y=[*terms.values(), gate.preactivation],
        measure=[*("relative" for _term in terms), "total"],
        text=[f"{value:+.4f}" for value in (*terms.values(), gate.preactivation)],
        textposition="outside",
        cliponaxis=False,
        increasing={"marker": {"color": theme.signed[-1][1]}},
        decreasing={"marker": {"color": theme.signed[0][1]}},
        totals={"marker": {"color": theme.quiet}},
        connector={"line": {"color": theme.grid}},
        hovertemplate="%{x}<br><b>%{text}</b><extra></extra>",
    )
    layout = base_layout(theme, height=SUM_PX) | {"margin": {"l": 40, "r": 8, "t": 24, "b": 40}}
    layout["yaxis"] = {"gridcolor": theme.grid, "zerolinecolor": theme.quiet, "fixedrange": True}
    layout["xaxis"] = {"fixedrange": True, "tickfont": {"size": 12}}
    return go.Figure(bars, layout)


def activation_figure(gate: GateSum, theme: Theme) -> go.Figure:
    """The activation's curve, with a dot where this pre-activation lands."""
    reach = max(4.0, 1.2 * abs(gate.preactivation))
    at = np.linspace(-reach, reach, 121)
    curve = {"tanh": np.tanh(at), "sigmoid": 1 / (1 + np.exp(-at)), "relu": np.maximum(at, 0)}[gate.activation_name]
    layout = base_layout(theme, height=SUM_PX) | {"margin": {"l": 40, "r": 8, "t": 24, "b": 40}}
    line = {"gridcolor": theme.grid, "zerolinecolor": theme.quiet, "fixedrange": True}
    layout["xaxis"] = line | {"title": {"text": "pre-activation", "standoff": 4}}
    layout["yaxis"] = line | {"title": {"text": gate.activation_name, "standoff": 4}}
    dot = go.Scatter(
        x=[gate.preactivation],
        y=[gate.activation],
        mode="markers+text",
        marker={"size": 12, "color": theme.wrong, "line": {"color": theme.page, "width": 2}},
        text=[f"{gate.activation:.4f}"],
        textposition="top center",
        hovertemplate="%{x:.9~g} → <b>%{y:.9~g}</b><extra></extra>",
    )
    shape = go.Scatter(x=at, y=curve, mode="lines", line={"color": theme.quiet, "width": 2}, hoverinfo="skip")
    return go.Figure([shape, dot], layout)


def weight_figure(
    name: str, values: FloatArray, theme: Theme, *, gates: Sequence[str], columns: Sequence[str], column_axis: str
) -> go.Figure:
    """A parameter as heatmaps, a panel for each gate that torch stacked in it.

    Args:
        values: the parameter, (G·H, columns); a bias is (G·H, 1).
        gates: a name for each block of rows; one empty name where nothing is stacked.
        columns: a label for each column.
    """
    size = len(values) // len(gates)
    panels = [
        Panel(
            title=f"{name}[{start}:{start + size}] {gate}".strip(),
            values=values[start : start + size],
            column_labels=tuple(map(escaped, columns)),
            row_labels=tuple(str(row) for row in range(size)),
        )
        for gate, start in zip(gates, range(0, len(values), size), strict=True)
    ]
    axes = Axes(column_title="reads", column_axis=column_axis, row_title="unit", row_axis="H")
    reach = float(np.max(np.abs(values), initial=0.0)) or 1.0
    return stacked_heatmaps(panels, axes, theme, reach=reach, label_px=52)


def difference_figure(
    title: str,
    values_TR: FloatArray,
    encoding: Encoding,
    theme: Theme,
    *,
    line: int,
    steps: range,
    rows: Sequence[str],
    row_axis: str,
) -> go.Figure:
    """After minus before, a column a step; the scale reaches the largest difference."""
    largest = float(np.max(np.abs(values_TR), initial=0.0))
    panel = Panel(
        title=f"{title} · largest {largest:.3g}",
        values=values_TR[steps.start : steps.stop].T,
        column_labels=token_labels(encoding, line, steps),
        row_labels=tuple(escaped(visible(row)) for row in rows),
        first_column=steps.start,
    )
    name = {"H": "unit", "V": "token"}[row_axis]
    axes = Axes(column_title="time step t", column_axis="T", row_title=name, row_axis=row_axis)
    return stacked_heatmaps([panel], axes, theme, reach=largest or 1.0, label_px=52, decimals=3)
