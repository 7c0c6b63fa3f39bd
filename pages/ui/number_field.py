"""A field for a number, checked by its rule: what is refused stays in it, with a sentence and a repair under it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import given
from pages.ui.i18n import _
from rnn_core.numbers import format_significant
from rnn_core.repair import Problem, Values, find_problem, nearest
from rnn_core.rules import Real, Whole

_DRAWN = "number_fields"
_REFUSED = "refused_fields"
_RULE, _GOOD = "rule_of_{}", "last_good_{}"

DECADES = 0.0
"""The step of a field whose values span decades: its arrows go 0.1, 0.2, 0.5, 1, …"""

LOWEST_DECADE = 1e-6


def begin() -> None:
    """Forget the fields of the last run of the script."""
    st.session_state[_DRAWN], st.session_state[_REFUSED] = {}, []


def drawn_rules() -> dict[str, dict[str, Any]]:
    """Return what the arrows of each field drawn in this run step by, as ``components.typed`` takes it."""
    rules: dict[str, dict[str, Any]] = st.session_state.get(_DRAWN, {})
    return rules


def refused_fields() -> list[str]:
    """Return the keys of the fields whose values were refused in this run."""
    keys: list[str] = st.session_state.get(_REFUSED, [])
    return keys


def typed_number(
    label: str,
    rule: Whole | Real,
    default: float | None,
    *,
    key: str,
    step: float = 1.0,
    start: float = 1.0,
    **options: Any,
) -> tuple[Any, DeltaGenerator]:
    """Draw a field; return what it holds, whatever its rule says, and the place below it for ``show_problem``.

    The field has no limits of its own: Streamlit would keep a value beyond them to itself. It holds floats, for a field
    of whole numbers would make 1 of 1.5.

    Args:
        step: of the arrows, or DECADES. start: what the arrows set in an empty field that had no number yet and
            has no default.
        options: of st.number_input.
    """
    held = st.session_state.get(key)
    if isinstance(held, int):
        st.session_state[key] = float(held)
    st.session_state.setdefault(_DRAWN, {})[key] = {
        "low": LOWEST_DECADE if step == DECADES else _finite(rule.low),
        "high": _finite(rule.high),
        "step": step,
        "start": start if default is None else float(default),
    }
    with st.container(key=f"{key}_field", gap="xsmall"):
        value = st.number_input(
            label,
            value=None if default is None else float(default),
            step=step or 0.01,
            format="%g",
            key=key,
            **options,
        )
        below = st.container(key=f"{key}_refused", gap="xsmall")
    if isinstance(rule, Whole) and value is not None and value.is_integer():
        return int(value), below
    return value, below


def checked_number(
    label: str, rule: Whole | Real, default: float | None, *, key: str, name: str | None = None, **options: Any
) -> Any:
    """Draw a field; return its value, or the last one that was not refused.

    A value that only a change of the limits has put beyond them moves to the nearest one within.

    Args:
        name: of the value in the sentence, or None for ``key``. options: as of ``typed_number``.
    """
    held, of_rule, of_good = st.session_state.get(key), _RULE.format(key), _GOOD.format(key)
    if st.session_state.get(of_rule, rule) != rule:
        if held is not None and find_problem(key, rule, _plain(rule, held), default=default):
            given.give(key, float(nearest(rule, held, default=default)))
        st.session_state.pop(of_good, None)
    st.session_state[of_rule] = rule
    value, below = typed_number(label, rule, default, key=key, **options)
    problem = find_problem(name or key, rule, value, default=default)
    if problem is None:
        st.session_state[of_good] = value
        return value
    show_problem(problem, below, key=key, repair=lambda change: put_number(key, *change.values()))
    return st.session_state.get(of_good, default)


def put_number(key: str, value: float | None) -> None:
    """Give the field ``key`` a value; for a callback, before it is drawn."""
    given.give(key, None if value is None else float(value))


def show_problem(problem: Problem, place: DeltaGenerator, *, key: str, repair: Callable[[Values], None]) -> None:
    """Draw the sentence of ``problem`` in ``place``, and a button for each of its repairs.

    Args:
        key: of the field that it is about. repair: the callback of a button, which takes the repair's new values.
    """
    st.session_state.setdefault(_REFUSED, []).append(key)
    with place:
        st.text(problem.sentence)
        show_repairs(problem, key=key, repair=repair)


def show_repairs(problem: Problem, *, key: str, repair: Callable[[Values], None]) -> None:
    """Draw a button for each repair of ``problem``; see ``show_problem``."""
    for number, change in enumerate(problem.repairs):
        st.button(
            repair_words(change),
            key=f"repair_{key}_{number}",
            icon=":material/build:",
            on_click=repair,
            args=(change,),
        )


def repair_words(change: Mapping[str, Any]) -> str:
    """Return the label of the button that makes ``change``, as code: use head="linear"."""
    empty = [name for name, value in change.items() if value is None]
    if empty:
        return _("leave {name} empty").format(name=empty[0])
    return _("use {values}").format(values=", ".join(f"{name}={_code(value)}" for name, value in change.items()))


def _code(value: object) -> str:
    if isinstance(value, float):
        return format_significant(value, digits=12)
    return f'"{value}"' if isinstance(value, StrEnum) else str(value)


def _finite(limit: float) -> float | None:
    """Return a limit as JSON has it: None for infinity."""
    return limit if math.isfinite(limit) else None


def _plain(rule: Whole | Real, value: float) -> float:
    return int(value) if isinstance(rule, Whole) and float(value).is_integer() else value
