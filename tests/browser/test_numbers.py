"""A number has the same text in the browser as in Python."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pages.ui.components.browser import script
from rnn_core.figures.theme import DARK, LIGHT
from rnn_core.numbers import format_number, format_significant
from tests.contrast import READABLE, contrast

CASES = 4000
EDGES = [0.0, -0.0, 0.5, 2.5, 0.125, -0.125, 0.375, 99.995, 99999.5, 9999999.5, 1e-4, 9.9999e-5, 1e21, 1e22, 5e-324]
EDGES += [math.nan, math.inf, -math.inf, 3.4028235e38, 1.7976931348623157e308, 1e5, 99999.6, 0.045, 1.005, 2.675]


def values() -> list[float]:
    """Numbers of every size, float32 and float64, exact halves among them, and the edges of each rule."""
    generator = np.random.default_rng(17)
    sizes = generator.standard_normal(CASES) * 10.0 ** generator.integers(-45, 38, CASES)
    usual = generator.standard_normal(CASES) * 10.0 ** generator.integers(-3, 8, CASES)
    halves = (generator.integers(-(2**20), 2**20, CASES) + 0.5) / 2.0 ** generator.integers(0, 12, CASES)
    return [*EDGES, *map(float, [*sizes, *sizes.astype(np.float32), *usual, *usual.astype(np.float32), *halves])]


@pytest.fixture(scope="module")
def blank(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def in_browser(page: Page, call: str, numbers: list[float]) -> list[Any]:
    """What ``call``, in terms of ``value``, gives for each number."""
    listed = json.dumps([repr(number).replace("inf", "Infinity").replace("nan", "NaN") for number in numbers])
    found: list[Any] = page.evaluate(
        f"() => {{ {script('numbers.js')}; return {listed}.map(Number).map(value => {call}) }}"
    )
    return found


@pytest.mark.parametrize(
    ("call", "python"),
    [
        *((f"printed(value, {d})", lambda v, d=d: format_number(v, decimals=d)) for d in range(9)),
        ("printed(value, 4, true)", lambda v: format_number(v, decimals=4, plus=True)),
        *((f"signed(value, {d})", lambda v, d=d: format_significant(v, digits=d)) for d in range(1, 10)),
        ("signed(value, 2, 6)", lambda v: format_significant(v, digits=2, width=6)),
    ],
)
def test_a_number_has_the_same_text_in_the_browser(blank: Page, call: str, python: Callable[[float], str]) -> None:
    numbers = values()
    shown = in_browser(blank, call, numbers)
    assert len(shown) > 5 * CASES
    assert [
        (number, text, python(number)) for number, text in zip(numbers, shown, strict=True) if text != python(number)
    ] == []


@pytest.mark.parametrize("scale", [LIGHT.signed, LIGHT.unit, DARK.signed, DARK.unit])
def test_a_number_reads_on_every_colour_of_a_scale(blank: Page, scale: object) -> None:
    call = f"(color => [color, inkOn(color) === '#fff' ? 255 : 0])(colorAt({json.dumps(scale)}, value))"
    found = in_browser(blank, call, [step / 1000 for step in range(1001)])
    assert [color for color, ink in found if contrast(color, [ink] * 3) < READABLE] == []
