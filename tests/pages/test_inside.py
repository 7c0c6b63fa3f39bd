"""Inside the cell: for every cell, layer and direction, the numbers on the page are the trace's."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.cursor import Cursor
from rnn_core.microscope import look
from rnn_core.trace import Direction
from tests.pages.conftest import Open

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
