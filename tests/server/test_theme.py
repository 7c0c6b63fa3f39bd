"""The theme that a run begins with is read once, and is the one that Streamlit reads itself."""

from __future__ import annotations

import pytest
from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig, NewSession
from streamlit.runtime import app_session

from server.theme import read_theme_once

SECTIONS = [
    "theme",
    *(f"theme.{category.value}" for category in config.CustomThemeCategories),
]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sections that Streamlit has read from its config, once ``read_theme_once`` was called."""
    read: list[str] = []
    plain = config.get_options_for_section

    def noted(section: str) -> dict[str, object]:
        read.append(section)
        return plain(section)

    monkeypatch.setattr(config, "get_options_for_section", noted)
    monkeypatch.setattr(app_session, "_populate_theme_msg", app_session._populate_theme_msg)
    read_theme_once()
    return read


def written(section: str) -> bytes:
    """A message with the section, as the field that it is in."""
    message = NewSession()
    if section == "theme":
        app_session._populate_theme_msg(message.custom_theme)
    else:
        app_session._populate_theme_msg(message.custom_theme.light, section)
    return bytes(message.SerializeToString())


@pytest.mark.parametrize("section", SECTIONS)
def test_each_message_has_the_theme_of_streamlit_and_reads_it_once(reads: list[str], section: str) -> None:
    first = written(section)
    count = len(reads)
    again = written(section)
    message = NewSession()
    field = message.custom_theme if section == "theme" else message.custom_theme.light
    plain = app_session._populate_theme_msg.__wrapped__  # type: ignore[attr-defined]
    assert count > 0
    assert len(reads) == count
    plain(field, section)
    assert first == again == message.SerializeToString()


def test_a_message_does_not_change_the_next_one(reads: list[str]) -> None:
    message = CustomThemeConfig()
    app_session._populate_theme_msg(message, "theme.light")
    message.primary_color = "#123456"
    other = CustomThemeConfig()
    app_session._populate_theme_msg(other, "theme.light")
    assert other.primary_color != "#123456"


def test_a_config_that_is_parsed_again_is_read_again(reads: list[str]) -> None:
    written("theme")
    count = len(reads)
    config._on_config_parsed.send()
    written("theme")
    assert len(reads) > count
