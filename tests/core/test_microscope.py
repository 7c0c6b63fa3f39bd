"""The microscope: every product, sum and row that it shows, against torch's own parameters.

Tolerance: a sum of at most 22 float32 products in another order than torch's; with values around 1, 1e-6 holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn_core.config import Cell, Nonlinearity, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.encoding import Encoding, encode
from rnn_core.microscope import GateSum, Microscope, agreement, gate_label, layer_of, left_out, look
from rnn_core.model import CharRNN, build_model
from rnn_core.trace import Direction, FloatArray, Gate, LayerTrace, Trace, trace_forward

TOLERANCE = 1e-6
HALF_A_DIGIT = 0.5e-4
UNITS = (0, 4, 10)
# The order in which torch's pages stack the gates' rows.
ORDER = {Cell.RNN: "h", Cell.GRU: "rzn", Cell.LSTM: "ifgo"}
NAMES = {
    Cell.RNN: ["hidden"],
    Cell.GRU: ["reset", "update", "new"],
    Cell.LSTM: ["input", "forget", "cell", "output"],
}


@dataclass(frozen=True)
class Looked:
    """A trace, and the microscope at every layer, direction and real step, and at three units."""

    config: RunConfig
    model: CharRNN
    encoding: Encoding
    trace: Trace
    scopes: list[Microscope]

    def weight(self, name: str, cursor: Cursor) -> FloatArray:
        """torch's own parameter that the cursor's layer and direction has."""
        end = "_reverse" if cursor.direction is Direction.BACKWARD else ""
        values: FloatArray = self.model.rnn.state_dict()[f"{name}_l{cursor.layer}{end}"].numpy()
        return values

    def gates(self) -> list[tuple[Microscope, int, GateSum]]:
        """Every gate of every microscope, with its place in torch's order."""
        return [(scope, place, gate) for scope in self.scopes for place, gate in enumerate(scope.gates)]


@pytest.fixture(scope="module")
def looked(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
    lengths: tuple[int, ...],
) -> Looked:
    config = prime_config(
        **cell, num_layers=num_layers, bidirectional=bidirectional, batch_first=batch_first, lengths=lengths
    )
    model, encoding = build_model(config), encode(config)
    trace = trace_forward(model, encoding)
    places = [(line, step) for line, length in enumerate(encoding.length_B) for step in range(length)]
    rows = [(row.layer, row.direction) for row in trace.layers]
    cursors = [
        Cursor(layer=layer, direction=direction, line=line, step=step, unit=unit)
        for (layer, direction), (line, step), unit in product(rows, places, UNITS)
    ]
    return Looked(config, model, encoding, trace, [look(model, trace, cursor) for cursor in cursors])


def _spot(cursor: Cursor) -> tuple[int, int, int]:
    return cursor.line, cursor.step, cursor.unit


def _here(looked: Looked, scope: Microscope) -> LayerTrace:
    return layer_of(looked.trace, scope.cursor.layer, scope.cursor.direction)


