"""The call that is shown is the call that is made: torch, given its words, builds the same module."""

from __future__ import annotations

import inspect
import itertools

import pytest
from torch import nn

from rnn_core.call import Call, module_calls
from rnn_core.config import Cell, Head, Nonlinearity, RunConfig
from rnn_core.model import build_model
from rnn_core.shapes import axis_sizes

OTHERS = ("num_layers", "nonlinearity", "batch_first", "bidirectional")


def _config(cell: Cell, nonlinearity: Nonlinearity, head: Head, layers: int, both: bool, first: bool) -> RunConfig:
    """One of V = 14 and H = 11, or of D·H = 14 where there is no head."""
    return RunConfig(
        "abcdefg\nhijklmn",
        cell=cell,
        nonlinearity=nonlinearity,
        num_layers=layers,
        bidirectional=both,
        head=head,
        batch_first=first,
        hidden_size=11 if head is Head.LINEAR else None,
    )


@pytest.fixture(scope="module", params=[(cell, head) for cell in Cell for head in Head], ids=str)
def configs(request: pytest.FixtureRequest) -> list[RunConfig]:
    """Every configuration of one cell and head."""
    cell, head = request.param
    return [
        _config(cell, nonlinearity, head, layers, both, first)
        for nonlinearity, layers, both, first in itertools.product(Nonlinearity, (1, 3), (False, True), (False, True))
    ]


def _made(call: Call) -> nn.Module:
    module = eval(str(call), {"nn": nn})
    assert isinstance(module, nn.Module)
    return module


def _parameters(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}


def test_torch_makes_the_network_of_the_call(configs: list[RunConfig]) -> None:
    for config in configs:
        model = build_model(config)
        ours = [model.rnn] if config.head is Head.NONE else [model.rnn, model.head]
        for module, call in zip(ours, module_calls(config), strict=True):
            made = _made(call)
            assert type(made) is type(module)
            assert _parameters(made) == _parameters(module)


def test_the_calls_module_reads_as_ours_does(configs: list[RunConfig]) -> None:
    for config in configs:
        ours, made = build_model(config).rnn, _made(module_calls(config)[0])
        names = ("mode", "input_size", "hidden_size", "num_layers", "batch_first", "bidirectional", "bias", "dropout")
        assert [getattr(made, name) for name in names] == [getattr(ours, name) for name in names]
        assert getattr(made, "nonlinearity", None) == getattr(ours, "nonlinearity", None)


def test_only_a_linear_head_is_called(configs: list[RunConfig]) -> None:
    for config in configs:
        names = {Cell.RNN: "nn.RNN", Cell.GRU: "nn.GRU", Cell.LSTM: "nn.LSTM"}
        behind = ["nn.Linear"] if config.head is Head.LINEAR else []
        assert [call.name for call in module_calls(config)] == [names[config.cell], *behind]


def test_an_argument_that_is_a_size_has_the_letter_of_that_size(configs: list[RunConfig]) -> None:
    for config in configs:
        sizes = axis_sizes(config)
        lettered = {
            (name, axis): value
            for call in module_calls(config)
            for name, value, axis in call.arguments
            if name not in OTHERS
        }
        expected = [("input_size", "V"), ("hidden_size", "H")]
        expected += [("in_features", "F"), ("out_features", "V")] if config.head is Head.LINEAR else []
        assert lettered == {(name, axis): sizes[axis] for name, axis in expected}


def test_layers_and_directions_have_the_letters_of_what_they_make(configs: list[RunConfig]) -> None:
    for config in configs:
        sizes = axis_sizes(config)
        found = {axis: value for _name, value, axis in module_calls(config)[0].arguments if axis in ("S", "D")}
        layers, bidirectional = found.get("S", 1), found.get("D", False)
        # torch counts layers, each once; S counts each once for every direction.
        assert isinstance(layers, int)
        assert layers * sizes["D"] == sizes["S"]
        assert 1 + bool(bidirectional) == sizes["D"]


def test_what_is_no_size_has_no_letter(configs: list[RunConfig]) -> None:
    for config in configs:
        letters = {name: axis for name, _value, axis in module_calls(config)[0].arguments}
        assert {letters.get(name, "") for name in ("nonlinearity", "batch_first")} == {""}


def test_what_is_torchs_default_is_left_out(configs: list[RunConfig]) -> None:
    for config in configs:
        default = dict.fromkeys(OTHERS, False) | {"num_layers": 1, "nonlinearity": "tanh"}
        arguments = {name: value for name, value, _axis in module_calls(config)[0].arguments}
        assert not [name for name, value in default.items() if arguments.get(name) == value]
        asked = {name: getattr(config, name) for name in OTHERS}
        if config.cell is not Cell.RNN:
            asked.pop("nonlinearity")
        assert {name: value for name, value in arguments.items() if name in OTHERS} == {
            name: value for name, value in asked.items() if value != default[name]
        }


def test_the_defaults_that_are_left_out_are_torchs_own() -> None:
    plain = nn.RNN(3, 5)
    assert (plain.num_layers, plain.nonlinearity, plain.batch_first, plain.bidirectional) == (1, "tanh", False, False)


def test_the_argument_names_of_a_head_are_torchs() -> None:
    linear = module_calls(RunConfig("hello", head=Head.LINEAR))[1]
    named = {name for name, _value, _axis in linear.arguments}
    assert named <= inspect.signature(nn.Linear).parameters.keys()


def test_a_call_is_python_to_the_letter() -> None:
    (rnn,) = module_calls(RunConfig("hello! world"))
    assert str(rnn) == "nn.RNN(input_size=9, hidden_size=9, batch_first=True)"
    deep = RunConfig(
        "hello", nonlinearity=Nonlinearity.RELU, num_layers=3, bidirectional=True, batch_first=False, head=Head.LINEAR
    )
    assert [str(call) for call in module_calls(deep)] == [
        "nn.RNN(input_size=4, hidden_size=4, num_layers=3, nonlinearity='relu', bidirectional=True)",
        "nn.Linear(in_features=8, out_features=4)",
    ]
