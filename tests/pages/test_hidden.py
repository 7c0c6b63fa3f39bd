"""What a link hides is held: nothing that is still in sight changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rnn_core import PRESETS, RunConfig, Trainer
from rnn_core.checkpoint import to_safetensors
from rnn_core.config import RULES, Cell, Head, Nonlinearity
from rnn_core.insights import insights
from tests.pages.conftest import PAGES, Open, Screen

START = RunConfig(
    "hello! world",
    cell=Cell.LSTM,
    nonlinearity=Nonlinearity.RELU,
    bidirectional=True,
    head=Head.LINEAR,
    batch_first=False,
    seed=3,
)
"""An experiment beside which there is something to try."""

OTHERS: dict[str, dict[str, Any]] = {
    "text": {"text": "noon"},
    "task": {"task": "next"},
    "cell": {"cell": "gru"},
    "nonlinearity": {"nonlinearity": "tanh"},
    "hidden_size": {"hidden_size": 5},
    "num_layers": {"num_layers": 2},
    "bidirectional": {"bidirectional": False},
    "head": {"head": "none", "bidirectional": False},
    "batch_first": {"batch_first": True},
    "optimizer": {"optimizer": "sgd"},
    "learning_rate": {"learning_rate": 0.5},
    "clip_norm": {"clip_norm": 0.5},
    "seed": {"seed": 4},
}
"""A change of START in each field."""


def present(screen: Screen) -> RunConfig:
    config: RunConfig = screen.app.session_state["last_good_config"]
    return config


def opened(open_screen: Open, page: str, *hide: str, config: RunConfig = START) -> Screen:
    return open_screen(page, config.to_query() | {"epoch": "1", "hide": ",".join(hide)})


def in_sight(screen: Screen, hidden: tuple[str, ...]) -> list[str]:
    """The buttons of the page, but for those of controls that the link hides."""
    return [str(button.key) for button in screen.app.button if button.key and str(button.key) not in hidden]


@pytest.mark.parametrize("page", PAGES)
def test_with_every_field_hidden_no_button_changes_the_experiment(open_screen: Open, page: str) -> None:
    screen = opened(open_screen, page, *RULES)
    assert not screen.has("preset")
    pressed: set[str] = set()
    for _round in range(2):
        for key in in_sight(screen, tuple(RULES)):
            if key in pressed or not screen.has(key) or screen.widget(key).disabled:
                continue
            pressed.add(key)
            screen.widget(key).click()
            screen.run()
            assert present(screen) == START
            assert {name: screen.widget(name).value for name in RULES} == {name: getattr(START, name) for name in RULES}
    assert not any(key.startswith(("try_", "untry")) for key in pressed)


@pytest.mark.parametrize("name", RULES)
def test_a_preset_that_changes_what_is_hidden_is_not_offered_and_every_other_one_is(
    open_screen: Open, name: str
) -> None:
    start = replace(PRESETS["Batch of three"], seed=0)
    screen = opened(open_screen, PAGES[0], name, config=start)
    keeps = [label for label, preset in PRESETS.items() if getattr(preset, name) == getattr(start, name)]
    assert list(screen.widget("preset").options) == keeps
    for label in keeps:
        screen.choose(label)
        assert present(screen) == PRESETS[label]
        assert getattr(present(screen), name) == getattr(start, name)


@pytest.mark.parametrize("name", RULES)
def test_what_can_be_tried_leaves_what_is_hidden_and_back_does_too(open_screen: Open, name: str) -> None:
    screen = opened(open_screen, "train", name)
    trainer = Trainer(START)
    trainer.run(1)
    found = insights(START, trainer.encoding, trainer.history, trainer.now)
    offered = {f"try_{insight.name}" for insight in found if insight.change and name not in insight.change}
    changes = [set(insight.change) for insight in found if insight.change]
    assert changes  # there is something to try, and so something to leave out
    assert {str(button.key) for button in screen.app.button if str(button.key).startswith("try_")} == offered
    for key in offered:
        screen.widget(key).click()
        screen.run()
        assert getattr(present(screen), name) == getattr(START, name)
        screen.press("Back")
        assert present(screen) == START


@pytest.mark.parametrize("name", RULES)
def test_a_file_that_changes_what_is_hidden_is_refused_and_nothing_is_changed(open_screen: Open, name: str) -> None:
    screen = opened(open_screen, "share", name)
    other = replace(START, **OTHERS[name])
    for file, data in (("config.json", other.to_json().encode()), ("run.safetensors", to_safetensors(Trainer(other)))):
        screen.widget("upload").set_value((file, data, "application/octet-stream"))
        screen.run()
        assert screen.errors == ["Nothing was changed."]
        (words,) = [words for words in screen.app.text.values if "as this link holds it" in words]
        assert words.startswith(f"{name} must be ")
        assert present(screen) == START


def test_a_branch_trains_at_no_other_rate_where_that_is_hidden(open_screen: Open) -> None:
    for name in RULES:
        screen = opened(open_screen, "train", name)
        assert screen.has("branch_off") == (name not in ("learning_rate", "clip_norm"))
