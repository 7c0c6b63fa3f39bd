"""The figure of a cell: its wires are what each part is computed from, and its numbers are torch's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.diagram import CellDiagram, Part, cell_diagram, hands_on, hears, moved, part_values
from rnn_core.encoding import encode
from rnn_core.microscope import PACKING, layer_of, look
from rnn_core.model import CharRNN, build_model
from rnn_core.trace import Direction, FloatArray, LayerTrace, trace_forward
from rnn_core.whatif import StateEdit, TokenEdit, WeightEdit, trace_what_if

Double = npt.NDArray[np.float64]

CELLS = [RunConfig(cell=cell) for cell in Cell] + [RunConfig(nonlinearity=Nonlinearity.RELU)]
NAMES = ["rnn", "gru", "lstm", "relu"]


def sources(diagram: CellDiagram, part: Part) -> list[str]:
    return [wire.source for wire in diagram.wires if wire.target == part.id]


@pytest.mark.parametrize("config", CELLS, ids=NAMES)
def test_every_part_is_computed_after_what_it_is_computed_from(config: RunConfig) -> None:
    diagram = cell_diagram(config, 0, Direction.FORWARD)
    orders = {part.id: part.order for part in diagram.parts}
    assert len(orders) == len(diagram.parts)
    assert [part.order for part in diagram.steps] == list(range(1, len(diagram.steps) + 1))
    assert all(orders[wire.source] < orders[wire.target] for wire in diagram.wires)
    assert all(bool(sources(diagram, part)) == bool(part.order) for part in diagram.parts)
    assert diagram.parts[-1].id == "h"
    used = {wire.source for wire in diagram.wires} | set(diagram.handed_on)
    assert used == set(orders)


@pytest.mark.parametrize("config", CELLS, ids=NAMES)
def test_no_part_stands_on_another_or_in_the_way_of_a_straight_wire(config: RunConfig) -> None:
    diagram = cell_diagram(config, 0, Direction.FORWARD)
    at = {part.id: (part.column, part.row) for part in diagram.parts}
    assert len(set(at.values())) == len(at)
    for wire in diagram.wires:
        (left, top), (right, bottom) = sorted((at[wire.source], at[wire.target]))
        if wire.shared or (left != right and top != bottom):
            continue
        between = {(left, row) for row in range(min(top, bottom) + 1, max(top, bottom))}
        between |= {(column, top) for column in range(left + 1, right)}
        assert not between & set(at.values()), wire


@pytest.mark.parametrize("config", CELLS, ids=NAMES)
def test_the_gates_are_those_that_torch_stacks(config: RunConfig) -> None:
    gates = {part.gate for part in cell_diagram(config, 0, Direction.FORWARD).parts if part.gate}
    assert gates == set(PACKING[type(build_model(config).rnn)])


def recomputed(part: Part, heard: list[Double], weights: Mapping[str, Double]) -> Double:
    """A part from what its wires bring, in numpy's arithmetic, and from its own rows of the weights."""
    squash: Mapping[str, Callable[[Double], Double]] = {
        "σ": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": np.tanh,
        "relu": lambda x: np.maximum(x, 0),
    }

    def linear(which: str, vector: Double) -> Double:
        found: Double = weights[f"weight_{which}"] @ vector + weights[f"bias_{which}"]
        return found

    match part.id:
        case "from_x":
            return linear("ih", *heard)
        case "from_h":
            return linear("hh", *heard)
        case "reset":
            return heard[0] * linear("hh", heard[1])
        case "n":
            return np.tanh(linear("ih", heard[0]) + heard[1])
        case "taken":
            return (1 - heard[0]) * heard[1]
    if part.gate and len(heard) == 2 and part.does in squash:
        return squash[part.does](linear("ih", heard[0]) + linear("hh", heard[1]))
    if part.does in squash:
        return squash[part.does](*heard)
    return heard[0] * heard[1] if part.does == "×" else heard[0] + heard[1]


def rows_of(model: CharRNN, part: Part, suffix: str) -> dict[str, Double]:
    """A part's own rows of each parameter; GRU's reset scales what the new gate hears from h."""
    gates = PACKING[type(model.rnn)]
    gate = "new" if part.id == "reset" else part.gate or gates[0]
    size = model.rnn.hidden_size
    rows = slice(gates.index(gate) * size, (gates.index(gate) + 1) * size)
    return {
        name.removesuffix(suffix): values.detach().numpy()[rows].astype(np.float64)
        for name, values in model.rnn.named_parameters()
        if name.endswith(suffix)
    }


def test_every_part_is_what_its_wires_bring_and_nothing_else(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], num_layers: int, bidirectional: bool
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional)
    model, encoding = build_model(config), encode(config)
    trace = trace_forward(model, encoding)
    layer = num_layers - 1
    for direction in tuple(Direction)[: config.directions]:
        here, diagram = layer_of(trace, layer, direction), cell_diagram(config, layer, direction)
        suffix = look(model, trace, Cursor(layer=layer, direction=direction)).suffix
        for line, step in ((0, 0), (1, 2), (1, int(encoding.length_B[1]) - 1)):
            values = part_values(here, line, step)
            assert set(values) == {part.id for part in diagram.parts}
            for part in diagram.steps:
                heard = [values[source].astype(np.float64) for source in sources(diagram, part)]
                found = recomputed(part, heard, rows_of(model, part, suffix))
                np.testing.assert_allclose(values[part.id], found, rtol=0, atol=2e-6, err_msg=part.id)


