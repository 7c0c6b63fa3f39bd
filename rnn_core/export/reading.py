"""A config becomes what a script must know of its lines: how long they are, and whether they are padded and packed."""

from __future__ import annotations

from rnn_core.config import RunConfig, Task
from rnn_core.text import split_lines


def line_lengths(config: RunConfig) -> tuple[int, ...]:
    """The number of real steps of each line."""
    return tuple(len(line) - (config.task is Task.NEXT) for line in split_lines(config.text))


def padded(config: RunConfig) -> bool:
    """Whether the lines differ in length."""
    return len(set(line_lengths(config))) > 1


def packed(config: RunConfig) -> bool:
    """Return whether the lines are packed; this app packs none for a module that takes B as time."""
    return padded(config) and config.batch_first
