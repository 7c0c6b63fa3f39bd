"""Train: every number is the trainer's own, whichever buttons led there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rnn_core import PRESETS, RunConfig, Trainer, encode, history_table, trace_forward
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.numbers import format_significant
from rnn_core.text import row_label, split_tokens, visible
from tests.pages.conftest import Open, Screen, assert_same_panels, typed_array

ROWS = 12
LISTED = 500
EXPLODES = RunConfig(
    "hello! world",
    nonlinearity=Nonlinearity.RELU,
    head=Head.LINEAR,
    optimizer=Optimizer.SGD,
    learning_rate=10.0,
)
RUNS = [
    RunConfig("hello! world"),
    RunConfig("hello! world", task=Task.NEXT, cell=Cell.LSTM, head=Head.LINEAR, hidden_size=7, clip_norm=0.5, seed=3),
    RunConfig("hello\nno\nworld!!", cell=Cell.GRU, head=Head.LINEAR, hidden_size=5, optimizer=Optimizer.RMSPROP),
    RunConfig("hello\nno\nworld!!", batch_first=False, num_layers=2, optimizer=Optimizer.SGD),
]


def name_run(config: RunConfig) -> str:
    return f"{config.text.count(chr(10)) + 1}-{config.cell}-{config.task}-{config.optimizer}"


def assert_at(screen: Screen, config: RunConfig, epoch: int) -> None:
    """Table, status, loss curve, predictions and hidden states are those after ``epoch`` updates, to the last bit."""
    trainer = Trainer(config)
    records = [*trainer.run(epoch), trainer.now]
    assert_listed(screen, history_table(records))
    assert_status(screen.live("live_status")["text"], config, trainer)
    (points,) = screen.chart("loss_chart")["data"]
    assert typed_array(points["x"]).tolist() == list(range(epoch + 1))
    np.testing.assert_array_equal(
        typed_array(points["y"]), np.array([record.loss_nats for record in records], dtype=np.float32)
    )
    trace = trace_forward(trainer.model, encode(config))
    assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
    assert_same_panels(screen.heatmaps("h_n"), [h_NH.T for h_NH in trace.h_n])


def assert_listed(screen: Screen, table: pd.DataFrame) -> None:
    """Every row of ``table`` is on the page, newest first, to the last bit; of what is said, all of it can be seen."""
    expected = table[::-1].reset_index(drop=True)
    expected["prediction"] = [seen(said) for said in expected["prediction"]]
    for column in ("epoch", "loss", "accuracy", "prediction"):
        pd.testing.assert_series_equal(screen.every_epoch[column], expected[column], check_exact=True)


def seen(said: str) -> str:
    """What is said as one can see it, line by line."""
    return "\n".join("".join(map(row_label, split_tokens(line))) for line in said.split("\n"))


def assert_status(words: str, config: RunConfig, trainer: Trainer) -> None:
    targets = encode(config).targets
    right = sum(
        said == asked
        for ids, target in zip(trace_forward(trainer.model, encode(config)).predicted_BT, targets, strict=True)
        for said, asked in zip((encode(config).vocabulary.tokens[i] for i in ids if i >= 0), target, strict=False)
    )
    total = sum(map(len, targets))
    assert words == f"epoch {trainer.epoch} · loss {trainer.now.loss_nats:.4f} · {right} of {total} right"


def play(screen: Screen, frames: int) -> None:
    """Plays for some frames; a browser asks for each, so here each is a run."""
    screen.press("Play")
    for _frame in range(frames - 1):
        screen.run()


def play_to(screen: Screen, epoch: int) -> int:
    """Plays fast until at least ``epoch``, and pauses; returns where."""
    screen.enter(speed=100)
    screen.press("Play")
    while epoch_shown(screen) < epoch:
        screen.run()
    screen.press("Pause")
    return epoch_shown(screen)


def explode(screen: Screen) -> None:
    """Plays EXPLODES fast until it stops by itself."""
    screen.enter(speed=100)
    screen.press("Play")
    while not screen.app.warning.values:
        screen.run()


def epoch_shown(screen: Screen) -> int:
    return int(screen.live("live_status")["text"].split()[1])


@pytest.mark.parametrize("config", RUNS, ids=name_run)
def test_each_step_makes_one_update(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen("train", config)
    assert_at(screen, config, 0)
    for epoch in (1, 2, 3):
        screen.press("Step")
        assert_at(screen, config, epoch)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_trains(open_screen: Open, preset: str) -> None:
    screen = open_screen("train", PRESETS[preset])
    screen.press("Step")
    assert screen.errors == []
    assert_at(screen, PRESETS[preset], 1)


@pytest.fixture(scope="module", params=RUNS, ids=name_run)
def stepped(open_screen: Open, request: pytest.FixtureRequest) -> tuple[Screen, RunConfig]:
    """One of RUNS after three steps; the tests only look at it."""
    screen = open_screen("train", request.param)
    for _step in range(3):
        screen.press("Step")
    return screen, request.param


def test_wrong_tokens_stand_in_place_and_right_ones_are_dots(stepped: tuple[Screen, RunConfig]) -> None:
    screen, config = stepped
    trainer = Trainer(config)
    records = [*trainer.run(3), trainer.now][::-1]
    targets = encode(config).targets
    table = screen.every_epoch
    assert [name.split(" ")[-1] for name in table.columns[4:]] == [visible(t) for line in targets for t in line]
    for wrong, said, record in zip(table.iloc[:, 4:].to_numpy().tolist(), table["prediction"], records, strict=True):
        assert said == seen("\n".join(record.decoded))
        assert wrong == [
            "·" if s == asked else visible(s)
            for line, target in zip(record.decoded, targets, strict=True)
            for s, asked in zip(line, target, strict=True)
        ]


def test_every_epoch_has_the_columns_of_the_window_and_states_which_are_missing(open_screen: Open) -> None:
    screen = open_screen("train", RunConfig("ab" * 20 + "\n" + "ba" * 20, head=Head.LINEAR))
    assert screen.every_epoch.columns[4:].tolist()[-1] == "1, 23 a"
    captions = [caption.value for caption in screen.app.caption]
    assert any("Only the first 64 of 80 tokens have a column." in words for words in captions)
    screen = open_screen("train", RunConfig("ab" * 40, head=Head.LINEAR))
    screen.enter(first_step=5)
    columns = screen.every_epoch.columns[4:].tolist()
    assert (len(columns), columns[0], columns[-1]) == (48, "5 b", "52 a")


def test_the_live_table_marks_every_wrong_token_under_its_target(stepped: tuple[Screen, RunConfig]) -> None:
    screen, config = stepped
    table, targets = screen.live("live_predictions"), encode(config).targets
    assert table["targets"] == [[row_label(token) for token in line] for line in targets]
    assert [row["epoch"] for row in table["rows"]] == [3, 2, 1, 0]
    trainer = Trainer(config)
    records = [*trainer.run(3), trainer.now][::-1]
    for row, record in zip(table["rows"], records, strict=True):
        said = [
            [dict(errors).get(step, row_label(asked)) for step, asked in enumerate(target)]
            for errors, target in zip(row["errors"], targets, strict=True)
        ]
        assert said == [[row_label(token) for token in line] for line in record.decoded]
        assert row["loss"] == f"{record.loss_nats:.4f}"
        wrong = sum(map(len, row["errors"]))
        total = sum(map(len, targets))
        assert row["right"] == f"{total - wrong}/{total}"


def test_the_live_table_has_the_newest_epochs_first_and_not_too_many(open_screen: Open) -> None:
    screen = open_screen("train")
    last = play_to(screen, ROWS + 2)
    assert [row["epoch"] for row in screen.live("live_predictions")["rows"]] == list(range(last, last - ROWS, -1))
    assert screen.every_epoch["epoch"].tolist() == list(range(last, -1, -1))


def test_reset_goes_back_to_epoch_0(open_screen: Open) -> None:
    screen = open_screen("train")
    screen.press("Step")
    screen.press("Step")
    screen.press("Reset")
    assert_at(screen, RunConfig(), 0)
    screen.press("Step")
    assert_at(screen, RunConfig(), 1)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "hello"},
        {"task": "next", "head": "linear"},
        {"cell": "gru"},
        {"nonlinearity": "relu"},
        {"hidden_size": 5, "head": "linear"},
        {"num_layers": 2},
        {"bidirectional": True, "head": "linear"},
        {"batch_first": False},
        {"optimizer": "sgd"},
        {"learning_rate": 0.01},
        {"clip_norm": 0.5},
        {"seed": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_control_starts_anew_at_epoch_0(open_screen: Open, change: dict[str, Any]) -> None:
    screen = open_screen("train")
    screen.press("Step")
    screen.enter(**change)
    assert_at(screen, RunConfig(**change), 0)


def test_training_goes_on_after_a_look_at_other_pages(open_screen: Open) -> None:
    screen = open_screen("train")
    screen.press("Step")
    screen.press("Step")
    for page in ("forward_pass", "text_to_tensor", "train"):
        screen.go(page)
    assert_at(screen, RunConfig(), 2)


def test_two_visitors_train_apart(open_screen: Open) -> None:
    one, other = open_screen("train"), open_screen("train")
    one.press("Step")
    one.press("Step")
    other.press("Step")
    assert_at(one, RunConfig(), 2)
    assert_at(other, RunConfig(), 1)


def test_play_says_pause_and_takes_step_away_until_paused(open_screen: Open) -> None:
    screen = open_screen("train")
    assert not screen.button("Play").disabled
    assert not screen.button("Step").disabled
    screen.press("Play")
    assert not screen.button("Pause").disabled
    assert screen.button("Step").disabled
    assert [button.label for button in screen.app.button if button.label == "Play"] == []
    screen.press("Pause")
    assert not screen.button("Play").disabled
    assert not screen.button("Step").disabled


@pytest.mark.parametrize("config", RUNS, ids=name_run)
def test_what_was_played_is_what_steps_would_have_made(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen("train", config)
    play(screen, 3)
    screen.press("Pause")
    assert epoch_shown(screen) == 3
    assert_at(screen, config, 3)
    screen.press("Step")
    assert_at(screen, config, 4)


def test_a_frame_carries_the_numbers_of_the_present_weights(open_screen: Open) -> None:
    config = RUNS[2]
    screen = open_screen("train", config)
    play(screen, 2)
    patches = screen.frame()
    trainer = Trainer(config)
    records = [*trainer.run(2), trainer.now]
    trace = trace_forward(trainer.model, encode(config))
    assert set(patches) == {
        *("live_status", "live_verdict", "loss_plot", "output_plot", "h_n_plot", "live_predictions"),
        *("steps_0", "steps_1", "steps_2"),
    }
    assert_status(patches["live_status"]["text"], config, trainer)
    (points,) = patches["loss_plot"]["data"]
    assert typed_array(points["x"]).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(
        typed_array(points["y"]), np.array([record.loss_nats for record in records], dtype=np.float32)
    )
    for name, values in (("output", trace.output_BTF), ("h_n", trace.h_n)):
        assert_same_panels([typed_array(part["z"]) for part in patches[f"{name}_plot"]["data"]], [v.T for v in values])
    assert [row["epoch"] for row in patches["live_predictions"]["rows"]] == [2, 1, 0]


def test_every_patch_of_a_frame_has_something_mounted_to_go_to(open_screen: Open) -> None:
    screen = open_screen("train")
    screen.press("Play")
    assert all(screen.has(name) for name in screen.frame())


@pytest.mark.parametrize("speed", [1, 10, 100])
def test_a_frame_makes_at_most_the_chosen_number_of_updates_and_at_least_one(open_screen: Open, speed: int) -> None:
    screen = open_screen("train")
    screen.enter(speed=speed)
    screen.press("Play")
    screen.press("Pause")
    assert 1 <= epoch_shown(screen) <= speed
    assert_at(screen, RunConfig(), epoch_shown(screen))


def test_a_control_changed_while_playing_plays_the_new_experiment_from_its_start(open_screen: Open) -> None:
    screen = open_screen("train")
    play(screen, 3)
    screen.enter(cell="gru")
    screen.press("Pause")
    assert_at(screen, RunConfig(cell=Cell.GRU), 1)


def test_reset_while_playing_stops_at_epoch_0(open_screen: Open) -> None:
    screen = open_screen("train")
    play(screen, 2)
    screen.press("Reset")
    assert not screen.button("Play").disabled
    assert_at(screen, RunConfig(), 0)


def test_nothing_trains_while_another_page_is_open(open_screen: Open) -> None:
    screen = open_screen("train")
    play(screen, 2)
    screen.go("forward_pass")
    screen.run()
    screen.go("train")
    screen.press("Pause")
    assert_at(screen, RunConfig(), 3)


def test_bad_input_while_playing_pauses_nothing_and_loses_nothing(open_screen: Open) -> None:
    screen = open_screen("train")
    play(screen, 2)
    screen.enter(text="")
    assert screen.errors == ["text must have at least 1 token, got none"]
    screen.press("Pause")
    assert_at(screen, RunConfig(), 3)


def test_of_a_long_history_the_newest_epochs_are_listed_and_all_on_request(open_screen: Open) -> None:
    screen = open_screen("train")
    last = play_to(screen, LISTED + 1)
    assert screen.every_epoch["epoch"].tolist() == list(range(last, last - LISTED - 1, -1))
    screen.enter(all_epochs=True)
    trainer = Trainer(RunConfig())
    assert_listed(screen, history_table([*trainer.run(last), trainer.now]))


@pytest.mark.parametrize("config", RUNS, ids=name_run)
def test_the_download_is_the_whole_history_to_the_last_bit(
    open_screen: Open, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Callable[[], str]] = []
    monkeypatch.setattr("streamlit.download_button", lambda _label, data, **_options: files.append(data))
    screen = open_screen("train", config)
    screen.press("Step")
    screen.press("Step")
    trainer = Trainer(config)
    expected = history_table([*trainer.run(2), trainer.now])
    rows = list(csv.DictReader(io.StringIO(files[-1]().removeprefix("\ufeff"), newline="")))
    assert [row["prediction"] for row in rows] == expected["prediction"].tolist()
    for column in ("epoch", "loss", "accuracy", "gradient_norm"):
        assert [float(row[column]) for row in rows] == expected[column].tolist()


def test_the_download_holds_no_formula(open_screen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[Callable[[], str]] = []
    monkeypatch.setattr("streamlit.download_button", lambda _label, data, **_options: files.append(data))
    screen = open_screen("train", RunConfig("=1"))
    screen.press("Step")
    trainer = Trainer(RunConfig("=1"))
    expected = history_table([*trainer.run(1), trainer.now])
    assert any(said.startswith("=") for said in expected["prediction"])
    cells = [row["prediction"] for row in csv.DictReader(io.StringIO(files[-1]().removeprefix("\ufeff"), newline=""))]
    assert cells == [f"'{said}" if said.startswith("=") else said for said in expected["prediction"]]


@pytest.fixture
def short_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """An epoch limit that a test can reach."""
    limit = 3
    monkeypatch.setattr("rnn_core.training.MAX_EPOCHS", limit)
    monkeypatch.setattr("pages.ui.train.verdict.MAX_EPOCHS", limit)
    return limit


def assert_ended(screen: Screen, *words: str) -> None:
    """Step and Play are off, and one warning has all ``words``."""
    assert screen.button("Step").disabled
    assert screen.button("Play").disabled
    assert not screen.button("Reset").disabled
    (warning,) = [warning.value for warning in screen.app.warning]
    for word in words:
        assert word in warning


def test_at_the_epoch_limit_step_and_play_are_off_and_a_sentence_says_why(open_screen: Open, short_limit: int) -> None:
    screen = open_screen("train")
    for _step in range(short_limit):
        assert screen.app.warning.values == []
        screen.press("Step")
    assert_ended(screen, "Epoch 3 is the limit", "Reset")
    assert_at(screen, RunConfig(), short_limit)
    screen.press("Reset")
    assert screen.app.warning.values == []
    assert not screen.button("Step").disabled


def test_playing_stops_by_itself_at_the_epoch_limit(open_screen: Open, short_limit: int) -> None:
    screen = open_screen("train")
    screen.enter(speed=100)
    screen.press("Play")
    for _frame in range(short_limit):
        screen.run()
    assert_ended(screen, "Epoch 3 is the limit")
    assert_at(screen, RunConfig(), short_limit)


def epoch_of_explosion() -> int:
    trainer = Trainer(EXPLODES)
    while trainer.now.finite:
        trainer.step()
    return trainer.epoch


def test_a_loss_that_is_not_finite_ends_stepping_and_is_named_with_its_epoch(open_screen: Open) -> None:
    screen = open_screen("train")
    screen.enter(nonlinearity="relu", head="linear", optimizer="sgd", learning_rate=10.0)
    last = epoch_of_explosion()
    trainer = Trainer(EXPLODES)
    trainer.run(last)
    for _step in range(last):
        assert screen.app.warning.values == []
        screen.press("Step")
    before = trainer.history[last - 1]
    assert_ended(
        screen,
        f"Training has diverged: the loss is {trainer.now.loss_nats} at epoch {last}.",
        format_significant(before.loss_nats),
        format_significant(before.gradient_norm),
        "learning_rate",
        "clip_norm",
    )
    assert screen.every_epoch["epoch"].tolist() == list(range(last, -1, -1))
    np.testing.assert_array_equal(
        screen.every_epoch["loss"], [record.loss_nats for record in [trainer.now, *reversed(trainer.history)]]
    )
    (points,) = screen.chart("loss_chart")["data"]
    assert np.isfinite(typed_array(points["y"])).tolist() == [True] * last + [False]


def test_playing_stops_by_itself_when_the_loss_is_not_finite(open_screen: Open) -> None:
    screen = open_screen("train", EXPLODES)
    last = epoch_of_explosion()
    explode(screen)
    assert_ended(screen, f"at epoch {last}")
    assert epoch_shown(screen) == last


def test_after_an_explosion_a_smaller_learning_rate_trains_again(open_screen: Open) -> None:
    screen = open_screen("train", EXPLODES)
    explode(screen)
    screen.enter(learning_rate=0.01)
    assert screen.app.warning.values == []
    screen.enter(speed=1)
    screen.press("Step")
    assert_at(screen, replace(EXPLODES, learning_rate=0.01), 1)


def test_charts_of_an_exploded_network_still_draw(open_screen: Open) -> None:
    screen = open_screen("train", EXPLODES)
    explode(screen)
    trainer = Trainer(EXPLODES)
    trainer.run(epoch_of_explosion())
    trace = trace_forward(trainer.model, encode(EXPLODES))
    assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
    scale = screen.chart("output")["layout"]["coloraxis"]
    assert -scale["cmin"] == scale["cmax"] >= 1
