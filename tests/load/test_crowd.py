"""A small crowd on a server that was just started: what it sees is what a Trainer computes, and nothing fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from rnn_core import RunConfig, Trainer
from rnn_core.config import Cell, Head
from tests.browser.conftest import started_server
from tests.load.crowd import CrowdResult, run_crowd

CONFIG = RunConfig("abcab", cell=Cell.GRU, hidden_size=5, head=Head.LINEAR, learning_rate=0.03, seed=3)
USERS = 3
SECONDS = 3.0
MAX_BYTES = 8_000


@pytest.fixture(scope="module")
def crowd() -> Iterator[CrowdResult]:
    """What three users saw."""
    with started_server() as address:
        yield run_crowd(address, USERS, SECONDS, query=urlencode(CONFIG.to_query()))


def test_playing_together_makes_no_error(crowd: CrowdResult) -> None:
    assert crowd.errors == ()


def test_every_users_epoch_moves(crowd: CrowdResult) -> None:
    assert len(crowd.last_status) == USERS
    assert crowd.updates_per_s_min > 0


def test_the_loss_shown_last_is_the_trainers(crowd: CrowdResult) -> None:
    for status in crowd.last_status:
        shown = re.search(r"epoch (\d+) · loss (\S+)", status)
        assert shown is not None, status
        trainer = Trainer(CONFIG)
        trainer.run(int(shown[1]))
        assert trainer.epoch > 1
        assert shown[2] == f"{trainer.now.loss_nats:.4f}"


def test_a_frame_is_small(crowd: CrowdResult) -> None:
    assert 0 < crowd.bytes_max <= MAX_BYTES
