"""A GradientFlow becomes figures: pairs of steps, how a norm fades, the ledger of W_hh, and its eigenvalues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.decay import DoubleArray
from rnn_core.encoding import Encoding
from rnn_core.figures.bounded_axis import Above, bounded_axis, find_above, note_above
from rnn_core.figures.heatmap import COLUMN_PX, Axes, Panel, Ring, stacked_heatmaps
from rnn_core.figures.theme import Theme, base_layout, escaped
from rnn_core.figures.trace import token_hovers, token_label, token_labels
from rnn_core.gradients import GradientFlow
from rnn_core.numbers import HOVER_SHORT, HOVER_WHOLE, format_significant
from rnn_core.trace import FloatArray

SMALLEST_POWER = -12
"""What is smaller than this power of ten has the colour of it."""

LIMIT_NORM = 1e12
"""Where the axis of a gradient's norm ends at most."""

CHART_PX = 300
PRINTED_COLUMNS = 16
SIDE_PX = 104
GATE_MARKS = ("circle", "square", "diamond", "cross")
CELL_AXES = {"rnn": "T", "gru": "V", "lstm": "H"}
CELL_DASHES = {"rnn": "solid", "gru": "dash", "lstm": "dot"}
"""The colour and the line of each cell where several are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A norm by distance, of one network: its cell, and whose it is in words."""

    cell: str
    words: str
    norm_K: DoubleArray


