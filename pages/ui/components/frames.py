"""How many frames a session was sent: what is drawn after frames, or in another session, is new to the browser.

Streamlit hands a component its data only where they differ from those it was last given; but what stands there was
moved by frames since, and may be far from them. A server that was started again begins a session without frames in a
page that has seen some.
"""

from __future__ import annotations

import secrets

import streamlit as st

_SENT = "frames_sent"
_SESSION = "frames_session"


def count_frame() -> None:
    """Takes down that a frame is sent."""
    st.session_state[_SENT] = st.session_state.get(_SENT, 0) + 1


def after_frames() -> dict[str, str]:
    """Return what the data of a component that frames can move hold beside their own; it differs between sessions."""
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(4))
    return {"after": f"{session}.{st.session_state.get(_SENT, 0)}"}
