"""The figure of a cell: drawn as SVG, stepped through and pointed at in the browser, without a round trip.

A CellDiagram and the vector of each of its parts flow in; the number that was clicked flows out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.browser import script, typed
from rnn_core.diagram import CellDiagram, Part, Wire
from rnn_core.figures.theme import Theme
from rnn_core.trace import FloatArray

LARGEST = 1.75
"""How many times as large as on a desk the figure may become."""

CARD, HEIGHT, GAP, BETWEEN = 112.0, 78.0, 22.0, 18.0
"""Width and height of a part, and what is left free between two columns and two rows, in px."""

SHARED = 32.0
"""What the shared wires take below the gates, in px."""

OUT = 90.0
"""What is handed on takes right of the last column, in px."""

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "rnn_cell",
    html='<div class="rnn-cell-figure"></div>',
    js=script("numbers.js", "svg.js", "feed.js", "take.js", "take_svg.js", _HERE / "cell.js"),
    isolate_styles=False,
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """What was clicked: a part, and the number of its vector where it was one."""

    part: str
    index: int | None


def cell_figure(
    diagram: CellDiagram,
    values: Mapping[str, FloatArray],
    before: Mapping[str, FloatArray],
    theme: Theme,
    *,
    key: str,
    unit: int,
    reaches: Mapping[str, float],
    notes: Mapping[str, str],
    out: Mapping[str, tuple[str, str]],
    words: Mapping[str, str],
    on_pick: Callable[[Clicked], None],
) -> None:
    """Mounts the figure.

    Args:
        values: the vector of each part. before: what those were that an edit moved; the others are not in it.
        unit: the one whose numbers are printed. reaches: of the colours' scales of "h" and "c".
        notes: what stands beside a name, by part. out: two lines at the end of what is handed on, by part.
        words: every word and sentence; see ``cell.js``.
        on_pick: what a click does, before the script runs again.
    """
    width, height = size(diagram)
    parts = [
        {
            "id": part.id,
            "name": part.name,
            "does": part.does,
            "order": part.order,
            "gate": part.gate,
            "axis": part.axis,
            "scales": part.scales,
            "sources": [wire.source for wire in diagram.wires if wire.target == part.id],
            "at": corner(part),
            "note": notes.get(part.id, ""),
            "values": typed(values[part.id]),
            "before": typed(before[part.id]) if part.id in before else None,
        }
        for part in diagram.parts
    ]
    axes = {part.id: part.axis for part in diagram.parts}
    wires = [
        {"source": wire.source, "target": wire.target, "axis": axes[wire.source], "points": route(diagram, wire)}
        for wire in diagram.wires
    ]
    data = {
        "name": key,
        "parts": parts,
        "wires": wires,
        "out": [{"source": name, "points": leave(diagram, name), "lines": out[name]} for name in diagram.handed_on],
        "size": [width, height],
        "card": [CARD, HEIGHT],
        "unit": unit,
        "reaches": dict(reaches),
        "theme": {"scale": theme.signed, "unit": theme.unit, "axis": dict(theme.axis)},
        "words": dict(words),
    }
    scale = f"clamp(1px, 100cqw / {width:g}, {LARGEST}px)"

    def picked() -> None:
        clicked: Any = st.session_state[key].picked
        if clicked is not None:
            index = clicked["index"]
            on_pick(Clicked(part=str(clicked["part"]), index=None if index is None else int(index)))

    with st.container(key=f"{key}_place", gap=None):
        st.html(f"<style>#root .st-key-{key}{{--px:{scale};--figure-height:calc({height:g} * {scale})}}</style>")
        _component(key=key, data=data, on_picked_change=picked)


def size(diagram: CellDiagram) -> tuple[float, float]:
    """Width and height of the whole figure."""
    columns = 1 + max(part.column for part in diagram.parts)
    rows = 1 + max(part.row for part in diagram.parts)
    shared = SHARED if any(wire.shared for wire in diagram.wires) else 0
    return columns * (CARD + GAP) + OUT, rows * HEIGHT + (rows - 1) * BETWEEN + shared + 4


def corner(part: Part) -> Point:
    """The upper left corner of a part."""
    return part.column * (CARD + GAP) + 2, part.row * (HEIGHT + BETWEEN) + 2


def route(diagram: CellDiagram, wire: Wire) -> list[Point]:
    """The corners of a wire, from the edge of its source to that of its target.

    A shared wire runs below everything, x below h. A wire up turns at the height of its target, one down at that of its
    source: so what feeds a row comes in from the left.
    """
    (part,) = (part for part in diagram.parts if part.id == wire.source)
    (target,) = (part for part in diagram.parts if part.id == wire.target)
    (x, y), (to_x, to_y) = corner(part), corner(target)
    right, mid, half = x + CARD, x + CARD / 2, y + HEIGHT / 2
    to_mid, to_half = to_x + CARD / 2, to_y + HEIGHT / 2
    if wire.shared:
        reads = wire.source == "x"
        bottom = size(diagram)[1] - SHARED
        below = bottom + SHARED * (0.75 if reads else 0.4)
        turn, into = right + GAP * (0.3 if reads else 0.65), to_mid + (-14 if reads else 14)
        return [(right, half), (turn, half), (turn, below), (into, below), (into, to_y + HEIGHT)]
    if part.row == target.row:
        return [(right, half), (to_x, to_half)]
    if part.column == target.column:
        return [(mid, y), (mid, to_y + HEIGHT)] if part.row > target.row else [(mid, y + HEIGHT), (mid, to_y)]
    if part.row > target.row:
        return [(mid, y), (mid, to_half), (to_x, to_half)]
    return [(right, half), (to_mid, half), (to_mid, to_y)]


def leave(diagram: CellDiagram, name: str) -> list[Point]:
    """The corners of what leaves the cell to the right."""
    (part,) = (part for part in diagram.parts if part.id == name)
    x, y = corner(part)
    return [(x + CARD, y + HEIGHT / 2), (size(diagram)[0] - OUT + 4, y + HEIGHT / 2)]
