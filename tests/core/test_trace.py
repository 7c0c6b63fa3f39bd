"""Every number of a forward pass, against torch.nn's cells stepped by hand with the same weights.

Tolerance: both sides add the same few float32 products in another order; with values around 1 that is a few times
1.2e-7, so 1e-6 holds and nothing looser is needed. What is copied and not computed is compared exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.encoding import Encoding, encode
from rnn_core.model import CharRNN, build_model
from rnn_core.presets import PRESETS
from rnn_core.text import PADDING
from rnn_core.trace import Direction, Gate, LayerTrace, Trace, trace_forward

CELL_OF: dict[type[nn.RNNBase], Callable[..., nn.RNNCellBase]] = {
    nn.RNN: nn.RNNCell,
    nn.GRU: nn.GRUCell,
    nn.LSTM: nn.LSTMCell,
}
GATES = {
    Cell.RNN: ["hidden"],
    Cell.GRU: ["reset", "update", "new"],
    Cell.LSTM: ["input", "forget", "cell", "output"],
}
close = pytest.approx
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Traced:
    """One forward pass, and what is needed to repeat it."""

    config: RunConfig
    model: CharRNN
    encoding: Encoding
    trace: Trace

    @property
    def lengths(self) -> Tensor:
        return torch.tensor(self.encoding.length_B)

    @property
    def real_BT(self) -> npt.NDArray[np.bool_]:
        """Where the module reads a step: everywhere if it takes B as time, for then it reads the padding too."""
        steps = np.arange(self.encoding.ids_BT.shape[1])
        return (steps < self.encoding.length_B[:, None]) | (not self.config.batch_first)


@dataclass(frozen=True)
class Stepped:
    """What a layer and direction reads and what its cell says, stepped by hand; zeros where nothing was read."""

    x_BTI: Tensor
    h_previous_BTH: Tensor
    h_BTH: Tensor
    c_BTH: Tensor


def _paths(traced: Traced) -> list[list[tuple[int, int]]]:
    """The cells (line, step) that the module reads one after another, for each of its sequences."""
    lines, steps = traced.encoding.ids_BT.shape
    if traced.config.batch_first:
        return [[(b, t) for t in range(length)] for b, length in enumerate(traced.encoding.length_B)]
    return [[(b, t) for b in range(lines)] for t in range(steps)]


def _cell_of(rnn: nn.RNNBase, end: str, width: int) -> nn.RNNCellBase:
    options = {"nonlinearity": rnn.nonlinearity} if isinstance(rnn, nn.RNN) else {}
    cell = CELL_OF[type(rnn)](width, rnn.hidden_size, **options)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    cell.load_state_dict({name: rnn.state_dict()[f"{name}_{end}"] for name in names})
    return cell


def _step_by_hand(traced: Traced, x_BTI: Tensor, end: str) -> Stepped:
    cell, width = _cell_of(traced.model.rnn, end, x_BTI.shape[-1]), traced.model.rnn.hidden_size
    stepped = Stepped(x_BTI, *(torch.zeros(*x_BTI.shape[:2], width) for _ in range(3)))
    for path in _paths(traced):
        h = c = torch.zeros(width)
        for place in reversed(path) if end.endswith("_reverse") else path:
            stepped.h_previous_BTH[place] = h
            h, c = cell(x_BTI[place], (h, c)) if isinstance(cell, nn.LSTMCell) else (cell(x_BTI[place], h), c)
            stepped.h_BTH[place], stepped.c_BTH[place] = h, c
    return stepped


@pytest.fixture(scope="module")
def traced(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
    lengths: tuple[int, ...],
) -> Traced:
    config = prime_config(
        **cell, num_layers=num_layers, bidirectional=bidirectional, batch_first=batch_first, lengths=lengths
    )
    model, encoding = build_model(config), encode(config)
    return Traced(config, model, encoding, trace_forward(model, encoding))


@pytest.fixture(scope="module")
@torch.no_grad()
def by_hand(traced: Traced) -> list[Stepped]:
    """Every layer and direction, each layer reading what was stepped by hand below it."""
    rows: list[Stepped] = []
    below = torch.tensor(traced.encoding.x_BTV)
    for layer in range(traced.config.num_layers):
        ends = [f"l{layer}", f"l{layer}_reverse"][: traced.config.directions]
        here = [_step_by_hand(traced, below, end) for end in ends]
        below = torch.cat([stepped.h_BTH for stepped in here], dim=-1)
        rows += here
    return rows


@pytest.fixture(scope="module")
def rows(traced: Traced, by_hand: list[Stepped]) -> list[tuple[LayerTrace, Stepped]]:
    return list(zip(traced.trace.layers, by_hand, strict=True))


def _arrays(record: Any) -> Iterator[npt.NDArray[Any]]:
    """Every array in a record, in its records and in its collections."""
    if isinstance(record, np.ndarray):
        yield record
    elif is_dataclass(record):
        for field in fields(record):
            yield from _arrays(getattr(record, field.name))
    elif isinstance(record, tuple):
        for part in record:
            yield from _arrays(part)
    elif hasattr(record, "values"):
        yield from _arrays(tuple(record.values()))


# --- the whole -------------------------------------------------------------------------------------------------------


def test_shapes_are_those_of_torch(traced: Traced) -> None:
    config, trace = traced.config, traced.trace
    features, seen = 11 * config.directions, 3 if config.batch_first else 7
    assert trace.output_BTF.shape == (3, 7, features)
    assert trace.h_n.shape == (config.num_layers * config.directions, seen, 11)
    assert (None if trace.c_n is None else trace.c_n.shape) == (trace.h_n.shape if config.cell is Cell.LSTM else None)
    assert trace.logits_BTV.shape == trace.probability_BTV.shape == (3, 7, 5)
    assert trace.predicted_BT.shape == (3, 7)


def test_the_notes_batch_with_batch_first_off_is_read_as_five_sequences_of_three() -> None:
    config = PRESETS["Batch, batch_first off"]
    trace = trace_forward(build_model(config), encode(config))
    assert (trace.output_BTF.shape, trace.h_n.shape) == ((3, 5, 2), (1, 5, 2))
    assert np.array_equal(trace.h_n[0], trace.output_BTF[2])


def test_every_array_is_a_read_only_copy(traced: Traced) -> None:
    arrays = list(_arrays(traced.trace))
    assert len(arrays) > 6 * len(traced.trace.layers)
    assert not any(array.flags.writeable for array in arrays)


def test_a_trace_outlives_a_change_of_the_weights() -> None:
    config = RunConfig("hello")
    model = build_model(config)
    trace = trace_forward(model, encode(config))
    kept = [array.copy() for array in _arrays(trace)]
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    assert all(np.array_equal(array, copy) for array, copy in zip(_arrays(trace), kept, strict=True))


def test_without_the_inside_there_are_no_layers() -> None:
    config = RunConfig("hello", num_layers=2)
    model, encoding = build_model(config), encode(config)
    whole, outside = trace_forward(model, encoding), trace_forward(model, encoding, inside=False)
    assert (len(whole.layers), outside.layers) == (2, ())
    assert np.array_equal(whole.output_BTF, outside.output_BTF)
    assert whole.final_states == outside.final_states


def test_a_trace_needs_no_gradient() -> None:
    config = RunConfig("hello")
    model = build_model(config)
    trace_forward(model, encode(config))
    assert all(parameter.grad is None for parameter in model.parameters())


# --- against torch, the lines one by one -----------------------------------------------------------------------------


def test_a_masked_batch_is_its_lines_run_one_by_one(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], num_layers: int, bidirectional: bool
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, lengths=(4, 7, 3))
    model, encoding = build_model(config), encode(config)
    trace = trace_forward(model, encoding)
    for line, length in enumerate(encoding.length_B):
        output, state = model.rnn(torch.tensor(encoding.x_BTV[line : line + 1, :length]))
        ours = [
            trace.output_BTF[line, :length],
            trace.h_n[:, line],
            *([] if trace.c_n is None else [trace.c_n[:, line]]),
        ]
        states = state if isinstance(state, tuple) else (state,)
        theirs = [output[0], *(part[:, 0] for part in states)]
        for our, their in zip(ours, theirs, strict=True):
            assert our == close(their.detach().numpy(), abs=TOLERANCE)


def test_a_module_that_takes_b_as_time_reads_the_padding(prime_config: Callable[..., RunConfig]) -> None:
    config = prime_config(batch_first=False, lengths=(4, 7, 3))
    model, encoding = build_model(config), encode(config)
    output, h_n = model.rnn(torch.tensor(encoding.x_BTV))
    trace = trace_forward(model, encoding)
    assert np.array_equal(trace.output_BTF, output.detach())
    assert np.array_equal(trace.h_n, h_n.detach())


def test_everything_is_zero_behind_a_lines_end(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], num_layers: int, bidirectional: bool
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, lengths=(4, 7, 3))
    encoding = encode(config)
    trace = trace_forward(build_model(config), encoding)
    padding_BT = np.arange(7) >= encoding.length_B[:, None]
    for array in (trace.output_BTF, *(array for row in trace.layers for array in _arrays(row))):
        assert not array[padding_BT].any()


def test_probabilities_sum_to_1(traced: Traced) -> None:
    assert traced.trace.probability_BTV.sum(axis=-1) == close(np.ones((3, 7)), abs=TOLERANCE)


def test_logits_and_probabilities_are_those_of_the_head(traced: Traced) -> None:
    logits = traced.model.head(torch.tensor(traced.trace.output_BTF)).detach()
    assert traced.trace.logits_BTV == close(logits.numpy(), abs=TOLERANCE)
    assert traced.trace.probability_BTV == close(torch.softmax(logits, dim=-1).numpy(), abs=TOLERANCE)


def test_the_prediction_is_the_most_probable_token_of_each_real_step(traced: Traced) -> None:
    real_BT = np.arange(7) < traced.encoding.length_B[:, None]
    best = traced.trace.probability_BTV.argmax(axis=-1)
    assert np.array_equal(traced.trace.predicted_BT, np.where(real_BT, best, PADDING))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_without_a_head_the_logits_are_the_output(prime_config: Callable[..., RunConfig], bidirectional: bool) -> None:
    config = prime_config(head=Head.NONE, bidirectional=bidirectional)
    trace = trace_forward(build_model(config), encode(config))
    assert np.array_equal(trace.logits_BTV, trace.output_BTF)


def test_the_next_task_traces_what_is_read(prime_config: Callable[..., RunConfig]) -> None:
    config = prime_config(task=Task.NEXT, lengths=(4, 7, 3))
    assert trace_forward(build_model(config), encode(config)).output_BTF.shape == (3, 7, 11)


# --- where h_n sits in output ----------------------------------------------------------------------------------------


def test_rows_of_h_n_are_layers_and_directions_in_turn(traced: Traced) -> None:
    directions = list(Direction)[: traced.config.directions]
    expected = [(layer, direction) for layer in range(traced.config.num_layers) for direction in directions]
    assert [(state.layer, state.direction) for state in traced.trace.final_states] == expected
    assert [(row.layer, row.direction) for row in traced.trace.layers] == expected
    assert [state.row for state in traced.trace.final_states] == list(range(len(expected)))


def test_only_the_last_layers_final_states_stand_in_output(traced: Traced) -> None:
    last = [state.layer == traced.config.num_layers - 1 for state in traced.trace.final_states]
    assert [state.equal for state in traced.trace.final_states] == last
    assert [bool(state.place) for state in traced.trace.final_states] == last
    assert [bool(state.blocks) for state in traced.trace.final_states] == last


def test_place_is_an_expression_that_gives_the_row(traced: Traced) -> None:
    output, h_n = torch.tensor(traced.trace.output_BTF), torch.tensor(traced.trace.h_n)
    names = {"output": output, "lengths": traced.lengths, "arange": torch.arange, "B": len(output)}
    found = {state.row: eval(state.place, names) for state in traced.trace.final_states if state.place}
    assert len(found) == traced.config.directions
    assert all(torch.equal(rows, h_n[row]) for row, rows in found.items())


def test_blocks_hold_the_row(traced: Traced) -> None:
    for state in traced.trace.final_states[-traced.config.directions :]:
        cells = [traced.trace.output_BTF[b.line, slice(*b.steps), slice(*b.features)] for b in state.blocks]
        assert np.array_equal(np.concatenate(cells), traced.trace.h_n[state.row])


# --- inside: every layer against a cell stepped by hand --------------------------------------------------------------


def test_h_of_the_last_layer_is_output(traced: Traced) -> None:
    last = traced.trace.layers[-traced.config.directions :]
    assert np.array_equal(np.concatenate([row.h_BTH for row in last], axis=-1), traced.trace.output_BTF)


def test_a_layer_reads_what_the_layer_below_says(traced: Traced, rows: list[tuple[LayerTrace, Stepped]]) -> None:
    assert np.array_equal(traced.trace.layers[0].x_BTI, traced.encoding.x_BTV)
    for row, stepped in rows:
        assert row.x_BTI == close(stepped.x_BTI.numpy(), abs=TOLERANCE)


def test_h_is_that_of_torchs_cell(rows: list[tuple[LayerTrace, Stepped]]) -> None:
    for row, stepped in rows:
        assert row.h_BTH == close(stepped.h_BTH.numpy(), abs=TOLERANCE)


def test_the_previous_h_is_that_of_torchs_cell(rows: list[tuple[LayerTrace, Stepped]]) -> None:
    for row, stepped in rows:
        assert row.h_previous_BTH == close(stepped.h_previous_BTH.numpy(), abs=TOLERANCE)


def test_c_is_that_of_torchs_lstm_cell(traced: Traced, rows: list[tuple[LayerTrace, Stepped]]) -> None:
    if traced.config.cell is not Cell.LSTM:
        assert [row.c_BTH for row, _ in rows] == [None] * len(rows)
        return
    for row, stepped in rows:
        assert row.c_BTH == close(stepped.c_BTH.numpy(), abs=TOLERANCE)


def test_gates_are_named_in_order_of_computation(traced: Traced) -> None:
    assert [list(row.gates) for row in traced.trace.layers] == [GATES[traced.config.cell]] * len(traced.trace.layers)


def test_what_a_gate_hears_is_its_rows_of_the_weights(traced: Traced, rows: list[tuple[LayerTrace, Stepped]]) -> None:
    for row, stepped in rows:
        end = f"l{row.layer}" + ("_reverse" if row.direction is Direction.BACKWARD else "")
        weights = {name: value.chunk(len(row.gates)) for name, value in traced.model.rnn.state_dict().items()}
        for number, gate in enumerate(row.gates.values()):
            W_ih, b_ih = weights[f"weight_ih_{end}"][number], weights[f"bias_ih_{end}"][number]
            W_hh, b_hh = weights[f"weight_hh_{end}"][number], weights[f"bias_hh_{end}"][number]
            heard = nn.functional.linear(stepped.x_BTI, W_ih, b_ih).numpy()
            recalled = nn.functional.linear(stepped.h_previous_BTH, W_hh, b_hh).numpy()
            assert gate.input_part_BTH[traced.real_BT] == close(heard[traced.real_BT], abs=TOLERANCE)
            assert gate.recurrent_part_BTH[traced.real_BT] == close(recalled[traced.real_BT], abs=TOLERANCE)


def _heard(name: str, gates: dict[str, Gate]) -> npt.NDArray[np.float32]:
    """What torch's page says a gate adds up: only GRU's new gate weighs what it recalls."""
    scale = gates["reset"].activation_BTH if name == "new" else 1
    return gates[name].input_part_BTH + scale * gates[name].recurrent_part_BTH


def test_a_preactivation_is_the_sum_of_its_parts(traced: Traced) -> None:
    for row in traced.trace.layers:
        for name, gate in row.gates.items():
            assert gate.preactivation_BTH == close(_heard(name, dict(row.gates)), abs=TOLERANCE)


def test_an_activation_is_its_function_of_the_preactivation(traced: Traced) -> None:
    squash: dict[str, Callable[[Tensor], Tensor]] = {"hidden": torch.tanh, "new": torch.tanh, "cell": torch.tanh}
    if traced.config.nonlinearity == "relu":
        squash["hidden"] = torch.relu
    for row in traced.trace.layers:
        for name, gate in row.gates.items():
            said = squash.get(name, torch.sigmoid)(torch.tensor(gate.preactivation_BTH)).numpy()
            assert gate.activation_BTH[traced.real_BT] == close(said[traced.real_BT], abs=TOLERANCE)


def test_valves_are_between_0_and_1(traced: Traced) -> None:
    valves = {"reset", "update", "input", "forget", "output"}
    for row in traced.trace.layers:
        for gate in (gate for name, gate in row.gates.items() if name in valves):
            values = gate.activation_BTH[traced.real_BT]
            assert values.min() > 0
            assert values.max() < 1


def test_h_and_c_are_what_the_gates_make_of_them(rows: list[tuple[LayerTrace, Stepped]], traced: Traced) -> None:
    for row, stepped in rows:
        gate = {name: gate.activation_BTH for name, gate in row.gates.items()}
        match traced.config.cell:
            case Cell.RNN:
                made = gate["hidden"]
            case Cell.GRU:
                made = (1 - gate["update"]) * gate["new"] + gate["update"] * row.h_previous_BTH
            case Cell.LSTM:
                assert row.c_BTH is not None
                made = gate["output"] * np.tanh(row.c_BTH)
                c = gate["forget"] * _previous_c(traced, row, stepped) + gate["input"] * gate["cell"]
                assert row.c_BTH == close(c, abs=TOLERANCE)
        assert row.h_BTH == close(made, abs=TOLERANCE)


def _previous_c(traced: Traced, row: LayerTrace, stepped: Stepped) -> npt.NDArray[np.float32]:
    """The cell state of the LSTMCell before each step."""
    previous = torch.zeros_like(stepped.c_BTH)
    for path in _paths(traced):
        way = path[::-1] if row.direction is Direction.BACKWARD else path
        for before, place in pairwise(way):
            previous[place] = stepped.c_BTH[before]
    return previous.numpy()
