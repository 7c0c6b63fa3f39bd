"""A large network says what an update costs before it begins, and shows that it works; a small one says nothing."""

from __future__ import annotations

import pytest

from rnn_core import RunConfig, Trainer
from tests.pages.conftest import Open, Screen


@pytest.fixture
def large(open_screen: Open, monkeypatch: pytest.MonkeyPatch) -> Screen:
    """*Train* where the default network counts as large, on a machine of a known speed."""
    monkeypatch.setattr("pages.ui.work.LARGE", 1)
    monkeypatch.setattr("pages.ui.work.estimated_s", lambda _config: 4.2)
    monkeypatch.setattr("pages.ui.work.multiply_adds", lambda _config: 20_130_000_000)
    return open_screen("train")


def signs(screen: Screen) -> list[tuple[str, str]]:
    return [(sign.label, sign.state) for sign in screen.app.status]


SENTENCE = "A large network: one update is 20.1 billion multiplications and additions, about 4 s here."


def test_it_is_said_what_an_update_costs(large: Screen) -> None:
    assert signs(large) == [(SENTENCE, "complete")]


@pytest.mark.parametrize("page", ["forward_pass", "inside_the_cell"])
def test_so_it_is_where_only_a_forward_pass_is_shown(large: Screen, page: str) -> None:
    large.go(page)
    assert signs(large) == [(SENTENCE, "complete")]


def test_the_sign_turns_while_it_plays_and_rests_when_it_is_paused(large: Screen) -> None:
    large.press("Play")
    assert signs(large) == [(SENTENCE, "running")]
    large.press("Pause")
    assert signs(large) == [(SENTENCE, "complete")]


def test_the_numbers_are_those_of_any_network(large: Screen) -> None:
    large.press("Step")
    trainer = Trainer(RunConfig())
    trainer.run(1)
    assert f"loss {trainer.now.loss_nats:.4f}" in large.live("live_status")["text"]


def test_a_small_network_says_nothing(open_screen: Open) -> None:
    assert signs(open_screen("train")) == []
