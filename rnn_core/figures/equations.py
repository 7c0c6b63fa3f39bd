"""A Microscope becomes its equations in TeX, each beside itself with this value's own numbers in place.

The letters are those of torch's pages: every gate has its own rows of the stacked matrices, W_ii and W_hi, W_if and
W_hf … A number has the colour of the symbol that it stands for.

Source: the pages of torch.nn.RNN, torch.nn.GRU and torch.nn.LSTM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_core.diagram import CellDiagram
from rnn_core.figures.theme import Theme
from rnn_core.microscope import Microscope
from rnn_core.numbers import MINUS, format_number

_ACTIVATIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\operatorname{relu}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """One step of the computation.

    Attributes:
        part: the id of what it computes in the cell's diagram.
        name: what it computes, "forget f" or "c[t]".
        symbols: TeX, an equation.
        numbers: TeX, its right-hand side in numbers, down to the value of the left-hand side.
    """

    part: str
    name: str
    symbols: str
    numbers: str


def equations(
    scope: Microscope, diagram: CellDiagram, values: Mapping[str, float], theme: Theme
) -> tuple[Equation, ...]:
    """Every step of the computation of one hidden value, in the diagram's order; the last one is the hidden value.

    Args:
        diagram: of the same cell. values: this unit's number of each of its parts but x.
    """
    write = _Writer(scope, values, theme)
    if scope.c is not None:
        tex = write.lstm()
    elif "z" in write.gates:
        tex = write.gru()
    else:
        tex = write.rnn()
    return tuple(
        Equation(part=part.id, name=part.name, symbols=tex[part.id][0], numbers=f"= {tex[part.id][1]}")
        for part in diagram.steps
    )


class _Writer:
    """Writes each part of a cell in symbols, and in numbers, each of them in its colour."""

    def __init__(self, scope: Microscope, values: Mapping[str, float], theme: Theme) -> None:
        self.values, self.theme = values, theme
        self.gates = {gate.symbol: gate for gate in scope.gates}
        self.now, self.before = scope.now, scope.before.replace("−", "-")
        self.read = "V" if scope.cursor.layer == 0 else "F"

    def rnn(self) -> dict[str, tuple[str, str]]:
        """h = tanh(W_ih x + b_ih + W_hh h_prev + b_hh)."""
        activation, (x, h) = _ACTIVATIONS[self.gates["h"].activation_name], self.heard("ih", "hh")
        heard = f"{self.of(self.read, number(self.values['from_x']))} + {self.signed('H', 'from_h')}"
        total = number(self.values["sum"])
        return {
            "from_x": (x, self.of(self.read, number(self.values["from_x"]))),
            "from_h": (h, self.says("H", "from_h")),
            "sum": (f"{x} + {h}", f"{heard} = {total}"),
            "h": (f"{self.at('H', 'h')} = {activation}({x} + {h})", f"{activation}({total}) = {self.says('H', 'h')}"),
        }

    def gru(self) -> dict[str, tuple[str, str]]:
        """The gates, and h = (1 − z) · n + z · h_prev."""
        z, r, n, h_prev = self.at("G", "z"), self.at("G", "r"), self.at("G", "n"), self.at("H", "h", self.before)
        new, (x, h) = self.gates["n"], self.heard("in", "hn")
        inside = f"{self.of(self.read, number(new.input_part))} + {self.signed('H', 'reset')}"
        hears, rest = self.of("H", _signed(new.recurrent_part)), self.of("G", number(1 - self.values["z"]))
        return {
            "z": self.gate("z"),
            "kept": (rf"{z} \odot {h_prev}", self.product("G", "z", "H", "h_prev", "kept")),
            "r": self.gate("r"),
            "reset": (rf"{r} \odot ({h})", rf"{self.says('G', 'r')} \cdot {hears} = {self.says('H', 'reset')}"),
            "n": (
                rf"{n} = \tanh({x} + {r} \odot ({h}))",
                rf"\tanh({inside}) = \tanh({number(new.preactivation)}) = {self.says('G', 'n')}",
            ),
            "taken": (
                rf"(1 - {z}) \odot {n}",
                rf"{rest} \cdot {self.signed('G', 'n')} = {self.says('H', 'taken')}",
            ),
            "h": (
                rf"{self.at('H', 'h')} = (1 - {z}) \odot {n} + {z} \odot {h_prev}",
                f"{self.says('H', 'taken')} + {self.signed('H', 'kept')} = {self.says('H', 'h')}",
            ),
        }

    def lstm(self) -> dict[str, tuple[str, str]]:
        """The gates, c = f · c_prev + i · g, and h = o · tanh(c)."""
        i, f, g, o = (self.at("G", letter) for letter in "ifgo")
        c, c_prev = self.at("H", "c"), self.at("H", "c", self.before)
        return {
            **{letter: self.gate(letter) for letter in "ifgo"},
            "kept": (rf"{f} \odot {c_prev}", self.product("G", "f", "H", "c_prev", "kept")),
            "written": (rf"{i} \odot {g}", self.product("G", "i", "G", "g", "written")),
            "c": (
                rf"{c} = {f} \odot {c_prev} + {i} \odot {g}",
                f"{self.says('H', 'kept')} + {self.signed('H', 'written')} = {self.says('H', 'c')}",
            ),
            "tanh_c": (rf"\tanh({c})", rf"\tanh({self.says('H', 'c')}) = {self.says('H', 'tanh_c')}"),
            "h": (
                rf"{self.at('H', 'h')} = {o} \odot \tanh({c})",
                self.product("G", "o", "H", "tanh_c", "h"),
            ),
        }

    def gate(self, symbol: str) -> tuple[str, str]:
        """activation(what a gate hears from x, and what it hears from h)."""
        gate = self.gates[symbol]
        activation, (x, h) = _ACTIVATIONS[gate.activation_name], self.heard(f"i{symbol}", f"h{symbol}")
        heard = f"{self.of(self.read, number(gate.input_part))} + {self.of('H', _signed(gate.recurrent_part))}"
        return (
            f"{self.at('G', symbol)} = {activation}({x} + {h})",
            f"{activation}({heard}) = {activation}({number(gate.preactivation)}) = {self.says('G', symbol)}",
        )

    def product(self, axis: str, factor: str, other_axis: str, other: str, result: str) -> str:
        """Two parts, by their ids, and what they come to."""
        return rf"{self.says(axis, factor)} \cdot {self.signed(other_axis, other)} = {self.says('H', result)}"

    def heard(self, of_x: str, of_h: str) -> tuple[str, str]:
        """What is heard from x, and what from h, with the letters that torch's page hangs on their W and b."""
        x, h = self.at(self.read, "x"), self.at("H", "h", self.before)
        return f"W_{{{of_x}}}\\,{x} + b_{{{of_x}}}", f"W_{{{of_h}}}\\,{h} + b_{{{of_h}}}"

    def at(self, axis: str, letter: str, index: str = "") -> str:
        """A letter with its time index."""
        return self.of(axis, f"{letter}_{{{index or self.now}}}")

    def says(self, axis: str, part: str) -> str:
        """A part's number."""
        return self.of(axis, number(self.values[part]))

    def signed(self, axis: str, part: str) -> str:
        """The same, so that it can follow a sign."""
        return self.of(axis, _signed(self.values[part]))

    def of(self, axis: str, tex: str) -> str:
        """``tex`` in the colour of an axis."""
        return f"\\textcolor{{{self.theme.axis[axis]}}}{{{tex}}}"


def number(value: float) -> str:
    """Return a number with four decimals, as TeX; a power of ten where it is too long."""
    mantissa, e, power = format_number(value).replace(MINUS, "-").partition("e")
    return rf"{mantissa} \cdot 10^{{{power}}}" if e else mantissa


def _signed(value: float) -> str:
    """The same, a negative one in brackets, so that it can follow a sign."""
    printed = number(value)
    return f"({printed})" if printed.startswith("-") or "cdot" in printed else printed
