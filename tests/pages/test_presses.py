"""Presses that the browser counts are taken once each."""

from __future__ import annotations

import pytest
import streamlit as st

from pages.ui.components import presses


def test_a_press_that_an_older_request_does_not_contain_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([3, 2, 3, 5])
    monkeypatch.setattr(presses, "_told", lambda _key: {"step": {"count": next(counts)}})
    monkeypatch.setattr(st, "session_state", {})
    assert [presses.fresh_presses("step", key="presses") for _request in range(4)] == [3, 0, 0, 2]
