"""A training becomes a figure: the loss of every epoch."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from rnn_core.figures.bounded_axis import Above, find_above, note_above
from rnn_core.figures.loss_axis import limit_nats, loss_axis
from rnn_core.figures.theme import Theme, base_layout
from rnn_core.history import LossCurve
from rnn_core.numbers import HOVER, format_number


def loss_figure(
    curve: LossCurve,
    theme: Theme,
    *,
    beside: LossCurve | None = None,
    floor: float | None = None,
    logarithmic: bool = False,
    last: int | None = None,
    above: str = "",
) -> go.Figure:
    """The loss in nats over the epochs, with both in the hover label; an epoch whose loss is not finite is a gap.

    The figure has no size of its own: it fills its place.

    Args:
        beside: another curve, set back behind this one: it is the first trace then.
        floor: a loss that is marked by a line: none falls below it.
        logarithmic: whether equal ratios of losses are equally far apart.
        last: the last epoch that is shown, or None for all.
        above: what is above the axis in words, see ``losses_beyond``; "" where nothing is.
    """
    layout = base_layout(theme)
    line = {"gridcolor": theme.grid, "zeroline": False, "linecolor": theme.grid, "tickfont": {"color": theme.quiet}}
    layout |= {
        "margin": {"l": 56, "r": 12, "t": 8, "b": 44},
        "hovermode": "x",
        "uirevision": "loss",
        "dragmode": "zoom",
        "xaxis": line
        | {"title": {"text": "epoch", "standoff": 8}, "showgrid": False}
        | (_including(0, 10) if last is None else {"autorange": False, "range": [-0.03 * last, 1.03 * last]}),
        "yaxis": line | {"title": {"text": "loss (nats)", "standoff": 8}} | loss_axis(logarithmic=logarithmic),
    }
    layout |= loss_layout(above, theme)
    if floor is not None:
        layout["shapes"] = [_floor_line(floor, theme, above=logarithmic)]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "line": {"color": theme.axis["T"], "width": 2},
        "marker": {"size": 5},
        "hovertemplate": f"epoch %{{x}}<br>loss <b>%{{y:{HOVER}}}</b> nats<extra></extra>",
    }
    data = [trace | loss_points(curve)]
    if beside is not None:
        quiet = {"mode": "lines", "line": {"color": theme.quiet, "width": 1.5, "dash": "dot"}, "marker": {}}
        data.insert(0, trace | quiet | loss_points(beside))
    return go.Figure({"data": data, "layout": layout})


def _floor_line(floor: float, theme: Theme, *, above: bool) -> dict[str, Any]:
    """The line, and its label where the curve is not: above it where a scale has no room below its lowest value."""
    place = {"textposition": "end", "yanchor": "bottom" if above else "top", "padding": 6}
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": floor,
        "y1": floor,
        "line": {"color": theme.quiet, "width": 1.5, "dash": "dash"},
        "label": place | {"text": f"floor {format_number(floor)}", "font": {"color": theme.quiet, "size": 13}},
    }


def _including(*values: float) -> dict[str, Any]:
    return {"autorange": True, "autorangeoptions": {"include": list(values)}}


def losses_beyond(curve: LossCurve, *, beside: LossCurve | None = None, logarithmic: bool = False) -> Above | None:
    """Return which losses are above the axis of ``loss_figure``: of each epoch, and once where both curves agree."""
    losses = [curve.every_loss_E]
    if beside is not None:
        both = min(len(curve.every_loss_E), len(beside.every_loss_E))
        same = curve.every_loss_E[:both] == beside.every_loss_E[:both]
        losses += [beside.every_loss_E[:both][~same], beside.every_loss_E[both:]]
    return find_above(limit_nats(logarithmic=logarithmic), *losses)


def loss_layout(above: str, theme: Theme) -> dict[str, Any]:
    """Return the part of ``loss_figure``'s layout that follows its losses: what is ``above`` the axis is stated."""
    return {"annotations": note_above(above, theme)}


def loss_points(curve: LossCurve) -> dict[str, Any]:
    """The points of ``loss_figure``: x, the epoch, and y, the loss."""
    return {"x": curve.epoch_E, "y": curve.loss_E}
