"""A run is what a training gave, to the last bit, and so is the JSON that is kept of it."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from rnn_core.config import MAX_EPOCHS, Cell, ConfigError, Head, Nonlinearity, Optimizer, RunConfig, Task
from rnn_core.runs import Run, train_run
from rnn_core.training import Stop, Trainer

DIVERGING = RunConfig(nonlinearity=Nonlinearity.RELU, optimizer=Optimizer.SGD, learning_rate=3, seed=9)
EPOCHS = 13


def made(*losses: float, **options: Any) -> Run:
    """A run of these losses, as no training need have given it."""
    curves = {"epochs": len(losses) - 1, "loss_E": losses, "accuracy_E": [0.5] * len(losses)}
    return Run(**{"config": RunConfig("hello"), "parameters": 7, "seconds": 3.0, **curves, **options})


def test_a_runs_numbers_are_the_trainers_bit_for_bit(prime_config: Callable[..., RunConfig], cell: Any) -> None:
    config = prime_config(lengths=(4, 7, 3), seed=3, **cell)
    trainer = Trainer(config)
    records = [*trainer.run(EPOCHS), trainer.now]
    run = train_run(config, EPOCHS)
    assert (run.config, run.epochs) == (config, EPOCHS)
    assert run.loss_E.tobytes() == np.array([record.loss_nats for record in records]).tobytes()
    assert run.accuracy_E.tobytes() == np.array([record.accuracy for record in records]).tobytes()


def test_a_run_of_no_epoch_is_the_untrained_network() -> None:
    run = train_run(RunConfig(), 0)
    assert run.loss_E.tolist() == [Trainer(RunConfig()).now.loss_nats]
    assert math.isnan(run.seconds_per_epoch)


def test_a_run_stops_where_the_trainer_says_so() -> None:
    run, trainer = train_run(DIVERGING, 100), Trainer(DIVERGING)
    while trainer.stop is None:
        trainer.step()
    assert trainer.stop is Stop.NOT_FINITE
    assert 0 < run.epochs == trainer.epoch < 100
    assert [math.isfinite(loss) for loss in run.loss_E] == [True] * run.epochs + [False]
    assert [math.isfinite(share) for share in run.accuracy_E] == [True] * run.epochs + [False]
    assert run.diverged_at == run.epochs
    assert np.isnan(Run.from_json(run.to_json()).accuracy_E[-1])


@pytest.mark.parametrize("epochs", [-1, MAX_EPOCHS + 1, 1.0, True, None, "3"])
def test_epochs_that_cannot_be_made_are_named_with_the_rule(epochs: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        train_run(RunConfig(), epochs)
    assert str(refused.value) == f"epochs must be 0…20000, got {epochs!r}"


def test_a_runs_parameters_are_those_of_the_plain_script(
    prime_config: Callable[..., RunConfig], plain_script: Callable[[RunConfig], tuple[nn.RNNBase, nn.Module]], cell: Any
) -> None:
    config = prime_config(num_layers=3, bidirectional=True, **cell)
    numbers = sum(parameter.numel() for module in plain_script(config) for parameter in module.parameters())
    assert train_run(config, 0).parameters == numbers


def test_the_time_of_an_epoch_is_the_mean_over_all() -> None:
    assert made(2.5, 1.5, 0.5, seconds=3.0).seconds_per_epoch == 1.5
    assert train_run(RunConfig(), 1).seconds > 0


@pytest.mark.parametrize(
    ("accuracy_E", "first"), [([0.5, 1.0, 0.5, 1.0], 1), ([1.0], 0), ([0.5, math.nextafter(1, 0)], None)]
)
def test_first_right_is_the_first_epoch_that_is_all_right(accuracy_E: list[float], first: int | None) -> None:
    assert made(*accuracy_E, accuracy_E=accuracy_E).first_right == first


def test_a_run_that_diverged_was_never_right() -> None:
    run = made(2.5, 1.5, math.nan, accuracy_E=[0.5, 1.0, 1.0])
    assert (run.first_right, run.diverged_at) == (None, 2)
    assert made(2.5, 1.5).diverged_at is None


def test_where_one_character_is_remembered_the_last_step_of_each_line_is_counted() -> None:
    config = RunConfig("a..a\nb..b", task=Task.NEXT, head=Head.LINEAR, hidden_size=5)
    run, trainer = train_run(config, EPOCHS, remembered=True), Trainer(config)
    for record, share in zip([*trainer.run(EPOCHS), trainer.now], run.accuracy_E, strict=True):
        assert share == sum(line[-1] == target for line, target in zip(record.decoded, "ab", strict=True)) / 2
    assert Run.from_json(run.to_json()).remembered
    assert not np.array_equal(run.accuracy_E, train_run(config, EPOCHS).accuracy_E)


def test_a_runs_arrays_are_copies_that_nobody_can_write_to() -> None:
    losses = np.array([2.5, 1.5])
    run = made(*losses, loss_E=losses)
    losses[0] = 0
    assert run.loss_E.tolist() == [2.5, 1.5]
    assert run.loss_E.dtype == run.accuracy_E.dtype == np.float64
    for values_E in (run.loss_E, Run.from_json(run.to_json()).accuracy_E):
        with pytest.raises(ValueError, match="read-only"):
            values_E[0] = 0


def read_strictly(document: str) -> Any:
    """What a reader that knows no more than JSON reads: nan and inf are not in it."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(document, parse_constant=refuse)


