"""Where one looks in a tensor that is too large for a screen, and in which colours."""

from __future__ import annotations

from typing import Literal

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui.i18n import _
from rnn_core.figures.theme import DARK, LIGHT, Theme

MAX_PANELS = 4
MAX_STEPS = 48
FEW_COLUMNS = 7


def theme() -> Theme:
    """The colours of the page as the browser shows it."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def cells(columns: range) -> DeltaGenerator:
    """A container for heatmaps; on a phone, style.css leaves out the numbers that many columns make too small."""
    return st.container(key="many_columns" if len(columns) > FEW_COLUMNS else "few_columns")


def line_window(lines: int) -> range:
    """The lines to draw: all of them, or the one that is chosen when there are many."""
    if lines <= MAX_PANELS:
        return range(lines)
    line = st.number_input(
        _("line b of the batch, 0…{last}").format(last=lines - 1),
        0,
        lines - 1,
        0,
        key="line",
        persist_state="session",
        width=240,
    )
    return range(line, line + 1)


def step_window(steps: int) -> range:
    """The time steps to draw: all of them, or a window that a slider moves."""
    if steps <= MAX_STEPS:
        return range(steps)
    first = st.slider(
        _("first time step shown, of {steps}").format(steps=steps),
        0,
        steps - MAX_STEPS,
        0,
        key="first_step",
        persist_state="session",
    )
    return range(first, first + MAX_STEPS)


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """A chart that stands still: in the page's own colours, at its own width, without a tool bar."""
    width: Literal["content", "stretch"] = "content" if figure.layout.width else "stretch"
    st.plotly_chart(figure, width=width, theme=None, key=key, config={"displayModeBar": False}, alt=alt)
