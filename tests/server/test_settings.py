"""A setting of the environment is checked at the start; an error names it, its rule and the value."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from server.settings import FRAME_ANCESTORS, HOSTS, SettingError, frame_ancestors, hosts

Read = Callable[[Mapping[str, str]], tuple[str, ...]]
READ: dict[str, Read] = {FRAME_ANCESTORS: frame_ancestors, HOSTS: hosts}

GOOD = [
    (FRAME_ANCESTORS, "", ()),
    (FRAME_ANCESTORS, "https://lms.example.org", ("https://lms.example.org",)),
    (
        FRAME_ANCESTORS,
        " https://LMS.example.org/, http://localhost:8080 ",
        ("https://lms.example.org", "http://localhost:8080"),
    ),
    (FRAME_ANCESTORS, "https://*.example.org", ("https://*.example.org",)),
    (HOSTS, "", ()),
    (HOSTS, "rnn.example.org,*.example.com", ("rnn.example.org", "*.example.com")),
]
BAD = [
    *[
        (FRAME_ANCESTORS, value)
        for value in (
            "lms.example.org",
            "https://lms.example.org/course",
            "*",
            "'self'",
            "https://",
            "ftp://a.org",
            "https://a.org;script-src",
            "https://a.org\x00",
            "https://학교.kr",
            "https://a.org:port",
            "https://user@a.org",
        )
    ],
    *[(HOSTS, value) for value in ("https://rnn.example.org", "rnn.example.org:8501", "*", "a b/c", "-a.org")],
]


@pytest.mark.parametrize(("setting", "value", "parts"), GOOD)
def test_a_good_value_is_read(setting: str, value: str, parts: tuple[str, ...]) -> None:
    assert READ[setting]({setting: value}) == parts


@pytest.mark.parametrize("setting", READ)
def test_without_the_setting_there_is_nothing(setting: str) -> None:
    assert READ[setting]({}) == ()


@pytest.mark.parametrize(("setting", "value"), BAD)
def test_a_bad_value_is_a_sentence_with_name_rule_and_value(setting: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"^{setting} must hold .+ as .+, got ['\"]"):
        READ[setting]({setting: value})


@pytest.mark.parametrize("setting", READ)
def test_a_bad_value_ends_the_start_with_a_sentence_and_no_traceback(setting: str) -> None:
    streamlit = Path(sys.executable).with_name("streamlit")
    command = [str(streamlit), "run", "app.py", "--server.headless", "true", "--server.port", "0"]
    done = subprocess.run(
        command,
        cwd=Path(__file__).parents[2],
        env=os.environ | {setting: "not right/"},
        capture_output=True,
        encoding="utf-8",
        timeout=200,
        check=False,
    )
    assert done.returncode != 0
    assert f"{setting} must hold" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
