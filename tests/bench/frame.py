"""Whether a frame costs more late in a training than early in it."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator

from pages.ui.train import film, playback
from rnn_core import RunConfig, Trainer
from tests.bench.table import Figure

EARLY, LATE = 50, 5_000
FRAMES = 300


def frame_s(trainer: Trainer) -> float:
    """The median seconds of a frame: one update, all patches, and their JSON."""
    steps = range(trainer.encoding.x_BTV.shape[1])
    window = film.Window(lines=range(1), steps=steps, columns=range(1), axis="B")
    times = []
    for _frame in range(FRAMES):
        start = time.perf_counter()
        playback.advance(trainer, 1)
        json.dumps(film.frame(trainer, window))
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def figures() -> Iterator[Figure]:
    """The cost of a frame at epoch LATE as a ratio to epoch EARLY, two trainers in turn."""
    young, old = Trainer(RunConfig()), Trainer(RunConfig())
    young.run(EARLY)
    old.run(LATE)
    early, late = frame_s(young), frame_s(old)
    yield Figure(measure="a frame at epoch 50: ms, without Streamlit", value=early * 1e3)
    yield Figure(measure=f"a frame at epoch {LATE} / at epoch {EARLY}", value=late / early, target=1.3)
