"""One text is one experiment, whichever code points and line ends it is written with."""

from __future__ import annotations

import unicodedata

import pytest

from rnn_core import PRESETS, RunConfig
from tests.pages.conftest import PAGES, Open, Screen

GREETING = "안녕하세요"
KOREAN = "Korean: 안녕하세요 세계"
TYPED = {
    "NFD": unicodedata.normalize("NFD", GREETING),
    "a line end behind": f"{GREETING}\n",
    "CRLF behind": f"{GREETING}\r\n",
    "blank lines around": f"\n\r\n{GREETING}\n\n",
}
"""The same five tokens, by how they differ."""


def assert_is_the_greeting(screen: Screen) -> None:
    """The sidebar, the link and the run are those of the canonical text."""
    assert screen.errors == []
    assert screen.widget("text").value == GREETING
    assert list(screen.runs) == [RunConfig(GREETING)]


@pytest.mark.parametrize("typed", TYPED.values(), ids=list(TYPED))
@pytest.mark.parametrize("key", ["text", "lines"])
def test_the_field_holds_the_canonical_text_after_a_rerun(open_screen: Open, key: str, typed: str) -> None:
    screen = open_screen("train")
    screen.enter(several_lines=key == "lines")
    screen.enter(**{key: typed})
    assert screen.widget(key).value == GREETING
    assert_is_the_greeting(screen)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("typed", TYPED.values(), ids=list(TYPED))
def test_a_link_in_any_form_opens_the_one_experiment(open_screen: Open, page: str, typed: str) -> None:
    screen = open_screen(page, {"text": typed})
    assert_is_the_greeting(screen)
    assert not screen.has("link_notes")
    assert screen.app.query_params["text"] == GREETING


def test_a_preset_is_recognised_in_any_form(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(text=unicodedata.normalize("NFD", PRESETS[KOREAN].text))
    assert screen.widget("preset").value == KOREAN


def test_a_kept_run_is_found_in_any_form(open_screen: Open) -> None:
    screen = open_screen("train", {"text": GREETING})
    screen.press("Step")
    for typed in TYPED.values():
        screen.enter(text="noon")
        screen.enter(text=typed)
        present = list(screen.runs)[-1]
        assert (present, screen.runs[present].epoch) == (RunConfig(GREETING), 1)


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n"], ids=["CRLF", "CR", "blank line"])
def test_lines_typed_in_any_form_are_the_one_batch(open_screen: Open, end: str) -> None:
    screen = open_screen()
    screen.enter(several_lines=True)
    screen.enter(lines=f"noon{end}café".replace("é", "e\u0301"))
    assert screen.widget("lines").value == screen.widget("text").value == "noon\ncafé"