def test_a_product_is_weight_times_what_it_reads(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        assert np.array_equal(gate.product_ih_I, gate.weight_ih_I * gate.x_I)
        assert np.array_equal(gate.product_hh_H, gate.weight_hh_H * gate.h_previous_H)


def test_weights_and_biases_are_the_gates_row_of_torchs_parameters(looked: Looked) -> None:
    size = looked.config.units
    for scope, place, gate in looked.gates():
        assert gate.row == place * size + scope.cursor.unit
        assert gate.symbol == ORDER[looked.config.cell][place]
        W_ih, W_hh = (looked.weight(name, scope.cursor) for name in ("weight_ih", "weight_hh"))
        b_ih, b_hh = (looked.weight(name, scope.cursor) for name in ("bias_ih", "bias_hh"))
        block = slice(place * size, (place + 1) * size)
        assert np.array_equal(gate.weight_ih_I, W_ih[block][scope.cursor.unit])
        assert np.array_equal(gate.weight_hh_H, W_hh[block][scope.cursor.unit])
        assert (gate.bias_ih, gate.bias_hh) == (b_ih[block][scope.cursor.unit], b_hh[block][scope.cursor.unit])


def test_products_and_bias_add_up_to_the_part(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        heard = float(gate.product_ih_I.sum(dtype=np.float64)) + gate.bias_ih
        recalled = float(gate.product_hh_H.sum(dtype=np.float64)) + gate.bias_hh
        assert gate.input_part == pytest.approx(heard, abs=TOLERANCE)
        assert gate.recurrent_part == pytest.approx(recalled, abs=TOLERANCE)


def test_printed_products_add_up_to_the_printed_sum_but_for_rounding(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        pairs = (
            (gate.product_ih_I, gate.input_part - gate.bias_ih),
            (gate.product_hh_H, gate.recurrent_part - gate.bias_hh),
        )
        for products, total in pairs:
            printed = sum(float(f"{value:.4f}") for value in products)
            # Each of n products is rounded by at most half a digit, and so is the sum itself.
            bound = (len(products) + 1) * HALF_A_DIGIT + TOLERANCE
            assert abs(printed - float(f"{total:.4f}")) <= bound


def test_the_parts_add_up_to_the_preactivation(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        scale = 1.0 if gate.reset is None else gate.reset
        assert gate.preactivation == pytest.approx(gate.input_part + scale * gate.recurrent_part, abs=TOLERANCE)


def test_only_the_new_gate_is_reset_and_by_the_reset_gate(looked: Looked) -> None:
    for scope, _place, gate in looked.gates():
        reset = next((other.activation for other in scope.gates if other.symbol == "r"), None)
        assert gate.reset == (reset if gate.symbol == "n" else None)


def test_parts_and_activation_are_the_traces_own(looked: Looked) -> None:
    for scope, _place, gate in looked.gates():
        traced: Gate = _here(looked, scope).gates[gate.gate]
        spot = _spot(scope.cursor)
        assert gate.input_part == traced.input_part_BTH[spot]
        assert gate.recurrent_part == traced.recurrent_part_BTH[spot]
        assert gate.preactivation == traced.preactivation_BTH[spot]
        assert gate.activation == traced.activation_BTH[spot]


def test_an_activation_is_the_named_function_of_the_preactivation(looked: Looked) -> None:
    named = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}
    for _scope, _place, gate in looked.gates():
        said = named[gate.activation_name](torch.tensor(gate.preactivation)).item()
        assert gate.activation == pytest.approx(said, abs=TOLERANCE)
        if gate.symbol == "h":
            assert gate.activation_name == looked.config.nonlinearity
        else:
            assert gate.activation_name == ("tanh" if gate.symbol in "ng" else "sigmoid")


def test_gates_are_in_the_order_of_computation(looked: Looked) -> None:
    assert all([gate.gate for gate in scope.gates] == NAMES[looked.config.cell] for scope in looked.scopes)


def test_what_is_read_and_recalled_is_the_traces_own(looked: Looked) -> None:
    for scope, _place, gate in looked.gates():
        here, at = _here(looked, scope), _spot(scope.cursor)[:2]
        assert np.array_equal(gate.x_I, here.x_BTI[at])
        assert np.array_equal(gate.h_previous_H, here.h_previous_BTH[at])


def test_one_hot_input_picks_one_column(looked: Looked) -> None:
    for scope, _place, gate in looked.gates():
        if scope.cursor.layer > 0:
            continue
        token = looked.encoding.ids_BT[_spot(scope.cursor)[:2]]
        assert np.flatnonzero(gate.x_I).tolist() == [token]
        assert np.array_equal(gate.product_ih_I, np.where(np.arange(len(gate.x_I)) == token, gate.weight_ih_I, 0))


def test_the_suffix_is_the_ending_of_the_very_parameters(looked: Looked) -> None:
    for scope, _place, gate in looked.gates():
        W_ih, W_hh, b_ih, b_hh = (
            getattr(looked.model.rnn, name + scope.suffix)[gate.row].detach().numpy()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        assert np.array_equal(gate.weight_ih_I, W_ih)
        assert np.array_equal(gate.weight_hh_H, W_hh)
        assert (gate.bias_ih, gate.bias_hh) == (b_ih, b_hh)


def test_the_state_before_is_called_by_the_place_that_it_comes_from(looked: Looked) -> None:
    lines, steps = looked.encoding.ids_BT.shape
    named = {"t−1": (0, -1), "t+1": (0, 1), "b−1": (-1, 0), "b+1": (1, 0)}
    for scope in looked.scopes:
        here, (line, step, unit) = _here(looked, scope), _spot(scope.cursor)
        down, along = named[scope.before]
        assert scope.now == scope.before[0]
        line_before, step_before = line + down, step + along
        # A module that takes B as time reads the padding too; else a line ends where it ends.
        last = int(looked.encoding.length_B[line]) if looked.config.batch_first else steps
        inside = 0 <= line_before < lines and 0 <= step_before < last
        expected = here.h_BTH[line_before, step_before] if inside else np.zeros(11)
        for gate in scope.gates:
            assert np.array_equal(gate.h_previous_H, expected)
        assert scope.h_previous == expected[unit]


def test_time_is_counted_the_way_that_the_direction_reads(looked: Looked) -> None:
    axis = "t" if looked.config.batch_first else "b"
    sign = {Direction.FORWARD: "−1", Direction.BACKWARD: "+1"}
    assert all((scope.now, scope.before) == (axis, axis + sign[scope.cursor.direction]) for scope in looked.scopes)


def test_h_and_c_are_the_traces_own(looked: Looked) -> None:
    for scope in looked.scopes:
        here, spot = _here(looked, scope), _spot(scope.cursor)
        assert (scope.h, scope.h_previous) == (here.h_BTH[spot], here.h_previous_BTH[spot])
        if looked.config.cell is Cell.LSTM:
            assert here.c_BTH is not None
            assert here.c_previous_BTH is not None
            assert (scope.c, scope.c_previous) == (here.c_BTH[spot], here.c_previous_BTH[spot])
        else:
            assert (scope.c, scope.c_previous) == (None, None)


def test_the_gates_make_h_and_c(looked: Looked) -> None:
    for scope in looked.scopes:
        value = {gate.symbol: gate.activation for gate in scope.gates}
        match looked.config.cell:
            case Cell.RNN:
                made = value["h"]
            case Cell.GRU:
                made = (1 - value["z"]) * value["n"] + value["z"] * scope.h_previous
            case Cell.LSTM:
                assert scope.c is not None
                assert scope.c_previous is not None
                kept = value["f"] * scope.c_previous + value["i"] * value["g"]
                assert scope.c == pytest.approx(kept, abs=TOLERANCE)
                made = value["o"] * np.tanh(scope.c)
        assert scope.h == pytest.approx(made, abs=TOLERANCE)


def test_our_equations_agree_with_torch_at_every_step_and_unit(looked: Looked) -> None:
    assert max(map(agreement, looked.trace.layers)) <= TOLERANCE


def test_agreement_is_the_largest_difference() -> None:
    config = RunConfig("hello", nonlinearity=Nonlinearity.TANH)
    here = trace_forward(build_model(config), encode(config)).layers[0]
    h_BTH = here.h_BTH.copy()
    h_BTH[0, 3, 1] += 0.25
    h_BTH[0, 2, 0] -= 0.5
    moved = LayerTrace(
        layer=here.layer,
        direction=here.direction,
        x_BTI=here.x_BTI,
        h_BTH=h_BTH,
        h_previous_BTH=here.h_previous_BTH,
        c_BTH=None,
        c_previous_BTH=None,
        gates=here.gates,
    )
    assert agreement(moved) == pytest.approx(0.5, abs=TOLERANCE)


def test_layer_of_finds_each_row_of_the_trace(looked: Looked) -> None:
    for row in looked.trace.layers:
        assert layer_of(looked.trace, row.layer, row.direction) is row


def test_layer_of_names_the_layer_and_direction_that_are_not_there() -> None:
    config = RunConfig("hello")
    trace = trace_forward(build_model(config), encode(config))
    with pytest.raises(LookupError, match=r"^layer and direction must be in the trace, got 1 forward$"):
        layer_of(trace, 1, Direction.FORWARD)
    with pytest.raises(LookupError, match=r"^layer and direction must be in the trace, got 0 backward$"):
        layer_of(trace, 0, Direction.BACKWARD)


def test_there_is_nothing_to_look_at_in_a_trace_without_its_inside() -> None:
    config = RunConfig("hello")
    model = build_model(config)
    with pytest.raises(LookupError, match="got 0 forward"):
        look(model, trace_forward(model, encode(config), inside=False), Cursor())


def test_looking_changes_nothing_and_gives_arrays_that_nobody_can_write_to() -> None:
    config = RunConfig("hello", cell=Cell.GRU)
    model = build_model(config)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    scope = look(model, trace_forward(model, encode(config)), Cursor(step=2, unit=1))
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    for gate in scope.gates:
        for values in (gate.weight_ih_I, gate.x_I, gate.product_ih_I, gate.weight_hh_H, gate.h_previous_H):
            assert not values.flags.writeable
        assert not gate.product_hh_H.flags.writeable


# --- what is not shown -----------------------------------------------------------------------------------------------

NUMBERS = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=13)


@given(values=NUMBERS, edges=st.tuples(st.integers(0, 13), st.integers(0, 13)))
def test_what_is_left_out_and_what_is_shown_are_together_all(values: list[float], edges: tuple[int, int]) -> None:
    products = np.array(values, dtype=np.float32)
    shown = range(*sorted(min(edge, len(values)) for edge in edges))
    rest = left_out(products, shown)
    assert rest + sum(values[j] for j in shown) == pytest.approx(sum(values), abs=1e-9)
    assert rest == pytest.approx(sum(value for j, value in enumerate(values) if j not in shown), abs=1e-9)


def test_nothing_is_left_out_where_all_are_shown(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        assert left_out(gate.product_hh_H, range(len(gate.product_hh_H))) == 0
        assert left_out(gate.product_ih_I, range(len(gate.product_ih_I))) == 0


def test_products_shown_left_out_and_bias_add_up_to_the_part(looked: Looked) -> None:
    for _scope, _place, gate in looked.gates():
        shown = range(3, 7)
        total = float(gate.product_hh_H[3:7].sum(dtype=np.float64)) + left_out(gate.product_hh_H, shown) + gate.bias_hh
        assert gate.recurrent_part == pytest.approx(total, abs=TOLERANCE)


def test_a_gate_is_labelled_with_its_name_and_torchs_letter() -> None:
    labels = [gate_label(gate) for cell in Cell for gate in NAMES[cell]]
    assert labels == ["hidden h", "reset r", "update z", "new n", "input i", "forget f", "cell g", "output o"]
