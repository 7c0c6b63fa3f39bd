"""What a figure draws, read back from it: its matrices, labels, titles and rings, and what the pointer says."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

Cell = tuple[int, int]


@dataclass(frozen=True)
class DrawnRing:
    """A frame: the matrix that it is drawn on, the cells (column, row) inside, and the style of its line."""

    panel: int
    cells: frozenset[Cell]
    dash: str


def maps(figure: go.Figure) -> list[Any]:
    return [trace for trace in figure.data if trace.type == "heatmap"]


def axis(figure: go.Figure, name: str) -> Any:
    """The axis that a trace calls "x2"."""
    return figure.layout[f"{name[0]}axis{name[1:]}"]


def column_labels(figure: go.Figure, panel: int = 0) -> list[str]:
    return list(axis(figure, maps(figure)[panel].xaxis).ticktext)


def row_labels(figure: go.Figure, panel: int = 0) -> list[str]:
    return list(axis(figure, maps(figure)[panel].yaxis).ticktext)


def titles(figure: go.Figure) -> list[str]:
    """The title of each matrix."""
    return [note.text[3:-4] for note in figure.layout.annotations if note.text.startswith("<b>")]


def axis_titles(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations if not note.text.startswith("<b>")]


def rings(figure: go.Figure) -> list[DrawnRing]:
    panel_of = {(trace.xaxis, trace.yaxis): panel for panel, trace in enumerate(maps(figure))}
    found = []
    for shape in figure.layout.shapes:
        columns = range(math.ceil(shape.x0), math.ceil(shape.x1))
        rows = range(*sorted((math.ceil(shape.y0), math.ceil(shape.y1))))
        cells = frozenset((column, row) for column in columns for row in rows)
        found.append(DrawnRing(panel_of[shape.xref, shape.yref], cells, shape.line.dash))
    return found


def ringed_cells(figure: go.Figure) -> list[set[Cell]]:
    """The cells inside the frames of each matrix."""
    cells: list[set[Cell]] = [set() for _ in maps(figure)]
    for ring in rings(figure):
        cells[ring.panel] |= ring.cells
    return cells


def ring_rooms(figure: go.Figure) -> list[float]:
    """For each edge of each ring: the pixels from the outer edge of its line to the end of its axis."""
    layout, rooms = figure.layout, []
    for shape in layout.shapes:
        pixels = {
            "x": layout.width - layout.margin.l - layout.margin.r,
            "y": layout.height - layout.margin.t - layout.margin.b,
        }
        for name, first, last in ((shape.xref, shape.x0, shape.x1), (shape.yref, shape.y0, shape.y1)):
            here = axis(figure, name)
            low, high = sorted(here.range)
            start, end = here.domain or (0, 1)
            scale = pixels[name[0]] * (end - start) / (high - low)
            rooms += [
                (edge * scale) - shape.line.width / 2 for edge in (min(first, last) - low, high - max(first, last))
            ]
    return rooms


def pointer(figure: go.Figure, panel: int, column: int, row: int) -> str:
    """What Plotly shows over a cell, ``column`` and ``row`` counted from the first that is drawn.

    Where an axis has a label for a number, ``%{x}`` is that label.
    """
    trace = maps(figure)[panel]
    words: dict[str, object] = {
        "x": axis(figure, trace.xaxis).ticktext[column],
        "y": axis(figure, trace.yaxis).ticktext[row],
        "z": np.asarray(trace.z)[row, column],
    }
    if trace.customdata is not None:
        words["customdata"] = np.array(trace.customdata, dtype=object)[row, column]
    return re.sub(r"%\{(\w+)[^}]*\}", lambda found: str(words[found[1]]), trace.hovertemplate)
