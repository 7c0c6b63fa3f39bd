"""Gradients through time, against finite differences of a network that is unrolled by hand, and against torch's own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from rnn_core import RunConfig, Trainer, build_model, encode, gradient_flow
from rnn_core.cells import CellStep, gru_step, lstm_step, rnn_step
from rnn_core.config import Cell, ConfigError, Head, Nonlinearity
from rnn_core.decay import by_distance, decay_rate, spectral_norm
from rnn_core.encoding import Encoding
from rnn_core.gradients import affordable_steps, state_gradients
from rnn_core.model import CharRNN
from rnn_core.text import PADDING
from rnn_core.trace import Direction, cell_weights

Double = npt.NDArray[np.float64]
NUDGE = 1e-5
RELATIVE = 1e-5

CELLS = [
    {"cell": Cell.RNN},
    {"cell": Cell.RNN, "nonlinearity": Nonlinearity.RELU},
    {"cell": Cell.GRU},
    {"cell": Cell.LSTM},
]
NAMES = ["tanh", "relu", "gru", "lstm"]
SHAPES = [
    {"text": "abcab"},
    {"text": "abca\nab"},
    {"text": "aba\nab", "num_layers": 2, "bidirectional": True},
    {"text": "ab\nbac\nc", "num_layers": 2, "bidirectional": True, "batch_first": False},
    {"text": "abcab", "task": "next", "num_layers": 2},
]
SHAPE_NAMES = ["one line", "two lines", "layers and directions", "time first", "next"]


@dataclass(frozen=True)
class Run:
    """What an unrolled network does: (B, T), (B, T, V), and the states (B, T, P, H) of the layer that is nudged."""

    loss_BT: Tensor
    logits_BTV: Tensor
    state: Tensor


def unrolled(
    model: CharRNN, encoding: Encoding, layer: int, direction: Direction, nudge: Tensor, x_nudge: Tensor | None = None
) -> Run:
    """Reads step by step with the equations of ``cells``; ``nudge`` (B, T, P, H) is added to one layer's states."""
    x = torch.tensor(encoding.x_BTV, dtype=torch.float64)
    below = x if x_nudge is None else x + x_nudge
    length_B = encoding.length_B.tolist()
    rnn = model.rnn
    seen: Tensor | None = None
    for at in range(rnn.num_layers):
        outputs = []
        for way in list(Direction)[: 2 if rnn.bidirectional else 1]:
            here = nudge if (at, way) == (layer, direction) else torch.zeros_like(nudge)
            states = read(rnn, below, cell_weights(rnn, at, way), way, length_B, here)
            if (at, way) == (layer, direction):
                seen = states
            outputs.append(states[:, :, 0])
        below = torch.cat(outputs, dim=-1)
    assert seen is not None
    logits = model.head(below)
    target = torch.tensor(encoding.target_BT)
    loss = nn.functional.cross_entropy(logits.mT, target, ignore_index=PADDING, reduction="none")
    return Run(loss_BT=loss, logits_BTV=logits, state=seen)


def read(rnn: nn.RNNBase, x: Tensor, weights: Any, way: Direction, length_B: list[int], nudge: Tensor) -> Tensor:
    """The states (B, T, P, H) of one layer and direction."""
    lines, steps = x.shape[:2]
    found: dict[tuple[int, int], Tensor] = {}
    if rnn.batch_first:
        chains = [[(line, step) for step in range(length_B[line])] for line in range(lines)]
    else:
        chains = [[(line, step) for line in range(lines)] for step in range(steps)]
    for chain in chains:
        state = torch.zeros_like(nudge[0, 0])
        for place in chain if way is Direction.FORWARD else chain[::-1]:
            step = one_step(rnn, x[place], state, weights)
            parts = [step.h] if step.c is None else [step.h, step.c]
            state = torch.stack(parts) + nudge[place]
            found[place] = state
    nothing = torch.zeros_like(nudge[0, 0])
    return torch.stack(
        [torch.stack([found.get((line, step), nothing) for step in range(steps)]) for line in range(lines)]
    )


def one_step(rnn: nn.RNNBase, x: Tensor, state: Tensor, weights: Any) -> CellStep:
    match rnn:
        case nn.LSTM():
            return lstm_step(x, state[0], state[1], weights)
        case nn.GRU():
            return gru_step(x, state[0], weights)
    return rnn_step(x, state[0], weights, activation=torch.relu if rnn.nonlinearity == "relu" else torch.tanh)


