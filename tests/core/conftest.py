"""What the tests of rnn_core share: configs whose sizes are distinct primes, the plain script, and a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings
from torch import nn

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig, Task

# The first example of a property may build a network, and a busy machine may take its time over any of them.
settings.register_profile("core", deadline=None)
settings.load_profile("core")

ROOT = Path(__file__).parents[2]
CELLS: dict[str, dict[str, Any]] = {
    "rnn tanh": {"cell": Cell.RNN, "nonlinearity": Nonlinearity.TANH},
    "rnn relu": {"cell": Cell.RNN, "nonlinearity": Nonlinearity.RELU},
    "gru": {"cell": Cell.GRU},
    "lstm": {"cell": Cell.LSTM},
}
MODULES: dict[Cell, Callable[..., nn.RNNBase]] = {Cell.RNN: nn.RNN, Cell.GRU: nn.GRU, Cell.LSTM: nn.LSTM}


@pytest.fixture(scope="module", params=list(CELLS.values()), ids=list(CELLS))
def cell(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=[1, 3], ids=["one layer", "three layers"])
def num_layers(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=[False, True], ids=["forward", "bidirectional"])
def bidirectional(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=[True, False], ids=["batch first", "time first"])
def batch_first(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=list(Head), ids=[f"head {head}" for head in Head])
def head(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=list(Task))
def task(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module", params=[(7, 7, 7), (4, 7, 3)], ids=["equal lines", "unequal lines"])
def lengths(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="session")
def prime_config() -> Callable[..., RunConfig]:
    """Builds configs of (B, T, V, H) = (3, 7, 5, 11); without a head, where D·H is V, of V = 5·D and H = 5."""

    def build(
        *,
        lengths: tuple[int, ...] = (7, 7, 7),
        task: Task = Task.COPY,
        head: Head = Head.LINEAR,
        bidirectional: bool = False,
        **options: Any,
    ) -> RunConfig:
        doubled = head is Head.NONE and bidirectional
        letters, tokens, lines = "abcdefghij" if doubled else "abcde", 0, []
        for length in lengths:
            read = length + (task is Task.NEXT)
            # Steps of three run through all letters in an order that is not the alphabet's.
            lines.append("".join(letters[3 * k % len(letters)] for k in range(tokens, tokens + read)))
            tokens += read
        options.setdefault("hidden_size", 11 if head is Head.LINEAR else None)
        return RunConfig("\n".join(lines), task=task, head=head, bidirectional=bidirectional, **options)

    return build


@pytest.fixture(scope="session")
def plain_script() -> Callable[[RunConfig], tuple[nn.RNNBase, nn.Module]]:
    """Does what a script does: seed, recurrent module, linear layer; for texts of one code point a token."""

    def build(config: RunConfig) -> tuple[nn.RNNBase, nn.Module]:
        size, directions = len(set(config.text) - {"\n"}), 1 + config.bidirectional
        width = config.hidden_size or (size // directions if config.head is Head.NONE else size)
        options = {"nonlinearity": config.nonlinearity.value} if config.cell is Cell.RNN else {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            rnn = MODULES[config.cell](
                size,
                width,
                config.num_layers,
                bidirectional=config.bidirectional,
                batch_first=config.batch_first,
                **options,
            )
            return rnn, nn.Linear(directions * width, size) if config.head is Head.LINEAR else nn.Identity()

    return build


@pytest.fixture(scope="session")
def fresh_process() -> Callable[..., str]:
    """Runs code in a new Python at the root of the project and gives what it prints."""

    def run(code: str, *, hash_seed: int = 0) -> str:
        environment = os.environ | {"PYTHONHASHSEED": str(hash_seed), "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
