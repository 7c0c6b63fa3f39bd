"""A link is the saved run; *Train* goes back to any epoch and off on a branch; what is shown is a fresh run's."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui import replay
from rnn_core import RunConfig, Trainer, trace_forward
from rnn_core.config import Head, Task
from rnn_core.training import Branch
from tests.pages.conftest import PAGES, Open, Screen, assert_same_panels, typed_array

CONFIG = RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, learning_rate=0.03)
REACHED = 40


def query_of(screen: Screen) -> dict[str, str]:
    said = screen.app.query_params.items()
    return {key: value if isinstance(value, str) else value[0] for key, value in said}


def opened(open_screen: Open, page: str = "train", **query: str) -> Screen:
    screen = open_screen(page, CONFIG.to_query() | {"epoch": str(REACHED)} | query)
    assert screen.errors == []
    return screen


def fresh(updates: int, branch: Branch | None = None) -> Trainer:
    trainer = Trainer(CONFIG, branch)
    trainer.run(updates)
    return trainer


@pytest.mark.parametrize("page", PAGES)
def test_a_link_with_an_epoch_opens_the_run_there(open_screen: Open, page: str) -> None:
    screen = opened(open_screen, page)
    assert not screen.has("link_notes")
    run, expected = screen.runs[CONFIG], fresh(REACHED)
    assert (run.epoch, run.now, run.history) == (REACHED, expected.now, expected.history)
    assert query_of(screen)["epoch"] == str(REACHED)


def test_the_link_follows_the_training_and_says_nothing_of_epoch_0(open_screen: Open) -> None:
    screen = open_screen("train", CONFIG)
    assert "epoch" not in query_of(screen)
    screen.press("Step")
    screen.press("Step")
    assert query_of(screen)["epoch"] == "2"
    screen.go("memory")
    assert query_of(screen)["epoch"] == "2"
    screen.go("train")
    screen.press("Reset")
    assert "epoch" not in query_of(screen)


@pytest.mark.parametrize("epoch", ["-1", "20001", "x"])
def test_an_epoch_that_cannot_be_is_named(open_screen: Open, epoch: str) -> None:
    screen = open_screen("train", CONFIG.to_query() | {"epoch": epoch})
    assert screen.notes == [f"epoch must be 0…20000, got {epoch!r}"]
    assert "epoch" not in query_of(screen)


def test_a_replay_that_takes_its_time_shows_how_far_it_is_and_can_be_cancelled(
    open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "PATIENCE_S", 0.0)
    screen = opened(open_screen)
    assert screen.runs[CONFIG].epoch == REACHED
    monkeypatch.setattr(Trainer, "step", lambda self: (_ for _ in ()).throw(AssertionError("no update is made again")))
    screen.run()


def test_an_epoch_beyond_what_diverged_stops_where_the_loss_does(open_screen: Open) -> None:
    config = RunConfig("hello! world", nonlinearity="relu", head="linear", optimizer="sgd", learning_rate=10.0)  # type: ignore[arg-type]
    screen = open_screen("train", config.to_query() | {"epoch": "5000"})
    assert not screen.runs[config].now.finite
    assert screen.runs[config].epoch < 5000


@pytest.mark.parametrize("epoch", [0, 7, REACHED])
def test_every_view_of_train_shows_the_network_as_of_then(open_screen: Open, epoch: int) -> None:
    screen = opened(open_screen)
    screen.enter(epoch=epoch)
    expected = fresh(epoch)
    trace = trace_forward(expected.model, expected.encoding)
    assert_same_panels(screen.heatmaps("output"), [trace.output_BTF[0].T])
    assert screen.live("live_status")["text"].startswith(f"epoch {epoch} · loss {expected.now.loss_nats:.4f}")
    rows = screen.live("live_predictions")["rows"]
    assert rows[0]["epoch"] == epoch
    assert rows[0]["loss"] == f"{expected.now.loss_nats:.4f}"
    assert screen.every_epoch["epoch"].tolist() == list(range(epoch, -1, -1))
    *beside, shown = screen.chart("loss_chart")["data"]
    assert len(typed_array(shown["y"])) == epoch + 1
    assert [len(typed_array(curve["y"])) for curve in beside] == ([] if epoch == REACHED else [REACHED + 1])


def test_training_goes_on_from_the_present_whatever_past_is_shown(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(epoch=7)
    screen.press("Step")
    assert screen.runs[CONFIG].now == fresh(REACHED + 1).now
    assert screen.live("live_status")["text"].startswith(f"epoch {REACHED + 1} ")


def test_the_epoch_that_is_shown_is_part_of_the_link(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(epoch=7)
    assert "".join(screen.app.query_params["shown"]) == "7"
    other = open_screen("train", CONFIG.to_query() | {"epoch": str(REACHED), "shown": "7"})
    assert other.live("live_status")["text"] == screen.live("live_status")["text"]
    assert other.runs[CONFIG].epoch == REACHED
    other.press("Step")
    assert "shown" not in other.app.query_params


def branched(open_screen: Open) -> tuple[Screen, Branch]:
    screen = opened(open_screen)
    screen.enter(epoch=20)
    screen.enter(branch_rate=0.005, branch_clip=0.5)
    screen.widget("take_branch").click()
    screen.run()
    return screen, Branch(epoch=20, learning_rate=0.005, clip_norm=0.5)


def test_a_branch_goes_on_from_the_epoch_shown_beside_the_first_run(open_screen: Open) -> None:
    screen, branch = branched(open_screen)
    assert screen.live("live_status")["text"].startswith("epoch 20 ")
    for _update in range(3):
        screen.press("Step")
    expected = fresh(23, branch)
    first, shown = screen.chart("loss_chart")["data"]
    np.testing.assert_array_equal(
        typed_array(shown["y"]), np.array([*expected.history.losses(0), expected.now.loss_nats], np.float32)
    )
    assert len(typed_array(first["y"])) == REACHED + 1
    assert (
        query_of(screen).items()
        >= {
            "epoch": "23",
            "branch": "20",
            "branch_learning_rate": "0.005",
            "branch_clip_norm": "0.5",
        }.items()
    )


def test_no_page_shows_the_branch_once_it_is_left(open_screen: Open) -> None:
    screen, _branch = branched(open_screen)
    for _update in range(3):
        screen.press("Step")
    pages = ["train", *(page for page in PAGES if page not in {"train", "compare"})]
    for page in pages:
        screen.go(page)
    screen.go("train")
    screen.widget("leave_branch").click()
    screen.run()
    screen.enter(epoch=23)
    fresh_screen = opened(open_screen, shown="23")
    for page in pages:
        screen.go(page)
        fresh_screen.go(page)
        assert (screen.charts(), screen.drawn()) == (fresh_screen.charts(), fresh_screen.drawn()), page


def test_back_to_the_first_run_is_one_click(open_screen: Open) -> None:
    screen, _branch = branched(open_screen)
    screen.widget("leave_branch").click()
    screen.run()
    assert screen.live("live_status")["text"].startswith(f"epoch {REACHED} ")
    assert "branch" not in query_of(screen)


def test_reset_on_a_branch_is_back_where_it_set_off(open_screen: Open) -> None:
    screen, _branch = branched(open_screen)
    screen.press("Step")
    screen.press("Reset")
    assert screen.live("live_status")["text"].startswith("epoch 20 ")
    again = open_screen("train", query_of(screen))
    assert not again.has("link_notes")
    assert again.live("live_status")["text"].startswith("epoch 20 ")


def test_a_branch_that_is_not_reached_is_no_part_of_the_link(
    open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "catch_up", lambda: None)  # as if it had been cancelled at once
    screen = open_screen("train", CONFIG.to_query() | {"epoch": "25", "branch": "20"})
    assert "branch" not in query_of(screen)


def test_the_link_of_a_branch_opens_it_with_the_first_run_beside_it(open_screen: Open) -> None:
    query = {"epoch": "25", "branch": "20", "branch_learning_rate": "0.005"}
    screen = open_screen("train", CONFIG.to_query() | query)
    expected = fresh(25, Branch(epoch=20, learning_rate=0.005))
    assert screen.live("live_status")["text"].startswith(f"epoch 25 · loss {expected.now.loss_nats:.4f}")
    first, _shown = screen.chart("loss_chart")["data"]
    assert len(typed_array(first["y"])) == 26
    for page in ("memory", "inside_the_cell", "train"):
        screen.go(page)
        assert query_of(screen).items() >= query.items()


def test_while_a_branch_plays_only_its_own_curve_moves(open_screen: Open) -> None:
    screen, branch = branched(open_screen)
    screen.press("Play")
    still, moving = screen.frame()["loss_plot"]["data"]
    assert still == {}
    assert typed_array(moving["y"])[-1] == np.float32(fresh(21, branch).now.loss_nats)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_can_hide_controls_which_keep_what_it_says(open_screen: Open, page: str) -> None:
    screen = open_screen(page, CONFIG.to_query() | {"hide": "seed,text,preset", "seed": "7"})
    styles = [html.proto.body for html in screen.app.get("html") if "display:none" in html.proto.body]
    (style,) = styles
    for key in ("seed", "text", "lines", "presets"):
        assert f".st-key-{key}" in style
    assert screen.widget("seed").value == 7
    assert query_of(screen)["hide"] == "seed,text,preset"
