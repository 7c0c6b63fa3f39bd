"""The cursor that all pages share: one hidden value, and the controls for where it is."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.ui import given
from pages.ui.i18n import _
from rnn_core import Encoding, RunConfig
from rnn_core.cursor import CURSOR_KEYS, Cursor, end_cursor, parse_cursor
from rnn_core.trace import Direction

_START = Cursor()
_DEFAULTS = dict(
    zip(CURSOR_KEYS, map(str, (_START.line, _START.layer, _START.direction, _START.step, _START.unit)), strict=True)
)
"""What CURSOR_KEYS are where a link does not say; a control does not say it either."""


def move_to(step: int, unit: int) -> None:
    """Puts the cursor on a step and a unit."""
    given.give("t", step)
    given.give("unit", unit)


def read(step: int) -> None:
    """Puts the cursor on a step."""
    given.give("t", step)


def put(*, layer: int, direction: Direction, line: int, step: int, unit: int) -> None:
    """Puts the cursor, from any page, on a hidden value."""
    given.give("b", line)
    given.give("layer", layer)
    given.give("direction", str(direction))
    move_to(step, unit)


def arrive(query: Mapping[str, object], config: RunConfig) -> dict[str, str]:
    """Put the cursor where a link names it; return what of it is refused: a sentence by key.

    Args:
        query: strings by key, or lists of them where a key is repeated; keys of no cursor are passed over.
    """
    found, wrong = parse_cursor(query, config)
    if query.keys() & set(CURSOR_KEYS) - wrong.keys():
        put(layer=found.layer, direction=found.direction, line=found.line, step=found.step, unit=found.unit)
    return wrong


def look_at(config: RunConfig, line: int, step: int, feature: int) -> None:
    """Puts the cursor, from any page, on the hidden value that is a feature of ``output``."""
    direction, unit = divmod(feature, config.units)
    put(layer=config.num_layers - 1, direction=list(Direction)[direction], line=line, step=step, unit=unit)


def look_at_end(config: RunConfig, encoding: Encoding, row: int, column: int, unit: int) -> None:
    """Puts the cursor, from any page, on the hidden value that is ``h_n[row, column, unit]``."""
    end = end_cursor(config, encoding, row, column, unit)
    put(layer=end.layer, direction=end.direction, line=end.line, step=end.step, unit=end.unit)


def marked() -> tuple[int, int] | None:
    """Line and step of the cursor, or None before one was put anywhere."""
    return (st.session_state.get("b", 0), st.session_state["t"]) if "t" in st.session_state else None


def step(encoding: Encoding) -> int:
    """The time step of the cursor, within the text; the last one before the cursor was put anywhere."""
    last = encoding.ids_BT.shape[1] - 1
    wanted: int = st.session_state.get("t", last)
    return wanted if wanted < last else last


def place(config: RunConfig) -> tuple[int, int, int, int] | None:
    """Row of h_n, line, step and unit of the cursor, or None before one was put anywhere."""
    found = marked()
    if found is None:
        return None
    state = st.session_state
    direction = list(Direction).index(Direction(state.get("direction") or Direction.FORWARD))
    return state.get("layer", 0) * config.directions + direction, *found, state.get("unit", 0)


def choose_row(config: RunConfig, encoding: Encoding) -> Cursor:
    """Draws the controls for line, layer and direction, each where there is more than one; the cursor at step 0."""
    directions = [str(direction) for direction in Direction][: config.directions]
    with st.container(horizontal=True, vertical_alignment="bottom", key="cursor"):
        line = _pick("b", _("line b"), len(encoding.lines))
        layer = _pick("layer", _("layer"), config.num_layers)
        direction = directions[0]
        if len(directions) > 1:
            direction = (
                st.segmented_control(
                    _("direction"),
                    directions,
                    default=direction,
                    required=True,
                    key="direction",
                    persist_state="session",
                )
                or direction
            )
    return Cursor(line=line, layer=layer, direction=Direction(direction))


def _pick(key: str, label: str, size: int) -> int:
    """A small number, not drawn where there is only one."""
    if size == 1:
        return 0
    options = list(range(size))
    if st.session_state.get(key, 0) not in options:
        st.session_state[key] = options[-1]
    picked = st.segmented_control(label, options, default=0, required=True, key=key, persist_state="session")
    return picked or 0


def link_to_it() -> None:
    """A link to *Inside the cell*; nothing before the cursor was put anywhere."""
    if marked():
        st.page_link(
            "inside_the_cell.py",
            label=_("Open the marked number"),
            icon=":material/frame_inspect:",
            width="content",
        )


def to_query(config: RunConfig) -> dict[str, str]:
    """The parts of the cursor that differ from the default, by their keys in a link; none that ``config`` has not."""
    said = {key: str(st.session_state.get(key) or default) for key, default in _DEFAULTS.items()}
    _found, wrong = parse_cursor(said, config)
    return {key: value for key, value in said.items() if value != _DEFAULTS[key] and key not in wrong}
