"""The cursor of *Inside the cell*: one hidden value, moved by sliders, arrow keys and search, kept in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.ui.i18n import _
from rnn_core import Trace, Trainer, trace_forward
from rnn_core.cursor import Cursor
from rnn_core.model import CharRNN
from rnn_core.text import visible
from rnn_core.trace import Direction, LayerTrace
from rnn_core.whatif import Edit, Edited, edited

STEPS = 20
UNITS = 12
_SCENE = "inside_scene"
_EDITS = "edits"


def choose_cursor(trainer: Trainer) -> Cursor:
    """Draws the controls and returns the hidden value that they name."""
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
    steps = int(encoding.length_B[line])
    left, right = st.columns(2, gap="medium")
    with left:
        step = _slide("t", _("time step t"), steps)
    with right:
        unit = _slide("unit", _("unit j"), config.units)
    with st.container(horizontal=True, vertical_alignment="bottom", key="moves"):
        for label, key, by, size in (("t − 1", "t", -1, steps), ("t + 1", "t", 1, steps)):
            st.button(label, on_click=_move, args=(key, by, size), shortcut="Left" if by < 0 else "Right")
        for label, key, by, size in (("j − 1", "unit", -1, config.units), ("j + 1", "unit", 1, config.units)):
            st.button(label, on_click=_move, args=(key, by, size), shortcut="Up" if by < 0 else "Down")
        st.selectbox(
            _("next"),
            [visible(token) for token in encoding.vocabulary.tokens],
            index=None,
            placeholder=_("find a token"),
            key="find",
            on_change=_find,
            args=(tuple(visible(token) for token in encoding.inputs[line]),),
            label_visibility="collapsed",
            width=180,
        )
    return Cursor(line=line, layer=layer, direction=Direction(direction), step=step, unit=unit)


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


def choose_epoch(trainer: Trainer) -> int:
    """The epoch whose weights are looked at: the present one, unless the slider says another."""
    if trainer.epoch == 0:
        st.caption(_("The untrained network: *Train* has made no update yet."))
        return 0
    return st.slider(_("weights as of epoch, 0…{now}").format(now=trainer.epoch), 0, trainer.epoch, trainer.epoch)


def edits(trainer: Trainer) -> list[Edit]:
    """The edits made on this config; another config has none."""
    config, made = st.session_state.setdefault(_EDITS, (trainer.config, []))
    if config != trainer.config:
        config, made = st.session_state[_EDITS] = (trainer.config, [])
    found: list[Edit] = made
    return found


def shown_units(here: LayerTrace, cursor: Cursor, *, by_variance: bool) -> list[int]:
    """At most UNITS units around the cursor, in their own order or the most varied first."""
    h_TH = here.h_BTH[cursor.line]
    order = np.argsort(-h_TH.var(axis=0), kind="stable").tolist() if by_variance else list(range(h_TH.shape[1]))
    start = around(order.index(cursor.unit), len(order), UNITS).start
    return order[start : start + UNITS]


def around(center: int, size: int, width: int) -> range:
    """``width`` indices of 0…size−1 around ``center``, moved inward at the ends."""
    start = max(0, min(center - width // 2, size - width))
    return range(start, min(size, start + width))


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


def _move(key: str, by: int, size: int) -> None:
    st.session_state[key] = max(0, min(size - 1, st.session_state.get(key, 0) + by))


def _find(tokens: tuple[str, ...]) -> None:
    """Moves t to the next step that reads the chosen token, from the start again after the last."""
    wanted, now = st.session_state["find"], st.session_state.get("t", 0)
    places = [step for step, token in enumerate(tokens) if token == wanted]
    if places:
        st.session_state["t"] = next((place for place in places if place > now), places[0])
    st.session_state["find"] = None
