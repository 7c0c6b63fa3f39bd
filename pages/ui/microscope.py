"""The microscope in words: the equations with this value's own numbers, and labels for what they read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui.i18n import _
from rnn_core import Encoding, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.figures.equations import equations
from rnn_core.figures.theme import Theme
from rnn_core.microscope import PACKING, GateSum, Microscope
from rnn_core.model import CharRNN
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray

TERMS = 14
"""How many columns of a product are printed; the sums are over all of them."""


def show_equations(scope: Microscope, theme: Theme, *, batch_first: bool) -> None:
    """Every step of the computation, numbered, each with its numbers; the last line is the hidden value."""
    t, j = scope.cursor.step, scope.cursor.unit
    head = f"| {_('step')} | {_('equation')} | {_('in numbers')} |\n|:--|:--|:--|\n"
    rows = [
        f"| {place} {_(line.name)} | ${line.symbols}$ | ${line.numbers}$ |"
        for place, line in enumerate(equations(scope, theme, batch_first=batch_first), start=1)
    ]
    with st.container(key="equations"):
        st.markdown(f"**`h[t={t}, j={j}] = {_bare(scope.h, 6)}`**")
        st.markdown(head + "\n".join(rows))


def show_gate(gate: GateSum, encoding: Encoding, cursor: Cursor) -> None:
    """What is special about what this gate reads."""
    picked = np.flatnonzero(gate.x_I)
    if cursor.layer == 0 and len(picked) == 1:
        st.markdown(_("x[t] is one-hot, so the product *picks one column* of W_ih: the one of this token."))
        st.code(
            f"{visible(encoding.vocabulary.tokens[picked[0]])}  →  weight_ih[{gate.row}, {picked[0]}] = "
            f"{_bare(float(gate.weight_ih_I[picked[0]]), 6)}",
            language=None,
        )
    if gate.reset is not None:
        st.markdown(_("The reset gate r scales all that this gate hears from h[t−1], after the matrix product."))


def show_outcome(scope: Microscope) -> None:
    """What an LSTM's or a GRU's gates did with what was there before."""
    values = {gate.symbol: gate.activation for gate in scope.gates}
    if scope.c is not None and scope.c_previous is not None:
        kept, written = values["f"] * scope.c_previous, values["i"] * values["g"]
        words = _("The forget gate kept {kept:.4f} of the cell state {before:.4f}; the input gate wrote {written:.4f}.")
        st.markdown(words.format(kept=kept, before=scope.c_previous, written=written))
    elif "z" in values:
        words = _("The update gate kept {share:.1%} of h[t−1] = {before:.4f}, and took {rest:.1%} of the new value.")
        st.markdown(words.format(share=values["z"], before=scope.h_previous, rest=1 - values["z"]))


def span(indices: range) -> str:
    """The first and the last of some columns: "4…17"."""
    return f"{indices.start}…{indices.stop - 1}"


def input_labels(encoding: Encoding, cursor: Cursor, config: RunConfig, inputs: Sequence[int]) -> list[str]:
    """What each input column is: a token for layer 0, a feature of the layer below else."""
    if cursor.layer == 0:
        return [visible(encoding.vocabulary.tokens[index]) for index in inputs]
    return _features(config.units, config.directions, inputs)


def column_labels(name: str, encoding: Encoding, config: RunConfig, values: FloatArray) -> list[str]:
    """What each column of a parameter reads."""
    if values.ndim == 1:
        return [name.split("_l")[0]]
    if name.startswith("weight_ih_l0"):
        return [visible(token) for token in encoding.vocabulary.tokens]
    if name.startswith("weight_hh"):
        return [str(unit) for unit in range(values.shape[1])]
    return _features(config.units, config.directions, range(values.shape[1]))


def stacked_gates(model: CharRNN, name: str) -> list[str]:
    """The gates whose rows torch stacks in a parameter, in order; one empty name where none are."""
    gates = PACKING[type(model.rnn)]
    return [""] if name.startswith("head.") or len(gates) == 1 else list(gates)


def _features(units: int, directions: int, indices: Sequence[int]) -> list[str]:
    if directions == 1:
        return [str(index) for index in indices]
    arrows = dict(zip(Direction, "→←", strict=True))
    return [f"{list(arrows.values())[index // units]}{index % units}" for index in indices]


def _bare(value: float, decimals: int = 4) -> str:
    """A number with so many decimals."""
    return f"{value:.{decimals}f}".replace("-", "−")
