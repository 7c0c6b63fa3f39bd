"""How many frames a session was sent: a page that is drawn after frames is new to the browser, whatever it says.

Streamlit hands a component its data only where they differ from those it was last given; but what stands there was
moved by frames since, and may be far from them.
"""

from __future__ import annotations

import streamlit as st

_SENT = "frames_sent"


def count_frame() -> None:
    """Takes down that a frame is sent."""
    st.session_state[_SENT] = st.session_state.get(_SENT, 0) + 1


def after_frames() -> dict[str, int]:
    """What the data of a component that frames can move hold beside their own."""
    return {"after": st.session_state.get(_SENT, 0)}
