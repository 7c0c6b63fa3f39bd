"""A hidden value becomes figures: where it stands, every product it is the sum of, and where the curve takes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from rnn_core.cursor import Cursor
from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import COLUMN_PX, DASHES, ROWS_PX, Axes, Panel, Ring, signed_reach, stacked_heatmaps
from rnn_core.figures.theme import Theme, base_layout, escaped
from rnn_core.figures.trace import token_hovers, token_labels
from rnn_core.microscope import GateSum, Microscope
from rnn_core.numbers import HOVER, format_number, format_significant
from rnn_core.text import visible
from rnn_core.trace import FloatArray, LayerTrace, Trace

SUM_PX = 260
UNROLLED_COLUMNS = 8
DIFFERENCE_COLUMNS = 11
"""For how many columns there is room at least, so that a title in words is not cut."""

SMALLEST_REACH = 0.01
"""What a scale of differences reaches at least: what is printed as 0.000 has no colour."""


def unrolled_figure(
    here: LayerTrace,
    encoding: Encoding,
    scope: Microscope,
    theme: Theme,
    *,
    steps: range,
    units: Sequence[int],
    state: str = "h",
    column_px: int = COLUMN_PX,
    rows_px: int = ROWS_PX,
) -> go.Figure:
    """A state over ``steps``, a row for each of ``units``; the cursor is ringed, the column that it hears is dotted.

    What lies outside of ``steps`` and ``units`` is not marked.

    Args:
        state: "h", the hidden state, or "c", the cell state of an LSTM.
        column_px, rows_px: see ``stacked_heatmaps``.
    Raises: ValueError for the cell state of another cell.
    """
    states_BTH = {"h": here.h_BTH, "c": here.c_BTH}[state]
    if states_BTH is None:
        raise ValueError(f"state must be h for a cell without a cell state, got {state}")
    cursor = scope.cursor
    before = cursor.step - 1 if here.direction == "forward" else cursor.step + 1
    at, rings, title = cursor.step - steps.start, [], state
    if cursor.step in steps and cursor.unit in units:
        row = units.index(cursor.unit)
        rings.append(Ring(columns=(at, at + 1), rows=(row, row + 1)))
        title += f"  ━ {state}[{scope.now}], unit {cursor.unit}"
    if scope.before.startswith("t") and before in steps:
        column = (before - steps.start, before - steps.start + 1)
        rings.append(Ring(columns=column, rows=(0, len(units)), dash="dot"))
        title += f"  {DASHES['dot']} {state}[{scope.before}], which it hears"
    values = states_BTH[cursor.line, steps.start : steps.stop][:, list(units)].T
    panel = Panel(
        title=title,
        values=values,
        column_labels=token_labels(encoding, cursor.line, steps),
        row_labels=tuple(map(str, units)),
        hovers=token_hovers(encoding, cursor.line, steps),
        rings=tuple(rings),
        first_column=steps.start,
    )
    axes = Axes(column_title="time step t", column_axis="T", row_title="unit j", row_axis="H")
    return stacked_heatmaps(
        [panel],
        axes,
        theme,
        reach=signed_reach(states_BTH),
        label_lines=2,
        label_px=60,
        column_px=column_px,
        min_columns=UNROLLED_COLUMNS,
        rows_px=rows_px,
    )


def products_figure(
    scope: Microscope, gate: GateSum, theme: Theme, *, inputs: range, input_labels: Sequence[str], hidden: range
) -> go.Figure:
    """A row of W_ih, x[t] and their products; below it a row of W_hh, the state before and theirs.

    Args:
        gate: one of ``scope``'s.
        inputs, hidden: which columns are shown; the sums are over all of them.
        input_labels: a label for each of ``inputs``.
    """
    i, h = slice(inputs.start, inputs.stop), slice(hidden.start, hidden.stop)
    x, before = f"x[{scope.now}]", f"h[{scope.before}]"
    W_ih, W_hh = f"weight_ih{scope.suffix}[{gate.row}]", f"weight_hh{scope.suffix}[{gate.row}]"
    panels = [
        Panel(
            title=f"{W_ih} × {x}  →  Σ = {format_number(gate.input_part - gate.bias_ih)}",
            values=np.stack([gate.weight_ih_I[i], gate.x_I[i], gate.product_ih_I[i]]),
            column_labels=tuple(escaped(label) for label in input_labels),
            row_labels=("weight", x, "product"),
            first_column=inputs.start,
        ),
        Panel(
            title=f"{W_hh} × {before}  →  Σ = {format_number(gate.recurrent_part - gate.bias_hh)}",
            values=np.stack([gate.weight_hh_H[h], gate.h_previous_H[h], gate.product_hh_H[h]]),
            column_labels=tuple(map(str, hidden)),
            row_labels=("weight", before, "product"),
            first_column=hidden.start,
        ),
    ]
    axes = Axes(column_title="column of the weight", column_axis="H", row_title="", row_axis="H")
    reach = signed_reach(*(panel.values for panel in panels))
    return stacked_heatmaps(panels, axes, theme, reach=reach, label_px=66, column_px=54, decimals=4, bar=False)


def said_figure(trace: Trace, encoding: Encoding, cursor: Cursor, theme: Theme, *, tokens: range) -> go.Figure:
    """What the network says at the cursor's step: the logit and the probability of each of ``tokens``.

    What is said is ringed, the target is dotted, and the title names both.
    """
    at, names = (cursor.line, cursor.step), [escaped(visible(token)) for token in encoding.vocabulary.tokens]
    said, asked = int(trace.predicted_BT[at]), int(encoding.target_BT[at])
    marked = ((said, "solid", "says"), (asked, "dot", "target"))
    panel = Panel(
        title="  ".join(
            [f"logits[{cursor.line}, {cursor.step}]", *(f"{DASHES[d]} {word} {names[v]}" for v, d, word in marked)]
        ),
        values=np.stack(
            [values[at][tokens.start : tokens.stop] for values in (trace.logits_BTV, trace.probability_BTV)]
        ),
        column_labels=tuple(names[tokens.start : tokens.stop]),
        row_labels=("logit", "probability"),
        rings=tuple(
            Ring(columns=(v - tokens.start, v - tokens.start + 1), rows=(0, 2), dash=d)
            for v, d, _word in marked
            if v in tokens
        ),
        first_column=tokens.start,
    )
    axes = Axes(column_title="token v", column_axis="V", row_title="", row_axis="V")
    reach = signed_reach(panel.values)
    return stacked_heatmaps(
        [panel],
        axes,
        theme,
        reach=reach,
        label_px=84,
        column_px=54,
        min_columns=UNROLLED_COLUMNS,
        decimals=4,
        bar=False,
    )


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
        text=[format_number(value, plus=True) for value in (*terms.values(), gate.preactivation)],
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
    # 1 / (1 + exp(−a)) would overflow far below 0.
    curve = {"tanh": np.tanh(at), "sigmoid": 0.5 + 0.5 * np.tanh(at / 2), "relu": np.maximum(at, 0)}[
        gate.activation_name
    ]
    layout = base_layout(theme, height=SUM_PX) | {"margin": {"l": 40, "r": 8, "t": 24, "b": 40}}
    line = {"gridcolor": theme.grid, "zerolinecolor": theme.quiet, "fixedrange": True}
    layout["xaxis"] = line | {"title": {"text": "pre-activation", "standoff": 4}}
    room = 0.2 * float(curve.max() - curve.min())  # for the dot's number, at saturation too
    layout["yaxis"] = line | {
        "title": {"text": gate.activation_name, "standoff": 4},
        "range": [float(curve.min()) - room, float(curve.max()) + room],
    }
    dot = go.Scatter(
        x=[gate.preactivation],
        y=[gate.activation],
        mode="markers+text",
        marker={"size": 12, "color": theme.wrong, "line": {"color": theme.page, "width": 2}},
        text=[format_number(gate.activation)],
        textposition="top center",
        hovertemplate=f"%{{x:{HOVER}}} → <b>%{{y:{HOVER}}}</b><extra></extra>",
    )
    shape = go.Scatter(x=at, y=curve, mode="lines", line={"color": theme.quiet, "width": 2}, hoverinfo="skip")
    return go.Figure([shape, dot], layout)


def weight_figure(
    name: str,
    values: FloatArray,
    theme: Theme,
    *,
    gates: Sequence[str],
    columns: Sequence[str],
    column_axis: str,
    marked: Collection[tuple[int, int]] = (),
) -> go.Figure:
    """A parameter as heatmaps, a panel for each gate that torch stacked in it.

    Args:
        values: the parameter, (G·H, columns); a bias is (G·H, 1).
        gates: a name for each block of rows; one empty name where nothing is stacked.
        columns: a label for each column.
        marked: (row, column) of each entry that gets a ring.
    """
    size = len(values) // len(gates)
    panels = [
        Panel(
            title=f"{name}[{start}:{start + size}] {gate}".strip(),
            values=values[start : start + size],
            column_labels=tuple(map(escaped, columns)),
            row_labels=tuple(str(row) for row in range(size)),
            rings=tuple(
                Ring(columns=(column, column + 1), rows=(row - start, row - start + 1), dash="dot")
                for row, column in marked
                if start <= row < start + size
            ),
        )
        for gate, start in zip(gates, range(0, len(values), size), strict=True)
    ]
    axes = Axes(column_title="reads", column_axis=column_axis, row_title="unit j", row_axis="H")
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
    rows: Mapping[int, str],
    row_axis: str,
) -> go.Figure:
    """After minus before, a column a step; the scale reaches the largest difference, and SMALLEST_REACH at least.

    Args:
        values_TR: the differences on ``line``, all of them.
        rows: a label for each row that is shown, by its index.
    """
    largest = float(np.max(np.abs(values_TR), initial=0.0))
    panel = Panel(
        title=f"{title} · largest {format_significant(largest, digits=3)}, "
        f"scale ±{format_significant(max(largest, SMALLEST_REACH), digits=3)}",
        values=values_TR[steps.start : steps.stop][:, list(rows)].T,
        column_labels=token_labels(encoding, line, steps),
        row_labels=tuple(escaped(visible(row)) for row in rows.values()),
        hovers=token_hovers(encoding, line, steps),
        first_column=steps.start,
    )
    name = {"H": "unit j", "V": "token v"}[row_axis]
    axes = Axes(column_title="time step t", column_axis="T", row_title=name, row_axis=row_axis)
    return stacked_heatmaps(
        [panel],
        axes,
        theme,
        reach=max(largest, SMALLEST_REACH),
        label_lines=2,
        label_px=60,
        min_columns=DIFFERENCE_COLUMNS,
        decimals=3,
    )
