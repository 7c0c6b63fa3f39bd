"""What a rule is: one function from (config, encoding, course) to what it found, or None; and what all rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_core.config import MAX_TOKENS, ConfigError, RunConfig
from rnn_core.encoding import Encoding
from rnn_core.history import EpochRecord
from rnn_core.text import visible

Values: TypeAlias = Mapping[str, str | int | float]
Change: TypeAlias = Mapping[str, Any]

Found: TypeAlias = tuple[str, str, Values, Change]
"""Title, words, values and change of an Insight; the values that any rule may name need not be among these."""

WHOLE_LINE = MAX_TOKENS
"""A context that no line is longer than."""

_LISTED = 4
_QUOTED = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """How a training went.

    Attributes:
        loss_E: float64, the loss at every epoch up to ``now``, in nats.
        now: the record of the weights that are spoken of.
        steps, right: how many real steps there are, and at how many of them the answer is right.
    """

    loss_E: npt.NDArray[np.float64]
    now: EpochRecord
    steps: int
    right: int


Rule: TypeAlias = Callable[[RunConfig, Encoding, Course], Found | None]


def first_valid(config: RunConfig, *changes: Change) -> Change:
    """The first of ``changes`` that makes another valid config of ``config``, or {}."""
    for change in changes:
        try:
            if replace(config, **change) != config:
                return change
        except ConfigError:
            continue
    return {}


def quoted(*tokens: str) -> str:
    """Tokens as one can see them, in one pair of quotes; of many the last."""
    shown = tokens if len(tokens) <= _QUOTED else ("…", *tokens[1 - _QUOTED :])
    return f"“{''.join(map(visible, shown))}”"


def listed(items: Sequence[str], separator: str = ", ") -> str:
    """The first of ``items`` in a row, and a … if there are more."""
    return separator.join(items if len(items) <= _LISTED else [*items[:_LISTED], "…"])
