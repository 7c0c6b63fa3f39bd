"""Where one looks in a tensor that is too large for a screen, and in which colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from pages.ui import given
from pages.ui.components.live_chart import Pick, Row, live_chart
from pages.ui.i18n import _
from pages.ui.number_field import checked_number
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.rules import Whole

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
    line = checked_number(
        _("line b of the batch, 0…{last}").format(last=lines - 1),
        Whole(0, lines - 1),
        0,
        key="line",
        name="b",
        persist_state="session",
        width=240,
    )
    return range(line, line + 1)


def step_window(steps: int, *, last: int | None = None) -> range:
    """The time steps to draw: all of them, or a window that a slider moves.

    Args:
        last: a step that the window shows to begin with, as its last if it can; None begins at step 0. What a person
            chose under one beginning does not hold for another.
    """
    if steps <= MAX_STEPS:
        return range(steps)
    first = st.slider(
        _("first time step shown, {width} of {steps}").format(width=MAX_STEPS, steps=steps),
        0,
        steps - MAX_STEPS,
        0 if last is None else max(0, last - MAX_STEPS + 1),
        key="first_step" if last is None else "first_step_before_the_end",
        persist_state="session",
    )
    return range(first, first + MAX_STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``width`` of ``size`` indices to be shown, around ``center``.

    Attributes:
        key: of the slider that moves them. words: what is shown, for its label.
    """

    key: str
    words: str
    size: int
    width: int
    center: int


def windows(*parts: Part) -> list[range]:
    """The indices that are shown of each of ``parts``: around its center when that moves, and moved by a slider else.

    A slider says how many there are, and is drawn only where some are left out.
    """
    cut = [part for part in parts if part.size > part.width]
    first = {}
    if cut:
        with st.container(horizontal=True, gap="medium"):
            for part in cut:
                first[part.key] = _first(part)
    starts = [first.get(part.key, 0) for part in parts]
    return [range(start, start + min(part.width, part.size)) for start, part in zip(starts, parts, strict=True)]


def _first(part: Part) -> int:
    about, last = f"{part.key}_around", part.size - part.width
    if st.session_state.get(about) != part or part.key not in st.session_state:
        st.session_state[about] = part
        given.give(part.key, max(0, min(part.center - part.width // 2, last)))
    label = _("{words}: {width} of {size}, from").format(words=part.words, width=part.width, size=part.size)
    return st.slider(label, 0, last, key=part.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure with a width of its own, what it shows in words, and what a click on a cell of it does."""

    figure: go.Figure
    alt: str
    on_pick: Callable[[Pick], None] | None = None


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
                live_chart(chart.figure, key=f"{name}_plot", alt=chart.alt, row=row, on_pick=chart.on_pick)


def chart(
    key: str,
    figure: go.Figure,
    *,
    alt: str,
    columns: range,
    share: float = TALLEST,
    on_pick: Callable[[Pick], None] | None = None,
) -> None:
    """One chart by itself, in a container named ``key``, as large as the page has room for; see ``charts``."""
    charts(f"{key}_row", {key: Chart(figure=figure, alt=alt, on_pick=on_pick)}, columns=columns, share=share)


def wide_chart(key: str, figure: go.Figure, *, alt: str, on_pick: Callable[[Pick], None] | None = None) -> None:
    """A chart without a width of its own: it fills its place."""
    live_chart(figure, key=key, alt=alt, on_pick=on_pick)
