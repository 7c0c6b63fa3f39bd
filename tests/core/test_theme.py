"""The colours of figures and the colours of the page are the same colours."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rnn_core.figures.theme import DARK, LIGHT, Theme
from tests.contrast import READABLE, channels, contrast

ROOT = Path(__file__).parents[2]
CONFIG, STYLE = ROOT / ".streamlit" / "config.toml", ROOT / "pages" / "ui" / "style.css"
STREAMLIT_NAME = {"B": "orange", "T": "blue", "V": "green", "H": "violet", "F": "violet", "S": "red", "D": "red"}


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_axes_have_the_same_colour_on_the_page_and_in_figures(name: str, theme: Theme) -> None:
    page = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"][name]
    assert {axis: page[f"{color}TextColor"] for axis, color in STREAMLIT_NAME.items()} == {
        axis: theme.axis[axis] for axis in STREAMLIT_NAME
    }
    assert (page["backgroundColor"], page["textColor"]) == (theme.page, theme.ink)


def test_quiet_text_has_the_same_colour_on_the_page_and_in_figures() -> None:
    assert f"--quiet: light-dark({LIGHT.quiet}, {DARK.quiet});".lower() in STYLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_in_an_axis_colour_reads_on_the_page(theme: Theme) -> None:
    for color in {*theme.axis.values(), theme.ink, theme.quiet, theme.wrong}:
        assert contrast(channels(theme.page), channels(color)) >= READABLE
