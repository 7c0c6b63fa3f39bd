"""What an update costs is counted from the network's own weights, and a large network is told from a small one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rnn_core import cost
from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.cost import LARGE, PASSES, estimated_s, multiply_adds
from rnn_core.encoding import encode
from rnn_core.model import build_model


def test_every_weight_of_a_matrix_is_used_once_a_step_of_every_line_and_pass(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    head: Head,
    task: Task,
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, head=head, task=task)
    weights = sum(matrix.numel() for matrix in build_model(config).parameters() if matrix.ndim == 2)
    lines, steps, _size = encode(config).x_BTV.shape
    assert multiply_adds(config) == PASSES * lines * steps * weights


@pytest.mark.parametrize(
    ("config", "large"),
    [
        (RunConfig(), False),
        (RunConfig("hello! world" * 16, cell=Cell.LSTM, head=Head.LINEAR, hidden_size=64), False),
        (
            RunConfig(
                "\n".join("".join(chr(0x4E00 + (line + i) % 256) for i in range(256)) for line in range(16)),
                cell=Cell.LSTM,
                hidden_size=128,
                num_layers=4,
                bidirectional=True,
                head=Head.LINEAR,
            ),
            True,
        ),
    ],
)
def test_the_largest_network_is_large_and_those_of_a_course_are_not(config: RunConfig, large: bool) -> None:
    assert (multiply_adds(config) >= LARGE) is large


def test_the_estimate_is_the_count_at_this_machines_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_multiply_adds_per_s", lambda: 1e6)
    assert estimated_s(RunConfig()) == multiply_adds(RunConfig()) / 1e6


def test_a_machine_has_a_speed() -> None:
    assert 0 < cost._multiply_adds_per_s() < float("inf")
