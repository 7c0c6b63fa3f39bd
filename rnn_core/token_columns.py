"""A history has one column for each token that is predicted, so that tokens stand one below the other.

A text of several tokens cannot keep them in place: a named token ("nbsp") is wider than one character, and
right-to-left text is reordered. A cell of its own can.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rnn_core.encoding import Encoding
from rnn_core.history import EpochRecord
from rnn_core.text import visible

MAX_TOKEN_COLUMNS = 64
"""How many tokens have a column of their own; a longer text has columns for its first tokens."""

RIGHT = "·"
"""What stands in the place of a right prediction."""


def token_columns(
    history: Sequence[EpochRecord],
    encoding: Encoding,
    *,
    lines: range | None = None,
    steps: range | None = None,
    right: str | None = None,
) -> dict[str, list[str]]:
    """Return the predictions at each step, one entry for each epoch, below a header of step and target token.

    Tokens are shown by their ``visible`` labels. In a batch the line stands before the step.

    Args:
        lines, steps: which lines and steps of the batch; None for all. At most MAX_TOKEN_COLUMNS have a column.
        right: what stands in the place of a right prediction; None for the token itself.
    """
    columns: dict[str, list[str]] = {}
    errors = {line: [dict(record.errors[line]) for record in history] for line in lines or range(len(encoding.targets))}
    for line, step in islice(_places(encoding, lines, steps), MAX_TOKEN_COLUMNS):
        target = visible(encoding.targets[line][step])
        where = f"{step}" if len(encoding.targets) == 1 else f"{line}, {step}"
        columns[f"{where} {target}"] = [
            visible(wrong[step]) if step in wrong else target if right is None else right for wrong in errors[line]
        ]
    return columns


def token_count(encoding: Encoding, *, lines: range, steps: range) -> int:
    """Return how many tokens are predicted in these lines at these steps."""
    return len(_places(encoding, lines, steps))


def _places(encoding: Encoding, lines: range | None, steps: range | None) -> list[tuple[int, int]]:
    return [
        (line, step)
        for line, target in enumerate(encoding.targets)
        for step in range(len(target))
        if (lines is None or line in lines) and (steps is None or step in steps)
    ]
