"""The last few trainings of a session are kept: who comes back to an experiment finds it where it was left."""

from __future__ import annotations

from typing import Any

import pytest

from pages.ui import state
from rnn_core import RunConfig, Trainer
from rnn_core.config import Cell
from tests.pages.conftest import Open, Screen

UPDATES = 3


@pytest.fixture
def screen(open_screen: Open) -> Screen:
    """*Train* after UPDATES updates of the default experiment."""
    screen = open_screen("train")
    screen.runs[RunConfig()].run(UPDATES)
    return screen


def assert_at(screen: Screen, config: RunConfig, epoch: int) -> None:
    """The whole history is that of ``config`` after ``epoch`` updates, to the last bit."""
    trainer = Trainer(config)
    records = [*trainer.run(epoch), trainer.now][::-1]
    assert screen.every_epoch["epoch"].tolist() == list(range(epoch, -1, -1))
    assert screen.every_epoch["loss"].tolist() == [record.loss_nats for record in records]
    assert screen.live("live_status")["text"].startswith(f"epoch {epoch} · loss {trainer.now.loss_nats:.4f}")


@pytest.mark.parametrize(
    ("away", "back"),
    [
        ({"cell": "lstm"}, {"cell": "rnn"}),
        ({"text": "hello"}, {"text": "hello! world"}),
        ({"learning_rate": 0.01}, {"learning_rate": 0.1}),
        ({"preset": "Next character"}, {"preset": "Copy hello! world"}),
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_a_training_is_there_again_when_its_experiment_is(
    screen: Screen, away: dict[str, Any], back: dict[str, Any]
) -> None:
    screen.enter(**away)
    assert screen.every_epoch["epoch"].tolist() == [0]
    screen.enter(**back)
    assert_at(screen, RunConfig(), UPDATES)
    screen.press("Step")
    assert_at(screen, RunConfig(), UPDATES + 1)


def test_each_of_two_trainings_goes_on_from_where_it_was_left(screen: Screen) -> None:
    screen.enter(cell="lstm")
    screen.runs[RunConfig(cell=Cell.LSTM)].run(2)
    screen.enter(cell="rnn")
    assert_at(screen, RunConfig(), UPDATES)
    screen.press("Step")
    screen.enter(cell="lstm")
    assert_at(screen, RunConfig(cell=Cell.LSTM), 2)


def test_a_training_changed_away_from_on_another_page_is_there_again(screen: Screen) -> None:
    screen.go("forward_pass")
    screen.enter(cell="lstm")
    screen.enter(cell="rnn")
    screen.go("train")
    assert_at(screen, RunConfig(), UPDATES)


def test_the_oldest_training_gives_way_when_there_are_too_many(screen: Screen) -> None:
    seeds = range(1, state.RUNS + 1)
    for seed in seeds:
        screen.enter(seed=seed)
        screen.runs[RunConfig(seed=seed)].step()
        assert len(screen.runs) == min(seed + 1, state.RUNS)
    assert list(screen.runs) == [RunConfig(seed=seed) for seed in seeds]
    screen.enter(seed=1)
    assert_at(screen, RunConfig(seed=1), 1)
    screen.enter(seed=0)
    assert_at(screen, RunConfig(), 0)


def test_who_comes_back_is_the_newest_again(screen: Screen) -> None:
    screen.enter(seed=1)
    screen.press("Step")
    screen.enter(seed=0)
    for seed in range(2, state.RUNS + 1):
        screen.enter(seed=seed)
        screen.runs[RunConfig(seed=seed)].step()
    assert RunConfig(seed=1) not in screen.runs
    screen.enter(seed=0)
    assert_at(screen, RunConfig(), UPDATES)


def test_what_is_kept_beside_the_present_training_has_a_bound_in_bytes(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = screen.runs[RunConfig()].nbytes
    room = int(2.5 * one)
    monkeypatch.setattr("pages.ui.state.RUNS_BYTES", room)
    for seed in (1, 2, 3):
        screen.enter(seed=seed)
        screen.runs[RunConfig(seed=seed)].step()
        others = [run.nbytes for run in screen.runs.values() if run.config.seed != seed]
        assert sum(others) <= room
        assert len(others) == min(seed, 2)


def test_a_training_that_is_larger_than_the_bound_is_not_kept(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.ui.state.RUNS_BYTES", screen.runs[RunConfig()].nbytes - 1)
    screen.enter(seed=1)
    assert list(screen.runs) == [RunConfig(seed=1)]
    screen.enter(seed=0)
    assert_at(screen, RunConfig(), 0)


def test_what_was_not_trained_takes_no_place(screen: Screen) -> None:
    for seed in range(1, state.RUNS + 2):
        screen.enter(seed=seed)
        assert list(screen.runs) == [RunConfig(), RunConfig(seed=seed)]


def test_reset_forgets_the_present_training_only(screen: Screen) -> None:
    screen.enter(cell="lstm")
    screen.runs[RunConfig(cell=Cell.LSTM)].run(2)
    screen.press("Reset")
    assert_at(screen, RunConfig(cell=Cell.LSTM), 0)
    screen.enter(cell="rnn")
    assert_at(screen, RunConfig(), UPDATES)
    screen.enter(cell="lstm")
    assert_at(screen, RunConfig(cell=Cell.LSTM), 0)


def test_visitors_do_not_share_their_trainings(screen: Screen, open_screen: Open) -> None:
    other = open_screen("train")
    assert_at(other, RunConfig(), 0)
    other.enter(cell="lstm")
    other.press("Step")
    screen.enter(cell="lstm")
    assert_at(screen, RunConfig(cell=Cell.LSTM), 0)
    other.enter(cell="rnn")
    assert_at(other, RunConfig(), 0)
    assert not {id(run) for run in screen.runs.values()} & {id(run) for run in other.runs.values()}


@pytest.mark.parametrize(
    ("change", "kept"),
    [({"cell": "lstm"}, "cell rnn"), ({"text": "hello"}, "text hello! world"), ({"task": "next"}, "task copy")],
    ids=["cell", "text", "task"],
)
def test_a_change_names_the_trained_run_that_is_kept_and_one_click_returns_to_it(
    screen: Screen, change: dict[str, Any], kept: str
) -> None:
    assert not screen.has("kept_run")
    screen.enter(**change)
    assert screen.words("kept_run") == [f"The run before is kept at epoch {UPDATES}: {kept}"]
    screen.press_key("return_to_kept")
    assert_at(screen, RunConfig(), UPDATES)
    assert not screen.has("kept_run")


def test_a_run_that_would_change_what_the_link_hides_is_not_offered(open_screen: Open) -> None:
    screen = open_screen("train", {"hide": "cell"})
    screen.runs[RunConfig()].run(UPDATES)
    screen.enter(learning_rate=0.01)
    assert screen.has("kept_run")
    screen.app.session_state["cell"] = "lstm"
    screen.app.run()
    assert not screen.has("kept_run")


@pytest.mark.parametrize("speed", [1, 10, 100])
def test_step_makes_as_many_updates_as_the_speed_beside_it(open_screen: Open, speed: int) -> None:
    screen = open_screen("train")
    screen.enter(speed=speed)
    for presses in (1, 2):
        screen.press("Step")
        assert screen.live("live_status")["text"].startswith(f"epoch {presses * speed} ")
    assert_at(screen, RunConfig(), 2 * speed)
