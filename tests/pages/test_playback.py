"""A frame makes as many updates as its budget of time allows, whatever the clock of the machine; here a false one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages.ui.train import playback
from rnn_core import RunConfig, Trainer

Costing = Callable[[float], Trainer]


@pytest.fixture
def costing(monkeypatch: pytest.MonkeyPatch) -> Costing:
    """A trainer whose updates take so many seconds of a clock that else stands still."""
    now = 0.0
    monkeypatch.setattr("pages.ui.train.playback.time.perf_counter", lambda: now)

    def build(update_s: float) -> Trainer:
        trainer = Trainer(RunConfig())
        step = trainer.step

        def step_and_tick() -> object:
            nonlocal now
            now += update_s
            return step()

        monkeypatch.setattr(trainer, "step", step_and_tick)
        return trainer

    return build


@pytest.mark.parametrize(
    ("update_s", "updates"),
    [
        (0.0, 100),  # the budget is never spent
        (playback.BUDGET_S / 200, 100),
        (playback.BUDGET_S * 0.3, 4),  # the one that spends it is the last
        (playback.BUDGET_S, 1),
        (playback.BUDGET_S * 100, 1),  # a network that is too large for any frame still moves
    ],
)
def test_a_frame_ends_with_the_update_that_spends_its_budget(costing: Costing, update_s: float, updates: int) -> None:
    trainer = costing(update_s)
    playback.advance(trainer, 100)
    assert trainer.epoch == updates


@pytest.mark.parametrize("epochs", [1, 10])
def test_a_frame_makes_no_more_updates_than_are_asked_for(costing: Costing, epochs: int) -> None:
    trainer = costing(0.0)
    playback.advance(trainer, epochs)
    assert trainer.epoch == epochs


def test_every_frame_has_a_budget_of_its_own(costing: Costing) -> None:
    trainer = costing(playback.BUDGET_S * 0.3)
    for frames in (1, 2, 3):
        playback.advance(trainer, 100)
        assert trainer.epoch == 4 * frames


def test_a_training_that_should_stop_is_left_where_it_is(costing: Costing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_core.training.MAX_EPOCHS", 3)
    trainer = costing(0.0)
    playback.advance(trainer, 100)
    assert trainer.epoch == 3
    playback.advance(trainer, 100)
    assert trainer.epoch == 3
