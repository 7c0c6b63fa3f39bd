"""Axes on screen: the row of badges above a page, and the shape ledger; one colour for each axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from pages.ui.i18n import _
from rnn_core import RunConfig, ShapeLine, shape_ledger
from rnn_core.call import Call, module_calls
from rnn_core.shapes import AXES, axis_sizes

Color = Literal["orange", "blue", "green", "violet", "red"]

COLORS: Mapping[str, Color] = {
    "B": "orange",
    "T": "blue",
    "V": "green",
    "H": "violet",
    "F": "violet",
    "S": "red",
    "D": "red",
    "G": "red",
}
"""Streamlit's name for the colour of each axis (see ``.streamlit/config.toml``)."""

_BADGES = {"B": "batch_size", "T": "sequence_length", "V": "input_size", "H": "hidden_size"}
_TIME_FIRST_BADGES = _BADGES | {"B": "lines", "T": "steps"}
"""What stands before a size; a module that is not batch_first takes the lines for its sequence_length."""

_PYTORCH = {"B": "N", "T": "L", "V": "H_in", "H": "H_out", "F": "D · H_out", "S": "D · num_layers", "D": "D"}
_TIME_FIRST_PYTORCH = _PYTORCH | {"B": "L", "T": "N"}
"""What the pages of torch.nn.RNN, GRU and LSTM call an axis."""

_MEANINGS = {
    "B": "how many lines there are; line b is one of them",
    "T": "how many time steps the longest line has; time step t reads one token",
    "V": "how many different tokens there are; token v has id v",
    "H": "how many hidden units a cell has; unit j is one number of h",
    "F": "how long output is at each step; feature f is unit j = f forward, or unit j = f − H backward",
    "S": "how many rows h_n has: a row for each layer and direction",
    "D": "how many directions read the sequence: forward, and backward if bidirectional",
    "G": "how many gates are stacked in one weight, H rows each",
    "E": "how many updates were made. The whole text is one batch, so an epoch is one update; the numbers of epoch k "
    "are those after k updates",
}
"""What each axis letter means, in a sentence that also names its index."""


def show_badges(config: RunConfig) -> None:
    """The sizes that matter on every page, and which of them coincide, so that no shape is read wrongly."""
    size = axis_sizes(config)
    with st.container(horizontal=True, vertical_alignment="center", key="badges", gap="small"):
        for letter, name in (_BADGES if config.batch_first else _TIME_FIRST_BADGES).items():
            st.badge(f"{name} **{letter} = {size[letter]}**", color=COLORS[letter])
        if config.num_layers > 1:
            st.badge(f"num_layers **{config.num_layers}**", color="red")
        if config.bidirectional:
            st.badge("directions **D = 2**", color="red")
        with st.popover(_("Letters"), type="tertiary", icon=":material/help:", key="letters"):
            _show_letters(config, size)


def _show_letters(config: RunConfig, size: Mapping[str, int]) -> None:
    """What each letter means, what PyTorch's pages call it, and how large it is here."""
    theirs = _PYTORCH if config.batch_first else _TIME_FIRST_PYTORCH
    names = AXES if config.batch_first else AXES | {"B": AXES["T"], "T": AXES["B"]}
    rows = [
        f"| :{COLORS.get(letter, 'gray')}[**{letter}**] | {names[letter]} | {theirs.get(letter, '')} | "
        f"{size.get(letter, '')} | {_(words)} |"
        for letter, words in _MEANINGS.items()
    ]
    head = (_("letter"), _("name"), _("in PyTorch's pages"), _("here"), _("what it is"))
    st.markdown(f"| {' | '.join(head)} |\n|:--|:--|:--|--:|:--|\n" + "\n".join(rows))
    if not config.batch_first:
        st.markdown(_("`batch_first=False`: name and letter are what the module takes the axis for."))
    st.markdown(
        _(
            "A **time step** moves along the text; an **update** changes the weights. Between two updates the same "
            "weights read every time step."
        )
    )


def show_calls(config: RunConfig) -> None:
    """The calls that make the network, each size in its axis' colour, apart from what the data decides."""
    size = axis_sizes(config)
    calls = " → ".join(_colored_call(call) for call in module_calls(config))
    words = _("{calls}  ·  from the data, no argument: :orange[batch_size **{B}**], :blue[sequence_length **{T}**]")
    if not config.batch_first:
        words = _("{calls}  ·  from the data, no argument: :blue[batch_size **{T}**], :orange[sequence_length **{B}**]")
    with st.container(key="calls"):
        st.markdown(words.format(calls=calls, B=size["B"], T=size["T"]))


def _colored_call(call: Call) -> str:
    parts = [
        f"{name}=:{COLORS[axis]}[**{value}**]" if axis else f"{name}={value!r}" for name, value, axis in call.arguments
    ]
    return f"{call.name}({', '.join(parts)})"


def show_ledger(config: RunConfig) -> None:
    """The shape ledger as a table: one line for each tensor, each axis named and coloured."""
    rows = [f"| `{line.name}` | {colored_shape(line)} | {_(line.note)} |" for line in shape_ledger(config)]
    head = f"| {_('tensor')} | {_('shape')} | {_('what it is')} |\n|:--|:--|:--|\n"
    with st.container(key="shape_ledger"):
        st.markdown(head + "\n".join(rows))


def colored_shape(line: ShapeLine) -> str:
    """(B 1, T 12, V 9) in Markdown, each axis in its colour; a scalar is ()."""
    parts = [f":{COLORS[axes[-1]]}[{axes} **{length}**]" for axes, length in zip(line.axes, line.shape, strict=True)]
    return f"({', '.join(parts)})"
