"""A Comparison becomes figures: bands of loss and accuracy over the epochs, and the first epoch with all right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from rnn_core.comparison import Band, Lane
from rnn_core.figures.bounded_axis import Above, find_above, note_above
from rnn_core.figures.loss_axis import limit_nats, loss_axis
from rnn_core.figures.theme import Theme, base_layout, escaped
from rnn_core.numbers import HOVER_SHORT, TICK_PERCENT
from rnn_core.progress import State

BAND_PX = 300
ROW_PX = 44
STRIP_EDGE_PX = 56
OPACITY = 0.16
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_AXES = "TBVHS"
_MARKS = ("circle", "square", "diamond", "cross", "triangle-up", "star")

NOT_YET, DIVERGED = "not yet", "diverged"
_NOT_YET_AT, _DIVERGED_AT = 1.2, 1.5
"""Where those stand that were not all right by the last epoch, and those that have diverged, in all epochs."""


def color_of(number: int, theme: Theme) -> str:
    """The colour of config ``number``; its dash and its mark differ as well."""
    return theme.axis[_AXES[number]] if number < len(_AXES) else theme.quiet


def bands_figure(
    bands: Sequence[Band],
    names: Sequence[str],
    theme: Theme,
    *,
    title: str,
    last: int,
    share: bool,
    above: str = "",
) -> go.Figure:
    """The median of each config as a line and its quartiles as a band, over epochs 0…``last``; without a width.

    Args:
        title: of the vertical axis. share: whether values are shares, 0…1.
        above: what is above the axis of losses in words, see ``losses_beyond``; "" where nothing is.
    """
    traces: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        color = color_of(number, theme)
        edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        group = {"legendgroup": str(number)}
        traces += [
            edge | group,
            edge | group | {"fill": "tonexty", "fillcolor": _pale(color)},
            {
                "type": "scatter",
                "mode": "lines",
                "name": escaped(name),
                "line": {"color": color, "width": 2.5, "dash": _DASHES[number]},
                "hovertemplate": f"epoch %{{x}}<br><b>%{{y:{HOVER_SHORT}}}</b><extra>" + escaped(name) + "</extra>",
            }
            | group,
        ]
    data = [trace | points for trace, points in zip(traces, band_points(bands), strict=True)]
    layout = base_layout(theme, height=BAND_PX) | {"margin": {"l": 60, "r": 12, "t": 8, "b": 48}, "hovermode": "x"}
    axis = {"gridcolor": theme.grid, "zeroline": False, "fixedrange": True, "tickfont": {"color": theme.quiet}}
    layout["xaxis"] = axis | {"title": {"text": "epoch", "standoff": 8}, "range": [0, last], "showgrid": False}
    layout["yaxis"] = axis | {"title": {"text": title, "standoff": 6}}
    layout["yaxis"] |= (
        {"range": [0, 1.03], "tickformat": TICK_PERCENT} if share else {"rangemode": "tozero"} | loss_axis()
    )
    layout |= bands_layout(above, theme)
    layout |= {"showlegend": not share}
    layout["legend"] = {"x": 0.99, "xanchor": "right", "y": 0.99, "bgcolor": "rgba(0,0,0,0)"}
    return go.Figure({"data": data, "layout": layout})


def losses_beyond(lanes: Sequence[Lane]) -> Above | None:
    """Return which losses of all runs so far are above the axis of ``bands_figure``."""
    return find_above(limit_nats(logarithmic=False), *(lane.loss_EK for lane in lanes))


def bands_layout(above: str, theme: Theme) -> dict[str, Any]:
    """Return the part of the layout of ``bands_figure`` of losses that follows them: what is ``above`` the axis."""
    return {"annotations": note_above(above, theme)}


def band_points(bands: Sequence[Band]) -> list[dict[str, Any]]:
    """The points of ``bands_figure``'s traces: of each band its lower edge, its upper edge and its middle."""
    return [
        {"x": band.epoch_E.astype(np.uint16), "y": values_E.astype(np.float32)}
        for band in bands
        for values_E in (band.low_E, band.high_E, band.median_E)
    ]


