"""What the gates did is said in words, with the numbers of the microscope, and c stands beside h."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.inside_the_cell.microscope import percent
from pages.ui.inside_the_cell.place import STEPS
from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.cursor import Cursor
from rnn_core.microscope import Microscope, look
from rnn_core.trace import Direction
from tests.pages.conftest import Open, Screen, assert_same_panels

TEXT = "hello\neolll!\nno"
PLACES = [
    (Cursor(line=0, step=0, unit=1), "t−1"),
    (Cursor(line=1, step=3, unit=4), "t−1"),
    (Cursor(line=1, step=3, unit=2, direction=Direction.BACKWARD), "t+1"),
]


def opened(open_screen: Open, cell: Cell, cursor: Cursor) -> tuple[Screen, Microscope]:
    """The page at ``cursor``, and what is to be seen there."""
    config = RunConfig(TEXT, cell=cell, head=Head.LINEAR, hidden_size=5, bidirectional=True)
    place = {"b": cursor.line, "t": cursor.step, "unit": cursor.unit, "direction": cursor.direction}
    screen = open_screen("inside_the_cell", config.to_query() | {key: str(value) for key, value in place.items()})
    model = build_model(config)
    return screen, look(model, trace_forward(model, encode(config)), cursor)


def printed(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


@pytest.mark.parametrize(("cursor", "before"), PLACES, ids=["first step", "later", "backward"])
def test_of_an_lstm_it_is_said_what_was_kept_and_what_was_written(
    open_screen: Open, cursor: Cursor, before: str
) -> None:
    screen, scope = opened(open_screen, Cell.LSTM, cursor)
    i, f, g, o = (gate.activation for gate in scope.gates)
    assert [gate.symbol for gate in scope.gates] == list("ifgo")
    assert scope.c is not None
    assert scope.c_previous is not None
    words = screen.markdown("equations")[0]
    kept, written = f * scope.c_previous, i * g
    assert f"**kept {percent(f)}** of c[{before}] ({printed(kept)} of {printed(scope.c_previous)})" in words
    assert f"**wrote {printed(written)}**" in words
    assert f"**shows {percent(o)}** of tanh(c)" in words
    np.testing.assert_allclose(kept + written, scope.c, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(o * np.tanh(scope.c), scope.h, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cursor", "before"), PLACES, ids=["first step", "later", "backward"])
def test_of_a_gru_it_is_said_what_was_kept_and_what_was_taken(open_screen: Open, cursor: Cursor, before: str) -> None:
    screen, scope = opened(open_screen, Cell.GRU, cursor)
    value = {gate.symbol: gate.activation for gate in scope.gates}
    kept, took = value["z"] * scope.h_previous, (1 - value["z"]) * value["n"]
    words = screen.markdown("equations")[0]
    assert f"**kept {percent(value['z'])}** of h[{before}] ({printed(kept)} of {printed(scope.h_previous)})" in words
    assert f"**took {percent(1 - value['z'])}** of the new value n ({printed(took)} of {printed(value['n'])})" in words
    np.testing.assert_allclose(kept + took, scope.h, rtol=1e-5, atol=1e-6)


def test_of_a_plain_rnn_nothing_is_said_to_be_kept(open_screen: Open) -> None:
    screen, scope = opened(open_screen, Cell.RNN, PLACES[1][0])
    assert screen.markdown("equations")[0].strip() == f"**`h[t=3, j=4] = {scope.h:.6f}`**".replace("-", "−")


def test_c_over_time_stands_beside_h_of_an_lstm_only(open_screen: Open) -> None:
    config = RunConfig("hello! world", cell=Cell.LSTM)
    here = trace_forward(build_model(config), encode(config)).layers[0]
    assert here.c_BTH is not None
    screen = open_screen("inside_the_cell", config)
    assert_same_panels(screen.heatmaps("unrolled"), [here.h_BTH[0, :STEPS].T])
    assert_same_panels(screen.heatmaps("unrolled_c"), [here.c_BTH[0, :STEPS].T])
    for cell in ("rnn", "gru"):
        screen.enter(cell=cell)
        assert not screen.has("unrolled_c")