@torch.no_grad()
def differences(values: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> Double:
    """Central differences of ``values`` at 0: (*values, *shape)."""
    columns = []
    for at in np.ndindex(shape):
        nudge = torch.zeros(shape, dtype=torch.float64)
        nudge[at] = NUDGE
        columns.append(((values(nudge) - values(-nudge)) / (2 * NUDGE)).numpy())
    stacked: Double = np.stack(columns, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *shape)


def assert_close(ours: Double | None, theirs: Double) -> None:
    assert ours is not None
    assert ours.shape == theirs.shape
    scale = max(float(np.abs(theirs).max()), 1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=RELATIVE * scale)


def made(options: dict[str, Any], shape: dict[str, Any]) -> tuple[RunConfig, CharRNN, Encoding]:
    config = RunConfig(**options, **{"hidden_size": 2, "head": Head.LINEAR, "seed": 4, **shape})
    trainer = Trainer(RunConfig.from_query(config.to_query()))
    trainer.run(3)
    return config, copy.deepcopy(trainer.model).double(), trainer.encoding


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_every_field_is_what_finite_differences_say(options: dict[str, Any], shape: dict[str, Any]) -> None:
    config, model, encoding = made(options, shape)
    for layer in range(config.num_layers):
        for direction in list(Direction)[: config.directions]:
            check_fields(model, encoding, len(encoding.lines) - 1, layer, direction)


def check_fields(model: CharRNN, encoding: Encoding, line: int, layer: int, direction: Direction) -> None:
    flow = gradient_flow(model, encoding, line, layer, direction=direction)
    lines, steps, size = encoding.x_BTV.shape
    parts, units = 2 if isinstance(model.rnn, nn.LSTM) else 1, model.rnn.hidden_size
    whole = (lines, steps, parts, units)
    length = int(encoding.length_B[line])
    real_steps = int((encoding.target_BT != PADDING).sum())
    assert flow.steps == range(length)

    def run(nudge: Tensor) -> Run:
        return unrolled(model, encoding, layer, direction, nudge)

    total = differences(lambda nudge: run(nudge).loss_BT.sum() / real_steps, whole)
    assert_close(flow.state_gradient_TH, total[line, :length, 0])
    losses = differences(lambda nudge: run(nudge).loss_BT[line, :length], whole)
    assert_close(flow.loss_sensitivity_TT, np.linalg.norm(losses[:, line, :length, 0], axis=-1))
    states = differences(lambda nudge: run(nudge).state[line, :length], whole)[:, :, :, line, :length]
    joined = states.transpose(0, 3, 1, 2, 4, 5)
    flat = joined.reshape(length, length, parts * units, parts * units)
    assert_close(flow.state_jacobian_norm_TT, np.linalg.norm(flat, 2, axis=(-2, -1)))
    assert_close(flow.hidden_jacobian_norm_TT, np.linalg.norm(joined[:, :, 0, :, 0], 2, axis=(-2, -1)))
    if parts > 1:
        assert_close(flow.cell_gradient_TH, total[line, :length, 1])
        assert_close(flow.cell_jacobian_norm_TT, np.linalg.norm(joined[:, :, 1, :, 1], 2, axis=(-2, -1)))
    nothing = torch.zeros(whole, dtype=torch.float64)
    logits = differences(
        lambda x: unrolled(model, encoding, 0, Direction.FORWARD, nothing, x).logits_BTV[line, :length],
        (lines, steps, size),
    )
    assert_close(flow.input_influence_TT, np.sqrt((logits[:, :, line, :length] ** 2).sum(axis=(1, 3))))


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_the_ledger_adds_up_to_torchs_own_gradient(options: dict[str, Any], shape: dict[str, Any]) -> None:
    """Torch's backward of its own module in float64; training's float32 gradient has that one's last bits only."""
    config = RunConfig(**options, **{"hidden_size": 5, "head": Head.LINEAR, **shape})
    trainer = Trainer(config)
    trainer.run(2)
    encoding, net = trainer.encoding, copy.deepcopy(trainer.model).double()
    length_B = torch.tensor(encoding.length_B) if encoding.padded else None
    logits, _, _ = net(torch.tensor(encoding.x_BTV, dtype=torch.float64), length_B)
    target = torch.tensor(encoding.target_BT)
    nn.functional.cross_entropy(logits.mT, target, ignore_index=PADDING).backward()  # type: ignore[no-untyped-call]
    for layer in range(config.num_layers):
        for direction in list(Direction)[: config.directions]:
            flow = gradient_flow(trainer.model, encoding, 0, layer, direction=direction)
            theirs = cell_weights(net.rnn, layer, direction).W_hh.grad
            assert theirs is not None
            assert flow.recurrent_gradient_by_step.shape == (encoding.x_BTV.shape[1], *theirs.shape)
            difference = np.linalg.norm(flow.recurrent_gradient_by_step.sum(axis=0) - theirs.numpy())
            assert difference <= 1e-10 * float(theirs.norm())


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPE_NAMES)
@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_what_each_loss_asks_of_every_state_is_what_autograd_says(
    options: dict[str, Any], shape: dict[str, Any]
) -> None:
    config, model, encoding = made(options, shape)
    lines, steps, _size = encoding.x_BTV.shape
    parts = 2 if config.cell is Cell.LSTM else 1
    line = lines - 1
    length = int(encoding.length_B[line])
    shown = range(max(0, length - 3), length)
    found = state_gradients(model, encoding, line, lines=range(lines), steps=shown)
    places = [(layer, way) for layer in range(config.num_layers) for way in list(Direction)[: config.directions]]
    for row, (layer, way) in enumerate(places):
        nudge = torch.zeros(lines, steps, parts, 2, dtype=torch.float64, requires_grad=True)
        loss_BT = unrolled(model, encoding, layer, way, nudge).loss_BT
        for at, step in enumerate(shown):
            (expected,) = torch.autograd.grad(loss_BT[line, step], nudge, retain_graph=True)
            expected_BTH = expected[:, shown.start : shown.stop, 0].numpy()
            np.testing.assert_allclose(found.state[at, row], expected_BTH, rtol=1e-5, atol=1e-8)
    chains = lines if config.batch_first else steps
    h_0 = torch.zeros(len(places), chains, 2, dtype=torch.float64, requires_grad=True)
    length_B = torch.tensor(encoding.length_B) if encoding.padded else None
    logits, _, _ = model(torch.tensor(encoding.x_BTV, dtype=torch.float64), length_B, h_0)
    target = torch.tensor(encoding.target_BT)
    loss_BT = nn.functional.cross_entropy(logits.mT, target, ignore_index=PADDING, reduction="none")
    for at, step in enumerate(shown):
        (expected,) = torch.autograd.grad(loss_BT[line, step], h_0, retain_graph=True)
        at_start = expected if config.batch_first else expected[:, shown.start : shown.stop]
        np.testing.assert_allclose(found.start[at], at_start.numpy(), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_one_direction_hears_nothing_of_what_comes_later(options: dict[str, Any]) -> None:
    config = RunConfig("hello! world", **options)
    flow = gradient_flow(build_model(config), encode(config))
    for matrix in (flow.loss_sensitivity_TT, flow.state_jacobian_norm_TT, flow.input_influence_TT):
        assert not matrix[np.triu_indices(12, 1)].any()
        assert matrix[np.tril_indices(12)].all()
    np.testing.assert_array_equal(np.diagonal(flow.state_jacobian_norm_TT), 1)


@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_not_batch_first_on_one_line_nothing_flows_between_characters(options: dict[str, Any]) -> None:
    config = RunConfig("hello! world", batch_first=False, **options)
    flow = gradient_flow(build_model(config), encode(config))
    for matrix in (flow.loss_sensitivity_TT, flow.state_jacobian_norm_TT, flow.input_influence_TT):
        assert not matrix[~np.eye(12, dtype=bool)].any()
        assert np.diagonal(matrix).all()
    assert not flow.recurrent_gradient_by_step.any()
    assert flow.decay_rate is None


def linear_rnn(factor: float, length: int) -> tuple[CharRNN, Encoding]:
    """A network that is linear where it goes: relu of what is never below 0, with W_hh = factor · I."""
    config = RunConfig("ab" * (length // 2), nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, hidden_size=4)
    model = build_model(config)
    with torch.no_grad():
        weights = cell_weights(model.rnn, 0, Direction.FORWARD)
        weights.W_hh.copy_(factor * torch.eye(4))
        weights.W_ih.copy_(weights.W_ih.abs() + 0.1)
        weights.b_ih.fill_(0.5)
        weights.b_hh.fill_(0.0)
    return model, encode(config)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.25])
def test_a_linear_network_fades_by_exactly_its_factor_at_each_step(factor: float) -> None:
    flow = gradient_flow(*linear_rnn(factor, 20))
    distance = np.subtract.outer(np.arange(20), np.arange(20))
    expected = np.where(distance >= 0, factor ** np.maximum(distance, 0.0), 0)
    np.testing.assert_allclose(flow.state_jacobian_norm_TT, expected, rtol=1e-12)
    assert flow.decay_rate == pytest.approx(factor, rel=1e-12)
    np.testing.assert_allclose(np.abs(flow.eigenvalues["hidden"]), factor)
    assert flow.spectral_radius == {"hidden": pytest.approx(factor)}
    assert flow.largest_stretch == {"hidden": pytest.approx(factor)}
    np.testing.assert_allclose(by_distance(flow.state_jacobian_norm_TT), factor ** np.arange(20.0), rtol=1e-12)


def test_what_vanishes_is_not_lost_in_the_last_bits() -> None:
    flow = gradient_flow(*linear_rnn(2**-10, 100))
    assert flow.state_jacobian_norm_TT[99, 0] == pytest.approx(2.0**-990, rel=1e-9)
    assert flow.decay_rate == pytest.approx(2**-10, rel=1e-9)


@pytest.mark.parametrize("options", CELLS, ids=NAMES)
def test_a_window_shows_a_part_of_the_same_numbers(options: dict[str, Any]) -> None:
    config = RunConfig("hello! world\nhello", head=Head.LINEAR, num_layers=2, bidirectional=True, **options)
    model, encoding = build_model(config), encode(config)
    whole = gradient_flow(model, encoding, direction=Direction.BACKWARD)
    part = gradient_flow(model, encoding, direction=Direction.BACKWARD, steps=range(3, 9))
    for name in ("loss_sensitivity_TT", "state_jacobian_norm_TT", "hidden_jacobian_norm_TT", "input_influence_TT"):
        np.testing.assert_allclose(getattr(part, name), getattr(whole, name)[3:9, 3:9], rtol=1e-5, atol=1e-300)
    np.testing.assert_array_equal(part.state_gradient_TH, whole.state_gradient_TH)
    np.testing.assert_array_equal(part.recurrent_gradient_by_step, whole.recurrent_gradient_by_step)


def test_one_character_has_no_step_to_fade_over() -> None:
    config = RunConfig("a", head=Head.LINEAR)
    flow = gradient_flow(build_model(config), encode(config))
    assert flow.decay_rate is None
    assert flow.loss_sensitivity_TT.shape == (1, 1)
    assert not flow.recurrent_gradient_by_step.any()


def test_the_network_is_left_as_it_was_and_nobody_changes_the_record() -> None:
    trainer = Trainer(RunConfig())
    trainer.run(2)
    before = copy.deepcopy(trainer.model.state_dict())
    flow = gradient_flow(trainer.model, trainer.encoding)
    after = trainer.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not flow.recurrent_gradient_by_step.flags.writeable
    assert not flow.loss_sensitivity_TT.flags.writeable


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"line": 1}, "line must be 0…0, got 1"),
        ({"line": -1}, "line must be 0…0, got -1"),
        ({"layer": 1}, "layer must be 0…0, got 1"),
        (
            {"direction": Direction.BACKWARD},
            "direction must be forward where the module is not bidirectional, got backward",
        ),
        ({"steps": range(3, 13)}, "steps must be one or more in a row of 0…11, got range(3, 13)"),
        ({"steps": range(3, 3)}, "steps must be one or more in a row of 0…11, got range(3, 3)"),
    ],
)
def test_what_is_not_there_is_a_sentence(arguments: dict[str, Any], sentence: str) -> None:
    config = RunConfig()
    with pytest.raises(ConfigError) as raised:
        gradient_flow(build_model(config), encode(config), **arguments)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_is_a_sentence(value: float) -> None:
    config = RunConfig()
    model = build_model(config)
    with torch.no_grad():
        cell_weights(model.rnn, 0, Direction.FORWARD).W_hh[0, 0] = value
    with pytest.raises(ConfigError, match=f"weight_hh_l0 must be finite to follow a gradient, got {value}"):
        gradient_flow(model, encode(config))