@given(
    st.lists(st.tuples(st.floats(), st.floats(0, 1)), min_size=1), st.floats(0, exclude_min=True, allow_infinity=False)
)
@example([(math.nan, 0.0), (math.inf, -0.0), (-math.inf, 1.0), (-0.0, 5e-324), (1e308, 1 / 3)], 5e-324)
def test_a_run_is_read_back_from_its_json_to_the_last_bit(numbers: list[tuple[float, float]], seconds: float) -> None:
    losses, accuracies = zip(*numbers, strict=True)
    run = made(
        *losses, accuracy_E=accuracies, seconds=seconds, config=RunConfig("=é\0\r\n안", head=Head.LINEAR, seed=3)
    )
    read_strictly(run.to_json())
    read = Run.from_json(run.to_json())
    assert (read.config, read.epochs, read.parameters, read.seconds) == (run.config, run.epochs, 7, seconds)
    np.testing.assert_array_equal(read.loss_E, run.loss_E)
    assert np.signbit(read.loss_E[read.loss_E == 0]).tolist() == np.signbit(run.loss_E[run.loss_E == 0]).tolist()
    assert read.accuracy_E.tobytes() == run.accuracy_E.tobytes()
    assert read.to_json() == run.to_json()


def test_a_trainings_run_is_read_back_to_the_last_bit() -> None:
    run = train_run(RunConfig("hello", cell=Cell.GRU), EPOCHS)
    read = Run.from_json(run.to_json())
    assert read.loss_E.tobytes() == run.loss_E.tobytes()
    assert (read.first_right, read.seconds) == (run.first_right, run.seconds)


def document(**changed: Any) -> str:
    """A good run's JSON, but for what is ``changed``."""
    return json.dumps(json.loads(made(2.5, 1.5).to_json()) | changed)


CONFIG = json.loads(RunConfig("hello").to_json())
KEYS = "config, epochs, loss_E, accuracy_E, parameters, seconds, remembered"
BAD = [
    ("", "document must be a JSON object, got ''"),
    ("[]", "document must be a JSON object, got []"),
    ("[" * 100_000, "document must be a JSON object, got '[[[[[[[[[[[[...[[[[[[[[[[[[['"),
    ("9" * 5_000, "document must be a JSON object, got '999999999999...9999999999999'"),
    (document()[:-1], 'document must be a JSON object, got \'{"config": {...bered": false\''),
    ("{}", f"document must have the keys {KEYS}, got []"),
    (
        document(weights=[1.0]),
        f"document must have the keys {KEYS}, got {reprlib.repr([*KEYS.split(', '), 'weights'])}",
    ),
    (document(config=None), "config must be a JSON object, got None"),
    (document(config={}), f"config must have the keys {', '.join(CONFIG)}, got []"),
    (document(config=CONFIG | {"seed": -1}), "seed must be 0…4294967295, got -1"),
    (document(config=CONFIG | {"text": "\ud800"}), "text must be valid Unicode, got a lone surrogate U+D800 at 0"),
    (document(epochs=-1), "epochs must be 0…20000, got -1"),
    (document(epochs=True), "epochs must be 0…20000, got True"),
    (document(epochs=1.0), "epochs must be 0…20000, got 1.0"),
    (document(epochs=2), "loss_E must have shape (3,), got (2,)"),
    (document(loss_E=[]), "loss_E must have shape (2,), got (0,)"),
    (document(loss_E={}), "loss_E must be a list of numbers, got {}"),
    (document(loss_E="nan"), "loss_E must be a list of numbers, got 'nan'"),
    (document(loss_E=[1.0, None]), "loss_E must be a list of numbers, got one with None"),
    (document(loss_E=[1.0, "1.0"]), "loss_E must be a list of numbers, got one with '1.0'"),
    (document(loss_E=[1.0, True]), "loss_E must be a list of numbers, got one with True"),
    (document(loss_E=[1.0, [1.0]]), "loss_E must be a list of numbers, got one with [1.0]"),
    (document(loss_E=[1.0, math.nan]), "loss_E must be a list of numbers, got one with nan"),
    (document().replace("2.5", "1e999"), "loss_E must be a list of numbers, got one with inf"),
    (document(accuracy_E=[1.0]), "accuracy_E must have shape (2,), got (1,)"),
    (document(accuracy_E=[1.0, 1.5]), "accuracy_E must be numbers in 0…1, got 1.5"),
    (document(accuracy_E=[-0.5, 1.0]), "accuracy_E must be numbers in 0…1, got -0.5"),
    (document(accuracy_E=["nan", 1.0]), "accuracy_E must be numbers in 0…1, got nan"),
    (document(parameters=0), "parameters must be 1…2147483647, got 0"),
    (document(parameters=7.0), "parameters must be 1…2147483647, got 7.0"),
    (document(seconds=0), "seconds must be a finite number above 0, got 0"),
    (document(seconds=math.inf), "seconds must be a finite number above 0, got inf"),
    (document(seconds="3"), "seconds must be a finite number above 0, got '3'"),
    (document(remembered=1), "remembered must be true or false, got 1"),
]


@pytest.mark.parametrize(("bad", "sentence"), BAD, ids=[str(number) for number in range(len(BAD))])
def test_a_bad_document_is_refused_with_a_sentence(bad: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Run.from_json(bad)
    assert str(refused.value) == sentence


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.sampled_from(sorted(CONFIG)), inside),
    max_leaves=5,
)


@given(st.sampled_from(KEYS.split(", ")), ANY_JSON)
@example("seconds", 10**400)
def test_whatever_a_document_says_is_a_run_or_a_sentence(field: str, value: Any) -> None:
    try:
        read = Run.from_json(document(**{field: value}))
    except ConfigError:
        return
    assert isinstance(read, Run)


@given(st.text())
def test_whatever_is_no_document_is_a_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^document must "):
        Run.from_json(text)
