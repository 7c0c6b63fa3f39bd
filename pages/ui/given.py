"""Values that the script gives to controls, and which of the browser's values are older than they.

The browser sends the value of every control with every request. A request that it sent before it received what the
script gave a control has the control's old value, and Streamlit takes that for a change by a person. So the script
numbers what it gives, and a control that nobody sees gives the number back: with a request that has a smaller number, a
control that still has its old value has not been changed.

The browser draws a control only once it has loaded the JavaScript of that kind of control, and takes its value from the
latest run. So a value is sent in every run until a request contains a value of the control.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.ui.uninterrupted import uninterrupted

_NUMBER = "given_number"
_RECEIVED = "received"
_GIVEN = "given"
_PAGE = "page_of_the_run"
_IS_NEW = "page_is_new"

_STATE = "_state"
"""Where Streamlit 1.67 keeps what a request contains; tests/browser/test_late_controls.py holds it to that."""

RECEIVED = _RECEIVED
"""The key of the control that gives the number back; style.css hides it."""

History = list[tuple[int, Any]]
"""The values of one control that the browser may still have, the oldest first, each with the number it was given under;
the last is the present one, and the only one where the browser had none before."""


def give(key: str, value: Any) -> None:
    """Give the control ``key`` a value, in a callback or before it is drawn in this run."""
    settle()
    given: dict[str, History] = st.session_state.setdefault(_GIVEN, {})
    if key not in st.session_state:  # the browser has no value of it
        given[key] = [(_next_number(), value)]
        st.session_state[key] = value
        return
    had = st.session_state[key]
    if had == value:
        if st.session_state.get(_IS_NEW):  # a control that is drawn for the first time takes what this run assigns only
            given.setdefault(key, [(_next_number(), value)])
            st.session_state[key] = value
        return
    given[key] = [*given.get(key, [(0, had)]), (_next_number(), value)]
    st.session_state[key] = value


def begin(page: str) -> None:
    """Start a run of the script that draws ``page``: note whether its controls are new, and settle."""
    with uninterrupted():
        st.session_state[_IS_NEW] = st.session_state.get(_PAGE) != page
        settle()


def end(page: str) -> None:
    """Note that ``page`` has been drawn to its end: its controls are not new in the next run."""
    st.session_state[_PAGE] = page


def is_old(key: str) -> bool:
    """Return whether the browser's value of ``key`` in this run is older than what the script gave it."""
    history: History = st.session_state.get(_GIVEN, {}).get(key, [])
    received = _received()
    had = st.session_state.get(key)
    pairs = pairwise(history)
    return (
        bool(history) and had != history[-1][1] and any(had == old and received < new for (_n, old), (new, _v) in pairs)
    )


def settle() -> None:
    """Give each control again what the browser had not received when it sent this request; at the start of the script.

    What a person has changed meanwhile stays changed, and is given to the control as well: what the script gave before
    may reach the browser after it.
    """
    given: dict[str, History] = st.session_state.get(_GIVEN, {})
    received = _received()
    for key, history in list(given.items()):
        if _is_in_this_run(key):
            continue
        number, value = history[-1]
        if key not in st.session_state or (_is_drawn(key) and (len(history) == 1 or number <= received)):
            del given[key]
            continue
        if number <= received:
            history = given[key] = history[-1:]
        if is_old(key) or st.session_state[key] == value:
            st.session_state[key] = value
        elif len(history) == 1:  # nothing older is on its way
            del given[key]
        else:
            changed = st.session_state[key]
            given[key] = [*history, (_next_number(), changed)]
            st.session_state[key] = changed


def acknowledge() -> None:
    """Draw the control that gives the number back, behind all others: what it has received, they have received."""
    st.session_state[_IS_NEW] = False
    st.session_state[_RECEIVED] = st.session_state.get(_NUMBER, 0)
    with st.sidebar, st.container(key=f"{_RECEIVED}_place"):
        st.number_input(_RECEIVED, key=_RECEIVED, step=1, label_visibility="collapsed")


def _next_number() -> int:
    number: int = st.session_state.get(_NUMBER, 0) + 1
    st.session_state[_NUMBER] = number
    return number


def _is_in_this_run(key: str) -> bool:
    """Return whether this run has drawn the control ``key``, which takes no other value then."""
    context = get_script_run_ctx()
    return context is not None and key in context.shared.widget_user_keys_this_run


def _is_drawn(key: str) -> bool:
    """Return whether this request contains a value of the control ``key``: the browser has drawn it."""
    context = get_script_run_ctx()
    if context is None:
        return True
    state = object.__getattribute__(context.session_state, _STATE)
    return state._key_id_mapper.get_id_from_key(key) in state._new_widget_state.states


def _received() -> int:
    """Return the number that this request gives back."""
    number: int = st.session_state.get(_RECEIVED) or 0
    return number
