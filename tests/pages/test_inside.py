"""Inside the cell: for every cell, layer and direction, the numbers on the page are the trace's."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.inside_the_cell.microscope import percent
from pages.ui.inside_the_cell.place import STEPS
from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.cursor import Cursor
from rnn_core.microscope import look
from rnn_core.trace import Direction
from tests.pages.conftest import Open, typed_array

SHARES = {
    0.0: "0 %",
    1.0: "100 %",
    0.5: "50.0 %",
    0.9964: "99.6 %",
    0.99996: "99.996 %",
    1e-4: "0.01 %",
    1e-9: "1e−7 %",
}

PAGE_PX = 900
"""How wide the main area of a window of 1280 px is."""

TEXT = "hello\neolll!\nno"
DIRECTIONS = [(False, Direction.FORWARD), (True, Direction.FORWARD), (True, Direction.BACKWARD)]


@pytest.mark.parametrize("batch_first", [True, False], ids=["batch first", "time first"])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize(("bidirectional", "direction"), DIRECTIONS)
@pytest.mark.parametrize("cell", list(Cell))
def test_the_products_on_the_page_are_the_traces(
    open_screen: Open, cell: Cell, bidirectional: bool, direction: Direction, layer: int, batch_first: bool
) -> None:
    config = RunConfig(
        TEXT,
        cell=cell,
        bidirectional=bidirectional,
        num_layers=2,
        hidden_size=5,
        head=Head.LINEAR,
        batch_first=batch_first,
    )
    place = {"b": "1", "t": "3", "unit": "4", "layer": str(layer), "direction": str(direction)}
    screen = open_screen("inside_the_cell", config.to_query() | place)
    model, encoding = build_model(config), encode(config)
    cursor = Cursor(layer=layer, direction=direction, line=1, step=3, unit=4)
    gate = look(model, trace_forward(model, encoding), cursor).gates[0]
    inputs, hidden = screen.heatmaps("products")
    np.testing.assert_array_equal(inputs, np.stack([gate.weight_ih_I, gate.x_I, gate.product_ih_I]))
    np.testing.assert_array_equal(hidden, np.stack([gate.weight_hh_H, gate.h_previous_H, gate.product_hh_H]))


@pytest.mark.parametrize("share", [*SHARES, float(np.nextafter(np.float32(1), np.float32(0))), 1e-30, 1 - 1e-12])
def test_a_gate_is_said_to_be_at_0_or_100_percent_only_where_it_is(share: float) -> None:
    shown = percent(share)
    assert shown == SHARES.get(share, shown)
    assert (shown in ("0 %", "100 %")) == (share in (0, 1))
    if "−" not in shown:
        assert float(shown.removesuffix(" %")) == pytest.approx(100 * share, abs=0.05)


@pytest.mark.parametrize("cell", [Cell.GRU, Cell.LSTM])
def test_what_the_gates_kept_is_said_as_exactly_as_the_number_beside_it(open_screen: Open, cell: Cell) -> None:
    config = RunConfig(TEXT, cell=cell, hidden_size=5, head=Head.LINEAR, learning_rate=1)
    screen = open_screen("inside_the_cell", config.to_query() | {"epoch": "60", "t": "2"})
    for unit in range(5):
        screen.enter(unit=unit)
        (words,) = [words for words in screen.markdown("equations") if "**kept" in words]
        values = {part["id"]: typed_array(part["values"])[unit] for part in screen.live("cell_figure")["parts"][1:]}
        kept = float(values["f" if cell is Cell.LSTM else "z"])
        assert f"**kept {percent(kept)}**" in words
        assert ("100 %" in words) == any(values[gate] == 1 for gate in ("f", "o", "z") if gate in values)


@pytest.mark.parametrize("cell", Cell)
def test_as_many_steps_are_shown_of_an_lstm_as_of_any_cell(open_screen: Open, cell: Cell) -> None:
    screen = open_screen("inside_the_cell", RunConfig(cell=cell))
    assert screen.heatmaps("unrolled")[0].shape[1] == 12
    long = open_screen("inside_the_cell", RunConfig("abcd" * 20, cell=cell, head=Head.LINEAR))
    assert long.heatmaps("unrolled")[0].shape[1] == STEPS
    assert long.chart("unrolled")["layout"]["width"] <= PAGE_PX
