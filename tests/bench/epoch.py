"""What a recorded epoch costs beside the bare notebook loop at torch's defaults, in one process."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import nn

from rnn_core import RunConfig, Trainer, encode
from rnn_core.config import Cell, Head
from tests.bench.table import Figure

ROUNDS = 7
PANGRAM = "the quick brown fox jumps over the lazy dog; "
CASES = {
    "copy, T = 12": (RunConfig("hello! world"), 200, 1.0),
    "copy, batch_first=False": (RunConfig("hello! world", batch_first=False), 200, 1.0),
    "LSTM, H = 64, 200 characters": (
        RunConfig((PANGRAM * 5)[:200], cell=Cell.LSTM, head=Head.LINEAR, hidden_size=64, learning_rate=0.01),
        40,
        1.05,
    ),
}
"""Config, epochs a round, and the largest ratio allowed."""

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def bare_loop(config: RunConfig) -> Callable[[int], None]:
    """The loop of the course notes, as its author wrote it but for batch_first, and without its prints."""
    encoding = encode(config)
    size = len(encoding.vocabulary)
    torch.manual_seed(config.seed)
    rnn = CELLS[config.cell](size, config.units, batch_first=config.batch_first)
    head = nn.Linear(config.units, size) if config.head == "linear" else nn.Identity()
    X, y = torch.tensor(encoding.x_BTV), torch.tensor(encoding.target_BT)
    loss_fun = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=config.learning_rate)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            optimizer.zero_grad()
            outputs, _state = rnn(X)
            loss = loss_fun(head(outputs).reshape(-1, size), y.view(-1))
            loss.backward()
            optimizer.step()

    return run


def seconds(run: Callable[[int], object], epochs: int, threads: int) -> float:
    """Seconds for ``epochs`` epochs with ``threads`` threads of torch."""
    torch.set_num_threads(threads)
    start = time.perf_counter()
    run(epochs)
    return time.perf_counter() - start


def figures() -> Iterator[Figure]:
    """The bare loop's ms per epoch at torch's defaults, and ours as a ratio to it: medians of interleaved rounds."""
    default_threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    for name, (config, epochs, target) in CASES.items():
        bare, trainer = bare_loop(config), Trainer(config)
        seconds(bare, epochs, default_threads), seconds(trainer.run, epochs, 1)
        rounds = [(seconds(bare, epochs, default_threads), seconds(trainer.run, epochs, 1)) for _round in range(ROUNDS)]
        bare_ms = statistics.median(there for there, _here in rounds) / epochs * 1e3
        yield Figure(measure=f"bare loop, {name}: ms per epoch", value=bare_ms)
        yield Figure(
            measure=f"recorded epoch / bare loop, {name}",
            value=statistics.median(here / there for there, here in rounds),
            target=target,
        )
    torch.set_num_threads(1)
