"""Axes on screen: the row of badges above a page, and the shape ledger; one colour for each axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from pages.ui.i18n import _
from rnn_core import RunConfig, ShapeLine, shape_ledger
from rnn_core.shapes import axis_sizes

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


def show_badges(config: RunConfig) -> None:
    """The sizes that matter on every page, and which of them coincide, so that no shape is read wrongly."""
    size = axis_sizes(config)
    with st.container(horizontal=True, key="badges", gap="small"):
        for letter, name in _BADGES.items():
            st.badge(f"{name} **{letter} = {size[letter]}**", color=COLORS[letter])
        if config.num_layers > 1:
            st.badge(f"num_layers **{config.num_layers}**", color="red")
        if config.bidirectional:
            st.badge("directions **D = 2**", color="red")


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
