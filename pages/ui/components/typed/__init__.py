"""The connection between what is typed in the browser (``number_fields.js``, ``fields.js``) and the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.i18n import _

_KEY = "typed"
_component = st.components.v2.component(
    "rnn_typed",
    html="<span></span>",
    js=(Path(__file__).parent / "typed.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def connect(*, rules: Mapping[str, Mapping[str, Any]], refused: Sequence[str], on_lines: Callable[[str], None]) -> None:
    """Give the browser the rules of the number fields, and take the lines that come to the field for one line.

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
        data = {"rules": dict(rules), "refused": list(refused), "words": _words()}
        _component(key=_KEY, data=data, on_lines_change=take)


def _words() -> dict[str, str]:
    """Return the sentences about a text that is not a number, in the places of which the browser puts its own."""
    return {
        "not_a_number": _("{typed} is not a number."),
        "put_back": _("{typed} is not a number: the field has {value} again."),
        "left_empty": _("{typed} is not a number: the field is empty again."),
    }
