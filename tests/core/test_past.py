"""The time machine: a training as it once stood, and one that leaves it there, are a fresh run, bit for bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rnn_core import ConfigError, RunConfig, Trainer
from rnn_core.config import Cell, Head, Optimizer, Task
from rnn_core.training import Branch

CONFIGS = [
    RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR),
    RunConfig("hello\nno", cell=Cell.LSTM, optimizer=Optimizer.RMSPROP, clip_norm=0.1, head=Head.LINEAR, hidden_size=5),
    RunConfig("hello", cell=Cell.GRU, optimizer=Optimizer.SGD),
]
UPDATES = 71


@pytest.fixture(scope="module", params=CONFIGS, ids=["rnn adam", "lstm rmsprop", "gru sgd"])
def trained(request: pytest.FixtureRequest) -> Trainer:
    trainer = Trainer(request.param)
    trainer.run(UPDATES)
    return trainer


def assert_equal(one: Trainer, other: Trainer) -> None:
    assert (one.epoch, one.now, one.history) == (other.epoch, other.now, other.history)
    assert one.history.wrong_until == other.history.wrong_until
    assert one.history.recent(12) == other.history.recent(12)
    ours, theirs = one.history.curve(one.now), other.history.curve(other.now)
    np.testing.assert_array_equal(ours.epoch_E, theirs.epoch_E)
    np.testing.assert_array_equal(ours.loss_E, theirs.loss_E)


@pytest.mark.parametrize("epoch", [0, 1, 15, 16, 17, 64, UPDATES - 1, UPDATES])
def test_as_of_an_epoch_it_is_a_fresh_run_of_so_many_updates(trained: Trainer, epoch: int) -> None:
    past, fresh = trained.as_of(epoch), Trainer(trained.config)
    fresh.run(epoch)
    assert_equal(past, fresh)
    past.run(3)
    fresh.run(3)
    assert_equal(past, fresh)
    assert trained.epoch == UPDATES


def test_an_epoch_that_was_not_reached_has_no_past(trained: Trainer) -> None:
    with pytest.raises(ConfigError, match=f"epoch must be 0…{UPDATES}, got {UPDATES + 1}"):
        trained.as_of(UPDATES + 1)


def test_a_history_of_many_blocks_is_cut_anywhere() -> None:
    trainer = Trainer(RunConfig("ab" * 200, head=Head.LINEAR, hidden_size=2))
    trainer.run(400)  # a block holds 163 epochs
    for epoch in (0, 162, 163, 164, 326, 399, 400):
        past = trainer.history.until(epoch)
        assert past == trainer.history[:epoch]
        assert len(past) == epoch


def test_a_branch_is_the_training_up_to_its_epoch_and_another_from_there(trained: Trainer) -> None:
    branch = Trainer(trained.config, Branch(epoch=30, learning_rate=0.001, clip_norm=0.5))
    branch.run(UPDATES)
    assert branch.history[:31] == trained.history[:31]  # record 30 is measured before update 30
    assert branch.history[31] != trained.history[31]


def test_a_branch_that_changes_nothing_is_the_training_itself(trained: Trainer) -> None:
    config = trained.config
    same = Branch(epoch=20, learning_rate=config.learning_rate, clip_norm=config.clip_norm)
    branch = Trainer(config, same)
    branch.run(UPDATES)
    assert_equal(branch, trained)


def test_a_branch_from_the_start_is_the_training_of_another_config(trained: Trainer) -> None:
    config = trained.config
    branch = Trainer(config, Branch(epoch=0, learning_rate=0.007, clip_norm=0.3))
    other = Trainer(dataclasses.replace(config, learning_rate=0.007, clip_norm=0.3))
    branch.run(40)
    other.run(40)
    assert_equal(branch, other)


def test_a_branch_has_a_past_too(trained: Trainer) -> None:
    branch = Trainer(trained.config, Branch(epoch=30, learning_rate=0.001))
    branch.run(UPDATES)
    for epoch in (29, 30, 31, 50):
        assert branch.as_of(epoch).now == branch.history[epoch]
        twin = branch.as_of(epoch)
        twin.run(UPDATES - epoch)
        assert_equal(twin, branch)
