"""One update, part by part on *Train*: buttons in order, torch's own numbers, and a training that is not touched."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import RunConfig, Trainer
from rnn_core.config import Cell, Head
from rnn_core.whatif import parameter
from tests.pages.conftest import Open, Screen

PARTS = ("1 Forward", "2 Loss", "3 Backward", "4 Update")


@pytest.fixture
def screen(open_screen: Open) -> Screen:
    """*Train* after one step, with the parts shown."""
    screen = open_screen("train", RunConfig(clip_norm=0.1))
    screen.press("Step")
    screen.enter(by_parts=True)
    return screen


def stepped() -> Trainer:
    trainer = Trainer(RunConfig(clip_norm=0.1))
    trainer.run(1)
    return trainer


def test_only_the_next_part_can_be_pressed(screen: Screen) -> None:
    for at in range(5):
        assert [not screen.button(part).disabled for part in PARTS] == [at % 4 == place for place in range(4)]
        screen.press(PARTS[at % 4])


def test_the_four_parts_show_what_a_step_does(screen: Screen) -> None:
    trainer = stepped()
    before = parameter(trainer.model, "weight_hh_l0").detach().numpy().copy()
    for part in PARTS:
        screen.press(part)
    record = trainer.step()
    after = parameter(trainer.model, "weight_hh_l0").detach().numpy()
    np.testing.assert_array_equal(screen.heatmaps("update_before")[0], before)
    np.testing.assert_array_equal(screen.heatmaps("update_after")[0], after)
    np.testing.assert_array_equal(screen.heatmaps("update_change")[0], after - before)
    said = " ".join(screen.markdown("update_said"))
    assert f"{record.loss_nats:.6f} nats" in said
    assert f"the norm of all together is {record.gradient_norm:.6f}" in said
    assert "a gradient of norm 0.100000, clipped" in said
    assert [run.epoch for run in screen.runs.values()] == [1]


def test_without_zero_grad_the_page_shows_gradients_add_up(screen: Screen) -> None:
    for part in PARTS[:3]:
        screen.press(part)
    first = screen.heatmaps("update_gradient")[0].copy()
    screen.press(PARTS[3])
    screen.enter(zero_grad=False)
    assert "zero_grad" not in screen.app.get_by_key("one_update").code[0].value
    for part in PARTS[:3]:
        screen.press(part)
    second = screen.heatmaps("update_gradient")[0]
    trainer = stepped().copied()
    for _update in range(1):
        logits, _state = trainer.forward_part()
        trainer.backward_part(trainer.loss_part(logits))
        trainer.update_part()
    logits, _state = trainer.forward_part()
    trainer.backward_part(trainer.loss_part(logits), zero_grad=False)
    grad = parameter(trainer.model, "weight_hh_l0").grad
    assert grad is not None
    np.testing.assert_array_equal(second, grad.numpy())
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("cell", list(Cell))
def test_carrying_the_state_over_is_pytorchs_error_with_an_explanation(open_screen: Open, cell: Cell) -> None:
    screen = open_screen("train", RunConfig("hello", cell=cell, head=Head.LINEAR))
    screen.enter(by_parts=True)
    for part in PARTS:
        screen.press(part)
    screen.enter(carry=True)
    for part in PARTS[:3]:
        screen.press(part)
    (error,) = screen.errors
    assert error.startswith("Trying to backward through the graph a second time")
    assert not screen.button(PARTS[0]).disabled
    screen.press("Start again")
    assert screen.errors == []


def test_another_step_of_the_training_begins_the_parts_anew(screen: Screen) -> None:
    screen.press(PARTS[0])
    screen.press("Step")
    assert not screen.button(PARTS[0]).disabled
    assert screen.button(PARTS[1]).disabled
