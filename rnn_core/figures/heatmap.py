"""A stack of matrices becomes one figure: the first axis of a tensor downwards, a panel for each of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from rnn_core.figures.theme import Theme, base_layout
from rnn_core.numbers import HOVER, format_significant

COLUMN_PX = 44
MIN_COLUMNS = 3
MAX_ROW_PX = 32
EASY_ROW_PX = 20
MIN_ROW_PX = 5
ROWS_PX = 620
TITLE_PX = 26
LABEL_PX = 26
AXIS_TITLE_PX = 26
PANEL_GAP_PX = 16
LABEL_GAP_PX = 6
BAR_PX = 58
TITLE_END_PX = 24
BAR_END_PX = 8
EDGE_PX = 4
RING_PX = 3
NUMBER_PX = 13
NUMBERED_COLUMNS = 26
NUMBERED_ROW_PX = 17
HOVERED_CELLS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A frame around cells; rows and columns each from start up to, not with, stop, as the panel counts them.

    Attributes:
        dash: Plotly's name of the line's style; ``DASHES`` has the sign of each, which a title names it by.
    """

    columns: tuple[int, int]
    rows: tuple[int, int]
    dash: str = "solid"


DASHES: Mapping[str, str] = MappingProxyType({"solid": "━", "dash": "╍", "dot": "┈"})
"""A sign for each style of a ring's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One matrix with its labels.

    Attributes:
        title: what the matrix is ("output[0]").
        values: (rows, columns); nan where there is no cell.
        column_labels, row_labels: one for each; labels are shown to the letter.
        hovers: what the pointer says of each column beside its number; () for nothing.
        rings: frames around cells.
        first_column, first_row: the index of the first that is shown, where the matrix is part of a larger one.
    """

    title: str
    values: npt.NDArray[np.float32]
    column_labels: tuple[str, ...]
    row_labels: tuple[str, ...]
    hovers: tuple[str, ...] = ()
    rings: tuple[Ring, ...] = ()
    first_column: int = 0
    first_row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What columns and rows are: their title and the axis letter that gives their colour."""

    column_title: str
    column_axis: str
    row_title: str
    row_axis: str


def stacked_heatmaps(
    panels: Sequence[Panel],
    axes: Axes,
    theme: Theme,
    *,
    reach: float | None,
    label_lines: int = 1,
    label_px: int = 48,
    column_px: int = COLUMN_PX,
    min_columns: int = MIN_COLUMNS,
    rows_px: int = ROWS_PX,
    decimals: int = 2,
    bar: bool = True,
) -> go.Figure:
    """One figure of all ``panels``, equal columns and rows, one colour scale.

    Args:
        reach: the scale is diverging and goes from −reach to reach; None: it is sequential and goes from 0 to 1.
        label_lines: how many lines a column label has.
        label_px: the room for row labels. column_px: the width of a column. min_columns: for how many there is room.
        rows_px: the height of all rows together while they stay easy to read, ROWS_PX at most.
        decimals: how many are printed in the cells.
        bar: whether the colour bar is drawn.
    Returns: a figure of its natural width; numbers stand in the cells while they fit, in a colour that contrasts.
    """
    rows = sum(len(panel.row_labels) for panel in panels)
    columns = max(min_columns, *(len(panel.column_labels) for panel in panels))
    easy = min(EASY_ROW_PX, ROWS_PX / rows)
    row_px = int(np.clip(max(rows_px / rows, easy), MIN_ROW_PX, MAX_ROW_PX))
    head_px = TITLE_PX + LABEL_PX * label_lines
    heights = [head_px + len(panel.row_labels) * row_px for panel in panels]
    height = sum(heights) + PANEL_GAP_PX * (len(panels) - 1) + AXIS_TITLE_PX + EDGE_PX
    right = BAR_PX if bar else TITLE_END_PX
    layout = base_layout(theme, height=height, width=label_px + right + column_px * columns)
    layout |= {"margin": {"l": label_px, "r": right, "t": AXIS_TITLE_PX, "b": EDGE_PX}, "shapes": [], "annotations": []}
    layout["coloraxis"] = color_range(reach) | {
        "showscale": bar,
        "colorscale": theme.unit if reach is None else theme.signed,
    }
    drawn = height - AXIS_TITLE_PX - EDGE_PX
    layout["coloraxis"]["colorbar"] |= _bar_look(theme, drawn)
    tops = np.cumsum([0, *(h + PANEL_GAP_PX for h in heights)])
    numbered = columns <= NUMBERED_COLUMNS and row_px >= NUMBERED_ROW_PX
    traces = []
    for number, (panel, (top, after)) in enumerate(zip(panels, pairwise(tops), strict=True), start=1):
        low, high = (after - PANEL_GAP_PX) / drawn, (top + head_px) / drawn
        suffix = "" if number == 1 else str(number)
        layout[f"xaxis{suffix}"] = _column_axis(panel, columns, column_px, theme.axis[axes.column_axis], f"y{suffix}")
        layout[f"yaxis{suffix}"] = _row_axis(panel, row_px, theme.axis[axes.row_axis]) | {
            "domain": [max(0.0, 1 - low), 1 - high],
            "anchor": f"x{suffix}",
        }
        layout["annotations"].append(_title(panel, 1 - top / drawn, theme))
        layout["shapes"] += [_frame(ring, panel, suffix, theme) for ring in panel.rings]
        traces.append(_heatmap(panel, suffix, axes, decimals=decimals if numbered else None))
    layout["annotations"] += _axis_titles(axes, theme)
    return go.Figure({"data": traces, "layout": layout})


def _heatmap(panel: Panel, suffix: str, axes: Axes, *, decimals: int | None) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": panel.values,
        "x0": panel.first_column,
        "dx": 1,
        "y0": panel.first_row,
        "dy": 1,
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "coloraxis": "coloraxis",
        "xgap": 1,
        "ygap": 1,
        "hoverongaps": False,
    }
    if decimals is not None:
        trace["textfont"] = {"size": NUMBER_PX}
        trace["texttemplate"] = f"%{{z:.{0 if _whole(panel.values) else decimals}f}}"
    where = f"{axes.column_title} %{{x}}, {axes.row_title} %{{y}}"
    if panel.hovers and panel.values.size <= HOVERED_CELLS:
        # A column's label would be said as well, line break and all, where %{x} stands: its index stands there instead.
        hovers = [f"{index}<br>{words}" for index, words in enumerate(panel.hovers, start=panel.first_column)]
        trace["customdata"] = [hovers] * len(panel.row_labels)
        where = f"{axes.row_title} %{{y}}, {axes.column_title} %{{customdata}}"
    trace["hovertemplate"] = f"{where}<br><b>%{{z:{HOVER}}}</b><extra>{panel.title}</extra>"
    return trace


def _whole(values: npt.NDArray[np.float32]) -> bool:
    return bool(np.all((values == np.round(values)) | np.isnan(values)))


def signed_reach(*arrays: npt.NDArray[np.float32]) -> float:
    """How far a diverging scale must reach for ``arrays``: their largest magnitude, at least 1."""
    return max([1.0, *(float(np.max(np.abs(f))) for array in arrays if (f := array[np.isfinite(array)]).size)])


def color_range(reach: float | None) -> dict[str, Any]:
    """The part of a colour axis that follows the values."""
    if reach is None:
        return {"cmin": 0, "cmax": 1, "colorbar": {"tickvals": [0, 0.5, 1], "ticktext": ["0", "0.5", "1"]}}
    names = [format_significant(value, digits=3) for value in (-reach, 0, reach)]
    ticks = {"tickvals": [-reach, 0, reach], "ticktext": names}
    return {"cmin": -reach, "cmax": reach, "colorbar": ticks}


def _bar_look(theme: Theme, drawn: int) -> dict[str, Any]:
    return {
        "thickness": 10,
        "outlinewidth": 0,
        "lenmode": "pixels",
        "len": min(160, drawn - 2 * BAR_END_PX),
        "y": 1 - BAR_END_PX / drawn,
        "yanchor": "top",
        "ypad": 0,
        "x": 1,
        "xpad": 12,
        "tickfont": {"color": theme.quiet, "size": 12},
        "ticks": "",
    }


def _column_axis(panel: Panel, columns: int, column_px: int, color: str, anchor: str) -> dict[str, Any]:
    first, edge = panel.first_column, 0.5 + RING_PX / 2 / column_px
    axis = _axis(panel.column_labels, first, color)
    return axis | {"side": "top", "anchor": anchor, "range": [first - edge, first + columns - 1 + edge]}


def _row_axis(panel: Panel, row_px: int, color: str) -> dict[str, Any]:
    first = panel.first_row
    edge = 0.5 + RING_PX / 2 / row_px
    return _axis(panel.row_labels, first, color) | {"range": [first + len(panel.row_labels) - 1 + edge, first - edge]}


def _axis(labels: tuple[str, ...], first: int, color: str) -> dict[str, Any]:
    return {
        "tickmode": "array",
        "tickvals": list(range(first, first + len(labels))),
        "ticktext": list(labels),
        "tickangle": 0,
        "tickfont": {"color": color, "size": 15},
        "ticks": "",
        "ticklabelstandoff": LABEL_GAP_PX,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "automargin": False,
    }


def _title(panel: Panel, y: float, theme: Theme) -> dict[str, Any]:
    return {
        "text": f"<b>{panel.title}</b>",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "paper",
        "yanchor": "top",
        "showarrow": False,
        "font": {"color": theme.ink, "size": 14},
    }


def _axis_titles(axes: Axes, theme: Theme) -> list[dict[str, Any]]:
    common = {"xref": "paper", "yref": "paper", "showarrow": False, "y": 1, "yanchor": "bottom"}
    return [
        common
        | {
            "text": f"{axes.column_title} →",
            "x": 0,
            "xanchor": "left",
            "font": {"color": theme.axis[axes.column_axis], "size": 13},
        },
        common
        | {
            "text": f"{axes.row_title} ↓" if axes.row_title else "",
            "x": 0,
            "xanchor": "right",
            "xshift": -LABEL_GAP_PX,
            "font": {"color": theme.axis[axes.row_axis], "size": 13},
        },
    ]


def _frame(ring: Ring, panel: Panel, suffix: str, theme: Theme) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": f"x{suffix}",
        "yref": f"y{suffix}",
        "x0": panel.first_column + ring.columns[0] - 0.5,
        "x1": panel.first_column + ring.columns[1] - 0.5,
        "y0": panel.first_row + ring.rows[0] - 0.5,
        "y1": panel.first_row + ring.rows[1] - 0.5,
        "line": {"color": theme.ink, "width": RING_PX, "dash": ring.dash},
        "fillcolor": "rgba(0,0,0,0)",
        "layer": "above",
    }
