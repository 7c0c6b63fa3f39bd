"""The kinds of rule that a field of a config can have.

``str(rule)`` says the rule in words, ``check`` takes a Python value, ``parse`` a string of a link; both return the
value to keep, and raise TypeError or ValueError (``parse`` of a flag: KeyError) for one that breaks the rule.
"""

from __future__ import annotations

import math
import numbers
import operator
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from rnn_core.numbers import format_significant
from rnn_core.text import canonical_text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of an enumeration, or of some of them."""

    options: tuple[StrEnum, ...]

    def __str__(self) -> str:
        return ("one of " if len(self.options) > 1 else "") + ", ".join(self.options)

    def check(self, value: object) -> StrEnum:
        for option in self.options:
            if option == str(value):
                return option
        raise ValueError

    parse = check


@dataclass(frozen=True, slots=True)
class Several:
    """Some of a few names, each once, at most ``high`` where that is given; in a link, separated by commas."""

    options: tuple[str, ...]
    high: int | None = None

    def __str__(self) -> str:
        number = "some" if self.high is None else f"at most {self.high}"
        return f"{number} of {', '.join(self.options)}, separated by commas"

    def check(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, tuple):
            raise TypeError
        kept = tuple(dict.fromkeys(value))
        if set(kept) - set(self.options) or (self.high is not None and len(kept) > self.high):
            raise ValueError
        return kept

    def parse(self, raw: str) -> tuple[str, ...]:
        return self.check(tuple(raw.split(",")) if raw else ())


@dataclass(frozen=True, slots=True)
class Flag:
    """True or False; in a link, ``true`` or ``false``."""

    def __str__(self) -> str:
        return "true or false"

    def check(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value

    def parse(self, raw: str) -> bool:
        return {"true": True, "false": False}[raw.lower()]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in low…high, or nothing where ``optional``."""

    low: int
    high: int
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.low}…{self.high}"

    def check(self, value: object) -> int | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
        if not self.low <= number <= self.high:
            raise ValueError
        return number

    def parse(self, raw: str) -> int | None:
        if raw == "" and self.optional:
            return None
        if not re.fullmatch(r"[+-]?[0-9]{1,20}", raw):
            raise ValueError
        return self.check(int(raw))


@dataclass(frozen=True, slots=True)
class Real:
    """A finite number above ``low``, at most ``high``, where there are limits, or nothing where ``optional``."""

    high: float = math.inf
    optional: bool = False
    low: float = 0.0

    def __str__(self) -> str:
        above = f" above {format_significant(self.low)}" if math.isfinite(self.low) else ""
        limit = f" and at most {format_significant(self.high)}" if math.isfinite(self.high) else ""
        return f"a finite number{above}{limit}"

    def check(self, value: object) -> float | None:
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise TypeError
        number = float(value)
        if not (math.isfinite(number) and self.low < number <= self.high):
            raise ValueError
        return number

    def parse(self, raw: str) -> float | None:
        if raw == "" and self.optional:
            return None
        if "_" in raw:
            raise ValueError
        return self.check(float(raw))


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most ``high`` code points, kept in its canonical form.

    What its lines may hold is checked with the task.
    """

    high: int

    def __str__(self) -> str:
        return f"a string of at most {self.high} code points"

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        text = canonical_text(value)
        if len(text) > self.high:
            raise ValueError
        return text

    parse = check


Rule: TypeAlias = Choice | Several | Flag | Whole | Real | Text
