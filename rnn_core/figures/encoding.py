"""An Encoding becomes a figure: the one-hot matrix of each line, a column a step, a row a token of the vocabulary."""

from __future__ import annotations

import plotly.graph_objects as go

from rnn_core.encoding import Encoding
from rnn_core.figures.heatmap import Axes, Panel, stacked_heatmaps
from rnn_core.figures.theme import Theme, escaped
from rnn_core.figures.trace import NAMED_COLUMNS, token_hovers, token_labels
from rnn_core.text import visible

_AXES = Axes(column_title="time step t (axis 1 of x)", column_axis="T", row_title="v (axis 2)", row_axis="V")


def one_hot_figure(encoding: Encoding, theme: Theme, *, lines: range, steps: range) -> go.Figure:
    """x[b].T for each line b of ``lines``: one column a step of ``steps``, one row a token of the vocabulary.

    x is (B, T, V); its time runs across, as one reads, and so its last axis runs down, as the axis titles say.
    """
    rows = tuple(f"{escaped(visible(token))}  {index}" for index, token in enumerate(encoding.vocabulary.tokens))
    panels = []
    for line in lines:
        hovers = zip(token_hovers(encoding, line, steps), encoding.ids_BT[line, steps.start : steps.stop], strict=True)
        panels.append(
            Panel(
                title=f"x[{line}]",
                values=encoding.x_BTV[line, steps.start : steps.stop].T,
                column_labels=token_labels(encoding, line, steps),
                row_labels=rows,
                hovers=tuple(f"{words}, id {index}" for words, index in hovers),
                first_column=steps.start,
            )
        )
    return stacked_heatmaps(
        panels, _AXES, theme, reach=None, label_lines=2, label_px=92, min_columns=NAMED_COLUMNS, bar=False
    )
