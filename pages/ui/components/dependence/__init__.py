"""The text, of which one points at a character: those that its prediction hangs on are shaded, in the browser.

Tokens and a matrix of influences flow in; the step that was clicked flows out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from pages.ui.components.browser import script, typed
from rnn_core.trace import FloatArray

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "rnn_dependence",
    html='<div class="rnn-dependence"></div>',
    js=script("numbers.js", "svg.js", _HERE / "dependence.js"),
    isolate_styles=False,
)


def dependence(
    tokens: Sequence[str],
    asked: Sequence[str],
    influence_TT: FloatArray,
    *,
    key: str,
    first: int,
    step: int,
    words: Mapping[str, str],
    on_pick: Callable[[int], None],
) -> None:
    """Mounts the text.

    Args:
        tokens, asked: what is read, and what is to be said, at each step that is shown.
        influence_TT: float32, how far the logits at t (row) move with the input at k (column).
        first: the step of the first token. step: the one that is shown until one points at another.
        words: "hint", and "says" with {t}, {token}, {k} and {most}.
        on_pick: takes the step that was clicked, before the script runs again.
    """

    def picked() -> None:
        clicked = st.session_state[key].picked
        if clicked is not None:
            on_pick(int(clicked))

    data = {
        "tokens": list(tokens),
        "asked": list(asked),
        "influence": typed(influence_TT),
        "first": first,
        "step": step,
        "words": dict(words),
    }
    _component(key=key, data=data, on_picked_change=picked)
