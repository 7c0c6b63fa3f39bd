"""The connection between what is typed in the browser (``fields.js``) and the server: it draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

_KEY = "typed"
_component = st.components.v2.component(
    "rnn_typed",
    html="<span></span>",
    js=(Path(__file__).parent / "typed.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def connect(*, rules: Mapping[str, Mapping[str, Any]], refused: Sequence[str], on_lines: Callable[[str], None]) -> None:
    """Give the browser the rules of the number fields, and take the lines that are pasted into the field for one line.

    Args:
        rules: by the key of a field, what its arrows step by: low, high, step (0: by decades) and start, the first
            value of an empty field. refused: the keys of the fields whose values are refused.
        on_lines: takes the text of several lines, before the script runs again.
    """

    def take() -> None:
        lines = st.session_state[_KEY].lines
        if isinstance(lines, str):
            on_lines(lines)

    with st.container(key="fields_of_the_browser"):
        _component(key=_KEY, data={"rules": dict(rules), "refused": list(refused)}, on_lines_change=take)
