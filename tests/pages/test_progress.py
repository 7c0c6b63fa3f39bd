"""*Train* says why the loss gets no better: it has a floor, or a tie, or it is done; and one sees early epochs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rnn_core import RunConfig, Trainer, trace_forward
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.progress import FLAT_EPOCHS, State, assess, is_done
from rnn_core.steps import TIE
from rnn_core.text import visible
from tests.pages.conftest import Open, Screen, typed_array

FLOOR = math.log(1 + 8 * math.exp(-2))
"""Of nine tokens without a head."""


def layout(screen: Screen) -> Any:
    return screen.chart("loss_chart")["layout"]


def verdict(screen: Screen) -> str:
    words: str = screen.live("live_verdict")["text"]
    return words


def trained(open_screen: Open, config: RunConfig, epochs: int) -> Screen:
    """*Train* of ``config`` after ``epochs`` updates."""
    screen = open_screen("train", config)
    screen.runs[config].run(epochs)
    screen.run()
    return screen


@pytest.mark.parametrize(
    "config",
    [RunConfig(), RunConfig(cell=Cell.LSTM), RunConfig(cell=Cell.GRU), RunConfig(task=Task.NEXT)],
    ids=["rnn", "lstm", "gru", "next"],
)
def test_without_a_head_the_floor_is_a_line_with_its_number(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen("train", config)
    (line,) = layout(screen)["shapes"]
    assert line["type"] == "line"
    assert line["y0"] == line["y1"] == pytest.approx(FLOOR)
    assert line["label"]["text"] == f"floor {FLOOR:.4f}"


@pytest.mark.parametrize(
    "config",
    [RunConfig(head=Head.LINEAR), RunConfig(nonlinearity=Nonlinearity.RELU)],
    ids=["linear head", "relu"],
)
def test_logits_without_a_bound_have_no_floor(open_screen: Open, config: RunConfig) -> None:
    screen = trained(open_screen, config, 200)
    assert "shapes" not in layout(screen)
    assert not screen.has("on_loss_floor")
    assert "lower bound" not in verdict(screen)


def test_the_floor_is_derived_one_click_away(open_screen: Open) -> None:
    block: Any = open_screen("train").app.get_by_key("on_loss_floor")
    formulas = [latex.value for latex in block.latex]
    assert any(r"\ln(1 + 8\,e^{-2})" in formula and f"{FLOOR:.4f}" in formula for formula in formulas)


def test_the_log_scale_changes_the_axis_of_the_loss_and_nothing_else(open_screen: Open) -> None:
    screen = trained(open_screen, RunConfig(), 5)
    points = screen.chart("loss_chart")["data"]
    assert layout(screen)["yaxis"].get("type") != "log"
    screen.enter(log_scale=True)
    assert layout(screen)["yaxis"]["type"] == "log"
    assert screen.chart("loss_chart")["data"] == points
    screen.enter(log_scale=False)
    assert layout(screen)["yaxis"].get("type") != "log"


def test_early_shows_every_one_of_the_first_epochs(open_screen: Open) -> None:
    screen = trained(open_screen, RunConfig(), 120)
    assert "range" not in layout(screen)["xaxis"]
    screen.enter(early=True)
    low, high = layout(screen)["xaxis"]["range"]
    assert -5 < low < 0
    assert 50 < high < 55
    (points,) = screen.chart("loss_chart")["data"]
    assert typed_array(points["x"]).tolist() == list(range(51))
    losses = [record.loss_nats for record in screen.runs[RunConfig()].history[:51]]
    np.testing.assert_array_equal(typed_array(points["y"]), np.array(losses, np.float32))
    assert screen.widget("early").label == "first 50 epochs"


@pytest.mark.parametrize("epochs", [0, 1, 5])
@pytest.mark.parametrize("head", Head)
def test_a_loss_that_falls_is_called_falling(open_screen: Open, head: Head, epochs: int) -> None:
    words = "The loss is falling." if epochs else "Untrained."
    assert verdict(trained(open_screen, RunConfig(head=head), epochs)) == words


def test_a_finished_training_is_said_to_be_done(open_screen: Open) -> None:
    config = RunConfig(head=Head.LINEAR)
    trainer = Trainer(config)
    while not is_done(trainer):
        trainer.step()
    screen = trained(open_screen, config, trainer.epoch - 1)
    assert "Done" not in verdict(screen)
    screen.press("Step")
    assert verdict(screen) == f"Done: everything right, and the loss flat, for {FLAT_EPOCHS} epochs."


def test_near_the_floor_it_is_said_how_near(open_screen: Open) -> None:
    screen = trained(open_screen, RunConfig(), 60)
    gap = screen.runs[RunConfig()].now.loss_nats - FLOOR
    assert gap < 0.02
    assert f"The loss is {gap:.4f} above {FLOOR:.4f}, its lower bound for logits between −1 and 1." in verdict(screen)


def test_far_from_the_floor_it_is_not_spoken_of(open_screen: Open) -> None:
    screen = trained(open_screen, RunConfig(task=Task.NEXT), 30)
    assert screen.runs[RunConfig(task=Task.NEXT)].now.loss_nats - FLOOR > 0.02
    assert "lower bound" not in verdict(screen)


def test_a_tie_is_said_with_its_step_and_tokens(open_screen: Open) -> None:
    # One step at a time, "l" comes before "l" and before "o": at the floor its logits for both are 1.
    config = RunConfig("hello", task=Task.NEXT, batch_first=False)
    screen = trained(open_screen, config, 1000)
    trainer = screen.runs[config]
    logits_TV = trace_forward(trainer.model, trainer.encoding).logits_BTV[0]
    near_TV = logits_TV >= logits_TV.max(axis=1, keepdims=True) - TIE
    ties = {
        t: [visible(trainer.encoding.vocabulary.tokens[v]) for v in np.flatnonzero(near_V)]
        for t, near_V in enumerate(near_TV)
        if near_V.sum() > 1
    }
    t = min(ties)
    assert ties[t] == ["l", "o"]
    assert f"A tie at t = {t}: the logits of {', '.join(ties[t])} are less than 0.001 apart" in verdict(screen)
    assert screen.live("steps_0")["said"]["ties"] == {str(t): " ".join(tokens) for t, tokens in ties.items()}


def test_a_frame_brings_the_verdict_up_to_date(open_screen: Open) -> None:
    config = RunConfig()
    screen = trained(open_screen, config, 60)
    before = verdict(screen)
    screen.press("Play")
    patch = screen.frame()["live_verdict"]["text"]
    assert f"{screen.runs[config].now.loss_nats - FLOOR:.4f} above {FLOOR:.4f}" in patch
    assert patch != before


SHIP = (
    "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, "
    "but rather teach them to long for the endless immensity of the sea."
)
STATES: dict[State, tuple[RunConfig, int, list[str]]] = {
    State.UNTRAINED: (RunConfig(), 0, ["Untrained."]),
    State.EARLY: (RunConfig(learning_rate=1e-6), 5, ["Fewer than 20 epochs: too early to judge."]),
    State.IMPROVING: (RunConfig(), 5, ["The loss is falling."]),
    State.DONE: (RunConfig(head=Head.LINEAR), 250, ["Done: everything right"]),
    State.AT_BOUND: (RunConfig(), 60, ["above 0.7337, its lower bound for logits between −1 and 1."]),
    State.PLATEAU: (
        RunConfig(learning_rate=1e-6),
        120,
        ["in the last 100 epochs", "Try learning_rate 0.03 (now 1e−6)."],
    ),
    State.RISING: (RunConfig(task=Task.NEXT), 485, [" at epoch 435."]),
    State.RISEN: (
        RunConfig(SHIP, task=Task.NEXT, num_layers=2, hidden_size=25, head=Head.LINEAR),
        100,
        ["The loss rose from 2.0703 at epoch 70 to 2.9", "has not come back down", "Try learning_rate 0.01 (now 0.1)."],
    ),
    State.DIVERGED: (
        RunConfig(head=Head.LINEAR, optimizer=Optimizer.SGD, learning_rate=10.0),
        40,
        ["Training has diverged: the loss rose from ", "Try learning_rate 1 (now 10)."],
    ),
}


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_words_with_its_numbers_and_an_advice(open_screen: Open, state: State) -> None:
    config, epochs, parts = STATES[state]
    screen = trained(open_screen, config, epochs)
    assert assess(screen.runs[config]).state is state
    assert [part for part in parts if part not in verdict(screen)] == []


def test_a_loss_that_is_no_number_stops_and_has_its_epoch_and_an_advice(open_screen: Open) -> None:
    config = RunConfig(head=Head.LINEAR, nonlinearity=Nonlinearity.RELU, optimizer=Optimizer.SGD, learning_rate=10.0)
    trainer = Trainer(config)
    while trainer.stop is None:
        trainer.step()
    screen = trained(open_screen, config, trainer.epoch)
    (warning,) = [one.value for one in screen.app.warning if "diverged" in one.value]
    assert f"at epoch {trainer.epoch}" in warning
    assert "(now 10)" in warning
    assert f"not finite since epoch {trainer.epoch}. Try learning_rate 1 (now 10)." in verdict(screen)
