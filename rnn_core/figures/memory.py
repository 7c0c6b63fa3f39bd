"""What a text asks for, and what a network's states tell apart, become figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import COLUMN_PX, Axes, Panel, signed_reach, stacked_heatmaps
from rnn_core.figures.theme import Theme, base_layout, escaped
from rnn_core.figures.trace import token_hovers, token_label, token_labels
from rnn_core.memory import UNDECIDED
from rnn_core.numbers import HOVER_PERCENT, HOVER_SHORT, TICK_PERCENT, format_percent
from rnn_core.states import DoubleArray, StateMap
from rnn_core.text import visible
from rnn_core.trace import Trace

NEED_PX = 250
CEILING_PX = 250
MAP_PX = 420
RIGHT_MARK, WRONG_MARK = "✓", "✗"


def need_figure(
    needs: Sequence[int | None],
    encoding: Encoding,
    theme: Theme,
    *,
    line: int,
    steps: range,
    columns: int,
    said: Sequence[str] | None = None,
) -> go.Figure:
    """How many of the last tokens decide the next one, a bar a step, and whether the network says it; without a size.

    Args:
        needs: of every position of ``line`` that has a next token. steps: the positions that are shown.
        columns: for how many there is room.
        said: the token that the network says at each of ``steps``; None where it is asked for something else.
    """
    tokens = encoding.lines[line]
    asked = [tokens[t + 1] for t in steps]
    told = asked if said is None else list(said)
    right = [one == other for one, other in zip(told, asked, strict=True)]
    heights = _heights([needs[t] for t in steps])
    shown = [UNDECIDED if needs[t] is None else str(needs[t]) for t in steps]
    bars = {
        "type": "bar",
        "x": list(steps),
        "y": heights,
        "text": shown,
        "textposition": "inside",
        "textangle": 0,
        "insidetextanchor": "middle",
        "textfont": {"color": theme.page, "size": 15},
        "marker": {"color": [theme.axis["T"] if ok else theme.wrong for ok in right]},
        "customdata": [[_label(one), _label(other), need] for one, other, need in zip(asked, told, shown, strict=True)],
        "hovertemplate": "t %{x}: next is “%{customdata[0]}”"
        + ("" if said is None else ", said “%{customdata[1]}”")
        + "<br>last tokens needed: <b>%{customdata[2]}</b><extra></extra>",
    }
    layout = base_layout(theme, height=NEED_PX) | {"margin": {"l": 56, "r": 12, "t": 26, "b": 52}, "bargap": 0.25}
    names = [f"{token_label(encoding, line, t)}<br>→ {_label(one)}" for t, one in zip(steps, asked, strict=True)]
    layout["xaxis"] = _still(theme) | {
        "tickvals": list(steps),
        "ticktext": names,
        "tickfont": {"color": theme.axis["V"], "size": 15},
        "range": [steps.start - 0.6, steps.start + columns - 0.4],
        "tickangle": 0,
        "showgrid": False,
    }
    layout["yaxis"] = _still(theme) | {
        "title": {"text": "last tokens needed", "standoff": 6},
        "range": [0, 1.14 * max(2, *heights)],
        "dtick": max(1, max(heights) // 5),
    }
    if said is not None:
        layout["annotations"] = [
            _mark(t, height, RIGHT_MARK if ok else f"{WRONG_MARK} {_label(one)}", theme.ink if ok else theme.wrong)
            for t, height, ok, one in zip(steps, heights, right, told, strict=True)
        ]
    return go.Figure({"data": [bars], "layout": layout})


def _heights(needs: Sequence[int | None]) -> list[int]:
    """The bars' heights; what nothing decides is one taller than all that is decided."""
    tallest = max((need for need in needs if need is not None), default=1)
    return [tallest + 1 if need is None else need for need in needs]


def _mark(x: int, y: int, text: str, color: str) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "yanchor": "bottom", "font": {"size": 14, "color": color}}


def _still(theme: Theme) -> dict[str, Any]:
    return {"gridcolor": theme.grid, "zeroline": False, "fixedrange": True, "tickfont": {"color": theme.quiet}}


def _label(token: str) -> str:
    return escaped(visible(token))


