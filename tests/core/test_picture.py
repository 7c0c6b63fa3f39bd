"""The picture of the network: its arrows are the dependences that torch's own derivatives find, and no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig
from rnn_core.encoding import encode
from rnn_core.model import build_model
from rnn_core.picture import MAX_CELLS, MAX_STEPS, STRIPS, Kind, Node, Picture, shown_steps, strip_values
from rnn_core.trace import Direction, trace_forward
from rnn_core.unrolled_graph import unrolled

Place = tuple[int, int]
RELU_SEEDS = 12
"""Of so many networks one at least has each of its derivatives: a relu that is off in one is on in another."""


def whole(config: RunConfig) -> Picture:
    encoding = encode(config)
    batch, steps = encoding.ids_BT.shape
    return unrolled(config, encoding, lines=range(batch), steps=range(steps))


def reached(picture: Picture) -> dict[str, set[str]]:
    """By node, every node that a path of arrows leads to."""
    after = defaultdict(set)
    for edge in picture.edges:
        after[edge.source].add(edge.target)

    def walk(name: str, seen: set[str]) -> set[str]:
        for target in after[name] - seen:
            seen.add(target)
            walk(target, seen)
        return seen

    return {node.id: walk(node.id, set()) for node in picture.nodes}


def heard(config: RunConfig) -> Callable[[Callable[[dict[str, Tensor]], Tensor]], set[Place]]:
    """For a number of a forward pass: the places (line, step) of x that it depends on, by autograd."""
    passes = []
    for seed in range(RELU_SEEDS if config.nonlinearity is Nonlinearity.RELU else 1):
        model = build_model(RunConfig.from_query(config.to_query() | {"seed": str(seed)}))
        encoding = encode(config)
        x = torch.tensor(encoding.x_BTV, requires_grad=True)
        logits, output, state = model(x, torch.tensor(encoding.length_B) if encoding.padded else None)
        h_n, c_n = state if isinstance(state, tuple) else (state, state)
        passes.append((x, {"logits": logits, "output": output, "h_n": h_n, "c_n": c_n}))

    def places(part: Callable[[dict[str, Tensor]], Tensor]) -> set[Place]:
        found: set[Place] = set()
        for x, tensors in passes:
            for number in part(tensors).flatten():
                (gradient,) = torch.autograd.grad(number, x, retain_graph=True)
                found |= {(int(line), int(step)) for line, step in gradient.abs().sum(dim=2).nonzero()}
        return found

    return places


LENGTHS = [(3, 3), (2, 3, 1), (3,)]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_path_of_arrows_leads_exactly_to_what_the_derivative_reaches(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    bidirectional: bool,
    batch_first: bool,
    layers: int,
    lengths: tuple[int, ...],
) -> None:
    config = prime_config(
        **cell,
        bidirectional=bidirectional,
        batch_first=batch_first,
        num_layers=layers,
        lengths=lengths,
        hidden_size=2,
    )
    picture, places = whole(config), heard(config)
    after = reached(picture)
    tokens = [node for node in picture.nodes if node.kind is Kind.TOKEN]
    assert len(tokens) == len(lengths) * max(lengths)
    checked = set()
    for node in picture.nodes:
        if node.tensor not in {"logits", "output", "h_n", "c_n"}:
            continue
        checked.add(node.kind)
        at, units = node.index, slice(node.offset, node.offset + (5 if node.kind is Kind.SAID else 2))
        expected = places(lambda tensors, node=node, at=at, units=units: tensors[node.tensor][at][units])  # type: ignore[misc]
        assert {(token.line, token.step) for token in tokens if node.id in after[token.id]} == expected, node
    finals = {Kind.FINAL, Kind.FINAL_CELL} if config.cell is Cell.LSTM else {Kind.FINAL}
    assert checked == {Kind.STATE, Kind.SAID} | finals


def test_the_arrows_into_h_and_c_of_an_lstm_are_the_derivatives_of_torchs_cell(
    prime_config: Callable[..., RunConfig], bidirectional: bool, batch_first: bool
) -> None:
    cell = torch.nn.LSTMCell(2, 3, dtype=torch.float64)
    x, h, c = (torch.rand(size, dtype=torch.float64, requires_grad=True) for size in (2, 3, 3))
    h_next, c_next = cell(x, (h, c))
    reached = {
        (source, target)
        for target, result in (("h", h_next), ("c", c_next))
        for source, given in (("x", x), ("h", h), ("c", c))
        if torch.autograd.grad(result.sum(), given, retain_graph=True)[0].abs().sum() > 0
    }
    # h depends on the c before by way of the c of its own step: h = o · tanh(c).
    assert ("c", "h") in reached
    config = prime_config(cell=Cell.LSTM, bidirectional=bidirectional, batch_first=batch_first, num_layers=2)
    picture = whole(config)
    nodes = {node.id: node for node in picture.nodes}
    into: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for edge in picture.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        if target.kind in (Kind.STATE, Kind.CELL):
            same_row, same_step = source.row == target.row, (source.line, source.step) == (target.line, target.step)
            at = "now" if same_row and same_step and source.kind in (Kind.STATE, Kind.CELL) else "before"
            into[target.id].add(("x" if not same_row else source.state, at))
    before = {(source, "before") for source, _target in reached - {("c", "h")}} | {("x", "before")}
    expected = {"c": before, "h": before - {("c", "before")} | {("c", "now")}}
    assert {name: found for name, found in into.items() if found != expected[nodes[name].state]} == {}
    assert {nodes[name].state for name in into} == {"h", "c"}


@pytest.mark.parametrize("layers", [1, 2])
def test_c_at_each_step_is_what_torch_ends_in_on_a_text_cut_off_there(layers: int) -> None:
    config = RunConfig("hello! world", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=5, num_layers=layers)
    model, encoding, picture = build_model(config), encode(config), whole(config)
    values = dict(zip(picture.strips, strip_values(picture, trace_forward(model, encoding)), strict=True))
    x = torch.tensor(encoding.x_BTV)
    seen = 0
    for node, row in values.items():
        if node.kind is Kind.CELL:
            assert node.row is not None
            _h, (_h_n, c_n) = model.rnn(x[:, : node.step + 1])
            np.testing.assert_allclose(row, c_n[node.row, 0].detach(), atol=1e-6)
            seen += 1
    assert seen == layers * 12


def test_a_strip_starts_at_the_h_0_that_is_given() -> None:
    config = RunConfig("abc", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=2, num_layers=2, bidirectional=True)
    h_0 = np.arange(8, dtype=np.float32).reshape(4, 1, 2)
    picture = whole(config)
    trace = trace_forward(build_model(config), encode(config), h_0=h_0)
    for node, row in zip(picture.strips, strip_values(picture, trace, h_0=h_0), strict=True):
        if node.kind is Kind.START:
            assert row.tolist() == h_0[node.index].tolist()
        elif node.kind is Kind.START_CELL:
            assert not row.any()


def test_every_edge_joins_two_nodes_and_no_two_have_one_name(
    prime_config: Callable[..., RunConfig], bidirectional: bool, batch_first: bool, lengths: tuple[int, ...]
) -> None:
    config = prime_config(bidirectional=bidirectional, batch_first=batch_first, lengths=lengths, num_layers=2)
    encoding = encode(config)
    for lines, steps in [(range(3), range(7)), (range(1, 3), range(2, 5)), (range(1), range(6, 7))]:
        picture = unrolled(config, encoding, lines=lines, steps=steps)
        names = [node.id for node in picture.nodes]
        assert len(set(names)) == len(names)
        assert {end for edge in picture.edges for end in (edge.source, edge.target)} <= set(names)
        assert len({(edge.source, edge.target) for edge in picture.edges}) == len(picture.edges)
        places = [(node.column, node.band, node.level) for node in picture.nodes if node.kind is not Kind.CUT]
        if batch_first:
            assert len(set(places)) == len(places)


def test_not_batch_first_on_one_line_no_arrow_joins_two_steps(bidirectional: bool) -> None:
    picture = whole(RunConfig("hello", head=Head.LINEAR, bidirectional=bidirectional, batch_first=False))
    steps = {node.id: node.step for node in picture.nodes}
    assert all(steps[edge.source] == steps[edge.target] for edge in picture.edges)
    assert sum(node.kind is Kind.START for node in picture.nodes) == 5 * (1 + bidirectional)


def test_not_batch_first_on_a_batch_the_arrows_run_from_line_to_line() -> None:
    picture = whole(RunConfig("abc\nbca", head=Head.LINEAR, batch_first=False))
    nodes = {node.id: node for node in picture.nodes}
    joined = [(nodes[edge.source], nodes[edge.target]) for edge in picture.edges]
    handed = [(a.line, b.line) for a, b in joined if a.kind is b.kind is Kind.STATE]
    assert handed == [(0, 1)] * 3


def test_the_backward_directions_arrows_run_from_right_to_left() -> None:
    picture = whole(RunConfig("abc", head=Head.LINEAR, bidirectional=True))
    nodes = {node.id: node for node in picture.nodes}
    moves = defaultdict(set)
    for edge in picture.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        if source.level == target.level:
            assert target.direction is not None
            moves[target.direction].add(target.column - source.column)
    assert moves == {Direction.FORWARD: {1}, Direction.BACKWARD: {-1}}


def test_what_is_behind_a_packed_lines_end_is_not_live_and_joined_to_nothing() -> None:
    picture = whole(RunConfig("abc\na", head=Head.LINEAR))
    dead = {node.id for node in picture.nodes if not node.live}
    assert dead == {"x_1_1", "x_1_2", "state_0_1_1", "state_0_1_2"}
    assert not any({edge.source, edge.target} & dead for edge in picture.edges)


def test_a_module_that_cannot_pack_reads_the_padding() -> None:
    picture = whole(RunConfig("abc\na", head=Head.LINEAR, batch_first=False))
    assert all(node.live for node in picture.nodes)
    assert {node.id for node in picture.nodes if node.kind is Kind.SAID} == {
        "said_0_0",
        "said_0_1",
        "said_0_2",
        "said_1_0",
    }


def test_what_is_cut_off_by_the_window_is_a_sign_with_its_arrow() -> None:
    config = RunConfig("abcdefg", head=Head.LINEAR)
    picture = unrolled(config, encode(config), lines=range(1), steps=range(2, 5))
    cuts = {node.id: (node.column, node.step) for node in picture.nodes if node.kind is Kind.CUT}
    assert cuts == {"state_0_0_1": (-1, 1), "state_0_0_5": (3, 5)}
    joined = {(edge.source, edge.target) for edge in picture.edges}
    assert {("state_0_0_1", "state_0_0_2"), ("state_0_0_4", "state_0_0_5")} <= joined
    assert not any(node.kind in (Kind.START, Kind.FINAL) for node in picture.nodes)


def named(node: Node, unit: int) -> tuple[int, ...]:
    """The index of one cell in its tensor."""
    return (*node.index, node.offset + unit)


def test_every_cell_has_the_number_that_pytorch_has_under_its_name(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
    lengths: tuple[int, ...],
) -> None:
    config = prime_config(
        **cell, num_layers=num_layers, bidirectional=bidirectional, batch_first=batch_first, lengths=lengths
    )
    trace, picture = trace_forward(build_model(config), encode(config)), whole(config)
    values = strip_values(picture, trace)
    assert values.shape == (len(picture.strips), 11)
    assert values.dtype == np.float32
    start = np.zeros_like(trace.h_n)
    tensors = {"output": trace.output_BTF, "h_n": trace.h_n, "c_n": trace.c_n, "h_0": start, "c_0": start}
    for node, row in zip(picture.strips, values, strict=True):
        if node.tensor:
            tensor = tensors[node.tensor]
            assert tensor is not None
            assert [float(tensor[named(node, unit)]) for unit in range(11)] == row.tolist(), node
        else:
            layer = next(
                layer for layer in trace.layers if (layer.layer, layer.direction) == (node.layer, node.direction)
            )
            state_BTH = layer.h_BTH if node.kind is Kind.STATE else layer.c_BTH
            assert node.kind is Kind.CELL or layer.layer < num_layers - 1
            assert state_BTH is not None
            np.testing.assert_allclose(row, state_BTH[node.line, node.step], rtol=0, atol=1e-6)
            assert node.kind is Kind.CELL or np.array_equal(row, state_BTH[node.line, node.step])


def test_the_state_a_row_ended_in_is_the_same_numbers_as_the_state_it_is_tied_to(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], bidirectional: bool, batch_first: bool
) -> None:
    config = prime_config(**cell, bidirectional=bidirectional, batch_first=batch_first, lengths=(4, 7, 3))
    trace, picture = trace_forward(build_model(config), encode(config)), whole(config)
    values = dict(zip([node.id for node in picture.strips], strip_values(picture, trace).tolist(), strict=True))
    same = [edge for edge in picture.edges if edge.carries == "="]
    assert len(same) == picture.levels * (3 if batch_first else 7)
    assert picture.levels == picture.rows * (2 if config.cell is Cell.LSTM else 1)
    for edge in same:
        assert values[edge.source] == values[edge.target]


def test_without_what_is_inside_one_layers_numbers_are_the_same(bidirectional: bool) -> None:
    config = RunConfig("hello", head=Head.LINEAR, bidirectional=bidirectional)
    model, encoding, picture = build_model(config), encode(config), whole(config)
    outside = strip_values(picture, trace_forward(model, encoding, inside=False))
    assert np.array_equal(outside, strip_values(picture, trace_forward(model, encoding)))


@pytest.mark.parametrize("units", [1, 9, 16, 128])
@pytest.mark.parametrize("layers", [1, 4])
@pytest.mark.parametrize("lines", [1, 4])
@pytest.mark.parametrize("steps", [1, 12, 512])
@pytest.mark.parametrize("cell_name", [Cell.GRU, Cell.LSTM])
def test_the_window_holds_its_center_and_no_more_cells_than_may_be_drawn(
    units: int, layers: int, lines: int, steps: int, cell_name: Cell
) -> None:
    text = "\n".join(["a" * steps] * lines)
    config = RunConfig(text, cell=cell_name, head=Head.LINEAR, hidden_size=units, num_layers=layers)
    encoding = encode(config)
    for around in {0, steps // 3, steps - 1}:
        window = shown_steps(config, lines=lines, steps=steps, around=around)
        assert around in window
        assert 0 <= window.start < window.stop <= steps
        assert len(window) <= MAX_STEPS
        if len(window) > 1:
            picture = unrolled(config, encoding, lines=range(lines), steps=window)
            assert sum(node.kind in STRIPS for node in picture.nodes) * units <= MAX_CELLS
