"""The presses of buttons, counted in the browser.

Streamlit sends a press as "was pressed", so two presses within one run of the script are one, and one press that two
requests contain is two. A count is neither. With it goes what the button showed when it was pressed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from pages.ui.components.session import session_id

MOST = 100
"""How many presses of one button count at most in one run; no hand is faster."""

_DONE = "presses_done"
_component = st.components.v2.component(
    "rnn_presses",
    html='<span class="rnn-presses"></span>',
    js=(Path(__file__).parent / "presses.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def count_presses(shown: Mapping[str, str], *, key: str, on_change: Callable[[], None] = lambda: None) -> None:
    """Count the presses of buttons.

    Args:
        shown: by the key of each button, what it does as it is shown now.
        key: of the component.
        on_change: called before a run in which a count has changed.
    """
    with st.container(key=f"{key}_place", width="content"):  # takes no room in a row
        _component(key=key, data={"session": session_id(), "shown": dict(shown)}, on_presses_change=on_change)


def fresh_presses(name: str, *, key: str, uncounted: int = 1) -> int:
    """Return how often the button ``name`` was pressed since the last call; ``uncounted`` where nothing counts yet.

    The component counts what was pressed before it was mounted when it is, so that is noted as done here.
    """
    told = _told(key)
    done: dict[str, int] = st.session_state.setdefault(_DONE, {})
    if told is None or name not in told:
        if told is not None:
            done[name] = done.get(name, 0) + uncounted
        return uncounted
    before = done.get(name, 0)
    done[name] = max(before, int(told[name]["count"]))
    return min(MOST, done[name] - before)


def shown_at_press(name: str, default: str, *, key: str) -> str:
    """Return what the button ``name`` showed when it was last pressed; ``default`` where that is not known."""
    shown = (_told(key) or {}).get(name, {}).get("shown")
    return default if shown is None else str(shown)


def _told(key: str) -> Mapping[str, Any] | None:
    """Return what the component has counted, by the key of the button; None if it counted for another session."""
    state: Any = st.session_state.get(key)
    told = {} if state is None else state.get("presses") or {}
    return None if told and told.get("session") != session_id() else told
