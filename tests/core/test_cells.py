"""One step of each cell, against torch.nn.RNNCell, GRUCell and LSTMCell on the same weights, and the laws of its gates.

Tolerance: both sides add the same few float32 products in another order; with values around 1 that is a few times
1.2e-7, so 1e-6 holds and nothing looser is needed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rnn_core.cells import CellStep, CellWeights, gru_step, lstm_gates, lstm_step, rnn_step

INPUT, UNITS = 5, 11
TOLERANCE = 1e-6
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}
CELLS: dict[str, Callable[[], nn.RNNCellBase]] = {
    "tanh": lambda: nn.RNNCell(INPUT, UNITS, nonlinearity="tanh"),
    "relu": lambda: nn.RNNCell(INPUT, UNITS, nonlinearity="relu"),
    "gru": lambda: nn.GRUCell(INPUT, UNITS),
    "lstm": lambda: nn.LSTMCell(INPUT, UNITS),
}
VALVES = {"reset", "update", "input", "forget", "output"}


@pytest.fixture(params=list(CELLS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def cell(kind: str) -> nn.RNNCellBase:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return CELLS[kind]().requires_grad_(False)


@pytest.fixture(params=[(), (3,), (3, 7), (2, 3, 7)], ids=["one step", "batch", "batch and time", "three axes"])
def axes(request: pytest.FixtureRequest) -> tuple[int, ...]:
    leading: tuple[int, ...] = request.param
    return leading


@pytest.fixture
def x(axes: tuple[int, ...]) -> Tensor:
    return torch.randn(*axes, INPUT, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def state(axes: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """h_prev and c_prev."""
    h_prev, c_prev = torch.randn(2, *axes, UNITS, generator=torch.Generator().manual_seed(5))
    return h_prev, c_prev


def _weights(cell: nn.RNNCellBase) -> CellWeights:
    bias_ih, bias_hh = cell.bias_ih, cell.bias_hh
    assert isinstance(bias_ih, Tensor)
    assert isinstance(bias_hh, Tensor)
    return CellWeights(W_ih=cell.weight_ih, W_hh=cell.weight_hh, b_ih=bias_ih, b_hh=bias_hh)


def _ours(kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]) -> CellStep:
    if kind == "gru":
        return gru_step(x, state[0], _weights(cell))
    if kind == "lstm":
        return lstm_step(x, *state, _weights(cell))
    return rnn_step(x, state[0], _weights(cell), activation=ACTIVATIONS[kind])


def _largest_difference(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max())


def test_h_and_c_are_those_of_torchs_cell(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    step = _ours(kind, cell, x, state)
    rows, h_prev, c_prev = (part.reshape(-1, part.shape[-1]) for part in (x, *state))
    theirs = cell(rows, (h_prev, c_prev)) if kind == "lstm" else (cell(rows, h_prev),)
    ours = (step.h,) if step.c is None else (step.h, step.c)
    for our, their in zip(ours, theirs, strict=True):
        assert _largest_difference(our, their.reshape(*x.shape[:-1], UNITS)) <= TOLERANCE


def test_only_an_lstm_has_a_cell_state(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    assert (_ours(kind, cell, x, state).c is not None) == (kind == "lstm")


def test_parts_have_the_leading_axes_and_h_units(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor], axes: tuple[int, ...]
) -> None:
    for gate in _ours(kind, cell, x, state).gates.values():
        for part in (gate.input_part, gate.recurrent_part, gate.preactivation, gate.activation):
            assert part.shape == (*axes, UNITS)


def test_a_valve_is_between_0_and_1(kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]) -> None:
    gates = _ours(kind, cell, x, state).gates
    valves = [gate.activation for name, gate in gates.items() if name in VALVES]
    assert len(valves) == {"gru": 2, "lstm": 3}.get(kind, 0)
    assert all(bool((valve > 0).all() and (valve < 1).all()) for valve in valves)


def test_a_gate_is_torchs_function_of_its_parts(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    gates = _ours(kind, cell, x, state).gates
    for name, gate in gates.items():
        scale = gates["reset"].activation if name == "new" else 1
        assert torch.equal(gate.preactivation, gate.input_part + scale * gate.recurrent_part)
        squash = torch.sigmoid if name in VALVES else ACTIVATIONS.get(kind, torch.tanh)
        assert torch.equal(gate.activation, squash(gate.preactivation))


def test_a_gate_hears_its_own_rows_of_the_weights(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    gates, weights = _ours(kind, cell, x, state).gates, _weights(cell)
    # The order in which torch's pages stack the rows.
    order = {"gru": ["reset", "update", "new"], "lstm": ["input", "forget", "cell", "output"]}.get(kind, ["hidden"])
    assert list(gates) == order
    for place, name in enumerate(order):
        rows = slice(place * UNITS, (place + 1) * UNITS)
        heard = nn.functional.linear(x, weights.W_ih[rows], weights.b_ih[rows])
        recalled = nn.functional.linear(state[0], weights.W_hh[rows], weights.b_hh[rows])
        assert _largest_difference(gates[name].input_part, heard) <= TOLERANCE
        assert _largest_difference(gates[name].recurrent_part, recalled) <= TOLERANCE


@pytest.mark.parametrize("kind", ["tanh", "relu"])
def test_h_of_an_rnn_is_its_only_gate(kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]) -> None:
    step = _ours(kind, cell, x, state)
    assert torch.equal(step.h, step.gates["hidden"].activation)


@pytest.mark.parametrize("kind", ["gru"])
def test_h_of_a_gru_lies_between_the_new_value_and_the_old(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    step = _ours(kind, cell, x, state)
    z, n = step.gates["update"].activation, step.gates["new"].activation
    assert torch.equal(step.h, (1 - z) * n + z * state[0])
    assert bool((step.h >= torch.minimum(n, state[0]) - TOLERANCE).all())
    assert bool((step.h <= torch.maximum(n, state[0]) + TOLERANCE).all())


@pytest.mark.parametrize("kind", ["lstm"])
def test_an_lstm_keeps_writes_and_shows(
    kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]
) -> None:
    step = _ours(kind, cell, x, state)
    i, f, g, o = (step.gates[name].activation for name in ("input", "forget", "cell", "output"))
    assert step.c is not None
    assert torch.equal(step.c, f * state[1] + i * g)
    assert torch.equal(step.h, o * torch.tanh(step.c))


@pytest.mark.parametrize("kind", ["lstm"])
def test_no_gate_of_an_lstm_hears_c(kind: str, cell: nn.RNNCellBase, x: Tensor, state: tuple[Tensor, Tensor]) -> None:
    h_prev, c_prev = state
    gates = lstm_gates(x, h_prev, _weights(cell))
    for c in (c_prev, 100 * c_prev):
        for name, gate in lstm_step(x, h_prev, c, _weights(cell)).gates.items():
            assert torch.equal(gate.activation, gates[name].activation)
