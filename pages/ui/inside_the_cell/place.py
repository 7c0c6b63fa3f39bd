"""The place that *Inside the cell* looks at, moved by sliders, arrow keys, search and clicks, kept in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.ui import given, view
from pages.ui.components.live_chart import Pick
from pages.ui.components.moves import moves
from pages.ui.cursor import choose_row, move_to
from pages.ui.i18n import _
from rnn_core import Encoding, Trace, Trainer
from rnn_core.cursor import Cursor
from rnn_core.figures.microscope import unrolled_figure
from rnn_core.figures.theme import Theme
from rnn_core.microscope import Microscope, layer_of
from rnn_core.text import visible
from rnn_core.trace import LayerTrace

STEPS = 20
UNITS = 12
"""How many steps and units are shown around the cursor."""

COLUMN_PX = 38
"""So wide is a column that STEPS of them are as wide as a page of 1280 px has room for. The two states of an LSTM stand
side by side where both have room, and one below the other else."""

ROWS_PX = 216
SHARE = 0.4
"""What the unrolled state may take of a desk's height, in px, and of a window's: one sees the equations with it."""


def choose_cursor(trainer: Trainer, trace: Trace) -> tuple[Cursor, list[int]]:
    """Draws the controls; returns the hidden value that they name, and all units in the order of the rows.

    Args:
        trace: of the network that is looked at.
    """
    config, encoding = trainer.config, trainer.encoding
    row = choose_row(config, encoding)
    line = row.line
    here = layer_of(trace, row.layer, row.direction)
    varied = st.session_state.get("by_variance", False)
    units = by_variance(here, line) if varied else list(range(config.units))
    steps = int(encoding.length_B[line])
    with st.container(horizontal=True, vertical_alignment="bottom", key="place"):
        step = _slide("t", _("time step t"), steps)
        unit = _slide("unit", _("unit j"), config.units)
        moves(step=step, unit=unit, steps=steps, units=units, on_move=move_to, words=_move_words())
        with st.container(width=150):
            tokens = tuple(visible(token) for token in encoding.inputs[line])
            st.selectbox(
                _("next"),
                list(dict.fromkeys(tokens)),
                index=None,
                placeholder=_("find a token"),
                key="find",
                on_change=_find,
                args=(tokens,),
                label_visibility="collapsed",
            )
        if config.units > 1:
            st.toggle(_("rows by variance"), key="by_variance", help=_("The unit that varies most over time on top."))
    return replace(row, step=step, unit=unit), units


def _move_words() -> dict[str, str]:
    return {
        "left": "t − 1",
        "right": "t + 1",
        "up": _("one row up"),
        "down": _("one row down"),
        "group": _("Move the cursor"),
    }


def show_unrolled(
    here: LayerTrace, encoding: Encoding, scope: Microscope, theme: Theme, *, order: Sequence[int]
) -> tuple[range, list[int]]:
    """The hidden state over time, and the cell state of an LSTM beside it; a click moves the cursor.

    Args:
        order: all units in the order of the rows.
    Returns: the steps and the units that are shown.
    """
    cursor, picture = scope.cursor, st.container()
    steps, rows = view.windows(
        view.Part(
            key="steps_shown",
            words=_("time steps shown"),
            size=here.h_BTH.shape[1],
            width=STEPS,
            center=cursor.step,
        ),
        view.Part(
            key="rows_shown",
            words=_("units shown"),
            size=len(order),
            width=UNITS,
            center=order.index(cursor.unit),
        ),
    )
    units = list(order[rows.start : rows.stop])

    def pick(place: Pick) -> None:
        if place.column < encoding.length_B[cursor.line]:
            move_to(place.column, units[place.row])

    words = {"h": _("hidden state around step {t}"), "c": _("cell state around step {t}")}
    shown = {
        "unrolled" if state == "h" else f"unrolled_{state}": view.Chart(
            figure=unrolled_figure(
                here,
                encoding,
                scope,
                theme,
                steps=steps,
                units=units,
                state=state,
                column_px=COLUMN_PX,
                rows_px=ROWS_PX,
            ),
            alt=alt.format(t=cursor.step),
            on_pick=pick,
        )
        for state, alt in words.items()
        if state == "h" or here.c_BTH is not None
    }
    with picture:
        view.charts("unrolled_row", shown, columns=steps, share=SHARE)
    return steps, units


def by_variance(here: LayerTrace, line: int) -> list[int]:
    """All units, the one that varies most along ``line`` first."""
    order: list[int] = np.argsort(-here.h_BTH[line].var(axis=0), kind="stable").tolist()
    return order


def _slide(key: str, label: str, size: int) -> int:
    """A slider over 0…size−1, not drawn where there is only one."""
    if size == 1:
        return 0
    if st.session_state.get(key, 0) >= size:
        given.give(key, size - 1)
    return st.slider(f"{label}, 0…{size - 1}", 0, size - 1, 0, key=key, persist_state="session")


def _find(tokens: tuple[str, ...]) -> None:
    """Moves t to the next step that reads the chosen token, from the start again after the last."""
    if given.is_old("find"):
        return
    wanted, now = st.session_state["find"], st.session_state.get("t", 0)
    places = [step for step, token in enumerate(tokens) if token == wanted]
    if places:
        given.give("t", next((place for place in places if place > now), places[0]))
    given.give("find", None)
