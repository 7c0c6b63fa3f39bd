"""A page whose runs take a while, without a place where a request ends them; it shows how many ran at the same time."""

import time

import streamlit as st

RUN_S = 0.5


def press() -> None:
    """Count a press."""
    st.session_state["presses"] = st.session_state.get("presses", 0) + 1


running: list[object] = st.session_state.setdefault("running", [])
running.append(object())
st.session_state["most"] = max(st.session_state.get("most", 0), len(running))
time.sleep(RUN_S)
running.pop()
st.button("Press", on_click=press)
st.text(f"{st.session_state.get('presses', 0)} presses, {st.session_state['most']} at once")
