"""What a page draws in another session is new to a browser whose page was moved by frames of the session before."""

from __future__ import annotations

import pytest

from pages.ui.components import frames
from rnn_core.config import Head, RunConfig, Task
from tests.pages.conftest import PAGES, Open, Screen

CONFIG = RunConfig("hello", task=Task.NEXT, head=Head.LINEAR)


def moved_by_frames(screen: Screen) -> dict[str, str]:
    """The id of the mount of each component that frames can move, by the component's key."""
    drawn = {key: screen.live(key) for key in screen.mounted}
    return {key: data["mount"] for key, data in drawn.items() if "mount" in data}


@pytest.mark.parametrize("page", PAGES)
def test_the_same_page_of_another_session_is_other_data(open_screen: Open, page: str) -> None:
    first, second = open_screen(page, CONFIG), open_screen(page, CONFIG)
    before, after = moved_by_frames(first), moved_by_frames(second)
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert bool(before) == (page != "share")
    first.run()
    assert moved_by_frames(first) == before, "and in one session the same data, until a frame is sent"
    first.app.session_state[frames.MOVES] = True
    first.run()
    assert not set(moved_by_frames(first).values()) & set(before.values())
