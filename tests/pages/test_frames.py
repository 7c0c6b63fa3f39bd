"""A frame carries the id of the mount it is for, and no two mounts whose frames differ have one id."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rnn_core.config import RunConfig
from tests.pages.conftest import Open, Screen

LONG = "abcdefg hijklmn " * 4
"""Of more steps than a window shows."""

CHANGES: dict[str, dict[str, Callable[[Screen], None]]] = {
    "train": {
        "another text of the same size": lambda screen: screen.enter(text=LONG.replace("a", "z")),
        "another seed": lambda screen: screen.enter(seed=1),
        "another rate": lambda screen: screen.enter(learning_rate=0.2),
        "other steps": lambda screen: screen.enter(first_step=5),
        "a logarithmic scale": lambda screen: screen.enter(log_scale=True),
        "the early epochs": lambda screen: screen.enter(early=True),
        "the picture": lambda screen: screen.enter(as_picture=True),
        "back to epoch 0": lambda screen: screen.press("Reset"),
    },
    "compare": {
        "another text of the same size": lambda screen: screen.enter(text=LONG.replace("a", "z")),
        "another seed": lambda screen: screen.enter(seed=1),
        "back to epoch 0": lambda screen: screen.press("Reset"),
    },
}
CASES = [(page, change) for page, changes in CHANGES.items() for change in changes]

BEGIN = {"train": "Play", "compare": "Run"}


def played(screen: Screen, page: str) -> str:
    """Have frames be sent, and return the id that they carry; all that they name is mounted under that id."""
    begin = BEGIN[page]
    if any(button.label == begin for button in screen.app.button):
        screen.press(begin)
    mount = screen.frame_mount()
    names = screen.frame().keys() & screen.mounted
    assert names
    assert {screen.live(name)["mount"] for name in names} == {mount}
    return mount


@pytest.mark.parametrize(("page", "change"), CASES)
def test_what_is_mounted_after_a_change_has_another_id(open_screen: Open, page: str, change: str) -> None:
    screen = open_screen(page, RunConfig(LONG))
    before = played(screen, page)
    CHANGES[page][change](screen)
    assert played(screen, page) != before


@pytest.mark.parametrize("change", ["another text of the same size", "another seed", "other steps", "the picture"])
def test_a_change_without_a_frame_before_it_has_another_id(open_screen: Open, change: str) -> None:
    """What is changed and played within one request is mounted behind what no frame has moved."""
    screen = open_screen("train", RunConfig(LONG))
    before = screen.live("live_status")["mount"]
    CHANGES["train"][change](screen)
    assert screen.live("live_status")["mount"] != before


def test_what_no_frame_moved_keeps_its_id_when_it_is_drawn_again(open_screen: Open) -> None:
    """Else the browser is sent all of it again with each request."""
    for page in BEGIN:
        screen = open_screen(page, RunConfig())
        key = "live_status" if page == "train" else "race_status"
        before = screen.live(key)
        screen.app.run()
        assert screen.live(key) == before


def test_an_id_costs_eight_bytes_of_a_frame(open_screen: Open) -> None:
    assert len(played(open_screen("train", RunConfig()), "train")) == 8
