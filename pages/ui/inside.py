"""The cursor of *Inside the cell*: one hidden value, moved by sliders, arrow keys and search, kept in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.ui import view
from pages.ui.i18n import _
from pages.ui.live_chart import Pick
from pages.ui.moves import moves
from rnn_core import Encoding, RunConfig, Trace, Trainer, trace_forward
from rnn_core.cursor import Cursor
from rnn_core.figures.heatmap import COLUMN_PX
from rnn_core.figures.microscope import unrolled_figure
from rnn_core.figures.theme import Theme
from rnn_core.microscope import Microscope, layer_of
from rnn_core.model import CharRNN
from rnn_core.text import visible
from rnn_core.trace import Direction, LayerTrace
from rnn_core.whatif import Edit, Edited, edited, with_edit

STEPS = 18
UNITS = 12
"""How many steps and units are shown around the cursor."""

BESIDE_STEPS = 8
BESIDE_PX = 38
"""How many steps, and how wide a column, where two states stand side by side."""

ROWS_PX = 216
SHARE = 0.4
"""What the unrolled state may take of a desk's height, in px, and of a window's: one sees the equations with it."""

_SCENE = "inside_scene"
_EDITS = "edits"


def choose_cursor(trainer: Trainer, trace: Trace) -> tuple[Cursor, list[int]]:
    """Draws the controls; returns the hidden value that they name, and all units in the order of the rows.

    Args:
        trace: of the network that is looked at.
    """
    config, encoding = trainer.config, trainer.encoding
    directions = [str(direction) for direction in Direction][: config.directions]
    with st.container(horizontal=True, vertical_alignment="bottom", key="cursor"):
        line = _pick("b", _("line b"), len(encoding.lines))
        layer = _pick("layer", _("layer"), config.num_layers)
        direction = directions[0]
        if len(directions) > 1:
            direction = (
                st.segmented_control(
                    _("direction"), directions, default=direction, required=True, key="direction", bind="query-params"
                )
                or direction
            )
    here = layer_of(trace, layer, Direction(direction))
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
    return Cursor(line=line, layer=layer, direction=Direction(direction), step=step, unit=unit), units


def move_to(step: int, unit: int) -> None:
    """Puts the cursor on a step and a unit."""
    st.session_state["t"], st.session_state["unit"] = step, unit


def look_at(config: RunConfig, line: int, step: int, feature: int) -> None:
    """Puts the cursor, from any page, on the hidden value that is a feature of ``output``."""
    direction, unit = divmod(feature, config.units)
    st.session_state["b"], st.session_state["layer"] = line, config.num_layers - 1
    st.session_state["direction"] = str(list(Direction)[direction])
    move_to(step, unit)


def marked() -> tuple[int, int] | None:
    """Line and step of the cursor, or None before one was put anywhere."""
    return (st.session_state.get("b", 0), st.session_state["t"]) if "t" in st.session_state else None


def _move_words() -> dict[str, str]:
    return {
        "left": "t − 1",
        "right": "t + 1",
        "up": _("one row up"),
        "down": _("one row down"),
        "group": _("Move the cursor"),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A network at one epoch, what it does, and what it does once edited.

    Attributes:
        model, before: the network as trained, and its trace.
        edited, after: network and text with the edits, and their trace; the same numbers where there are no edits.
    """

    model: CharRNN
    before: Trace
    edited: Edited
    after: Trace


def scene(trainer: Trainer, epoch: int, made: Sequence[Edit]) -> Scene:
    """The Scene of ``trainer``'s network at ``epoch``; kept until config, epoch or edits change."""
    wanted = (trainer.config, epoch, tuple(made))
    held_for, held = st.session_state.get(_SCENE, (None, None))
    if held_for != wanted:
        if held_for and held_for[:2] == wanted[:2]:
            model, before = held.model, held.before
        else:
            model = trainer.model_at(epoch)
            before = trace_forward(model, trainer.encoding)
        what_if = edited(model, trainer.encoding, made)
        after = trace_forward(what_if.model, what_if.encoding, h_0=what_if.h_0) if made else before
        held = Scene(model=model, before=before, edited=what_if, after=after)
        st.session_state[_SCENE] = wanted, held
    found: Scene = held
    return found


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
            width=STEPS if here.c_BTH is None else BESIDE_STEPS,
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
                column_px=COLUMN_PX if here.c_BTH is None else BESIDE_PX,
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


def edits(config: RunConfig) -> tuple[Edit, ...]:
    """The edits made on this config; another config has none."""
    edited_config, made = st.session_state.get(_EDITS, (None, ()))
    found: tuple[Edit, ...] = made if edited_config == config else ()
    return found


def make(config: RunConfig, edit: Edit) -> None:
    """Makes one more edit on this config; one of the same place gives way to it."""
    st.session_state[_EDITS] = config, with_edit(edits(config), edit)


def undo(config: RunConfig) -> None:
    """Takes the last edit back."""
    st.session_state[_EDITS] = config, edits(config)[:-1]


def undo_all() -> None:
    """Takes every edit back."""
    st.session_state.pop(_EDITS, None)


def by_variance(here: LayerTrace, line: int) -> list[int]:
    """All units, the one that varies most along ``line`` first."""
    order: list[int] = np.argsort(-here.h_BTH[line].var(axis=0), kind="stable").tolist()
    return order


def _pick(key: str, label: str, size: int) -> int:
    """A small number, not drawn where there is only one."""
    if size == 1:
        return 0
    options = list(range(size))
    picked = st.segmented_control(label, options, default=0, required=True, key=key, bind="query-params")
    return picked or 0


def _slide(key: str, label: str, size: int) -> int:
    """A slider over 0…size−1, not drawn where there is only one."""
    if size == 1:
        return 0
    if st.session_state.get(key, 0) >= size:
        st.session_state[key] = size - 1
    return st.slider(f"{label}, 0…{size - 1}", 0, size - 1, 0, key=key, bind="query-params")


def _find(tokens: tuple[str, ...]) -> None:
    """Moves t to the next step that reads the chosen token, from the start again after the last."""
    wanted, now = st.session_state["find"], st.session_state.get("t", 0)
    places = [step for step, token in enumerate(tokens) if token == wanted]
    if places:
        st.session_state["t"] = next((place for place in places if place > now), places[0])
    st.session_state["find"] = None
