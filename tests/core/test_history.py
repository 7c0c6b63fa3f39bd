"""A history gives back what was put into it, and a curve of it that can be drawn whatever its length."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core.config import Head, RunConfig, Task
from rnn_core.encoding import encode
from rnn_core.history import MAX_POINTS, RECENT, EpochRecord, History, LossCurve
from rnn_core.training import Trainer

LENGTHS = [1, 2, 159, 160, 161, 320, 321, 1_000, 19_999]
HELLO = encode(RunConfig("hello"))


def _record(epoch: int, loss: float) -> EpochRecord:
    return EpochRecord(epoch=epoch, loss_nats=loss, accuracy=1.0, decoded=("hello",), gradient_norm=1.0, errors=((),))


def _curve_of(losses: list[float]) -> LossCurve:
    """The curve of ``losses``, the last of which is not in the history yet."""
    history = History(HELLO)
    records = [_record(epoch, loss) for epoch, loss in enumerate(losses)]
    for record in records[:-1]:
        history.append(record, bytes([0, 1, 2, 2, 3]))
    return history.curve(records[-1])


def _walk(length: int, *, broken: bool = False) -> list[float]:
    """Losses that wander, the same ones every time; now and then not finite if ``broken``."""
    generator = np.random.default_rng(length)
    losses = np.exp(generator.normal(size=length).cumsum() / 9)
    if broken:
        losses[generator.random(length) < 0.2] = math.nan
        losses[generator.random(length) < 0.2] = math.inf
    return [float(loss) for loss in losses]


@pytest.mark.parametrize("block_bytes", [1, 64, 1 << 16])
def test_every_record_is_read_back_to_the_bit(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    # 64 bytes close a block every few epochs, 1 at each.
    monkeypatch.setattr("rnn_core.history.BLOCK_BYTES", block_bytes)
    trainer = Trainer(RunConfig("hello! world\nhello", task=Task.NEXT, head=Head.LINEAR))
    records = [trainer.step() for _ in range(23)]
    assert list(trainer.history) == records
    assert [trainer.history[epoch] for epoch in range(23)] == records


def test_a_history_is_a_sequence() -> None:
    trainer = Trainer(RunConfig("hello"))
    records = [trainer.step() for _ in range(RECENT + 7)]
    history = trainer.history
    assert len(history) == RECENT + 7
    assert (history[-1], history[3:9], history[::-5]) == (records[-1], records[3:9], records[::-5])
    with pytest.raises(IndexError):
        history[RECENT + 7]


@pytest.mark.parametrize("count", [1, 5, RECENT])
def test_the_recent_records_are_the_last_ones(count: int) -> None:
    trainer = Trainer(RunConfig("hello"))
    records = [trainer.step() for _ in range(RECENT + 7)]
    assert trainer.history.recent(count) == records[-count:]


def test_the_losses_from_an_epoch_on_are_the_records_own() -> None:
    trainer = Trainer(RunConfig("hello"))
    losses = [trainer.step().loss_nats for _ in range(23)]
    for first in (0, 1, 7, 22, 23):
        assert list(trainer.history.losses(first)) == losses[first:]


@given(right=st.lists(st.booleans(), max_size=13))
def test_what_is_wrong_is_wrong_until_the_epoch_after_the_last_wrong_one(right: list[bool]) -> None:
    history, seen = History(HELLO), []
    for epoch, all_right in enumerate(right):
        record = EpochRecord(
            epoch=epoch, loss_nats=1.0, accuracy=1.0 if all_right else 0.8, decoded=("hello",), gradient_norm=1.0
        )
        history.append(record, bytes([0, 1, 2, 2, 3 if all_right else 0]))
        seen.append(history.wrong_until)
    assert seen == [max((k + 1 for k in range(epoch + 1) if not right[k]), default=0) for epoch in range(len(right))]
    assert all(record.accuracy == 1 for record in history[history.wrong_until :])


def test_nothing_was_wrong_before_the_first_record() -> None:
    assert History(HELLO).wrong_until == 0


@pytest.mark.parametrize("block_bytes", [1, 64, 1 << 16])
def test_a_history_takes_two_numbers_an_epoch_and_its_predictions_packed_by_blocks(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr("rnn_core.history.BLOCK_BYTES", block_bytes)
    trainer, said, sizes = Trainer(RunConfig("hello! world")), [], []
    ids = {token: index for index, token in enumerate(trainer.encoding.vocabulary.tokens)}
    for _ in range(23):
        sizes.append(trainer.history.nbytes)
        said.append(bytes(ids[token] for token in trainer.step().decoded[0]))
    assert sizes[0] == 0
    epochs = max(1, block_bytes // 12)
    whole, rest = divmod(23, epochs)
    blocks = [zlib.compress(b"".join(said[k * epochs : (k + 1) * epochs]), 1) for k in range(whole)]
    assert trainer.history.nbytes == 23 * 2 * 8 + sum(map(len, blocks)) + rest * 12


def test_the_last_token_of_the_largest_vocabulary_is_read_back() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 256)))
    history = History(encode(RunConfig(text, head=Head.LINEAR, hidden_size=3)))
    history.append(_record(0, 1.0), bytes(range(256)))
    assert history[0].decoded == (text,)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_curve_has_few_points_in_order_of_epochs(length: int) -> None:
    epochs = _curve_of(_walk(length)).epoch_E.tolist()
    assert 1 <= len(epochs) <= min(length, MAX_POINTS)
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize("length", LENGTHS)
def test_every_point_of_a_curve_is_a_loss_of_its_epoch(length: int) -> None:
    losses = _walk(length)
    curve = _curve_of(losses)
    assert curve.loss_E.tolist() == [float(np.float32(losses[epoch])) for epoch in curve.epoch_E]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_curve_starts_at_epoch_0_and_ends_now(length: int) -> None:
    epochs = _curve_of(_walk(length)).epoch_E
    assert (epochs[0], epochs[-1]) == (0, length - 1)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("broken", [False, True])
def test_a_curve_holds_the_lowest_and_the_highest_loss(length: int, broken: bool) -> None:
    losses = _walk(length, broken=broken)
    drawn = [loss for loss in _curve_of(losses).loss_E.tolist() if math.isfinite(loss)]
    finite = [float(np.float32(loss)) for loss in losses if math.isfinite(loss)]
    assert (min(drawn, default=None), max(drawn, default=None)) == (
        min(finite, default=None),
        max(finite, default=None),
    )


@given(losses=st.lists(st.floats(min_value=0, width=32), min_size=1, max_size=9))
def test_a_short_curve_is_every_loss_and_nan_where_it_is_not_finite(losses: list[float]) -> None:
    curve = _curve_of(losses)
    drawn = [loss if math.isfinite(loss) else math.nan for loss in losses]
    assert curve.epoch_E.tolist() == list(range(len(losses)))
    assert np.array_equal(curve.loss_E, np.array(drawn, dtype=np.float32), equal_nan=True)
