"""Where one looks in a tensor that is too large for a screen, and in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from pages.ui.i18n import _
from pages.ui.live_chart import Row, live_chart
from rnn_core.figures.theme import DARK, LIGHT, Theme

MAX_PANELS = 4
MAX_STEPS = 48
FEW_COLUMNS = 7
TALLEST = 0.85


def theme() -> Theme:
    """The colours of the page as the browser shows it."""
    return DARK if st.context.theme.type == "dark" else LIGHT


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure with a width of its own, and what it shows in words."""

    figure: go.Figure
    alt: str


def charts(key: str, shown: Mapping[str, Chart], *, columns: range, share: float = TALLEST) -> None:
    """Charts side by side, at one scale, as large as the page has room for.

    Args:
        key: of the container of all of them.
        shown: by the key of the container of each; the chart's own is that with "_plot" behind it.
        share: of the window's height, which the tallest may grow to.
        columns: of the widest. On a phone, style.css leaves out the numbers that many columns make too small.
    """
    layouts = [chart.figure.layout for chart in shown.values()]
    row = Row(
        key=key,
        charts=len(layouts),
        width=sum(layout.width for layout in layouts),
        height=max(layout.height for layout in layouts),
        share=share,
    )
    crowd = "many_columns" if len(columns) > FEW_COLUMNS else "few_columns"
    with st.container(key=f"{crowd}_{key}"), st.container(key=key, horizontal=True, gap="medium"):
        for name, chart in shown.items():
            with st.container(key=name, width="content"):
                live_chart(chart.figure, key=f"{name}_plot", alt=chart.alt, row=row)


def chart(key: str, figure: go.Figure, *, alt: str, columns: range, share: float = TALLEST) -> None:
    """One chart by itself, in a container named ``key``, as large as the page has room for; see ``charts``."""
    charts(f"{key}_row", {key: Chart(figure=figure, alt=alt)}, columns=columns, share=share)


def wide_chart(key: str, figure: go.Figure, *, alt: str) -> None:
    """A chart without a width of its own: it fills its place."""
    live_chart(figure, key=key, alt=alt)
