"""An Encoding becomes a figure: the one-hot matrix of each line, token and id above every column."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import Axes, Panel, stacked_heatmaps
from rnn_core.figures.theme import Theme, escaped
from rnn_core.text import visible

_AXES = Axes(column_title="time step t", column_axis="T", row_title="token, id", row_axis="V")


def one_hot_figure(encoding: Encoding, theme: Theme, *, lines: range, steps: range) -> go.Figure:
    """x[b].T for each line b of ``lines``: one column a step of ``steps``, one row a token of the vocabulary."""
    rows = tuple(f"{escaped(visible(token))}  {index}" for index, token in enumerate(encoding.vocabulary.tokens))
    panels = []
    for line in lines:
        tokens = encoding.inputs[line]
        labels = tuple(
            f"{escaped(visible(tokens[t]) if t < len(tokens) else '·')}<br>{encoding.ids_BT[line, t]}" for t in steps
        )
        panels.append(
            Panel(
                title=f"x[{line}]",
                values=encoding.x_BTV[line, steps.start : steps.stop].T,
                column_labels=labels,
                row_labels=rows,
                first_column=steps.start,
            )
        )
    return stacked_heatmaps(panels, _AXES, theme, reach=None, label_lines=2, label_px=84, bar=False)