def first_right_figure(
    lanes: Sequence[Lane], names: Sequence[str], theme: Theme, *, title: str, last: int
) -> go.Figure:
    """Build the figure of the first epoch at which all that counts was right: a dot a run, a row a config; no width.

    A config has two traces: the runs that were right, and the others, whose hover label has no epoch while they go on.

    Args: title: of the horizontal axis.
    """
    points = iter(first_right_points(lanes, last=last))
    traces: list[dict[str, Any]] = []
    for row, (lane, name) in enumerate(zip(lanes, names, strict=True)):
        runs = len(lane.seeds)
        spread = np.linspace(-0.28, 0.28, runs) if runs > 1 else np.zeros(1)
        dots = {
            "type": "scatter",
            "mode": "markers",
            "marker": {"color": color_of(row, theme), "symbol": _MARKS[row], "size": 11, "opacity": 0.75},
            "y": (row + spread).astype(np.float32),
        }
        end = "<extra>" + escaped(name) + "</extra>"
        right = {
            "customdata": [[str(seed)] for seed in lane.seeds],
            "hovertemplate": "seed %{customdata[0]}: <b>epoch %{x}</b>" + end,
        }
        other = {"customdata": _outcomes(lane), "hovertemplate": "seed %{customdata[0]}: <b>%{customdata[1]}</b>" + end}
        traces += [dots | right | next(points), dots | other | next(points)]
    layout = base_layout(theme, height=STRIP_EDGE_PX + ROW_PX * len(lanes))
    layout |= {"margin": {"l": 120, "r": 12, "t": 8, "b": 48}}
    axis = {"gridcolor": theme.grid, "zeroline": False, "fixedrange": True, "tickfont": {"color": theme.quiet}}
    ticks = np.unique(np.linspace(0, last, 5).round().astype(int)).tolist()
    layout["xaxis"] = axis | {
        "title": {"text": title, "standoff": 8},
        "range": [-0.03 * last, 1.68 * last],
        "tickvals": [*ticks, _NOT_YET_AT * last, _DIVERGED_AT * last],
        "ticktext": [*map(str, ticks), NOT_YET, DIVERGED],
        "tickangle": 0,
    }
    layout["yaxis"] = axis | {
        "tickvals": list(range(len(lanes))),
        "ticktext": [escaped(name) for name in names],
        "tickfont": {"color": theme.ink, "size": 14},
        "range": [len(lanes) - 0.5, -0.5],
    }
    return go.Figure({"data": traces, "layout": layout})


def first_right_points(lanes: Sequence[Lane], *, last: int) -> list[dict[str, Any]]:
    """Return the x of ``first_right_figure``'s traces, which is all that an update changes.

    A run that is under way and not yet right is nowhere.
    """
    found: list[list[float]] = []
    for lane in lanes:
        right = [np.nan if first is None else first for first in lane.first_right]
        missed = [_NOT_YET_AT * last if lane.done and first is None else np.nan for first in lane.first_right]
        other = [
            place if lost is None else _DIVERGED_AT * last for place, lost in zip(missed, lane.diverged_at, strict=True)
        ]
        found += [right, other]
    return [{"x": np.array(x, np.float32)} for x in found]


def _outcomes(lane: Lane) -> list[list[str]]:
    """Return of each run its seed and what became of it, where it was never right.

    A run that is under way may diverge at any epoch: until then its label names no epoch.
    """
    states = lane.states or (State.UNTRAINED,) * len(lane.seeds)
    return [
        [str(seed), _outcome(lane, state, lost)]
        for seed, state, lost in zip(lane.seeds, states, lane.diverged_at, strict=True)
    ]


def _outcome(lane: Lane, state: State, lost: int | None) -> str:
    if lost is not None:
        return f"{DIVERGED} at epoch {lost}"
    if not lane.done:
        return DIVERGED
    return f"{NOT_YET} right: the loss still falls" if state is State.IMPROVING else "never right"


def _pale(color: str) -> str:
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{OPACITY})"
