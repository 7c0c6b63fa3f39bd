"""The figure of a cell on *Inside the cell*: its numbers are the trace's, and no wire runs across a part."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pages.ui.components.cell import CARD, HEIGHT, Point, corner, leave, route, size
from rnn_core import RunConfig, Trainer, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.diagram import CellDiagram, cell_diagram, part_values
from rnn_core.microscope import layer_of
from rnn_core.trace import Direction
from rnn_core.whatif import SilencedUnit, StateEdit, TokenEdit, trace_what_if
from tests.pages.conftest import HOSTILE, Open, Screen, typed_array

PLACES = [
    (RunConfig("hello\nno", cell=cell, head=Head.LINEAR, hidden_size=5, num_layers=2, bidirectional=True), layer, way)
    for cell in Cell
    for layer in (0, 1)
    for way in Direction
]


def figure(screen: Screen) -> Any:
    assert screen.has("cell_diagram")
    return screen.live("cell_figure")


def vectors(screen: Screen, which: str = "values") -> Mapping[str, npt.NDArray[Any]]:
    return {part["id"]: typed_array(part[which]) for part in figure(screen)["parts"] if part[which] is not None}


@pytest.mark.parametrize(("config", "layer", "direction"), PLACES)
def test_every_part_shows_the_traces_numbers_bit_for_bit(
    open_screen: Open, config: RunConfig, layer: int, direction: Direction
) -> None:
    place = {"b": "1", "t": "1", "unit": "3", "layer": str(layer), "direction": str(direction)}
    screen = open_screen("inside_the_cell", config.to_query() | place)
    here = layer_of(trace_forward(build_model(config), encode(config)), layer, direction)
    expected = part_values(here, 1, 1)
    shown = vectors(screen)
    assert set(shown) == set(expected)
    for name, values in shown.items():
        np.testing.assert_array_equal(values, expected[name], strict=True)
    assert figure(screen)["unit"] == 3
    assert vectors(screen, "before") == {}


def test_a_token_that_is_edited_shows_before_and_after_where_it_is_heard(open_screen: Open) -> None:
    config = RunConfig("hello", cell=Cell.LSTM)
    screen = open_screen("inside_the_cell", config.to_query() | {"t": "2"})
    screen.enter(kind="token")
    screen.enter(new_token="h")
    screen.press("Apply")
    trainer = Trainer(config)
    before = part_values(trace_forward(trainer.model, trainer.encoding).layers[0], 0, 2)
    edit = TokenEdit(line=0, step=2, token="h")
    after = part_values(trace_what_if(trainer.model, trainer.encoding, [edit]).layers[0], 0, 2)
    shown = vectors(screen, "before")
    assert set(shown) == set(before) - {"h_prev", "c_prev"}
    for name, values in shown.items():
        np.testing.assert_array_equal(values, before[name], strict=True)
    for name, values in vectors(screen).items():
        np.testing.assert_array_equal(values, after[name], strict=True)
    assert "moved by the edit" in figure(screen)["words"]["legend"]
    screen.enter(t=1)
    assert vectors(screen, "before") == {}
    assert "moved by the edit" not in figure(screen)["words"]["legend"]


def test_what_comes_in_and_what_is_handed_on_say_from_where_and_to_where(open_screen: Open) -> None:
    config = RunConfig("hello", cell=Cell.LSTM, head=Head.LINEAR, num_layers=2)
    screen = open_screen("inside_the_cell", config.to_query() | {"layer": "1"})

    def notes() -> dict[str, str]:
        return {part["id"]: part["note"] for part in figure(screen)["parts"] if part["note"]}

    def out() -> dict[str, list[str]]:
        return {one["source"]: list(one["lines"]) for one in figure(screen)["out"]}

    assert notes() == {"x": "h of layer 0", "h_prev": "h_0", "c_prev": "c_0"}
    assert out() == {"c": ["to t = 1", ""], "h": ["to t = 1", "output[0, 0]"]}
    screen.enter(layer=0, t=4)
    assert notes() == {"x": "reads o", "h_prev": "t = 3", "c_prev": "t = 3"}
    assert out() == {"c": ["c_n", ""], "h": ["h_n", "to layer 1"]}


def test_the_steps_have_one_equation_each(open_screen: Open) -> None:
    for cell in Cell:
        screen = open_screen("inside_the_cell", RunConfig(cell=cell))
        orders = [part["order"] for part in figure(screen)["parts"] if part["order"]]
        assert screen.has(f"equation_{len(orders)}")
        assert not screen.has(f"equation_{len(orders) + 1}")


@pytest.mark.parametrize("text", [HOSTILE["an image with a script"], HOSTILE["a template"]])
def test_hostile_text_in_the_figure_is_data_and_nothing_else(open_screen: Open, text: str) -> None:
    screen = open_screen("inside_the_cell", RunConfig(text))
    (x,) = (part for part in figure(screen)["parts"] if part["id"] == "x")
    assert x["note"] == f"reads {encode(RunConfig(text)).inputs[0][0]}"


DIAGRAMS = [cell_diagram(RunConfig(cell=cell), 0, Direction.FORWARD) for cell in Cell]


def crosses(diagram: CellDiagram, points: list[Point], ends: set[str]) -> list[str]:
    """The parts that a wire runs across, besides its ends; both lie on it at their edges only."""
    found = []
    for part in diagram.parts:
        x, y = corner(part)
        for (x0, y0), (x1, y1) in pairwise(points):
            left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
            inside = left < x + CARD and right > x and top < y + HEIGHT and bottom > y
            if inside and (part.id not in ends or (left > x and right < x + CARD and top > y and bottom < y + HEIGHT)):
                found.append(part.id)
    return found


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=list(Cell))
def test_a_wire_goes_from_edge_to_edge_and_crosses_no_part(diagram: CellDiagram) -> None:
    corners = {part.id: corner(part) for part in diagram.parts}
    width, height = size(diagram)
    for wire in diagram.wires:
        points = route(diagram, wire)
        assert crosses(diagram, points, {wire.source, wire.target}) == [], wire
        for name, (x, y) in ((wire.source, points[0]), (wire.target, points[-1])):
            left, top = corners[name]
            assert x in (left, left + CARD) or y in (top, top + HEIGHT)
            assert left <= x <= left + CARD
            assert top <= y <= top + HEIGHT
        for (x0, y0), (x1, y1) in pairwise(points):
            assert x0 == x1 or y0 == y1
            assert 0 <= min(x0, x1) <= max(x0, x1) <= width
            assert 0 <= min(y0, y1) <= max(y0, y1) <= height
    for name in diagram.handed_on:
        assert crosses(diagram, leave(diagram, name), {name}) == []


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=list(Cell))
def test_no_two_wires_end_at_the_same_point(diagram: CellDiagram) -> None:
    ends = [route(diagram, wire)[-1] for wire in diagram.wires]
    assert len(set(ends)) == len(ends)


def test_a_silenced_unit_and_a_state_show_in_the_figure(open_screen: Open) -> None:
    config = RunConfig("hello", cell=Cell.GRU)
    trainer = Trainer(config)
    for edit, entries in (
        (SilencedUnit(layer=0, direction=Direction.FORWARD, unit=0), {"kind": "unit"}),
        (StateEdit(row=0, column=0, unit=0, value=0.5), {"kind": "h_0", "new_value": 0.5}),
    ):
        screen = open_screen("inside_the_cell", config)
        for key, value in entries.items():
            screen.enter(**{key: value})
        screen.press("Apply")
        after = part_values(trace_what_if(trainer.model, trainer.encoding, [edit]).layers[0], 0, 0)
        for name, values in vectors(screen).items():
            np.testing.assert_array_equal(values, after[name], strict=True)
        assert "h" in vectors(screen, "before")
