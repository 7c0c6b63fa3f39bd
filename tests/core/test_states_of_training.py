"""Every history of losses has exactly one state: laws over made curves, a slow reading of each rule, and real runs.

Tolerance: the losses of the real runs are stated to 0.02 nats, because another machine rounds otherwise; their states,
and the epochs to within 2, are what is held to.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.encoding import encode
from rnn_core.insights import insights
from rnn_core.insights.learning import advised
from rnn_core.progress import (
    FLAT_EPOCHS,
    FLAT_NATS,
    NEAR_NATS,
    PATIENCE,
    RAN_AWAY,
    RISE_NATS,
    RISE_SHARE,
    Bound,
    State,
    assess,
    classify,
    is_done,
    least_loss,
    loss_floor,
    lower_bound,
)
from rnn_core.training import Trainer

SHIP = (
    "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, "
    "but rather teach them to long for the endless immensity of the sea."
)
RISES_AGAIN = RunConfig(SHIP, task=Task.NEXT, num_layers=2, hidden_size=25, head=Head.LINEAR, learning_rate=0.1)
JUMPS = RunConfig("hello! world", task=Task.NEXT, learning_rate=0.1)
GUESS = math.log(9)

losses = st.one_of(st.floats(0, 12), st.sampled_from([0.0, 0.7, 0.72, 2.0, 2.2, 2.3, math.inf, -math.inf, math.nan]))
curves = st.lists(losses, min_size=1, max_size=60) | st.builds(
    lambda start, steps: list(np.abs(start + np.cumsum(steps))),
    st.floats(0, 4),
    st.lists(st.floats(-0.05, 0.05), min_size=1, max_size=160),
)


@lru_cache(maxsize=8)
def trained(config: RunConfig, epochs: int) -> Trainer:
    trainer = Trainer(config)
    trainer.run(epochs)
    return trainer


def state_of(loss_E: list[float], **others: float | int | None) -> State:
    return classify(loss_E, guess_nats=GUESS, **others).state  # type: ignore[arg-type]


# --- laws ------------------------------------------------------------------------------------------------------------


def _holds(loss_E: list[float], bound: float | None, right_since: int | None) -> dict[State, bool]:
    """Whether the rule of each state holds by itself, read off the whole history; several may."""
    now, n = loss_E[-1], len(loss_E) - 1
    low = min((loss for loss in loss_E if math.isfinite(loss)), default=math.inf)

    def clearly_above(loss: float) -> bool:
        return loss > low + max(RISE_NATS, RISE_SHARE * low)

    last = loss_E[max(0, n - FLAT_EPOCHS) :]
    later = last[len(last) - max(1, (len(last) - 1) // 2) :]
    fall = min(last[: -len(later)], default=-math.inf) - min(later)
    return {
        State.DIVERGED: not math.isfinite(now) or now > max(RAN_AWAY * low, GUESS),
        State.UNTRAINED: n == 0,
        State.RISEN: n >= PATIENCE and all(clearly_above(loss) for loss in loss_E[-PATIENCE - 1 :]),
        State.RISING: clearly_above(now),
        State.DONE: right_since is not None and n - right_since >= FLAT_EPOCHS and max(last) - min(last) < FLAT_NATS,
        State.AT_BOUND: bound is not None and now - bound < NEAR_NATS,
        State.IMPROVING: fall >= FLAT_NATS * min(1.0, now) > 0,
        State.EARLY: n < PATIENCE,
        State.PLATEAU: True,
    }


@given(loss_E=curves, bound=st.none() | st.floats(0, 1), data=st.data())
def test_every_history_has_the_first_state_whose_rule_holds(
    loss_E: list[float], bound: float | None, data: st.DataObject
) -> None:
    right_since = data.draw(st.none() | st.integers(0, len(loss_E) - 1))
    with np.errstate(all="ignore"):
        found = classify(loss_E, guess_nats=GUESS, bound_nats=bound, right_since=right_since)
    holds = _holds(loss_E, bound, right_since)
    if any(not math.isfinite(loss) for loss in loss_E[-FLAT_EPOCHS - 1 :]) and math.isfinite(loss_E[-1]):
        assert found.state in State  # a loss that came back from no number: one state, whichever
        return
    assert found.state is next(state for state, so in holds.items() if so)


def test_the_rules_are_of_all_states() -> None:
    assert set(_holds([1.0], None, None)) == set(State)


@given(loss_E=curves)
def test_the_evidence_is_that_of_the_history(loss_E: list[float]) -> None:
    found = classify(loss_E, guess_nats=GUESS)
    assert found.epoch == len(loss_E) - 1
    finite = [(loss, epoch) for epoch, loss in enumerate(loss_E) if math.isfinite(loss)]
    assert found.lost_epoch == next((k for k, loss in enumerate(loss_E) if not math.isfinite(loss)), None)
    if not finite:
        assert math.isnan(found.low_nats)
        assert math.isnan(found.high_nats)
        return
    assert (found.low_nats, found.low_epoch) == min(finite)
    since = [(loss, epoch) for loss, epoch in finite if epoch >= found.low_epoch]
    assert found.high_nats == max(since)[0] == loss_E[found.high_epoch]


@given(
    start=st.floats(0.5, 4),
    share=st.floats(0.9, 0.99),
    epochs=st.integers(1, 60),
)
def test_a_loss_that_falls_by_a_share_every_epoch_is_improving(start: float, share: float, epochs: int) -> None:
    assert state_of([start * share**epoch for epoch in range(epochs + 1)]) is State.IMPROVING


@given(level=st.floats(0.01, 2.1), epochs=st.integers(PATIENCE, 300))
def test_a_loss_that_does_not_move_is_a_plateau_and_done_where_all_is_right(level: float, epochs: int) -> None:
    constant = [level] * (epochs + 1)
    assert state_of(constant) is State.PLATEAU
    assert state_of(constant, right_since=0) is (State.DONE if epochs >= FLAT_EPOCHS else State.PLATEAU)
    assert state_of(constant, bound_nats=level - NEAR_NATS / 2) is State.AT_BOUND


@given(
    low=st.floats(0.1, 1),
    rise=st.floats(0.12, 1.0),
    before=st.integers(1, 120),
    after=st.integers(1, 80),
    noise=st.lists(st.floats(0, 0.05), min_size=80, max_size=80),
)
@example(low=0.75, rise=0.35, before=435, after=300, noise=[0.0] * 80)
def test_a_loss_that_jumps_and_stays_there_rises_and_has_risen(
    low: float, rise: float, before: int, after: int, noise: list[float]
) -> None:
    high = low + max(0.06, rise * low)
    curve = [2.0 + low] * (before - 1) + [low] + [high + noise[k % 80] for k in range(after)]
    assert state_of(curve) is (State.RISEN if after > PATIENCE else State.RISING)


@given(low=st.floats(0.01, 3), factor=st.floats(1.01, 1e6), spell=st.integers(1, 60))
def test_a_loss_beyond_the_limit_has_diverged_however_long_it_is_there(low: float, factor: float, spell: int) -> None:
    assert state_of([low] + [max(GUESS, RAN_AWAY * low) * factor] * spell) is State.DIVERGED


@pytest.mark.parametrize("lost", [math.nan, math.inf])
@pytest.mark.parametrize("epoch", [0, 1, 40])
def test_a_loss_that_is_no_number_has_diverged_at_its_epoch(lost: float, epoch: int) -> None:
    found = classify([1.0] * epoch + [lost] * 3, guess_nats=GUESS)
    assert (found.state, found.lost_epoch) == (State.DIVERGED, epoch)


@given(loss_E=curves)
def test_a_history_that_goes_on_is_judged_by_what_it_has_so_far(loss_E: list[float]) -> None:
    for end in range(1, len(loss_E) + 1, 7):
        assert classify(loss_E[:end], guess_nats=GUESS).epoch == end - 1


# --- real runs -------------------------------------------------------------------------------------------------------


def test_the_loss_of_the_ship_sentence_rises_again_without_passing_a_guess() -> None:
    assert assess(trained(RISES_AGAIN, 50)).state is State.IMPROVING
    assert trained(RISES_AGAIN, 50).now.loss_nats == pytest.approx(2.38, abs=0.02)
    found = assess(trained(RISES_AGAIN, 100))
    assert found.state is State.RISEN
    assert found.loss_nats == pytest.approx(2.70, abs=0.02)
    assert found.low_nats == pytest.approx(2.07, abs=0.02)
    assert found.low_epoch == pytest.approx(70, abs=2)
    assert found.high_nats < math.log(len(RISES_AGAIN.vocabulary))


def test_a_loss_that_jumps_near_epoch_500_has_risen_for_ever() -> None:
    assert assess(trained(JUMPS, 420)).state is State.DONE
    for epochs in (560, 700, 1000):
        found = assess(trained(JUMPS, epochs))
        assert found.state is State.RISEN
        assert found.low_nats == pytest.approx(0.754, abs=0.02)
        assert found.high_nats > 2
        assert 1.0 < found.loss_nats < 1.2


@pytest.mark.parametrize(("config", "epochs"), [(RISES_AGAIN, 100), (JUMPS, 700)], ids=["rises again", "jumps"])
def test_what_has_risen_has_an_advice_that_helps(config: RunConfig, epochs: int) -> None:
    trainer = trained(config, epochs)
    (found,) = [
        insight
        for insight in insights(config, trainer.encoding, trainer.history, trainer.now)
        if insight.name == "risen"
    ]
    assert dict(found.change) == {"learning_rate": 0.01} == advised(config, State.RISEN)
    assert {"low", "low_epoch", "high", "high_epoch"} <= found.values.keys()
    other = assess(trained(replace(config, learning_rate=0.01), epochs))
    assert other.state is not State.RISEN
    assert other.loss_nats < trainer.now.loss_nats - 0.3


@pytest.mark.parametrize("learning_rate", [1e-7, 1e-5])
def test_an_update_that_changes_nothing_is_a_plateau_and_a_larger_rate_helps(learning_rate: float) -> None:
    config = RunConfig("hello! world", head=Head.LINEAR, learning_rate=learning_rate)
    assert assess(trained(config, 120)).state is State.PLATEAU
    change = advised(config, State.PLATEAU)
    assert change == {"learning_rate": 0.03}
    other = RunConfig("hello! world", head=Head.LINEAR, learning_rate=0.03)
    assert trained(other, 120).now.loss_nats < trained(config, 120).now.loss_nats / 2


def test_done_and_the_state_agree() -> None:
    config = RunConfig("hello", head=Head.LINEAR)
    for epochs in (0, 30, 120, 200):
        assert is_done(trained(config, epochs)) == (assess(trained(config, epochs)).state is State.DONE)


# --- the lower bound -------------------------------------------------------------------------------------------------


def assert_bound(config: RunConfig, kind: Bound, nats: float) -> None:
    bound = lower_bound(config)
    assert bound is not None
    assert bound[0] is kind
    assert bound[1] == pytest.approx(nats)


def test_a_text_that_does_not_determine_its_targets_bounds_the_loss() -> None:
    config = RunConfig("ab\nac", task=Task.NEXT, head=Head.LINEAR, hidden_size=5)
    assert least_loss(config, encode(config)) == pytest.approx(math.log(2))
    assert_bound(config, Bound.TEXT, math.log(2))
    found = assess(trained(config, 150))
    assert found.above_bound == pytest.approx(NEAR_NATS / 2, abs=NEAR_NATS / 2)
    assert found.state is State.AT_BOUND


@pytest.mark.parametrize("cell", list(Cell))
@pytest.mark.parametrize(
    "options",
    [{}, {"batch_first": False}, {"bidirectional": True, "hidden_size": 3}, {"task": Task.COPY}],
    ids=["plain", "batch_first off", "bidirectional", "copy"],
)
@pytest.mark.parametrize("text", ["abcabdab", "abca\nabda", "aabb\nabb"])
def test_no_training_gets_below_its_lower_bound(cell: Cell, options: dict[str, object], text: str) -> None:
    values = {"task": Task.NEXT, "head": Head.LINEAR, "hidden_size": 7} | options
    config = RunConfig(text, cell=cell, learning_rate=0.03, **values)  # type: ignore[arg-type]
    bound = lower_bound(config)
    losses_E = trained(config, 120).history.losses(0)
    assert min(losses_E) >= (0 if bound is None else bound[1]) - 1e-6


def test_the_larger_of_two_bounds_is_taken() -> None:
    plain = RunConfig("hello! world")
    assert lower_bound(plain) == (Bound.LOGITS, loss_floor(plain))
    alternates = RunConfig("ab\nac\nad\nae", task=Task.NEXT)
    assert_bound(alternates, Bound.TEXT, math.log(4))
