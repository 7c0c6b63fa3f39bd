"""How many frames which session was sent: what is drawn after frames is new to the browser.

Streamlit gives a component its data only where they differ from those it was last given; but what is on the page was
moved by frames since, and may be far from them. A page that outlives its session, since the server was started again or
the session ended while it was not connected, has seen frames of which the next session does not know.
"""

from __future__ import annotations

import secrets

import streamlit as st

SENT = "frames_sent"
_SESSION = "frames_session"


def count_frame() -> None:
    """Takes down that a frame is sent."""
    st.session_state[SENT] = st.session_state.get(SENT, 0) + 1


def after_frames() -> dict[str, str]:
    """Return what the data of a component that frames can move hold beside their own: in each session other data."""
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(4))
    return {"after": f"{session}.{st.session_state.get(SENT, 0)}"}
