"""What a page draws after the server was started again is new to a browser that frames have moved."""

from __future__ import annotations

import pytest

from pages.ui.components import frames
from rnn_core.config import Head, RunConfig, Task
from tests.pages.conftest import Open


@pytest.mark.parametrize(("page", "key"), [("train", "live_status"), ("compare", "race_status")])
def test_the_same_words_of_another_start_are_other_data(
    open_screen: Open, monkeypatch: pytest.MonkeyPatch, page: str, key: str
) -> None:
    config = RunConfig("hello", task=Task.NEXT, head=Head.LINEAR)
    before = open_screen(page, config).live(key)
    assert open_screen(page, config).live(key) == before
    monkeypatch.setattr(frames, "_STARTED", "another")
    after = open_screen(page, config).live(key)
    assert after["text"] == before["text"]
    assert after != before
