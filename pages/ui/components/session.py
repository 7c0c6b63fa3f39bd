"""The id of a session: a component in the browser starts its counts anew when the id changes."""

from __future__ import annotations

import uuid

import streamlit as st

_KEY = "session_of_components"


def session_id() -> str:
    """Return the id of this session, 32 hex digits."""
    made: str = st.session_state.setdefault(_KEY, uuid.uuid4().hex)
    return made