@pytest.mark.parametrize("config", CELLS, ids=NAMES)
def test_what_comes_out_is_what_torchs_cell_makes_of_what_comes_in(config: RunConfig) -> None:
    model = build_model(config)
    here = trace_forward(model, encode(config)).layers[0]
    values = part_values(here, 0, 5)
    kinds: Mapping[Cell, type[nn.RNNCellBase]] = {Cell.RNN: nn.RNNCell, Cell.GRU: nn.GRUCell, Cell.LSTM: nn.LSTMCell}
    options: dict[str, Any] = {"nonlinearity": str(config.nonlinearity)} if config.cell is Cell.RNN else {}
    cell = kinds[config.cell](model.rnn.input_size, model.rnn.hidden_size, **options)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.rnn.state_dict().items()})
    x, *state = (torch.tensor(values[name]) for name in ("x", "h_prev", "c_prev") if name in values)
    out = cell(x, tuple(state) if len(state) > 1 else state[0])
    for name, found in zip(("h", "c"), out if isinstance(out, tuple) else (out,), strict=False):
        np.testing.assert_allclose(values[name], found.detach().numpy(), rtol=0, atol=1e-6)


def test_what_an_edit_moves_is_what_hears_it(cell: dict[str, Any]) -> None:
    config = RunConfig(**cell)
    model, encoding = build_model(config), encode(config)
    before = trace_forward(model, encoding).layers[0]
    diagram = cell_diagram(config, 0, Direction.FORWARD)

    def moves(step: int, edit: Any) -> frozenset[str]:
        after = trace_what_if(model, encoding, [edit]).layers[0]
        return moved(part_values(before, 0, step), part_values(after, 0, step))

    token = TokenEdit(line=0, step=4, token="h")
    assert moves(3, token) == frozenset()
    assert moves(4, token) == heard_by(diagram, "x")
    assert moves(5, token) == heard_by(diagram, "h_prev", "c_prev")
    first = StateEdit(row=0, column=0, unit=2, value=0.5)
    assert moves(0, first) == heard_by(diagram, "h_prev") - (
        {"kept"} if config.cell is Cell.LSTM else set()
    )  # of c_0 = 0


def heard_by(diagram: CellDiagram, *names: str) -> frozenset[str]:
    """What comes in by these names, and every part to which a path of wires leads from it."""
    found = {part.id for part in diagram.parts if part.id in names}
    for part in diagram.steps:
        if found & set(sources(diagram, part)):
            found.add(part.id)
    return frozenset(found)


def test_an_edit_of_one_gates_bias_moves_no_other_gate() -> None:
    config = RunConfig(cell=Cell.LSTM)
    model, encoding = build_model(config), encode(config)
    before = trace_forward(model, encoding).layers[0]
    forget = WeightEdit(name="bias_ih_l0", index=(config.units + 3,), value=2.0)
    after = trace_what_if(model, encoding, [forget]).layers[0]
    at_start = moved(part_values(before, 0, 0), part_values(after, 0, 0))
    assert at_start == {"f"}  # there is nothing to keep yet
    assert moved(part_values(before, 0, 1), part_values(after, 0, 1)) == {"f", "kept", "c", "tanh_c", "h"}


def test_rounding_moves_nothing_and_a_number_that_is_lost_has_moved() -> None:
    def one(value: float) -> dict[str, FloatArray]:
        return {"h": np.array([value], np.float32)}

    assert moved(one(0.5), one(0.5 + 1e-7)) == frozenset()
    assert moved(one(0.5), one(0.5 + 1e-5)) == {"h"}
    assert moved(one(0.5), one(float("nan"))) == {"h"}
    assert moved(one(float("nan")), one(float("nan"))) == frozenset()


@pytest.mark.parametrize(
    ("batch_first", "direction", "step", "line", "expected"),
    [
        (True, Direction.FORWARD, 0, 0, ("h_0", "t = 1")),
        (True, Direction.FORWARD, 4, 0, ("t = 3", "h_n")),
        (True, Direction.FORWARD, 1, 1, ("t = 0", "h_n")),
        (True, Direction.BACKWARD, 0, 0, ("t = 1", "h_n")),
        (True, Direction.BACKWARD, 1, 1, ("h_0", "t = 0")),
        (False, Direction.FORWARD, 3, 0, ("h_0", "b = 1")),
        (False, Direction.BACKWARD, 3, 0, ("b = 1", "h_n")),
    ],
)
def test_it_says_where_the_state_comes_from_and_goes_to(
    batch_first: bool, direction: Direction, step: int, line: int, expected: tuple[str, str]
) -> None:
    config = RunConfig("hello\nno", head=Head.LINEAR, batch_first=batch_first, bidirectional=True)
    encoding = encode(config)
    found = [say(config, encoding, line=line, step=step, direction=direction) for say in (hears, hands_on)]
    assert tuple(found) == expected


def test_names_have_the_index_of_what_the_module_takes_for_time() -> None:
    config = RunConfig("hello\nno", cell=Cell.LSTM, head=Head.LINEAR, batch_first=False, bidirectional=True)
    names = {part.id: part.name for part in cell_diagram(config, 0, Direction.BACKWARD).parts}
    assert (names["c_prev"], names["h_prev"], names["x"], names["h"]) == ("c[b+1]", "h[b+1]", "x[b]", "h[b]")
    assert names["f"] == "forget f"


def test_the_values_of_a_step_are_the_traces_own_memory_and_nobody_changes_them() -> None:
    here: LayerTrace = trace_forward(build_model(CELLS[2]), encode(CELLS[2])).layers[0]
    for vector in part_values(here, 0, 3).values():
        assert not vector.flags.writeable
