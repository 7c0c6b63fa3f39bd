"""The colours of figures and the colours of the page are the same colours."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from rnn_core.figures.theme import DARK, LIGHT, Theme

ROOT = Path(__file__).parents[2]
CONFIG, STYLE = ROOT / ".streamlit" / "config.toml", ROOT / "pages" / "ui" / "style.css"
STREAMLIT_NAME = {"B": "orange", "T": "blue", "V": "green", "H": "violet", "F": "violet", "S": "red", "D": "red"}


def luminance(color: str) -> float:
    """The relative luminance of "#RRGGBB", as WCAG 2.2 defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


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
    page = luminance(theme.page)
    for color in {*theme.axis.values(), theme.ink, theme.quiet, theme.wrong}:
        lighter, darker = sorted((page, luminance(color)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5
