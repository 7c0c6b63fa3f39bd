"""What is at work in this run: a title each, behind it the sentence with its numbers, and the change that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import starmap
from typing import Any

import streamlit as st

from pages.ui import controls, state, wishes
from pages.ui.embedding import explanation
from pages.ui.i18n import Message, _
from rnn_core import Trainer
from rnn_core.insights import Insight, insights
from rnn_core.numbers import format_number

_TRIED = "tried"
"""What the controls had before the last *Try it*, by field, and the config that it led to."""


def show_insights(trainer: Trainer) -> None:
    """A row of titles, each opens; *Back* while what was tried is still what the controls say."""
    found = insights(trainer.config, trainer.encoding, trainer.history, trainer.now)
    with explanation(key="insights", gap="small", horizontal=True):
        for insight in found:
            with st.popover(_(insight.title), icon=":material/lightbulb:", type="tertiary", key=f"on_{insight.name}"):
                _show(insight)
        before, after = st.session_state.get(_TRIED, ({}, None))
        if after == trainer.config and not set(before) & set(controls.held_fields()):
            st.button(_("Back"), key="untry", icon=":material/undo:", on_click=_put_back)


def _show(insight: Insight) -> None:
    # Plain text: what people typed is in it, and must not be read as markup.
    st.text(Message(_(insight.words).replace("`", "")).format(**insight.values))
    if insight.name in _DERIVED:
        _DERIVED[insight.name](insight)
    if insight.change and controls.can_put(replace(state.config(), **insight.change)):
        st.button(
            _("Try it: {change}").format(change=", ".join(starmap(_said, insight.change.items()))),
            key=f"try_{insight.name}",
            on_click=_try,
            args=(insight.change,),
            type="primary",
        )


def _said(name: str, value: object) -> str:
    return name if name == "text" else f"{name} {value}"


def _derive_floor(insight: Insight) -> None:
    """How the floor of a network without a head comes about."""
    st.text(_("The best that can be said is 1 for the target and −1 for each of the V − 1 other tokens:"))
    st.latex(r"p = \frac{e^{1}}{e^{1} + (V - 1)\,e^{-1}} = \frac{1}{1 + (V - 1)\,e^{-2}}")
    numbers = rf"\ln(1 + {insight.values['others']}\,e^{{-2}}) = {format_number(float(insight.values['floor']))}"
    st.latex(rf"-\ln p = \ln\left(1 + (V - 1)\,e^{{-2}}\right) = {numbers}")


_DERIVED: Mapping[str, Callable[[Insight], None]] = {"loss_floor": _derive_floor}
"""What is derived beside its sentence."""


def _try(change: Mapping[str, Any]) -> None:
    """Give the fields of ``change`` their values, and leave what else the controls have in this run."""
    before = {name: st.session_state[name] for name in change}
    if before != controls.widget_values(change):  # a second press of the same has changed nothing
        wishes.later(_remember, before)
    controls.put_fields(change)


def _remember(before: Mapping[str, Any]) -> None:
    st.session_state[_TRIED] = before, state.config()


def _put_back() -> None:
    before, _after = st.session_state.pop(_TRIED, ({}, None))
    controls.put_fields(before)
