"""The presets are the notes' experiments, and every one of them runs."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from rnn_core.config import Head, RunConfig, Task
from rnn_core.encoding import encode
from rnn_core.presets import PRESETS
from rnn_core.trace import trace_forward
from rnn_core.training import Trainer


class Facts(NamedTuple):
    """What is known of a preset from the notes, or by counting its text."""

    B: int
    T: int
    V: int
    H: int
    task: Task
    head: Head
    batch_first: bool


FACTS = {
    "Two units read hello": Facts(1, 5, 4, 2, Task.COPY, Head.LINEAR, True),
    "Batch, batch_first off": Facts(3, 5, 4, 2, Task.COPY, Head.LINEAR, False),
    "Batch of three": Facts(3, 5, 4, 2, Task.COPY, Head.LINEAR, True),
    "Copy hello! world": Facts(1, 12, 9, 9, Task.COPY, Head.NONE, True),
    "Copy, batch_first off": Facts(1, 12, 9, 9, Task.COPY, Head.NONE, False),
    "Next character": Facts(1, 11, 9, 16, Task.NEXT, Head.LINEAR, True),
    "Korean: 안녕하세요 세계": Facts(1, 8, 7, 7, Task.COPY, Head.NONE, True),
    "Emoji: 👩‍🚀🚀🌍": Facts(1, 8, 5, 5, Task.COPY, Head.NONE, True),
}


def test_the_presets_are_these() -> None:
    assert list(PRESETS) == list(FACTS)


@pytest.mark.parametrize("label", FACTS, ids=ascii)
def test_a_preset_has_the_sizes_of_the_notes(label: str) -> None:
    config = PRESETS[label]
    B, T, V = encode(config).x_BTV.shape
    assert Facts(B, T, V, config.units, config.task, config.head, config.batch_first) == FACTS[label]


@pytest.mark.parametrize("label", ["Batch, batch_first off", "Batch of three"])
def test_the_batch_is_that_of_the_notes(label: str) -> None:
    lines = encode(PRESETS[label]).lines
    assert lines == (tuple("hello"), tuple("eolll"), tuple("lleel"))


@pytest.mark.parametrize(
    ("off", "on"), [("Batch, batch_first off", "Batch of three"), ("Copy, batch_first off", "Copy hello! world")]
)
def test_batch_first_off_differs_in_batch_first_only(off: str, on: str) -> None:
    assert PRESETS[off].to_query() == PRESETS[on].to_query() | {"batch_first": "false"}


def test_batch_first_the_state_has_a_column_for_each_line() -> None:
    trainer = Trainer(PRESETS["Batch of three"])
    assert trace_forward(trainer.model, trainer.encoding).h_n.shape == (1, 3, 2)


@pytest.mark.parametrize("label", FACTS, ids=ascii)
def test_a_preset_can_be_traced_and_trained(label: str) -> None:
    trainer = Trainer(PRESETS[label])
    trace = trace_forward(trainer.model, trainer.encoding)
    trainer.run(5)
    assert trace.predicted_BT.shape == trainer.encoding.target_BT.shape
    assert trainer.now.loss_nats < trainer.history[0].loss_nats


@pytest.mark.parametrize("label", FACTS, ids=ascii)
def test_a_preset_survives_its_link(label: str) -> None:
    assert RunConfig.from_query(PRESETS[label].to_query()) == PRESETS[label]


def test_presets_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PRESETS["mine"] = RunConfig()  # type: ignore[index]