def pairs_figure(
    norm_TT: DoubleArray,
    encoding: Encoding,
    theme: Theme,
    *,
    line: int,
    steps: range,
    title: str,
    axis_titles: tuple[str, str],
    marked: int | None,
) -> go.Figure:
    """A matrix over pairs of steps: a row each t, a column each k, coloured by powers of ten; 0 is left blank.

    Args:
        title: what the matrix is, plain text. axis_titles: of t and of k.
        marked: the step t whose row is framed, or None.
    """
    size = len(steps)
    logs = np.full(norm_TT.shape, np.nan)
    np.log10(norm_TT, out=logs, where=norm_TT > 0)
    found = logs[np.isfinite(logs)]
    high = int(np.ceil(found.max())) if found.size else 0
    low = int(np.clip(np.floor(found.min()) if found.size else 0, SMALLEST_POWER, high - 1))
    labels = [token_label(encoding, line, t) for t in steps]
    names = [f"{label}<br>{t}" for label, t in zip(labels, steps, strict=True)]
    powers = list(range(low, high + 1, max(1, (high - low) // 4)))
    pixels = COLUMN_PX if size <= PRINTED_COLUMNS else max(10, 700 // size)
    layout = base_layout(theme, width=SIDE_PX + size * pixels + 90, height=80 + size * min(pixels, 30))
    tick = {"tickvals": list(steps), "tickangle": 0, "showgrid": False, "zeroline": False, "fixedrange": True}
    layout |= {
        "margin": {"l": SIDE_PX, "r": 90, "t": 76, "b": 4},
        "xaxis": tick
        | {"ticktext": names, "side": "top", "tickfont": {"color": theme.axis["T"], "size": 13}}
        | {"title": {"text": axis_titles[1], "font": {"color": theme.axis["T"], "size": 13}}},
        "yaxis": tick
        | {"ticktext": [f"{label}  {t}" for label, t in zip(labels, steps, strict=True)], "autorange": "reversed"}
        | {"tickfont": {"color": theme.axis["T"], "size": 13}}
        | {"title": {"text": axis_titles[0], "font": {"color": theme.axis["T"], "size": 13}}},
        "shapes": [] if marked is None or marked not in steps else [_row_frame(marked, steps, theme)],
    }
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": logs,
        "x0": steps.start,
        "dx": 1,
        "y0": steps.start,
        "dy": 1,
        "zmin": low,
        "zmax": high,
        "colorscale": theme.unit,
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
        "customdata": norm_TT,
        # With a format: the numbers, whatever labels have been left out.
        "hovertemplate": f"t %{{y:{HOVER_WHOLE}}}, k %{{x:{HOVER_WHOLE}}}<br><b>%{{customdata:{HOVER_SHORT}}}</b>"
        f"<extra>{escaped(title)}</extra>",
        "colorbar": {"tickvals": powers, "ticktext": [f"10<sup>{power}</sup>" for power in powers], "thickness": 10}
        | {"outlinewidth": 0, "tickfont": {"color": theme.quiet}},
    }
    if size <= PRINTED_COLUMNS:
        trace |= {"text": [[printed(value) for value in row] for row in norm_TT], "texttemplate": "%{text}"}
        trace["textfont"] = {"size": 11}
    return go.Figure({"data": [trace], "layout": layout})


def printed(value: float) -> str:
    """Return a norm in two digits, as long as a cell is wide: "0.84", "0.0042", "2e−5"; "" for 0."""
    return format_significant(value, digits=2, width=6) if value else ""


def norms_beyond(profiles: Sequence[Profile]) -> Above | None:
    """Return which norms are above the axis of ``profile_figure``."""
    return find_above(LIMIT_NORM, *(profile.norm_K for profile in profiles))


def profile_figure(profiles: Sequence[Profile], theme: Theme, *, above: str = "") -> go.Figure:
    """How a norm fades with the distance t − k, on a scale of powers, a line for each network; without a size.

    Args: above: what is above the axis in words, see ``norms_beyond``; "" where nothing is.
    """
    traces = []
    for profile in profiles:
        color = theme.axis[CELL_AXES[profile.cell]]
        shown = np.where(profile.norm_K > 0, profile.norm_K, np.nan)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": profile.words,
                "x": np.arange(len(shown)),
                "y": shown,
                "line": {"color": color, "width": 2.5, "dash": CELL_DASHES[profile.cell]},
                "marker": {"size": 6},
                "hovertemplate": f"%{{x}} steps: <b>%{{y:{HOVER_SHORT}}}</b><extra>"
                + escaped(profile.words)
                + "</extra>",
            }
        )
    layout = base_layout(theme, height=CHART_PX) | {"margin": {"l": 64, "r": 12, "t": 8, "b": 48}}
    line = {"gridcolor": theme.grid, "zeroline": False, "fixedrange": True, "tickfont": {"color": theme.quiet}}
    layout["xaxis"] = line | {"title": {"text": "distance t − k, in steps", "standoff": 8}, "showgrid": False}
    layout["yaxis"] = line | {"exponentformat": "power"} | bounded_axis(LIMIT_NORM)
    layout["annotations"] = note_above(above, theme)
    layout |= {"showlegend": True, "legend": {"x": 0.02, "y": 0.02, "bgcolor": "rgba(0,0,0,0)"}}
    return go.Figure({"data": traces, "layout": layout})


def along_figure(flow: GradientFlow, encoding: Encoding, theme: Theme, *, units: range) -> go.Figure:
    """∂L/∂h_t along the text, a column a step and a row a unit; below it ∂L/∂c_t of an LSTM."""
    steps = flow.steps
    shown = {"∂L/∂h": flow.state_gradient_TH, "∂L/∂c": flow.cell_gradient_TH}
    panels = [
        Panel(
            title=title,
            values=values[steps.start : steps.stop, units.start : units.stop].T.astype(np.float32),
            column_labels=token_labels(encoding, flow.line, steps),
            row_labels=tuple(map(str, units)),
            hovers=token_hovers(encoding, flow.line, steps),
            first_column=steps.start,
            first_row=units.start,
        )
        for title, values in shown.items()
        if values is not None
    ]
    reach = max(1e-30, *(float(np.abs(panel.values).max()) for panel in panels))
    axes = Axes(column_title="time step t", column_axis="T", row_title="unit j", row_axis="H")
    return stacked_heatmaps(panels, axes, theme, reach=reach, label_lines=2, rows_px=260, decimals=3, column_px=48)


def total_figure(
    flow: GradientFlow, theme: Theme, *, rows: range, columns: range, gates: Sequence[str], marked: tuple[int, int]
) -> go.Figure:
    """The gradient of W_hh that the ledger adds up to, a panel a gate; the marked entry is framed."""
    total = flow.recurrent_gradient_by_step.sum(axis=0)
    size = total.shape[1]
    panels = []
    for number, gate in enumerate(gates):
        ring = Ring(
            columns=(marked[1] - columns.start, marked[1] - columns.start + 1),
            rows=(marked[0] - number * size - rows.start, marked[0] - number * size - rows.start + 1),
        )
        inside = marked[0] // size == number and marked[0] % size in rows and marked[1] in columns
        panels.append(
            Panel(
                title=f"∂L/∂W_hh {gate}".rstrip(),
                values=total[number * size :][rows.start : rows.stop, columns.start : columns.stop].astype(np.float32),
                column_labels=tuple(map(str, columns)),
                row_labels=tuple(map(str, rows)),
                rings=(ring,) if inside else (),
                first_column=columns.start,
                first_row=rows.start,
            )
        )
    reach = max(1e-30, float(np.abs(total).max()))
    axes = Axes(column_title="unit heard", column_axis="H", row_title="unit j", row_axis="H")
    return stacked_heatmaps(panels, axes, theme, reach=reach, rows_px=300, decimals=3, column_px=48)


def matrix_figure(title: str, values: FloatArray, theme: Theme, *, rows: range, columns: range) -> go.Figure:
    """A part of a matrix, on a scale of the whole matrix's own."""
    panel = Panel(
        title=title,
        values=values[rows.start : rows.stop, columns.start : columns.stop],
        column_labels=tuple(map(str, columns)),
        row_labels=tuple(map(str, rows)),
        first_column=columns.start,
        first_row=rows.start,
    )
    axes = Axes(column_title="column", column_axis="H", row_title="row", row_axis="H")
    reach = float(np.max(np.abs(values), initial=0.0)) or 1.0
    return stacked_heatmaps([panel], axes, theme, reach=reach, label_px=40, column_px=34, min_columns=8, rows_px=216)


def ledger_figure(
    flow: GradientFlow, encoding: Encoding, theme: Theme, *, entry: tuple[int, int], words: str
) -> go.Figure:
    """What each step adds to one entry of W_hh's gradient, one on top of the other, up to the whole; without a size.

    Args: words: what the last bar is.
    """
    parts_T = flow.recurrent_gradient_by_step[:, entry[0], entry[1]]
    one = len(encoding.lines) == 1
    names = [f"{t}<br>{token_label(encoding, 0, t) if one else ''}" for t in range(len(parts_T))]
    bars = go.Waterfall(
        x=[*range(len(parts_T)), len(parts_T)],
        y=[*parts_T.tolist(), float(parts_T.sum())],
        measure=[*("relative" for _part in parts_T), "total"],
        increasing={"marker": {"color": theme.signed[-1][1]}},
        decreasing={"marker": {"color": theme.signed[0][1]}},
        totals={"marker": {"color": theme.quiet}},
        connector={"line": {"color": theme.grid}},
        hovertemplate=f"step %{{x}}<br><b>%{{delta:{HOVER_SHORT}}}</b><extra></extra>",
    )
    layout = base_layout(theme, height=CHART_PX) | {"margin": {"l": 64, "r": 12, "t": 26, "b": 56}}
    layout["yaxis"] = {"gridcolor": theme.grid, "zerolinecolor": theme.quiet, "fixedrange": True, "exponentformat": "e"}
    layout["xaxis"] = {
        "fixedrange": True,
        "tickvals": list(range(len(parts_T))),
        "ticktext": names,
        "tickangle": 0,
        "tickfont": {"color": theme.axis["T"], "size": 12},
    }
    whole = {"x": len(parts_T), "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False, "text": words}
    layout["annotations"] = [whole | {"font": {"color": theme.axis["T"], "size": 12}}]
    return go.Figure(bars, layout)


def eigenvalues_figure(flow: GradientFlow, theme: Theme, *, names: Mapping[str, str]) -> go.Figure:
    """The eigenvalues of each gate's W_hh in the complex plane, with the unit circle; square.

    Args: names: of the gates, for the legend.
    """
    largest = max(1.0, *(float(np.abs(values).max()) for values in flow.eigenvalues.values()))
    traces = []
    for (gate, values), mark, axis in zip(flow.eigenvalues.items(), GATE_MARKS, "HVTS", strict=False):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": names[gate],
                "x": values.real,
                "y": values.imag,
                "marker": {"symbol": mark, "size": 9, "color": theme.axis[axis], "opacity": 0.85},
                "customdata": np.abs(values),
                "hovertemplate": f"%{{x:{HOVER_SHORT}}} + %{{y:{HOVER_SHORT}}}i<br>"
                f"|λ| <b>%{{customdata:{HOVER_SHORT}}}</b><extra>{escaped(names[gate])}</extra>",
            }
        )
    reach = 1.12 * largest
    layout = base_layout(theme, height=380, width=430) | {"margin": {"l": 48, "r": 12, "t": 12, "b": 44}}
    line = {"range": [-reach, reach], "gridcolor": theme.grid, "zerolinecolor": theme.quiet, "fixedrange": True}
    layout["xaxis"] = line | {"title": {"text": "real", "standoff": 4}}
    layout["yaxis"] = line | {"title": {"text": "imaginary", "standoff": 4}, "scaleanchor": "x"}
    circle = {"type": "circle", "x0": -1, "x1": 1, "y0": -1, "y1": 1, "line": {"color": theme.ink, "width": 1.5}}
    layout |= {"shapes": [circle], "showlegend": len(traces) > 1}
    layout["legend"] = {"orientation": "h", "y": -0.16}
    return go.Figure({"data": traces, "layout": layout})


def _row_frame(step: int, steps: range, theme: Theme) -> dict[str, Any]:
    edges = {"x0": steps.start - 0.5, "x1": steps.stop - 0.5, "y0": step - 0.5, "y1": step + 0.5}
    return {"type": "rect", "line": {"color": theme.ink, "width": 2.5}} | edges
