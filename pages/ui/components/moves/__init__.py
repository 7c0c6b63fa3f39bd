"""Four buttons and the arrow keys, which move a cursor by one step or one row at a time.

Where the cursor is flows in, and where it is to be flows out: the place itself, not the moves. So none is lost,
however fast they come: of many that arrive together the last one says it all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from pages.ui.components.session import session_id

_COUNT = "moves_counted"
_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "rnn_moves",
    html='<div class="rnn-moves" role="group"></div>',
    js=(_HERE / "moves.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def moves(
    *,
    step: int,
    unit: int,
    steps: int,
    units: Sequence[int],
    on_move: Callable[[int, int], None],
    words: Mapping[str, str],
    key: str = "moves",
) -> None:
    """Draws the buttons and listens to the arrow keys.

    Args:
        steps: how many time steps there are. units: the units in the order of the rows, from top to bottom.
        on_move: takes step and unit, before the script runs again.
        words: what each button says, by its key "left", "right", "up" and "down", and "group" of all of them.
    """

    def moved() -> None:
        place = st.session_state[key].place
        if place is not None:
            st.session_state[_COUNT] = int(place["count"])
            on_move(int(place["step"]), int(place["unit"]))

    counted = st.session_state.get(_COUNT, 0)
    data = {
        "session": session_id(),
        "counted": counted,
        "step": step,
        "unit": unit,
        "steps": steps,
        "units": list(units),
        "words": dict(words),
    }
    _component(key=key, data=data, on_place_change=moved)
