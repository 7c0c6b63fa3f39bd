"""What was pressed, carried out in the body of the script, once the config of this run is known.

A callback runs before the script's body, and ``state.config()`` is then still the config of the run before. So a
callback keeps an act, and the body carries it out: what a person changed first counts first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.ui.uninterrupted import uninterrupted

_KEPT = "wishes"

RUN = "run"
"""The place of what needs no more than the config: before the page is drawn."""


def later(act: Callable[..., None], *args: object, at: str = RUN) -> None:
    """Keep ``act`` until ``carry_out`` is called for the place ``at``. For a callback."""
    st.session_state.setdefault(_KEPT, []).append((at, act, args))


def carry_out(at: str = RUN, *more: Any) -> None:
    """Carry out what was kept for the place ``at``, the oldest first, with the arguments ``more`` behind its own.

    An act draws nothing, and no request ends the run before it is done.
    """
    with uninterrupted():
        kept = st.session_state.get(_KEPT, [])
        st.session_state[_KEPT] = [wish for wish in kept if wish[0] != at]
        for place, act, args in kept:
            if place == at:
                act(*args, *more)


def drop() -> None:
    """Drop what no place of the whole page has carried out."""
    st.session_state.pop(_KEPT, None)
