"""What is wrong with the values of a config, at which field, and which changes of a value or two would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from rnn_core.config import MAX_HIDDEN_SIZE, RULES, ConfigError, Head, RunConfig, Task, check_value
from rnn_core.rules import Real, Rule, Whole

MAX_REPAIRS = 2
"""How many repairs of one problem are offered."""

Values = Mapping[str, Any]

_CHANGES: Sequence[Values] = (
    {"head": Head.LINEAR},
    {"hidden_size": None},
    {"bidirectional": False},
    {"task": Task.COPY},
    {"head": Head.LINEAR, "hidden_size": MAX_HIDDEN_SIZE},
)
"""The changes that may make fields fit each other, the one to be preferred first."""

_DEFAULTS = {field.name: field.default for field in fields(RunConfig)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        field: the name of the field beside which it is shown.
        sentence: names field, rule and value.
        repairs: new values by field; each repair by itself ends the problem.
    """

    field: str
    sentence: str
    repairs: tuple[Values, ...]


def find_problems(values: Values) -> tuple[Problem, ...]:
    """Return what is wrong with the ``values`` of a config: none where ``RunConfig(**values)`` can be built.

    Each value that breaks the rule of its field is a problem. Only where there is none are the fields held against each
    other: then there is at most one problem, and every repair of it gives a config.

    >>> find_problems({"learning_rate": 50})[0].repairs
    ({'learning_rate': 10.0},)
    """
    problems = [
        problem
        for name, value in values.items()
        if (problem := find_problem(name, RULES[name], value, default=_DEFAULTS[name]))
    ]
    if problems:
        return tuple(problems)
    try:
        RunConfig(**values)
    except ConfigError as error:
        return (
            Problem(field=error.field or "text", sentence=str(error), repairs=tuple(_fitting(values))[:MAX_REPAIRS]),
        )
    return ()


def find_problem(name: str, rule: Rule, value: object, *, default: object) -> Problem | None:
    """Return what is wrong with one value by its rule, or None.

    Its repair is the nearest value that keeps the rule, or ``default`` where there is no nearest one.
    """
    try:
        check_value(name, rule, value)
    except ConfigError as error:
        repairs = ({name: nearest(rule, value, default=default)},) if isinstance(rule, (Whole, Real)) else ()
        return Problem(field=name, sentence=str(error), repairs=repairs)
    return None


def nearest(rule: Whole | Real, value: object, *, default: Any) -> Any:
    """Return the value nearest to ``value`` that keeps ``rule``: ``default`` for what is no number, or below a limit
    that is no value itself."""
    if not isinstance(value, (int, float)):
        return default
    if isinstance(rule, Whole):
        return round(min(max(value, rule.low), rule.high)) if value == value else default
    return rule.high if value > rule.high else default


def _fitting(values: Values) -> Iterator[Values]:
    """Yield the changes that make a config of ``values``, and change something."""
    for change in _CHANGES:
        if all(values.get(name, _DEFAULTS[name]) == value for name, value in change.items()):
            continue
        try:
            RunConfig(**{**values, **change})
        except ConfigError:
            continue
        yield change
