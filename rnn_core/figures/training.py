"""A training becomes a figure: the loss of every epoch."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from rnn_core.figures.theme import Theme, base_layout
from rnn_core.history import LossCurve


def loss_figure(curve: LossCurve, theme: Theme) -> go.Figure:
    """The loss in nats over the epochs, with both in the hover label; an epoch whose loss is not finite is a gap.

    The figure has no size of its own: it fills its place.
    """
    layout = base_layout(theme)
    line = {"gridcolor": theme.grid, "zeroline": False, "linecolor": theme.grid, "tickfont": {"color": theme.quiet}}
    layout |= {
        "margin": {"l": 56, "r": 12, "t": 8, "b": 44},
        "hovermode": "x",
        "uirevision": "loss",
        "dragmode": "zoom",
        "xaxis": line | {"title": {"text": "epoch", "standoff": 8}, "showgrid": False, **_including(0, 10)},
        "yaxis": line | {"title": {"text": "loss (nats)", "standoff": 8}, **_including(0)},
    }
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "line": {"color": theme.axis["T"], "width": 2},
        "marker": {"size": 5},
        "hovertemplate": "epoch %{x}<br>loss <b>%{y:.9~g}</b> nats<extra></extra>",
    }
    return go.Figure({"data": [trace | loss_points(curve)], "layout": layout})


def _including(*values: float) -> dict[str, Any]:
    return {"autorange": True, "autorangeoptions": {"include": list(values)}}


def loss_points(curve: LossCurve) -> dict[str, Any]:
    """The points of ``loss_figure``: x, the epoch, and y, the loss."""
    return {"x": curve.epoch_E, "y": curve.loss_E}
