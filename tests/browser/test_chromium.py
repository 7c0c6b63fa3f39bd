"""The browser tests take the Chromium that is there, wherever that is, and say a sentence where there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import chromium

Install = Callable[..., str]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """A machine without a browser, but for the stand-ins that are put on it."""
    for name in ("CHROME_PATH", "BROWSER_TESTS", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    (tmp_path / "path").mkdir()

    def put(name: str, *, folder: str = "path", starts: bool = True) -> str:
        program = tmp_path / folder / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\nexit {0 if starts else 1}\n", encoding="utf-8")
        program.chmod(0o755)
        return str(program)

    return put


def test_without_a_browser_a_sentence_says_what_to_do(install: Install) -> None:
    with pytest.raises(chromium.NoChromiumError, match=r"^The browser tests need Chromium .* BROWSER_TESTS=0"):
        chromium.find()


@pytest.mark.parametrize("name", chromium.NAMES)
def test_a_browser_on_the_path_is_taken_by_any_of_its_names(install: Install, name: str) -> None:
    browser = install(name)
    assert chromium.find() == browser


def test_a_name_that_does_not_start_is_passed_over(install: Install) -> None:
    install("chromium", starts=False)
    browser = install("google-chrome")
    assert chromium.find() == browser


def test_the_one_that_is_asked_for_goes_before_all(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("chromium")
    wanted = install("my browser", folder="elsewhere")
    monkeypatch.setenv("CHROME_PATH", wanted)
    assert chromium.find() == wanted


def test_one_that_is_asked_for_and_does_not_start_is_named(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("chromium")
    monkeypatch.setenv("CHROME_PATH", install("broken", starts=False))
    with pytest.raises(
        chromium.NoChromiumError, match=r"^CHROME_PATH must name a Chromium that starts, got '.*broken'$"
    ):
        chromium.find()


def test_the_usual_place_of_another_system_is_looked_at(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = "home/Applications/Google Chrome.app/Contents/MacOS"
    browser = install("Google Chrome", folder=folder)
    assert chromium.find() == browser


def test_places_on_windows_are_named_by_its_variables() -> None:
    places = chromium._candidates({"PROGRAMFILES": r"C:\Program Files"}, "win32")
    assert r"C:\Program Files\Google\Chrome\Application\chrome.exe" in places


def test_to_leave_the_browser_tests_out_needs_no_browser(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROWSER_TESTS", "0")
    assert chromium.main() == 0
    assert "left out" in capsys.readouterr().out


def test_what_is_missing_is_installed_and_what_is_there_is_not(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(chromium, "install", lambda: ran.append(install("chromium")))
    assert chromium.main() == 0
    assert len(ran) == 1
    assert chromium.main() == 0
    assert len(ran) == 1


def test_where_nothing_can_be_installed_the_sentence_is_the_end(
    install: Install, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chromium, "install", lambda: None)
    assert chromium.main() == 1
    assert capsys.readouterr().err.startswith("The browser tests need Chromium")
