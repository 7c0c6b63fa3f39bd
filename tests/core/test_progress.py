"""Why a loss gets no better: torch's loss of the best logits there can be, and a slow reading of the whole history.

Tolerance: torch adds float32 numbers around 1, the floor is in double precision, so 1e-6 holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig, Task
from rnn_core.encoding import encode
from rnn_core.history import EpochRecord, History
from rnn_core.progress import FLAT_EPOCHS, FLAT_NATS, is_done, loss_floor
from rnn_core.training import Trainer

TOLERANCE = 1e-6
LETTERS = "abcdefghijklm"
BOUNDED: dict[str, dict[str, Any]] = {
    "rnn": {},
    "gru": {"cell": Cell.GRU},
    "lstm": {"cell": Cell.LSTM},
    "bidirectional": {"bidirectional": True},
    "two layers": {"cell": Cell.GRU, "num_layers": 2},
    "next": {"task": Task.NEXT},
    "batch_first off": {"batch_first": False},
}
EASY = RunConfig("hello", head=Head.LINEAR)


def _floor(config: RunConfig) -> float:
    floor = loss_floor(config)
    assert floor is not None
    return floor


# --- the floor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize("nonlinearity", list(Nonlinearity))
def test_only_hidden_values_that_are_bounded_and_are_the_logits_have_a_floor(
    cell: Cell, nonlinearity: Nonlinearity
) -> None:
    unbounded = cell is Cell.RNN and nonlinearity is Nonlinearity.RELU
    assert loss_floor(RunConfig("hello", cell=cell, nonlinearity=nonlinearity, head=Head.LINEAR)) is None
    assert (loss_floor(RunConfig("hello", cell=cell, nonlinearity=nonlinearity)) is None) == unbounded


@pytest.mark.parametrize("V", [1, 2, 3, 5, 7, 11, 13])
@pytest.mark.parametrize("cell", list(Cell))
def test_the_floor_is_torchs_loss_of_the_best_logits_that_a_hidden_state_can_be(V: int, cell: Cell) -> None:
    best = torch.full((V, V), -1.0).fill_diagonal_(1.0)
    theirs = nn.functional.cross_entropy(best, torch.arange(V)).item()
    floor = _floor(RunConfig(LETTERS[:V], cell=cell))
    assert floor == pytest.approx(theirs, abs=TOLERANCE)
    assert floor == pytest.approx(math.log(1 + (V - 1) * math.exp(-2)), abs=1e-12)


def test_one_token_alone_can_be_said_for_nothing() -> None:
    assert loss_floor(RunConfig("aaaa")) == 0


@given(logits=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=13), data=st.data())
def test_no_logits_between_minus_1_and_1_cost_less_than_the_floor(logits: list[float], data: st.DataObject) -> None:
    target = data.draw(st.integers(0, len(logits) - 1))
    loss = nn.functional.cross_entropy(torch.tensor([logits]), torch.tensor([target])).item()
    assert loss >= _floor(RunConfig(LETTERS[: len(logits)])) - TOLERANCE


@pytest.mark.parametrize("options", BOUNDED.values(), ids=BOUNDED)
@pytest.mark.parametrize("learning_rate", [0.1, 3.0])
def test_no_training_gets_below_its_floor(options: dict[str, Any], learning_rate: float) -> None:
    # V = 10, so that two directions of five units do without a head.
    config = RunConfig("hello!\nworlds,", **options, learning_rate=learning_rate)
    trainer = Trainer(config)
    trainer.run(150)
    assert len(config.vocabulary) == 10
    assert min(trainer.history.losses(0)) >= _floor(config) - TOLERANCE


def test_a_training_without_a_floor_gets_below_where_it_would_be() -> None:
    relu = RunConfig("hello! world", nonlinearity=Nonlinearity.RELU, learning_rate=0.03, seed=1)
    for config in (EASY, relu):
        trainer = Trainer(config)
        trainer.run(150)
        assert trainer.now.loss_nats < _floor(RunConfig(config.text)) - 0.2


def test_the_default_training_comes_near_its_floor() -> None:
    trainer = Trainer(RunConfig())
    trainer.run(200)
    assert trainer.now.loss_nats == pytest.approx(_floor(trainer.config), abs=0.02)


# --- done ------------------------------------------------------------------------------------------------------------


def _done_by_definition(records: list[EpochRecord], flat_epochs: int, flat_nats: float) -> bool:
    """Whether the last record and the ``flat_epochs`` before it are right, and no two of them far apart."""
    last = records[-flat_epochs - 1 :]
    return (
        len(last) == flat_epochs + 1
        and all(not any(record.errors) for record in last)
        and all(abs(a.loss_nats - b.loss_nats) < flat_nats for a in last for b in last)
    )


def test_an_easy_training_is_done_in_the_end_and_not_before() -> None:
    trainer, records, done = Trainer(EASY), [], []
    for _ in range(200):
        records.append(trainer.now)
        done.append(is_done(trainer))
        trainer.step()
    assert done == [_done_by_definition(records[: k + 1], FLAT_EPOCHS, FLAT_NATS) for k in range(200)]
    assert not done[0]
    assert not any(done[:FLAT_EPOCHS])
    assert all(done[190:])


def test_a_training_at_its_floor_is_done_too() -> None:
    trainer = Trainer(RunConfig("ab"))
    trainer.run(200)
    assert is_done(trainer)


def test_what_a_single_token_leaves_nothing_to_learn_is_done_after_the_flat_epochs() -> None:
    trainer = Trainer(RunConfig("aaaa"))
    trainer.run(FLAT_EPOCHS - 1)
    assert not is_done(trainer)
    trainer.run(1)
    assert is_done(trainer)


def _with_records(losses: list[float], right: list[bool]) -> tuple[Trainer, list[EpochRecord]]:
    """A training whose records are these, the last of which is now."""
    trainer = Trainer(RunConfig("hello"))
    records = [
        EpochRecord(
            epoch=epoch,
            loss_nats=loss,
            accuracy=1.0 if all_right else 0.8,
            decoded=("hello" if all_right else "hellh",),
            gradient_norm=1.0,
            errors=((),) if all_right else (((4, "h"),),),
        )
        for epoch, (loss, all_right) in enumerate(zip(losses, right, strict=True))
    ]
    trainer.history = History(encode(trainer.config))
    for record in records[:-1]:
        trainer.history.append(record, bytes([0, 1, 2, 2, 3 if record.accuracy == 1 else 0]))
    trainer.epoch, trainer._now = len(records) - 1, (records[-1], b"")
    return trainer, records


@pytest.mark.parametrize("wrong", [0, 1, 57, 99, 100, 101])
def test_a_wrong_epoch_counts_until_the_flat_epochs_have_passed(wrong: int) -> None:
    # 103 records, so the last FLAT_EPOCHS + 1 of them are those of epochs 2…102.
    trainer, _ = _with_records([0.25] * (FLAT_EPOCHS + 3), [epoch != wrong for epoch in range(FLAT_EPOCHS + 3)])
    assert is_done(trainer) == (wrong < 2)


def test_nothing_is_done_that_is_wrong_now() -> None:
    length = FLAT_EPOCHS + 3
    trainer, _ = _with_records([0.25] * length, [True] * (length - 1) + [False])
    assert not is_done(trainer)


@pytest.mark.parametrize(("moved", "done"), [(0.9, True), (1.1, False)])
@pytest.mark.parametrize("epoch", [2, 50, 102])
def test_nothing_is_done_whose_loss_still_moves(moved: float, done: bool, epoch: int) -> None:
    length = FLAT_EPOCHS + 3
    losses = [0.25 + (moved * FLAT_NATS if k == epoch else 0) for k in range(length)]
    assert is_done(_with_records(losses, [True] * length)[0]) == done


def test_a_loss_that_moved_long_ago_is_forgotten() -> None:
    length = FLAT_EPOCHS + 3
    assert is_done(_with_records([9.0, 3.0] + [0.25] * (length - 2), [True] * length)[0])


# 0.4 of FLAT_NATS apart, so that none lies on the edge itself, where the last bit would decide.
@given(
    epochs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=12),
    flat_epochs=st.integers(1, 5),
)
def test_done_is_what_the_whole_history_says(epochs: list[tuple[int, int]], flat_epochs: int) -> None:
    losses = [0.4 * FLAT_NATS * level for level, _luck in epochs]
    trainer, records = _with_records(losses, [luck > 0 for _level, luck in epochs])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnn_core.progress.FLAT_EPOCHS", flat_epochs)
        assert is_done(trainer) == _done_by_definition(records, flat_epochs, FLAT_NATS)


def test_to_ask_whether_it_is_done_changes_nothing(prime_config: Callable[..., RunConfig]) -> None:
    asked, alone = Trainer(prime_config()), Trainer(prime_config())
    for _ in range(5):
        is_done(asked)
        asked.step()
    assert list(asked.history) == list(alone.run(5))
