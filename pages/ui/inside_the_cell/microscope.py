"""The microscope in words: the equations with this value's own numbers, and labels for what they read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.ui import view
from pages.ui.i18n import _
from rnn_core import Encoding, RunConfig, Trace
from rnn_core.cursor import Cursor
from rnn_core.figures.equations import Equation
from rnn_core.figures.microscope import activation_figure, products_figure, said_figure, sum_figure
from rnn_core.figures.theme import Theme
from rnn_core.microscope import PACKING, GateSum, Microscope, gate_label, left_out
from rnn_core.model import CharRNN
from rnn_core.numbers import format_number, format_significant
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray

_MOST_DECIMALS = 5
"""Of a percentage; a float32 below 1 is at most 0.99999994."""

TERMS = 16
"""How many columns of a product are printed; the sums are over all of them."""


def show_equations(scope: Microscope, steps: Sequence[Equation]) -> None:
    """Every step of the computation, numbered, each with its numbers; the last line is the hidden value."""
    t, j = scope.cursor.step, scope.cursor.unit
    head = f"| # | {_('equation')} | {_('in numbers')} |\n|:--|:--|:--|\n"
    rows = [
        f"| {place} {_(line.name)} | ${line.symbols}$ | ${line.numbers}$ |" for place, line in enumerate(steps, start=1)
    ]
    with st.container(key="equations"):
        st.markdown(f"**`h[t={t}, j={j}] = {_bare(scope.h, 6)}`** " + _outcome(scope))
        st.markdown(head + "\n".join(rows))


def _outcome(scope: Microscope) -> str:
    """What an LSTM's or a GRU's gates did with what was there before, in words."""
    value = {gate.symbol: gate.activation for gate in scope.gates}
    before = scope.before
    if scope.c is not None and scope.c_previous is not None:
        words = _(
            "The forget gate f **kept {share}** of c[{before}] ({kept} of {c}), the input gate i "
            "**wrote {written}**, and the output gate o **shows {shown}** of tanh(c)."
        )
        return words.format(
            share=percent(value["f"]),
            before=before,
            kept=_bare(value["f"] * scope.c_previous),
            c=_bare(scope.c_previous),
            written=_bare(value["i"] * value["g"]),
            shown=percent(value["o"]),
        )
    if "z" in value:
        words = _(
            "The update gate z **kept {share}** of h[{before}] ({kept} of {h}), and **took {rest}** of the new "
            "value n ({took} of {n})."
        )
        return words.format(
            share=percent(value["z"]),
            before=before,
            kept=_bare(value["z"] * scope.h_previous),
            h=_bare(scope.h_previous),
            rest=percent(1 - value["z"]),
            took=_bare((1 - value["z"]) * value["n"]),
            n=_bare(value["n"]),
        )
    return ""


def percent(share: float) -> str:
    """Return a gate's value as a percentage: 0.9964 is "99.6 %".

    It has more decimals where it would be printed as 0 % or 100 % and is neither.
    """
    if share in (0, 1) or not math.isfinite(share):
        return f"{format_number(100 * share, decimals=0)} %"
    for decimals in range(1, _MOST_DECIMALS + 1):
        text = format_number(100 * share, decimals=decimals)
        if float(text) not in (0, 100):
            return f"{text} %"
    near = format_significant(100 * min(share, 1 - share), digits=2)
    return f"{near} %" if share < 0.5 else f"100 % − {near} %"


def choose_gate(scope: Microscope) -> GateSum:
    """The gate that is opened up: the only one, or the one that is chosen."""
    if len(scope.gates) == 1:
        return scope.gates[0]
    names = {gate_label(gate.gate): gate for gate in scope.gates}
    first = next(iter(names))
    chosen = st.segmented_control(_("gate"), list(names), default=first, required=True, key="gate") or first
    return names[chosen]


def show_products(scope: Microscope, gate: GateSum, encoding: Encoding, config: RunConfig, theme: Theme) -> None:
    """Every product that the pre-activation is the sum of, the sum, and where the activation takes it."""
    _show_gate(scope, gate, encoding)
    picture = st.container(key="microscope")
    x, h = gate.product_ih_I, gate.product_hh_H
    names = [f"weight_{which}{scope.suffix}" for which in ("ih", "hh")]
    centers = [int(abs(x).argmax()), scope.cursor.unit]
    inputs, hidden = view.windows(
        *(
            view.Part(
                key=key,
                words=_("columns of {name}").format(name=name),
                size=len(products),
                width=TERMS,
                center=center,
            )
            for key, name, products, center in zip(
                ("inputs_shown", "hidden_shown"), names, (x, h), centers, strict=True
            )
        )
    )
    for name, products, shown in zip(names, (x, h), (inputs, hidden), strict=True):
        if len(shown) < len(products):
            left = _("{name}: columns not shown: {count}; they add {sum} to Σ, which is over all {size}.")
            st.caption(
                left.format(
                    name=f"`{name}`",
                    count=len(products) - len(shown),
                    sum=_bare(left_out(products, shown)),
                    size=len(products),
                )
            )
    labels = input_labels(encoding, scope.cursor, config, inputs)
    with picture:
        figure = products_figure(scope, gate, theme, inputs=inputs, input_labels=labels, hidden=hidden)
        words = _("products of gate {gate}").format(gate=gate.gate)
        view.chart("products", figure, alt=words, columns=max(inputs, hidden, key=len))
    bars, curve = st.columns(2, gap="medium")
    with bars:
        view.wide_chart("sum_plot", sum_figure(gate, theme), alt=_("bars that add up to the pre-activation"))
    with curve:
        view.wide_chart("activation_plot", activation_figure(gate, theme), alt=_("the activation's curve"))


def _show_gate(scope: Microscope, gate: GateSum, encoding: Encoding) -> None:
    """What is special about what this gate reads."""
    picked = np.flatnonzero(gate.x_I)
    if scope.cursor.layer == 0 and len(picked) == 1:
        st.markdown(
            _("x[{now}] is one-hot, so the product *picks one column* of W_ih: the one of this token.").format(
                now=scope.now
            )
        )
        st.code(
            f"{visible(encoding.vocabulary.tokens[picked[0]])}  →  "
            f"weight_ih{scope.suffix}[{gate.row}, {picked[0]}] = {_bare(float(gate.weight_ih_I[picked[0]]), 6)}",
            language=None,
        )
    if gate.reset is not None:
        st.markdown(
            _("The reset gate r scales all that this gate hears from h[{before}], after the matrix product.").format(
                before=scope.before
            )
        )


def show_said(trace: Trace, encoding: Encoding, cursor: Cursor, theme: Theme) -> None:
    """The logit and the probability of each token at the cursor's step; winner and target are marked and named."""
    picture = st.container()
    (tokens,) = view.windows(
        view.Part(
            key="tokens_shown",
            words=_("tokens shown"),
            size=len(encoding.vocabulary),
            width=TERMS,
            center=int(trace.predicted_BT[cursor.line, cursor.step]),
        )
    )
    with picture:
        figure = said_figure(trace, encoding, cursor, theme, tokens=tokens)
        view.chart("said", figure, alt=_("logits and probabilities at step {t}").format(t=cursor.step), columns=tokens)


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
    """The gates whose rows torch stacks in a parameter, in order, with their letters; one empty name where none are."""
    gates = PACKING[type(model.rnn)]
    return [""] if name.startswith("head.") or len(gates) == 1 else [gate_label(gate) for gate in gates]


def _features(units: int, directions: int, indices: Sequence[int]) -> list[str]:
    if directions == 1:
        return [str(index) for index in indices]
    arrows = dict(zip(Direction, "→←", strict=True))
    return [f"{list(arrows.values())[index // units]}{index % units}" for index in indices]


def _bare(value: float, decimals: int = 4) -> str:
    """A number with so many decimals."""
    return format_number(value, decimals=decimals)
