"""Every line of the ledger against the live tensor of that name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.encoding import encode
from rnn_core.model import CharRNN, build_model
from rnn_core.shapes import AXES, axis_sizes, shape_ledger

VIEWS = {"logits.reshape(-1, V)", "target.view(-1)"}


@pytest.fixture(scope="module")
def config(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    head: Head,
    batch_first: bool,
    task: Task,
) -> RunConfig:
    options = {"num_layers": num_layers, "bidirectional": bidirectional, "head": head, "batch_first": batch_first}
    return prime_config(**cell, **options, task=task)


@pytest.fixture(scope="module")
def model(config: RunConfig) -> CharRNN:
    return build_model(config)


@pytest.fixture(scope="module")
def live(config: RunConfig, model: CharRNN) -> dict[str, Tensor]:
    """The tensors of one training step, by the names a script would give them."""
    encoding = encode(config)
    x, target = torch.tensor(encoding.x_BTV), torch.tensor(encoding.target_BT)
    logits, output, state = model(x)
    h_n, c_n = state if isinstance(state, tuple) else (state, None)
    rows, ids = logits.flatten(0, 1), target.flatten()
    tensors = {
        "x": x,
        "target": target,
        **dict(model.rnn.named_parameters()),
        **{f"head.{name}": parameter for name, parameter in model.head.named_parameters()},
        "output": output,
        "h_n": h_n,
        "logits": logits,
        "logits.reshape(-1, V)": rows,
        "target.view(-1)": ids,
        "loss": torch.nn.functional.cross_entropy(rows, ids),
    }
    return tensors if c_n is None else tensors | {"c_n": c_n}


def test_every_line_has_the_shape_of_its_live_tensor(config: RunConfig, live: dict[str, Tensor]) -> None:
    shapes = {line.name: line.shape for line in shape_ledger(config)}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in live.items()}


def test_no_tensor_appears_twice(config: RunConfig) -> None:
    names = [line.name for line in shape_ledger(config)]
    assert len(names) == len(set(names))


def test_the_ledgers_parameters_sum_to_the_models(config: RunConfig, model: CharRNN) -> None:
    listed = [line for line in shape_ledger(config) if line.name.startswith(("weight", "bias", "head."))]
    assert sum(math.prod(line.shape) for line in listed) == sum(parameter.numel() for parameter in model.parameters())


def test_axes_are_known_letters_of_the_shapes_sizes(config: RunConfig, live: dict[str, Tensor]) -> None:
    size = {letter: str(length) for letter, length in axis_sizes(config).items()}
    for line in shape_ledger(config):
        letters = re.findall("[A-Z]", "".join(line.axes))
        assert set(letters) <= AXES.keys()
        # "4H" is 4 · H and "B·T" is B · T.
        products = [re.findall(r"\d+|[A-Z]", axis) for axis in line.axes]
        lengths = [math.prod(int(size.get(factor, factor)) for factor in factors) for factors in products]
        assert lengths == list(live[line.name].shape)


def test_axis_sizes_are_those_of_the_live_tensors(config: RunConfig, model: CharRNN, live: dict[str, Tensor]) -> None:
    sizes = axis_sizes(config)
    assert (sizes["B"], sizes["T"], sizes["V"]) == tuple(live["x"].shape)
    assert (sizes["B"], sizes["T"], sizes["F"]) == tuple(live["output"].shape)
    assert (sizes["S"], sizes["H"]) == (live["h_n"].shape[0], live["h_n"].shape[2])
    assert sizes["D"] == 1 + model.rnn.bidirectional
    assert sizes["G"] * sizes["H"] == live["weight_hh_l0"].shape[0]


def test_every_axis_letter_is_explained() -> None:
    assert axis_sizes(RunConfig()).keys() <= AXES.keys()


def test_every_line_has_a_note() -> None:
    ledger = shape_ledger(RunConfig(cell=Cell.LSTM, num_layers=2, head=Head.LINEAR))
    assert all(line.note for line in ledger)


@pytest.mark.parametrize("lengths", [(7, 7, 7), (4, 7, 3)], ids=["equal lines", "unequal lines"])
def test_the_loss_views_are_expressions_that_run(
    prime_config: Callable[..., RunConfig], head: Head, batch_first: bool, lengths: tuple[int, ...]
) -> None:
    config = prime_config(head=head, batch_first=batch_first, lengths=lengths)
    encoding = encode(config)
    length_B = torch.tensor(encoding.length_B)
    logits, _, _ = build_model(config)(torch.tensor(encoding.x_BTV), length_B if encoding.padded else None)
    names = {"logits": logits, "target": torch.tensor(encoding.target_BT), "V": len(encoding.vocabulary)}
    shapes = {line.name: line.shape for line in shape_ledger(config) if line.name in VIEWS}
    assert shapes == {name: tuple(eval(name, names).shape) for name in VIEWS}
