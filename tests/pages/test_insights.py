"""What is at work in a run is said on its pages, can be tried, and taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rnn_core import RunConfig, Trainer
from rnn_core.insights import insights
from rnn_core.presets import PRESETS
from tests.pages.conftest import HOSTILE, Open, Screen

PAGES_WITH_INSIGHTS = ("train", "memory", "forward_pass")


def shown(screen: Screen) -> set[str]:
    return {
        str(node.key).removeprefix("on_")
        for node in screen.app
        if str(getattr(node, "key", None) or "").startswith("on_")
    }


@pytest.mark.parametrize("page", PAGES_WITH_INSIGHTS)
@pytest.mark.parametrize("preset", PRESETS)
def test_each_page_shows_what_the_rules_find(open_screen: Open, page: str, preset: str) -> None:
    config = PRESETS[preset]
    screen = open_screen(page, config)
    trainer = Trainer(config)
    found = insights(config, trainer.encoding, trainer.history, trainer.now)
    assert shown(screen) == {insight.name for insight in found}
    for insight in found:
        assert insight.sentence.replace("`", "") in screen.words(f"on_{insight.name}")


def test_what_is_tried_is_what_is_then_shown_and_back_is_one_click(open_screen: Open) -> None:
    config = RunConfig("hello! world", batch_first=False)
    screen = open_screen("train", config)
    screen.widget("try_nothing_recurs").click()
    screen.run()
    assert list(screen.runs)[-1] == replace(config, batch_first=True)
    assert "nothing_recurs" not in shown(screen)
    screen.press("Back")
    assert list(screen.runs)[-1] == config
    assert "nothing_recurs" in shown(screen)
    assert not screen.has("untry")


@pytest.mark.parametrize("preset", PRESETS)
def test_every_change_can_be_tried_and_taken_back(open_screen: Open, preset: str) -> None:
    config = PRESETS[preset]
    trainer = Trainer(config)
    for insight in insights(config, trainer.encoding, trainer.history, trainer.now):
        if not insight.change:
            continue
        screen = open_screen("train", config)
        screen.widget(f"try_{insight.name}").click()
        screen.run()
        assert screen.errors == []
        assert list(screen.runs)[-1] == replace(config, **insight.change)
        screen.press("Back")
        assert list(screen.runs)[-1] == config


def test_back_goes_once_another_change_is_made(open_screen: Open) -> None:
    screen = open_screen("train", RunConfig("hello! world", batch_first=False))
    screen.widget("try_nothing_recurs").click()
    screen.run()
    assert screen.has("untry")
    screen.enter(seed=5)
    assert not screen.has("untry")


def test_a_text_of_several_lines_that_was_tried_is_in_the_text_area_and_back_again(open_screen: Open) -> None:
    config = PRESETS["Next character"]
    screen = open_screen("train", config)
    screen.runs[config].run(80)
    screen.run()
    screen.widget("try_recital").click()
    screen.run()
    assert screen.widget("lines").value.count("\n") == 1
    screen.press("Back")
    assert screen.widget("text").value == config.text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_tokens_are_said_as_plain_text(open_screen: Open, text: str) -> None:
    screen = open_screen("train", {"text": text, "head": "linear", "batch_first": "false"})
    assert screen.errors == []
    assert "copying_needs_no_memory" in shown(screen)