def test_the_spectral_norm_is_torchs_also_of_what_is_tiny_or_huge() -> None:
    generator = torch.Generator().manual_seed(1)
    matrices = torch.randn(6, 5, 5, generator=generator, dtype=torch.float64)
    matrices[1] *= 1e-200
    matrices[2] *= 1e200
    matrices[3] = 0
    expected = torch.linalg.matrix_norm(matrices, ord=2)
    np.testing.assert_allclose(spectral_norm(matrices), expected.numpy(), rtol=1e-5)
    matrices[4, 0, 0] = torch.inf
    assert spectral_norm(matrices)[4] == np.inf


def test_the_rate_of_nothing_is_none_and_what_is_0_is_passed_over() -> None:
    assert decay_rate(np.eye(5)) is None
    fading = np.where(np.eye(4, k=-1) > 0, 0.25, np.eye(4))
    assert decay_rate(fading) == pytest.approx(0.25)


def test_the_steps_that_are_shown_are_around_the_cursor_and_affordable() -> None:
    config = RunConfig("ab" * 200, cell=Cell.LSTM, head=Head.LINEAR, hidden_size=128)
    shown = affordable_steps(config, 400, 200)
    assert 200 in shown
    assert 2 < len(shown) < 40
    assert affordable_steps(RunConfig(), 12, 3) == range(12)
    assert affordable_steps(RunConfig(), 1, 0) == range(1)
    assert affordable_steps(RunConfig("ab" * 200), 400, 399).stop == 400