def ceiling_figure(ceiling_K: Sequence[float], accuracy: float | None, theme: Theme, *, words: str) -> go.Figure:
    """The best share of next tokens by how many last tokens one sees, from 1 on, and the network's own; without a size.

    Args: accuracy: the network's share, or None where it is asked for something else. words: whose it is.
    """
    count = len(ceiling_K)
    steps: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(1, count + 1)),
        "y": list(ceiling_K),
        "line": {"color": theme.axis["T"], "width": 2.5, "shape": "hv"},
        "marker": {"size": 8},
        "hovertemplate": f"%{{x}} last tokens: at best <b>%{{y:{HOVER_PERCENT}}}</b><extra></extra>",
    }
    low = min(0.5, *ceiling_K, 0.5 if accuracy is None else accuracy)
    layout = base_layout(theme, height=CEILING_PX) | {"margin": {"l": 64, "r": 12, "t": 14, "b": 48}}
    layout["xaxis"] = _still(theme) | {
        "title": {"text": "last tokens seen", "standoff": 8},
        "dtick": max(1, count // 8),
        "range": [0.7, max(2, count) + 0.3],
        "showgrid": False,
    }
    layout["yaxis"] = _still(theme) | {
        "title": {"text": "best share right", "standoff": 6},
        "tickformat": TICK_PERCENT,
        "range": [max(0.0, low - 0.12), 1.04],
    }
    if accuracy is not None:
        layout["shapes"] = [_level(accuracy, words, theme.wrong)]
    return go.Figure({"data": [steps], "layout": layout})


def _level(height: float, words: str, color: str) -> dict[str, Any]:
    """A line across the chart, and its name."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": height,
        "y1": height,
        "line": {"color": color, "width": 2, "dash": "dash"},
        "label": {"text": words, "textposition": "middle", "yanchor": "top", "font": {"color": color}},
    }


def states_figure(states: StateMap, theme: Theme, *, token: str | None, reach: float) -> go.Figure:
    """The states of all real steps in the plane, each a dot named by the token read; one token's joined in text order.

    The figure is square; one unit is as long on both axes.

    Args:
        token: whose occurrences are joined and coloured from the start of the text to its end, or None.
        reach: how far the axes reach on each side.
    """
    chosen = states.occurrences(token) if token is not None else []
    others = [place for place in range(len(states.read)) if place not in set(chosen)]
    traces = [_points(states, others, {"color": theme.quiet, "size": 15})]
    if chosen:
        line = {"color": theme.grid, "width": 2}
        xy_P2 = states.xy_P2[chosen]
        traces.append(
            {"type": "scatter", "mode": "lines", "x": xy_P2[:, 0], "y": xy_P2[:, 1], "line": line, "hoverinfo": "skip"}
        )
        disc = {
            "textposition": "middle center",
            "marker": {
                "size": 30,
                "color": list(range(len(chosen))),
                "colorscale": [[0, theme.axis["B"]], [1, theme.axis["T"]]],
            },
        }
        names = [f"{_label(states.read[place])}<sub>{states.step_P[place]}</sub>" for place in chosen]
        traces.append(_points(states, chosen, {"color": theme.page, "size": 15}) | disc | {"text": names})
    layout = base_layout(theme, height=MAP_PX, width=MAP_PX + 60) | {"margin": {"l": 60, "r": 12, "t": 12, "b": 48}}
    axis = _still(theme) | {"range": [-reach, reach]}
    layout["xaxis"] = axis | {"title": {"text": _component(states, 0), "standoff": 6}}
    layout["yaxis"] = axis | {"title": {"text": _component(states, 1), "standoff": 6}, "scaleanchor": "x"}
    return go.Figure({"data": traces, "layout": layout})


def units_figure(
    trace: Trace,
    encoding: Encoding,
    theme: Theme,
    *,
    line: int,
    steps: range,
    units: Sequence[int],
    shares: DoubleArray,
    words: Mapping[str, str],
) -> go.Figure:
    """The text, coloured by one feature of ``output`` after the other; a row's label ends in what it separates.

    Args:
        units: the features that are shown, in order. shares: η² of every feature, 0…1.
        words: "title" of the chart and "row", what its rows are.
    """
    panel = Panel(
        title=words["title"],
        values=trace.output_BTF[line, steps.start : steps.stop][:, list(units)].T,
        column_labels=token_labels(encoding, line, steps),
        row_labels=tuple(f"{unit} · {format_percent(shares[unit])}" for unit in units),
        hovers=token_hovers(encoding, line, steps),
        first_column=steps.start,
    )
    axes = Axes(column_title="time step t", column_axis="T", row_title=words["row"], row_axis="F")
    reach = signed_reach(trace.output_BTF)
    return stacked_heatmaps(
        [panel], axes, theme, reach=reach, label_lines=2, label_px=112, column_px=COLUMN_PX, min_columns=6, rows_px=360
    )


def _points(states: StateMap, places: Sequence[int], font: Mapping[str, Any]) -> dict[str, Any]:
    said = [
        [
            f"t {states.step_P[place]}, line {states.line_P[place]}: “{_label(states.read[place])}”"
            f" → “{_label(states.asked[place])}”"
        ]
        for place in places
    ]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "marker": {"size": 4, "color": font["color"]},
        "textposition": "top center",
        "x": states.xy_P2[list(places), 0],
        "y": states.xy_P2[list(places), 1],
        "text": [_label(states.read[place]) for place in places],
        "textfont": dict(font),
        "customdata": said,
        "hovertemplate": f"%{{customdata[0]}}<br>%{{x:{HOVER_SHORT}}}, %{{y:{HOVER_SHORT}}}<extra></extra>",
    }


def _component(states: StateMap, number: int) -> str:
    return f"component {number + 1}, {format_percent(states.explained_2[number])} of the variance"


def map_reach(*maps: StateMap) -> float:
    """How far the axes of ``states_figure`` must reach to show all of ``maps``, at least a little."""
    return 1.12 * max(1e-3, *(float(np.abs(states.xy_P2).max()) for states in maps))
