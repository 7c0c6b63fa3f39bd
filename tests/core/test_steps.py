"""The steps of a line: what is read, asked and said, token beside id, against the text itself and torch's loss.

Tolerance: a loss is a sum of float32 products in another order than torch's; with values around 1, 1e-6 holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.encoding import Encoding, encode
from rnn_core.model import CharRNN, build_model
from rnn_core.steps import TIE, Step, mean_loss, read_steps, said_at
from rnn_core.text import PADDING
from rnn_core.trace import Trace, trace_forward
from rnn_core.training import Trainer
from rnn_core.whatif import Edit, TokenEdit, WeightEdit, edited

TOLERANCE = 1e-6
WINDOWS = [range(7), range(2, 5), range(3, 7), range(5, 5), range(700)]


@dataclass(frozen=True, kw_only=True)
class OneSaid:
    """What is said at one step."""

    token: str
    wrong: bool
    probability: float
    asked_probability: float
    loss_nats: float
    tied: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """A text, the network that reads it, and the forward pass."""

    config: RunConfig
    model: CharRNN
    encoding: Encoding
    trace: Trace

    def steps(self, line: int, steps: range = range(7)) -> list[tuple[Step, OneSaid]]:
        """Those of ``steps`` that ``line`` has, and what is said there."""
        said = said_at(self.encoding, self.trace, line=line, steps=steps)
        numbers = zip(said.wrong_T, said.probability_T, said.asked_probability_T, said.loss_T, strict=True)
        found = read_steps(self.encoding, line=line, steps=steps)
        assert set(said.ties) <= {step.t for step in found}
        return [
            (
                step,
                OneSaid(
                    token=token,
                    wrong=bool(wrong),
                    probability=float(probability),
                    asked_probability=float(asked_probability),
                    loss_nats=float(loss),
                    tied=said.ties.get(step.t, ()),
                ),
            )
            for step, token, (wrong, probability, asked_probability, loss) in zip(
                found, said.tokens, numbers, strict=True
            )
        ]

    def places(self) -> list[tuple[int, Step, OneSaid]]:
        """Every real step of every line."""
        return [(line, step, said) for line in range(3) for step, said in self.steps(line)]


def _read(config: RunConfig) -> Read:
    model, encoding = build_model(config), encode(config)
    return Read(config, model, encoding, trace_forward(model, encoding, inside=False))


@pytest.fixture(scope="module")
def read(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    task: Task,
    batch_first: bool,
    lengths: tuple[int, ...],
) -> Read:
    return _read(prime_config(**cell, task=task, batch_first=batch_first, lengths=lengths))


@torch.no_grad()
def _logits_by_torch(read: Read) -> torch.Tensor:
    """The logits of a plain script: padding is masked where the module reads the lines, and read where it cannot."""
    x, lengths = torch.tensor(read.encoding.x_BTV), torch.tensor(read.encoding.length_B)
    if not read.config.batch_first:
        output = read.model.rnn(x)[0]
    else:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output = nn.utils.rnn.pad_packed_sequence(read.model.rnn(packed)[0], batch_first=True)[0]
    logits: torch.Tensor = read.model.head(output)
    return logits


# --- what is read and asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", WINDOWS, ids=str)
def test_what_is_read_and_asked_stand_side_by_side_as_they_do_in_the_text(
    prime_config: Callable[..., RunConfig], task: Task, lengths: tuple[int, ...], steps: range
) -> None:
    config = prime_config(task=task, lengths=lengths)
    characters = list(dict.fromkeys(config.text.replace("\n", "")))
    for line, typed in enumerate(config.text.split("\n")):
        pairs = list(pairwise(typed)) if task is Task.NEXT else [(token, token) for token in typed]
        expected = [
            (t, read, characters.index(read), asked, characters.index(asked))
            for t, (read, asked) in enumerate(pairs)
            if t in steps
        ]
        found = read_steps(encode(config), line=line, steps=steps)
        assert [(step.t, step.read, step.read_id, step.asked, step.asked_id) for step in found] == expected


def test_the_first_target_of_the_next_task_is_the_second_token_and_its_id() -> None:
    step = read_steps(encode(RunConfig("hello", task=Task.NEXT, head=Head.LINEAR)), steps=range(1))[0]
    assert (step.read, step.read_id, step.asked, step.asked_id) == ("h", 0, "e", 1)


def test_there_is_no_step_behind_a_lines_end(prime_config: Callable[..., RunConfig]) -> None:
    config = prime_config(lengths=(4, 7, 3))
    read = _read(config)
    assert [len(read.steps(line)) for line in range(3)] == [4, 7, 3]
    for steps in (range(3, 7), range(5, 7), range(5, 5)):
        assert read.steps(2, steps) == []


def test_ids_are_the_networks_own(read: Read) -> None:
    for line, step, _said in read.places():
        assert np.flatnonzero(read.encoding.x_BTV[line, step.t]).tolist() == [step.read_id]
        assert read.encoding.target_BT[line, step.t] == step.asked_id


@pytest.mark.parametrize("steps", WINDOWS, ids=str)
def test_in_a_window_is_said_what_is_said_there_without_one(read: Read, steps: range) -> None:
    for line in range(3):
        assert read.steps(line, steps) == [(step, said) for step, said in read.steps(line) if step.t in steps]


# --- what is said ----------------------------------------------------------------------------------------------------


def test_what_is_said_is_torchs_most_probable_token(read: Read) -> None:
    probability = torch.softmax(_logits_by_torch(read), dim=-1)
    tokens = read.encoding.vocabulary.tokens
    for line, step, said in read.places():
        here = probability[line, step.t]
        assert said.token == tokens[int(here.argmax())]
        assert said.wrong == (said.token != step.asked)
        assert said.probability == pytest.approx(here.max().item(), abs=TOLERANCE)
        assert said.asked_probability == pytest.approx(here[step.asked_id].item(), abs=TOLERANCE)


def test_a_steps_loss_is_torchs_cross_entropy_of_that_step(read: Read) -> None:
    logits = _logits_by_torch(read)
    for line, step, said in read.places():
        row, target = logits[line, step.t][None], torch.tensor([step.asked_id])
        (loss,) = nn.functional.cross_entropy(row, target, reduction="none").tolist()
        assert said.loss_nats == pytest.approx(loss, abs=TOLERANCE)
        assert math.exp(-said.loss_nats) == pytest.approx(said.asked_probability, abs=TOLERANCE)


def test_the_traces_loss_is_torchs_at_every_step_and_0_behind_a_lines_end(read: Read) -> None:
    target_BT = torch.tensor(read.encoding.target_BT)
    theirs = nn.functional.cross_entropy(_logits_by_torch(read).flatten(0, 1), target_BT.flatten(), reduction="none")
    assert read.trace.loss_BT == pytest.approx(theirs.view(3, 7).numpy(), abs=TOLERANCE)
    behind_BT = np.arange(7) >= read.encoding.length_B[:, None]
    assert np.array_equal(behind_BT, read.encoding.target_BT == PADDING)
    assert not read.trace.loss_BT[behind_BT].any()
    assert (read.trace.loss_BT[~behind_BT] > 0).all()


def test_the_mean_over_all_real_steps_is_the_loss_that_is_trained_on(read: Read) -> None:
    trained = Trainer(read.config).now.loss_nats
    assert mean_loss(read.encoding, read.trace) == pytest.approx(trained, abs=TOLERANCE)
    losses = [said.loss_nats for _line, _step, said in read.places()]
    assert sum(losses) / len(losses) == pytest.approx(trained, abs=TOLERANCE)


def test_the_mean_is_the_trainings_at_later_epochs_too(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], batch_first: bool
) -> None:
    trainer = Trainer(prime_config(**cell, batch_first=batch_first, lengths=(4, 7, 3), learning_rate=0.01))
    trainer.run(5)
    trace = trace_forward(trainer.model, trainer.encoding, inside=False)
    assert mean_loss(trainer.encoding, trace) == pytest.approx(trainer.now.loss_nats, abs=TOLERANCE)


# --- ties ------------------------------------------------------------------------------------------------------------


def _head(model: CharRNN) -> nn.Linear:
    assert isinstance(model.head, nn.Linear)
    return model.head


def _with_logits(logits_V: list[float]) -> Read:
    """A network that has ``logits_V`` at every step: what its head hears has no weight."""
    config = RunConfig("abcde", cell=Cell.GRU, head=Head.LINEAR)
    model, encoding = build_model(config), encode(config)
    head = _head(model)
    nn.init.zeros_(head.weight)
    head.bias.data = torch.tensor(logits_V)
    return Read(config, model, encoding, trace_forward(model, encoding, inside=False))


def test_a_tie_names_the_tokens_that_are_as_good_as_equal_in_the_vocabularys_order() -> None:
    read = _with_logits([-1.0, 2.0 - TIE / 2, 0.0, 2.0, 2.0 - 2 * TIE])
    assert [(said.token, said.tied) for _step, said in read.steps(0)] == [("d", ("b", "d"))] * 5


def test_a_token_that_wins_alone_is_no_tie() -> None:
    read = _with_logits([-1.0, 2.0 - 2 * TIE, 0.0, 2.0, -2.0])
    assert [(said.token, said.tied) for _step, said in read.steps(0)] == [("d", ())] * 5


def test_equal_rows_of_the_head_tie_at_every_step() -> None:
    config = RunConfig("abcde", head=Head.LINEAR)
    model, encoding = build_model(config), encode(config)
    weight, bias = _head(model).weight.data, _head(model).bias.data
    weight[4], bias[4] = weight[1], bias[1]
    bias[[1, 4]] += 9.0
    trace = trace_forward(model, encoding, inside=False)
    said = said_at(encoding, trace, steps=range(5))
    assert said.ties == dict.fromkeys(range(5), ("b", "e"))
    assert set(said.tokens) <= {"b", "e"}


# 0.4 of TIE apart, so that none lies on the edge itself, where the last bit would decide.
@given(levels=st.lists(st.integers(-20, 20), min_size=5, max_size=5))
def test_tied_are_exactly_those_within_the_tie_of_the_largest(levels: list[int]) -> None:
    read = _with_logits([0.4 * TIE * level for level in levels])
    near = tuple(token for token, level in zip("abcde", levels, strict=True) if 0.4 * (max(levels) - level) < 1)
    for _step, said in read.steps(0):
        assert said.tied == (near if len(near) > 1 else ())
        assert levels["abcde".index(said.token)] == max(levels)


# --- edits -----------------------------------------------------------------------------------------------------------


def test_only_an_edited_token_is_marked_and_its_target_stays(read: Read) -> None:
    other = next(token for token in "abcde" if token != read.encoding.inputs[1][2])
    edits: list[Edit] = [
        TokenEdit(line=1, step=2, token=other),
        WeightEdit(name="weight_hh_l0", index=(0, 0), value=3.0),
    ]
    what_if = edited(read.model, read.encoding, edits)
    for line in range(3):
        after = read_steps(what_if.encoding, line=line, steps=range(7))
        before = read_steps(read.encoding, line=line, steps=range(7))
        assert [step.t for step in after if step.edited] == ([2] if line == 1 else [])
        assert [(step.asked, step.asked_id) for step in after] == [(step.asked, step.asked_id) for step in before]
        changed = [
            (a.t, a.read) for a, b in zip(after, before, strict=True) if (a.read, a.read_id) != (b.read, b.read_id)
        ]
        assert changed == ([(2, other)] if line == 1 else [])


def test_nothing_is_marked_without_an_edit_or_with_the_token_that_was_typed(read: Read) -> None:
    same = TokenEdit(line=1, step=2, token=read.encoding.inputs[1][2])
    what_if = edited(read.model, read.encoding, [same])
    for encoding in (read.encoding, what_if.encoding):
        for line in range(3):
            assert not any(step.edited for step in read_steps(encoding, line=line, steps=range(7)))
