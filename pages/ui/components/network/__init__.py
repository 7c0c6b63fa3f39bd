"""The picture of the network: drawn once, as SVG; numbers, head and pointer move in the browser, without a round trip.

A Picture, its numbers and a theme flow in; the cell that was clicked, and the step where reading rests, flow out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from pages.ui.components.browser import script, typed
from pages.ui.components.frames import mounted
from rnn_core import Encoding
from rnn_core.figures.theme import Theme
from rnn_core.figures.trace import RING_DASHES
from rnn_core.picture import Kind, Node, Picture
from rnn_core.steps import Said
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray

LARGEST = 1.75
"""How many times as large as on a desk the picture may become."""

NUMBERED_PX = 30
"""The width of a cell from which on there is room for a number."""

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "rnn_network",
    html='<div class="rnn-network"></div>',
    js=script("numbers.js", "svg.js", "stride.js", "feed.js", "take.js", "take_svg.js", _HERE / "network.js"),
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cell that was clicked."""

    layer: int
    direction: Direction
    line: int
    step: int
    unit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """Whose losses go back: those of a line; and the row of h_n in which the sentence says how they fade."""

    line: int
    row: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes of a picture at its natural scale, in px.

    Attributes:
        cell, row: width of a strip, and height of one of its cells. gap: between two columns. between: two levels.
        token, said, label: heights of a token, of what is said, and of a name above a strip. gutter: left of all.
    """

    cell: float
    row: float
    gap: float
    between: float = 24
    token: float = 42
    said: float = 58
    label: float = 20
    gutter: float = 92

    @property
    def numbered(self) -> bool:
        """Whether a cell is wide enough for a number."""
        return self.cell >= NUMBERED_PX

    @classmethod
    def of(cls, picture: Picture) -> Sizes:
        """So that numbers fit while there are few, and all is seen at once while it can be."""
        steps, units = len(picture.steps), picture.units
        columns = len({node.column for node in picture.nodes})
        cell, gap = (40.0, 17.0 if columns <= 14 else 13.0) if steps <= 26 else (18.0, 10.0)
        row = 17.0 if units <= 9 else 15.0 if units <= 16 else max(1.5, 200 / units)
        return cls(cell, row, gap)


def network(
    picture: Picture,
    values: FloatArray,
    said: Mapping[int, Said],
    encoding: Encoding,
    theme: Theme,
    *,
    key: str,
    reach: float,
    cell_reach: float | None = None,
    head: int,
    cursor: tuple[int, int, int, int] | None,
    words: Mapping[str, str],
    on_pick: Callable[[Place], None] | None = None,
    on_rest: Callable[[int], None] | None = None,
    back: Back | None = None,
) -> None:
    """Mounts the picture.

    Args:
        values: float32 (P, H), of ``picture.strips``; with ``back`` (K, P, H), for each step that is shown what its
            loss asks of them. said: what is said on each line that is shown.
        reach: of the colours' scale. cell_reach: of the scale of c, where it is drawn. head: the step that is read.
        cursor: row of h_n, line, step and unit that are marked.
        words: every word and sentence; see ``network.js``.
        on_pick, on_rest: what a click on a cell does, and a head that has come to rest, before the script runs again.
        back: that the picture shows gradients on their way back, in the place of the states; None for the states.
    """
    sizes = Sizes.of(picture)
    boxes, width, height = _boxes(picture, sizes)
    tokens = {
        line: [
            [visible(read), int(encoding.ids_BT[line, t]), visible(asked)]
            for t, (read, asked) in enumerate(zip(encoding.inputs[line], encoding.targets[line], strict=True))
        ]
        for line in picture.lines
    }
    nodes = [
        asdict(node) | dict(zip(("x", "y", "width", "height"), box, strict=True))
        for node, box in zip(picture.nodes, boxes, strict=True)
    ]
    data = {
        "name": key,
        "nodes": nodes,
        "edges": [[edge.source, edge.target, edge.carries] for edge in picture.edges],
        "tokens": tokens,
        "units": picture.units,
        "steps": [picture.steps.start, picture.steps.stop],
        "lines": list(picture.lines),
        "sizes": asdict(sizes) | {"width": width, "height": height},
        "numbered": sizes.numbered,
        "theme": {"scale": theme.signed, "axis": dict(theme.axis), "ink": theme.ink},
        "dashes": {str(direction): dash for direction, dash in RING_DASHES.items()},
        "head": head,
        "cursor": cursor,
        "words": dict(words),
        "levels": _levels(picture, boxes, words, numbered=sizes.numbered),
        "picks": on_pick is not None,
        "back": back is not None,
        **({} if back is None else asdict(back)),
        **network_patch(values, said, reach=reach, cell_reach=cell_reach),
        **mounted(),
    }
    scale = f"clamp(1px, 100cqw / {width:g}, {LARGEST}px)"
    st.html(f"<style>#root .st-key-{key}{{--px:{scale};--network-height:calc({height:g} * {scale})}}</style>")

    def picked() -> None:
        place = st.session_state[key].picked
        if place is not None and on_pick is not None:
            on_pick(
                Place(
                    layer=int(place["layer"]),
                    direction=Direction(place["direction"]),
                    line=int(place["line"]),
                    step=int(place["step"]),
                    unit=int(place["unit"]),
                )
            )

    def rested() -> None:
        step = st.session_state[key].head
        if step is not None and on_rest is not None:
            on_rest(int(step))

    with st.container(key=f"{key}_place"):
        _component(key=key, data=data, on_picked_change=picked, on_head_change=rested)


def network_patch(
    values: FloatArray, said: Mapping[int, Said], *, reach: float, cell_reach: float | None = None
) -> dict[str, Any]:
    """What one frame changes: the numbers of all strips, their scales, and what is said."""
    return {
        "values": typed(values),
        "reach": reach,
        **({} if cell_reach is None else {"cell_reach": cell_reach}),
        "said": {
            line: {
                "tokens": [visible(token) for token in one.tokens],
                "wrong": np.flatnonzero(one.wrong_T).tolist(),
                "probability": typed(one.probability_T),
            }
            for line, one in said.items()
        },
    }


def _levels(
    picture: Picture, boxes: Sequence[tuple[float, float, float, float]], words: Mapping[str, str], *, numbered: bool
) -> list[dict[str, Any]]:
    """What stands left of each level of each line: its name, where, and the axis whose colour it has.

    Of a strip also "h" or "c": the scale of its colours, whose range stands below the name.

    Args:
        numbered: whether probabilities are printed; without them their row has no name.
    """
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for node, (_x, y, _width, height) in zip(picture.nodes, boxes, strict=True):
        match node.kind:
            case Kind.TOKEN:
                labels = [(y + 18, words["token"], "V")]
            case Kind.SAID:
                names = (words["said"], words["probability"], words["asked"])
                labels = [(y + down, name, "V") for down, name in zip((16, 33, 52), names, strict=True)]
                labels = [label for label in labels if numbered or label[1] != words["probability"]]
            case Kind.STATE | Kind.CELL:
                labels = [(y + height / 2 + 4, _strip_name(node, words), "H")]
            case _:
                continue
        found[node.band, node.level] = [
            {"y": y, "text": text, "axis": axis, "state": node.state} for y, text, axis in labels
        ]
    return [label for labels in found.values() for label in labels]


def _strip_name(node: Node, words: Mapping[str, str]) -> str:
    """What a level of strips is called: of which layer and direction, and whether it is h or c."""
    assert node.direction is not None
    arrow = {Direction.FORWARD: "→", Direction.BACKWARD: "←"}[node.direction]
    return words["layer" if node.kind is Kind.STATE else "cell"].format(layer=node.layer, arrow=arrow)


def _boxes(picture: Picture, sizes: Sizes) -> tuple[list[tuple[float, float, float, float]], float, float]:
    """x, y, width and height of every node, and the width and height of all."""
    strip = picture.units * sizes.row
    tops, total = {}, sizes.label
    bands = sorted({node.band for node in picture.nodes})
    for band in bands:
        tops[band] = total
        inner = 0 <= band < len(picture.lines)
        height = picture.levels * strip + (picture.levels - 1) * (sizes.between + sizes.label)
        if inner:
            height += sizes.token + sizes.said + 2 * sizes.between + sizes.label
        total += height + sizes.between
    first = min(node.column for node in picture.nodes)
    last = max(node.column for node in picture.nodes)
    pitch = sizes.cell + sizes.gap
    boxes = []
    for node in picture.nodes:
        x, y = sizes.gutter + (node.column - first) * pitch, tops[node.band]
        inner = 0 <= node.band < len(picture.lines)
        above = (picture.levels - node.level) * (strip + sizes.between + sizes.label)
        if inner:
            above += sizes.said + sizes.between + sizes.label
        if node.kind is Kind.SAID:
            boxes.append((x, y, sizes.cell, sizes.said))
        elif node.kind is Kind.TOKEN:
            whole = sizes.said + 2 * sizes.between + sizes.label + picture.levels * strip
            whole += (picture.levels - 1) * (sizes.between + sizes.label)
            boxes.append((x, y + whole, sizes.cell, sizes.token))
        else:
            boxes.append((x, y + above, sizes.cell, strip))
    return boxes, sizes.gutter + (last - first) * pitch + sizes.cell + sizes.gap, total
