"""Where the numbers of the insights come from, counted again: from records, losses made by hand, torch and tokens."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core import PRESETS, RunConfig, Trainer, encode
from rnn_core.config import Cell, Head, Task
from rnn_core.history import EpochRecord, History, read_record
from rnn_core.insights import Insight, insights
from rnn_core.memory import accuracy_ceiling, context_need

HELLO = "hello! world"
NEXT: dict[str, Any] = {"task": Task.NEXT, "head": Head.LINEAR, "hidden_size": 16, "learning_rate": 0.03}

some_lines = st.lists(st.text("abc", min_size=2, max_size=9), min_size=1, max_size=4)


def _found(config: RunConfig, records: Sequence[EpochRecord]) -> dict[str, Insight]:
    return {said.name: said for said in insights(config, encode(config), records)}


def _trained(config: RunConfig, epochs: int) -> Trainer:
    trainer = Trainer(config)
    trainer.run(epochs)
    return trainer


# --- from which records ----------------------------------------------------------------------------------------------


def test_without_a_record_there_is_nothing_to_say() -> None:
    assert insights(RunConfig(), encode(RunConfig()), []) == ()


@pytest.mark.parametrize("config", [RunConfig(**NEXT), RunConfig("hello\neolll", batch_first=False)])
def test_a_list_of_records_says_what_a_history_says(config: RunConfig) -> None:
    trainer = _trained(config, 30)
    records = [*trainer.history, trainer.now]
    said = insights(config, trainer.encoding, trainer.history, trainer.now)
    assert said
    assert said == insights(config, trainer.encoding, records)
    assert {one.epoch for one in insights(config, trainer.encoding, trainer.history)} == {29}


@pytest.mark.parametrize("with_now", [True, False])
def test_of_a_long_history_no_record_is_read_again_but_the_last(
    with_now: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = RunConfig(**NEXT, batch_first=False)
    trainer = _trained(config, 60)
    history, last = History(trainer.encoding), list(trainer.history)[-1]
    predicted = trainer.encoding.target_BT.astype("uint8").tobytes()
    for epoch in range(20_000):
        history.append(replace(last, epoch=epoch), predicted)
    read: list[int] = []

    def counted(*args: Any, epoch: int, **options: Any) -> EpochRecord:
        read.append(epoch)
        return read_record(*args, epoch=epoch, **options)

    monkeypatch.setattr("rnn_core.history.read_record", counted)
    assert insights(config, trainer.encoding, history, replace(last, epoch=20_000) if with_now else None)
    assert read == ([] if with_now else [19_999])


# --- from losses -----------------------------------------------------------------------------------------------------


def _records(losses: Sequence[float]) -> list[EpochRecord]:
    return [
        EpochRecord(epoch=epoch, loss_nats=loss, accuracy=0.0, decoded=("hhhhhhhhhhhh",), gradient_norm=1.0)
        for epoch, loss in enumerate(losses)
    ]


@pytest.mark.parametrize(
    ("losses", "sentence"),
    [
        ([2.2, 1.0, 0.5, 0.6, 4.0], "The loss rose from 0.5 nats at epoch 2 to 4 at epoch 4; "),
        ([2.2, 0.5, 0.5, 7.0], "The loss rose from 0.5 nats at epoch 2 to 7 at epoch 3; "),
        ([2.3, 7.0, 8.0, 7.5], "The loss rose from 2.3 nats at epoch 0 to 7.5 at epoch 3; "),
        (
            [2.2, 3.0, math.nan, math.nan],
            "The loss rose from 2.2 nats at epoch 0; since epoch 2 it is not finite.",
        ),
        ([2.2, 9.0, 0.5, 60.0, math.inf], "The loss rose from 0.5 nats at epoch 2; since epoch 4 it is not finite."),
    ],
)
def test_a_loss_ran_away_from_where_it_last_fell(losses: list[float], sentence: str) -> None:
    assert _found(RunConfig(), _records(losses))["diverged"].sentence.startswith(sentence)


# Less than three times the lowest; better than a guess among 9; over; never a number.
@pytest.mark.parametrize("losses", [[2.3, 6.8], [2.2, 0.5, 2.19], [2.2, 9.0, 0.5], [math.nan]])
def test_a_loss_that_is_not_far_above_its_lowest_has_not_run_away(losses: list[float]) -> None:
    assert "diverged" not in _found(RunConfig(), _records(losses))


@pytest.mark.parametrize(
    ("losses", "stuck"),
    [
        ([2.2] * 21, True),
        ([2.2] * 20, False),
        ([0.1] + [2.1] * 21, True),
        ([2.2] * 10 + [2.08] + [2.2] * 20, False),  # 0.95 · ln 9 = 2.0874
        ([2.2] * 10 + [2.08] + [2.2] * 21, True),
        ([2.2] * 20 + [7.0], False),  # that has run away
    ],
)
def test_a_loss_is_stuck_once_20_epochs_were_no_better_than_a_guess(losses: list[float], stuck: bool) -> None:
    found = _found(RunConfig(), _records(losses))
    assert ("stuck_at_ln_v" in found) == stuck
    if stuck:
        assert f"never below {min(losses[-21:]):.4f}" in found["stuck_at_ln_v"].sentence


@pytest.mark.parametrize("epochs", [0, 7, 200])
def test_the_distance_from_the_floor_is_that_of_the_present_loss(epochs: int) -> None:
    trainer = _trained(RunConfig(), epochs)
    loss = trainer.now.loss_nats
    above = loss - math.log(1 + 8 * math.exp(-2))
    said = _found(trainer.config, [*trainer.history, trainer.now])["loss_floor"]
    assert f"at epoch {epochs} it is {loss:.4f}, which is {above:.4f} above that." in said.sentence


# --- from torch ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize("bidirectional", [False, True])
def test_what_meets_nothing_but_zeros_has_its_shape_and_gets_no_gradient(cell: Cell, bidirectional: bool) -> None:
    config = RunConfig(**NEXT, cell=cell, batch_first=False, num_layers=2, bidirectional=bidirectional)
    trainer = Trainer(config)
    said = _found(config, [trainer.now])["nothing_recurs"]
    recurrent = {name: weight for name, weight in trainer.model.rnn.named_parameters() if "weight_hh" in name}
    assert len(recurrent) == 2 + 2 * bidirectional
    assert f"of shape {tuple(recurrent['weight_hh_l0'].shape)}" in said.sentence
    assert all(weight.grad is not None and not weight.grad.any() for weight in recurrent.values())


@pytest.mark.parametrize(
    "options", [{}, {"cell": Cell.LSTM, "num_layers": 3}, {"cell": Cell.GRU, "batch_first": False}, {"hidden_size": 9}]
)
def test_a_recital_names_as_many_parameters_as_torch_has(options: dict[str, Any]) -> None:
    config = RunConfig("abc", **NEXT | options)
    trainer = _trained(config, 60)
    said = _found(config, [trainer.now])["recital"]
    assert f"{sum(weight.numel() for weight in trainer.model.parameters())} parameters" in said.sentence


# --- from tokens -----------------------------------------------------------------------------------------------------


def _right(lines: list[str], context: int) -> int:
    """How many next tokens a table gets right that sees the last ``context`` tokens, the start of a line for one."""
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        for t in range(1, len(line)):
            after[f"^{line[:t]}"[-context:]][line[t]] += 1
    return sum(max(counts.values()) for counts in after.values())


def _table(lines: list[str]) -> EpochRecord:
    """The record of a network that says, after each token, what follows it most often."""
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        for read, asked in pairwise(line):
            after[read][asked] += 1
    decoded = tuple("".join(after[read].most_common(1)[0][0] for read in line[:-1]) for line in lines)
    errors = tuple(
        tuple((t, said) for t, said in enumerate(says) if said != line[t + 1])
        for says, line in zip(decoded, lines, strict=True)
    )
    accuracy = 1 - sum(map(len, errors)) / sum(map(len, decoded))
    return EpochRecord(epoch=20, loss_nats=1.0, accuracy=accuracy, decoded=decoded, gradient_norm=1.0, errors=errors)


@given(some_lines)
def test_a_table_of_single_tokens_is_known_by_what_it_gets_right(lines: list[str]) -> None:
    found = _found(RunConfig("\n".join(lines), **NEXT), [_table(lines)])
    one, best = _right(lines, 1), _right(lines, 99)
    assert ("ceiling_of_one" in found) == (one < best)
    if one < best:
        values = found["ceiling_of_one"].values
        steps, need = sum(map(len, lines)) - len(lines), int(values["need"])
        assert (values["right"], values["best"], values["steps"]) == (one, best, steps)
        assert _right(lines, need) == best
        assert best < steps or _right(lines, need - 1) < best


def test_what_is_right_before_any_update_was_not_learnt() -> None:
    config, right = RunConfig("abc", **NEXT), _table(["abc"])
    assert right.accuracy == 1
    assert "recital" in _found(config, [right])
    assert "recital" not in _found(config, [replace(right, epoch=0)])


@pytest.mark.parametrize(
    ("cell", "hidden_size", "change"),
    [(Cell.RNN, 16, {"cell": "gru"}), (Cell.LSTM, 16, {"hidden_size": 32}), (Cell.GRU, 128, {})],
)
def test_what_is_not_to_be_changed_is_passed_over(cell: Cell, hidden_size: int, change: dict[str, Any]) -> None:
    config = RunConfig(**NEXT | {"cell": cell, "hidden_size": hidden_size})
    assert _found(config, [_table([HELLO])])["ceiling_of_one"].change == change


def test_what_is_as_good_as_a_table_and_says_something_else_is_none() -> None:
    config, table = RunConfig("aabba", **NEXT), _table(["aabba"])
    assert "ceiling_of_one" in _found(config, [table])
    # Two of four are right as well, but after “a” it says “a” once and “b” once.
    other = replace(table, decoded=("abab",), errors=(((2, "a"), (3, "b")),))
    assert table.accuracy == 0.5
    assert "ceiling_of_one" not in _found(config, [other])


@given(some_lines)
def test_lines_part_where_no_context_decides_and_after_the_change_nowhere(lines: list[str]) -> None:
    said = _found(RunConfig("\n".join(lines), **NEXT), [_table(lines)]).get("prefix_does_not_decide")
    assert (said is not None) == any(None in needs for needs in context_need(lines))
    if said is not None:
        first, second = (lines[int(said.values[which]) - 1] for which in ("first", "second"))
        beginning, one, other = (str(said.values[name]).strip("“”") for name in ("beginning", "one", "other"))
        assert first.startswith(beginning + one)
        assert second.startswith(beginning + other)
        assert one != other
        assert said.values["best"] == _right(lines, 99)
        assert all(None not in needs for needs in context_need(str(said.change["text"]).split("\n")))


@pytest.mark.parametrize("seed", range(5))
def test_no_network_without_memory_is_above_the_ceiling_of_one_token(seed: int) -> None:
    trainer = _trained(RunConfig(**NEXT, batch_first=False, seed=seed), 80)
    ceiling = accuracy_ceiling([HELLO], 1)
    assert _right([HELLO], 1) / 11 == ceiling
    assert all(record.accuracy <= ceiling + 1e-9 for record in trainer.history)
    assert trainer.now.accuracy == pytest.approx(ceiling, abs=1e-9)


def test_a_network_that_remembers_is_above_it() -> None:
    assert _trained(PRESETS["Next character"], 80).now.accuracy == 1 > accuracy_ceiling([HELLO], 1)
