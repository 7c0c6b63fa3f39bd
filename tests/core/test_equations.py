"""The typeset equations are those of torch's pages, each gate with its own rows; their numbers are the cell's own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.diagram import cell_diagram, part_values
from rnn_core.encoding import encode
from rnn_core.figures.equations import Equation, equations
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.microscope import Microscope, layer_of, look
from rnn_core.model import build_model
from rnn_core.trace import Direction, trace_forward

COLOR = re.compile(r"\\textcolor\{(#\w+)\}\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
DECIMAL = re.compile(r"-?\d+\.\d+")

PAGES: Mapping[str, Mapping[str, str]] = {
    "rnn": {"h": r"h_t = \tanh(W_{ih}\,x_t + b_{ih} + W_{hh}\,h_{t-1} + b_{hh})"},
    "gru": {
        "r": r"r_t = \sigma(W_{ir}\,x_t + b_{ir} + W_{hr}\,h_{t-1} + b_{hr})",
        "z": r"z_t = \sigma(W_{iz}\,x_t + b_{iz} + W_{hz}\,h_{t-1} + b_{hz})",
        "n": r"n_t = \tanh(W_{in}\,x_t + b_{in} + r_t \odot (W_{hn}\,h_{t-1} + b_{hn}))",
        "h": r"h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}",
    },
    "lstm": {
        "i": r"i_t = \sigma(W_{ii}\,x_t + b_{ii} + W_{hi}\,h_{t-1} + b_{hi})",
        "f": r"f_t = \sigma(W_{if}\,x_t + b_{if} + W_{hf}\,h_{t-1} + b_{hf})",
        "g": r"g_t = \tanh(W_{ig}\,x_t + b_{ig} + W_{hg}\,h_{t-1} + b_{hg})",
        "o": r"o_t = \sigma(W_{io}\,x_t + b_{io} + W_{ho}\,h_{t-1} + b_{ho})",
        "c": r"c_t = f_t \odot c_{t-1} + i_t \odot g_t",
        "h": r"h_t = o_t \odot \tanh(c_t)",
    },
}
"""The equations of torch.nn.RNN, GRU and LSTM, by what they give."""

BETWEEN: Mapping[str, Mapping[str, str]] = {
    "rnn": {
        "from_x": r"W_{ih}\,x_t + b_{ih}",
        "from_h": r"W_{hh}\,h_{t-1} + b_{hh}",
        "sum": r"W_{ih}\,x_t + b_{ih} + W_{hh}\,h_{t-1} + b_{hh}",
    },
    "gru": {
        "kept": r"z_t \odot h_{t-1}",
        "reset": r"r_t \odot (W_{hn}\,h_{t-1} + b_{hn})",
        "taken": r"(1 - z_t) \odot n_t",
    },
    "lstm": {"kept": r"f_t \odot c_{t-1}", "written": r"i_t \odot g_t", "tanh_c": r"\tanh(c_t)"},
}
"""What of them is computed on the way."""


def opened(config: RunConfig, cursor: Cursor) -> Microscope:
    model = build_model(config)
    return look(model, trace_forward(model, encode(config)), cursor)


def lines_of(config: RunConfig, cursor: Cursor, theme: Theme = LIGHT) -> tuple[tuple[Equation, ...], dict[str, float]]:
    """The equations at a cursor, and the number of each part that they give."""
    model, encoding = build_model(config), encode(config)
    trace = trace_forward(model, encoding)
    here = layer_of(trace, cursor.layer, cursor.direction)
    values = {
        name: float(vector[cursor.unit])
        for name, vector in part_values(here, cursor.line, cursor.step).items()
        if name != "x"
    }
    diagram = cell_diagram(config, cursor.layer, cursor.direction)
    return equations(look(model, trace, cursor), diagram, values, theme), values


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
    lines, _values = lines_of(RunConfig(cell=Cell(cell)), Cursor(step=3, unit=2))
    assert {line.part: bare(line.symbols) for line in lines} == {**PAGES[cell], **BETWEEN[cell]}


def test_a_state_that_comes_from_behind_or_from_the_line_above_says_so() -> None:
    config = RunConfig("hello\nworld", cell=Cell.LSTM, head=Head.LINEAR, bidirectional=True)
    back, _values = lines_of(config, Cursor(step=3, direction=Direction.BACKWARD))
    assert {line.part for line in back if "{t+1}" in line.symbols} == {"f", "i", "g", "o", "kept", "c"}
    assert not any("{t-1}" in line.symbols for line in back)
    config = RunConfig("hello\nworld", head=Head.LINEAR, batch_first=False)
    down, _values = lines_of(config, Cursor(line=1, step=3))
    assert bare(down[-1].symbols) == r"h_b = \tanh(W_{ih}\,x_b + b_{ih} + W_{hh}\,h_{b-1} + b_{hh})"
    config = RunConfig("hello\nworld", head=Head.LINEAR, batch_first=False, bidirectional=True)
    up, _values = lines_of(config, Cursor(line=1, step=3, direction=Direction.BACKWARD))
    assert "h_{b+1}" in bare(up[-1].symbols)


def test_the_numbers_are_the_cells_own_and_come_to_what_they_say(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], num_layers: int, bidirectional: bool
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional)
    for direction in tuple(Direction)[: config.directions]:
        lines, values = lines_of(config, Cursor(layer=num_layers - 1, direction=direction, line=1, step=3, unit=5))
        for line in lines:
            assert numbers(line.numbers)[-1] == round(values[line.part], 4)
            # Each number is printed to 4 decimals, so a sum of two products of them may be off by a few of the last.
            assert value(line.numbers) == pytest.approx(values[line.part], abs=3e-4)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_number_has_the_colour_of_what_it_stands_for(theme: Theme, layer: int) -> None:
    config = RunConfig("hello", cell=Cell.LSTM, head=Head.LINEAR, num_layers=2)
    cursor = Cursor(layer=layer, step=2, unit=1)
    gates = {gate.symbol: gate for gate in opened(config, cursor).gates}
    read = theme.axis["V" if layer == 0 else "F"]
    for line in lines_of(config, cursor, theme)[0]:
        if line.part not in gates:
            continue
        gate = gates[line.part]
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
