"""The typeset equations are those of torch's pages, each gate with its own rows; their numbers are the cell's own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.encoding import encode
from rnn_core.figures.equations import equations
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.microscope import Microscope, look
from rnn_core.model import build_model
from rnn_core.trace import Direction, trace_forward

COLOR = re.compile(r"\\textcolor\{(#\w+)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
DECIMAL = re.compile(r"-?\d+\.\d+")

PAGES: Mapping[str, tuple[str, ...]] = {
    "rnn": (r"h_t = \tanh(W_{ih}\,x_t + b_{ih} + W_{hh}\,h_{t-1} + b_{hh})",),
    "gru": (
        r"r_t = \sigma(W_{ir}\,x_t + b_{ir} + W_{hr}\,h_{t-1} + b_{hr})",
        r"z_t = \sigma(W_{iz}\,x_t + b_{iz} + W_{hz}\,h_{t-1} + b_{hz})",
        r"n_t = \tanh(W_{in}\,x_t + b_{in} + r_t\,(W_{hn}\,h_{t-1} + b_{hn}))",
        r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
    ),
    "lstm": (
        r"i_t = \sigma(W_{ii}\,x_t + b_{ii} + W_{hi}\,h_{t-1} + b_{hi})",
        r"f_t = \sigma(W_{if}\,x_t + b_{if} + W_{hf}\,h_{t-1} + b_{hf})",
        r"g_t = \tanh(W_{ig}\,x_t + b_{ig} + W_{hg}\,h_{t-1} + b_{hg})",
        r"o_t = \sigma(W_{io}\,x_t + b_{io} + W_{ho}\,h_{t-1} + b_{ho})",
        r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
        r"h_t = o_t \odot \tanh(c_t)",
    ),
}
"""The equations of torch.nn.RNN, GRU and LSTM."""


def opened(config: RunConfig, cursor: Cursor) -> Microscope:
    model = build_model(config)
    return look(model, trace_forward(model, encode(config)), cursor)


def bare(tex: str) -> str:
    """``tex`` without its colours, and without braces around a single letter."""
    return re.sub(r"_\{(\w)\}", r"_\1", COLOR.sub(r"\2", tex))


def numbers(tex: str) -> list[float]:
    return [float(found) for found in DECIMAL.findall(bare(tex))]


def value(tex: str) -> float:
    """What the first right-hand side of ``tex`` comes to, in Python's arithmetic."""
    expression = bare(tex).lstrip("= ").split(" = ")[0].replace(r"\cdot", "*")
    for name, python in ((r"\sigma", "sigma"), (r"\tanh", "tanh"), (r"\operatorname{relu}", "relu")):
        expression = expression.replace(name, python)
    functions = {"sigma": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh, "relu": lambda x: max(x, 0.0)}
    return float(eval(expression, {"__builtins__": {}}, functions))


@pytest.mark.parametrize("cell", PAGES)
def test_the_symbols_are_those_of_torchs_page(cell: str) -> None:
    scope = opened(RunConfig(cell=Cell(cell)), Cursor(step=3, unit=2))
    assert tuple(bare(line.symbols) for line in equations(scope, LIGHT)) == PAGES[cell]


NAMES = {
    "rnn": ["hidden h"],
    "gru": ["reset r", "update z", "new n", "hidden state h"],
    "lstm": ["input i", "forget f", "cell g", "output o", "cell state c", "hidden state h"],
}


@pytest.mark.parametrize("cell", PAGES)
def test_a_step_is_named_with_the_letter_that_it_gives(cell: str) -> None:
    steps = equations(opened(RunConfig(cell=Cell(cell)), Cursor(step=3, unit=2)), LIGHT)
    assert [step.name for step in steps] == NAMES[cell]
    assert [step.name[-1] for step in steps] == [bare(step.symbols)[0] for step in steps]


def test_a_state_that_comes_from_behind_or_from_the_line_above_says_so() -> None:
    config = RunConfig("hello\nworld", cell=Cell.LSTM, head=Head.LINEAR, bidirectional=True)
    back = equations(opened(config, Cursor(step=3, direction=Direction.BACKWARD)), LIGHT)
    assert [line.symbols.count("{t+1}") for line in back] == [1, 1, 1, 1, 1, 0]
    assert not any("{t-1}" in line.symbols for line in back)
    config = RunConfig("hello\nworld", head=Head.LINEAR, batch_first=False)
    (down,) = equations(opened(config, Cursor(line=1, step=3)), LIGHT)
    assert bare(down.symbols) == r"h_b = \tanh(W_{ih}\,x_b + b_{ih} + W_{hh}\,h_{b-1} + b_{hh})"
    config = RunConfig("hello\nworld", head=Head.LINEAR, batch_first=False, bidirectional=True)
    (up,) = equations(opened(config, Cursor(line=1, step=3, direction=Direction.BACKWARD)), LIGHT)
    assert "h_{b+1}" in bare(up.symbols)


def test_the_numbers_are_the_cells_own_and_come_to_what_they_say(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], num_layers: int, bidirectional: bool
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional)
    for direction in tuple(Direction)[: config.directions]:
        scope = opened(config, Cursor(layer=num_layers - 1, direction=direction, line=1, step=3, unit=5))
        lines = equations(scope, LIGHT)
        results = [gate.activation for gate in scope.gates]
        results += [] if scope.c is None else [scope.c]
        results += [scope.h] if len(lines) > len(results) else []
        for line, result in zip(lines, results, strict=True):
            assert numbers(line.numbers)[-1] == round(result, 4)
            # Each number is printed to 4 decimals, so a sum of two products of them may be off by a few of the last.
            assert value(line.numbers) == pytest.approx(result, abs=3e-4)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_number_has_the_colour_of_what_it_stands_for(theme: Theme, layer: int) -> None:
    config = RunConfig("hello", cell=Cell.LSTM, head=Head.LINEAR, num_layers=2)
    scope = opened(config, Cursor(layer=layer, step=2, unit=1))
    read = theme.axis["V" if layer == 0 else "F"]
    for line, gate in zip(equations(scope, theme), scope.gates, strict=False):
        coloured = {tex: color for color, tex in COLOR.findall(line.symbols)}
        assert coloured == {
            f"{gate.symbol}_{{t}}": theme.axis["G"],
            "x_{t}": read,
            "h_{t-1}": theme.axis["H"],
        }
        said = COLOR.findall(line.numbers)
        assert [color for color, _tex in said] == [read, theme.axis["H"], theme.axis["G"]]
        heard = (gate.input_part, gate.recurrent_part, gate.activation)
        assert [float(tex.strip("()")) for _color, tex in said] == [round(number, 4) for number in heard]
