"""What the networks of many seeds cost together beside one, an epoch each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

from rnn_core import RunConfig, Trainer
from rnn_core.config import Cell
from rnn_core.ensemble import Ensemble
from tests.bench.table import Figure

SEEDS = range(20)
ROUNDS, EPOCHS = 9, 50
CASES = {Cell.RNN: 5.0, Cell.GRU: None, Cell.LSTM: None}
"""Cell, and the largest ratio allowed."""


def seconds(step: Callable[[], object]) -> float:
    """Seconds for EPOCHS epochs."""
    start = time.perf_counter()
    for _epoch in range(EPOCHS):
        step()
    return time.perf_counter() - start


def figures() -> Iterator[Figure]:
    """An epoch of all SEEDS as a ratio to an epoch of one, on "hello! world": medians of interleaved rounds."""
    for cell, target in CASES.items():
        config = RunConfig("hello! world", cell=cell)
        ensemble, trainer = Ensemble(config, SEEDS), Trainer(config)
        seconds(ensemble.step), seconds(trainer.step)
        ratios = [seconds(ensemble.step) / seconds(trainer.step) for _round in range(ROUNDS)]
        yield Figure(
            measure=f"epoch of {len(SEEDS)} seeds together / of one, hello! world, {cell}",
            value=statistics.median(ratios),
            target=target,
        )
