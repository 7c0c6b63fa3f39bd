"""How many frames a session was sent, by which start of the server: what is drawn after frames is new to the browser.

Streamlit hands a component its data only where they differ from those it was last given; but what stands there was
moved by frames since, and may be far from them. A server that was started again begins without frames in a page that
has seen some.
"""

from __future__ import annotations

import secrets

import streamlit as st

_SENT = "frames_sent"
_STARTED = secrets.token_hex(4)
"""Of this start of the server."""


def count_frame() -> None:
    """Takes down that a frame is sent."""
    st.session_state[_SENT] = st.session_state.get(_SENT, 0) + 1


def after_frames() -> dict[str, str]:
    """Return what the data of a component that frames can move hold beside their own, after a restart other data."""
    return {"after": f"{_STARTED}.{st.session_state.get(_SENT, 0)}"}
