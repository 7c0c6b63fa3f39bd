"""A Microscope becomes its equations in TeX, each beside itself with this value's own numbers in place.

The letters are those of torch's pages: every gate has its own rows of the stacked matrices, W_ii and W_hi, W_if and
W_hf … A number has the colour of the symbol that it stands for.

Source: the pages of torch.nn.RNN, torch.nn.GRU and torch.nn.LSTM.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rnn_core.figures.theme import Theme
from rnn_core.microscope import GateSum, Microscope, gate_label

_ACTIVATIONS = {"sigmoid": r"\sigma", "tanh": r"\tanh", "relu": r"\operatorname{relu}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """One step of the computation.

    Attributes:
        name: what it computes, "forget f" or "cell state c".
        symbols: TeX, an equation.
        numbers: TeX, its right-hand side in numbers, down to the value of the left-hand side.
    """

    name: str
    symbols: str
    numbers: str


def equations(scope: Microscope, theme: Theme) -> tuple[Equation, ...]:
    """Every step of the computation of one hidden value, in order; the last one is the hidden value."""
    write = _Writer(scope, theme)
    steps = [write.gate(gate) for gate in scope.gates]
    if scope.c is not None and scope.c_previous is not None:
        return (*steps, write.cell_state(scope.c, scope.c_previous), write.shown(scope.c))
    return (*steps, write.mixed()) if "z" in write.value else tuple(steps)


class _Writer:
    """Writes symbols and numbers of one Microscope, each in its colour."""

    def __init__(self, scope: Microscope, theme: Theme) -> None:
        self.scope, self.theme = scope, theme
        self.value = {gate.symbol: gate.activation for gate in scope.gates}
        self.now, self.before = scope.now, scope.before.replace("−", "-")
        self.read = "V" if scope.cursor.layer == 0 else "F"

    def gate(self, gate: GateSum) -> Equation:
        """activation(what the gate hears from x, and what it hears from h)."""
        letter, (of_x, of_h) = _ACTIVATIONS[gate.activation_name], _suffixes(gate.symbol)
        heard = f"W_{{{of_h}}}\\,{self.of('H', self.at('h', self.before))} + b_{{{of_h}}}"
        from_h = self.of("H", number(gate.recurrent_part))
        if gate.reset is not None:
            heard = f"{self.of('G', self.at('r'))}\\,({heard})"
            from_h = rf"{self.of('G', number(gate.reset))} \cdot {self.of('H', _signed(gate.recurrent_part))}"
        elif gate.recurrent_part < 0:
            from_h = self.of("H", _signed(gate.recurrent_part))
        from_x = f"W_{{{of_x}}}\\,{self.of(self.read, self.at('x'))} + b_{{{of_x}}}"
        says = self.of("H" if gate.symbol == "h" else "G", self.at(gate.symbol))
        return Equation(
            name=gate_label(gate.gate),
            symbols=f"{says} = {letter}({from_x} + {heard})",
            numbers=(
                f"= {letter}({self.of(self.read, number(gate.input_part))} + {from_h})"
                f" = {letter}({number(gate.preactivation)})"
                f" = {self.of('H' if gate.symbol == 'h' else 'G', number(gate.activation))}"
            ),
        )

    def cell_state(self, c: float, c_previous: float) -> Equation:
        """c = f · c_prev + i · g."""
        f, i, g = (self.of("G", self.at(letter)) for letter in "fig")
        kept = rf"{f} \odot {self.of('H', self.at('c', self.before))}"
        F, I, G = (self.of("G", _signed(self.value[letter])) for letter in "fig")  # noqa: E741
        return Equation(
            name="cell state c",
            symbols=rf"{self.of('H', self.at('c'))} = {kept} + {i} \odot {g}",
            numbers=rf"= {F} \cdot {self.of('H', _signed(c_previous))} + {I} \cdot {G} = {self.of('H', number(c))}",
        )

    def shown(self, c: float) -> Equation:
        """h = o · tanh(c)."""
        o, opened = self.of("G", self.at("o")), self.of("G", number(self.value["o"]))
        squashed = self.of("H", _signed(math.tanh(c)))
        return Equation(
            name="hidden state h",
            symbols=rf"{self.of('H', self.at('h'))} = {o} \odot \tanh({self.of('H', self.at('c'))})",
            numbers=rf"= {opened} \cdot {squashed} = {self.of('H', number(self.scope.h))}",
        )

    def mixed(self) -> Equation:
        """h = (1 − z) · n + z · h_prev."""
        z, n, before = self.value["z"], self.value["n"], self.scope.h_previous
        Z, N, H = self.of("G", self.at("z")), self.of("G", self.at("n")), self.of("H", self.at("h", self.before))
        rest = rf"{self.of('G', number(1 - z))} \cdot {self.of('G', _signed(n))}"
        kept = rf"{self.of('G', number(z))} \cdot {self.of('H', _signed(before))}"
        return Equation(
            name="hidden state h",
            symbols=rf"{self.of('H', self.at('h'))} = (1 - {Z}) \odot {N} + {Z} \odot {H}",
            numbers=rf"= {rest} + {kept} = {self.of('H', number(self.scope.h))}",
        )

    def at(self, letter: str, index: str | None = None) -> str:
        """A letter with its time index."""
        return f"{letter}_{{{index or self.now}}}"

    def of(self, axis: str, tex: str) -> str:
        """``tex`` in the colour of an axis."""
        return f"\\textcolor{{{self.theme.axis[axis]}}}{{{tex}}}"


def _suffixes(symbol: str) -> tuple[str, str]:
    """What torch's page hangs on W and b of a gate: "ii" and "hi"; of a plain RNN "ih" and "hh"."""
    return ("ih", "hh") if symbol == "h" else (f"i{symbol}", f"h{symbol}")


def number(value: float) -> str:
    """A number with four decimals."""
    return f"{value:.4f}"


def _signed(value: float) -> str:
    """The same, a negative one in brackets, so that it can follow a sign."""
    return f"({number(value)})" if value < 0 else number(value)
